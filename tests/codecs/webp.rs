//! Lossy WebP by libwebp.

use smart_resize::pixels::decode::{DecodeLimits, DecodeOptions, probe};
use smart_resize::pixels::encode::{DEFAULT_WEBP_EFFORT, Encoded, EncoderSettings, MAX_ENCODES, encode_within};
use smart_resize::pixels::render::PassThrough;
use smart_resize::pixels::{Layout, Picture};

use super::agree::*;
use super::*;
use crate::decoders::read_elsewhere;
use crate::pictures::{riff, transparent};

fn lossy(quality: u8) -> EncodeOptions {
    let mut options = EncodeOptions::default();
    options.webp = WebPOptions::default().mode(WebPMode::Lossy { quality });
    options
}

fn encoded(picture: &Picture, quality: u8) -> Encoded {
    encode(picture, Format::WebP, &lossy(quality)).unwrap()
}

#[test]
fn a_higher_quality_is_more_accurate_and_larger() {
    for picture in [photo(size("191x127")), transparent(size("191x127"))] {
        let mut before = (0, 0.0);
        for (quality, least) in [(5, 27.0), (30, 33.0), (60, 35.0), (80, 36.0), (95, 38.0), (100, 40.0)] {
            let found = encoded(&picture, quality);
            let effort = DEFAULT_WEBP_EFFORT;
            assert_eq!((found.settings, found.exact), (EncoderSettings::LossyWebP { quality, effort }, false));
            let (width, height, pixels) = read_elsewhere(&found.bytes, Format::WebP);
            assert_eq!((width, height), (191, 127));
            // The colours over black, so that the hidden colours of transparent pixels do not count.
            let seen = |pixels: &[u8]| -> Vec<u8> {
                let shown = |pixel: &[u8]| {
                    [0, 1, 2].map(|i| (u32::from(pixel[i]) * u32::from(*pixel.get(3).unwrap_or(&255)) / 255) as u8)
                };
                pixels.chunks(picture.layout().channels()).flat_map(shown).collect()
            };
            let (_, psnr) = apart(&seen(&pixels), &seen(picture.pixels()));
            assert!(psnr > least, "quality {quality}: {psnr:.1} dB");
            assert!(found.bytes.len() > before.0 && psnr > before.1, "{quality}: {psnr} after {before:?}");
            before = (found.bytes.len(), psnr);
        }
    }
}

#[test]
fn alpha_is_lossless() {
    for side in ["1x1", "2x3", "64x48", "255x3"] {
        let picture = transparent(size(side));
        let found = encoded(&picture, 40);
        let (_, _, pixels) = read_elsewhere(&found.bytes, Format::WebP);
        let alpha = |pixels: &[u8]| pixels.iter().skip(3).step_by(4).copied().collect::<Vec<_>>();
        assert_eq!(alpha(&pixels), alpha(picture.pixels()), "{side}");
        let own = decode(&found.bytes, &DecodeOptions::default()).unwrap().picture;
        assert_eq!(own.layout(), Layout::Rgba);
    }
    let opaque = encoded(&photo(size("20x20")), 40).bytes;
    assert_eq!(decode(&opaque, &DecodeOptions::default()).unwrap().picture.layout(), Layout::Rgb);
    assert!(!opaque.windows(4).any(|name| name == b"ALPH"));
}

#[test]
fn every_file_has_an_srgb_profile() {
    let lossless = encode(&photo(size("9x9")), Format::WebP, &EncodeOptions::default()).unwrap().bytes;
    let icc = |bytes: &[u8]| {
        let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(bytes.to_vec())).unwrap();
        decoder.icc_profile().unwrap()
    };
    assert!(icc(&lossless).is_some_and(|icc| icc.len() == 480));
    for picture in [photo(size("9x9")), transparent(size("9x9"))] {
        let file = encoded(&picture, 80).bytes;
        assert_eq!(icc(&file), icc(&lossless));
        assert_eq!(u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize + 8, file.len());
        let found = probe(&file, &DecodeLimits::default()).unwrap();
        assert!(!found.describes_colours);
        // The file has no metadata beside the profile, so it passes through unchanged.
        let mut options = RenderOptions::default();
        options.pass_through = PassThrough::Checked;
        let target = RenderTarget::new(picture.size()).format(Format::WebP);
        assert_eq!(render(&file, &target, &options).unwrap().encoder, None);
        // It does not pass through if a lossy quality is requested.
        options.encode = lossy(50);
        assert!(render(&file, &target, &options).unwrap().encoder.is_some());
    }
}

#[test]
fn every_side_of_the_format_can_be_written() {
    for side in ["1x1", "1x2", "2x1", "15x17", "16x16", "16383x1", "1x16383", "16383x3"] {
        for picture in [photo(size(side)), transparent(size(side))] {
            let file = encoded(&picture, 90).bytes;
            let (width, height, pixels) = read_elsewhere(&file, Format::WebP);
            assert_eq!((width, height), (picture.size().width(), picture.size().height()));
            let layout = picture.layout();
            if layout == Layout::Rgb {
                assert!(apart(&pixels, picture.pixels()).1 > 20.0, "{side}");
            }
            assert!(agree(side, &file, 1));
        }
    }
    let error = encode(&photo(size("16384x1")), Format::WebP, &lossy(80)).unwrap_err();
    assert_eq!(error.to_string(), "the picture is 16384x1; expected sides of at most 16383 for webp");
}

#[test]
fn a_higher_effort_gives_a_smaller_file() {
    let picture = photo(size("192x128"));
    let at = |effort| {
        let mut options = lossy(80);
        options.webp.effort = effort;
        let found = encode(&picture, Format::WebP, &options).unwrap();
        assert_eq!(found.settings, EncoderSettings::LossyWebP { quality: 80, effort });
        found.bytes
    };
    let files: Vec<_> = (0..=6).map(at).collect();
    assert!(files[6].len() < files[0].len());
    assert_eq!(files[4], encoded(&picture, 80).bytes);
    assert!(files[4] != files[6] && files[0] != files[4]);
}

#[test]
fn the_quality_is_the_highest_that_fits() {
    let picture = photo(size("96x64"));
    let sizes: Vec<u64> = (1..=100).map(|quality| encoded(&picture, quality).bytes.len() as u64).collect();
    // File sizes are not monotonic: libwebp sometimes writes a smaller file at a higher quality. The law is therefore
    // that the chosen quality fits and the next higher one does not.
    let fits = |quality: u8, limit| sizes[usize::from(quality) - 1] <= limit;
    for (asked, floor) in [(90, 40), (100, 1), (90, 90), (2, 1), (50, 60)] {
        let mut options = lossy(asked);
        (options.min_quality, options.palette) = (floor, true);
        for limit in sizes.iter().step_by(7).flat_map(|size| [size - 1, *size]) {
            match encode_within(&picture, Format::WebP, &options, limit) {
                Ok(found) => {
                    let EncoderSettings::LossyWebP { quality, effort: 4 } = found.settings else { panic!("{found:?}") };
                    assert!(found.bytes.len() as u64 <= limit && found.encodes <= MAX_ENCODES);
                    assert_eq!(found.bytes.len() as u64, sizes[usize::from(quality) - 1]);
                    assert!((floor.min(asked)..=asked).contains(&quality));
                    assert!(quality == asked || !fits(quality + 1, limit), "{asked} {floor} {limit}: {quality}");
                }
                Err(EncodeError::OverByteLimit { smallest, .. }) => {
                    assert!(!fits(floor.min(asked), limit) && smallest.bytes.len() as u64 > limit);
                }
                Err(error) => panic!("{asked} {floor} {limit}: {error}"),
            }
        }
    }
    let error = encode_within(&picture, Format::WebP, &lossy(80), 10).unwrap_err();
    assert!(error.to_string().contains(" bytes (quality 4"), "{error}");
}

#[test]
fn both_codecs_read_the_same_pixels() {
    for side in ["1x1", "5x3", "64x64", "131x77"] {
        for picture in [photo(size(side)), transparent(size(side))] {
            let lossless = encode(&picture, Format::WebP, &EncodeOptions::default()).unwrap().bytes;
            assert!(agree(side, &lossless, 0));
            for quality in [1, 50, 100] {
                assert!(agree(side, &encoded(&picture, quality).bytes, 1));
            }
        }
    }
    // An alpha flag without alpha; an animation, whose first frame is read.
    let file = encoded(&photo(size("20x20")), 80).bytes;
    let mut flagged = file.clone();
    flagged[20] |= 0x10;
    assert!(agree("flagged", &flagged, 1));
    let at = file.windows(4).position(|name| name == b"VP8 ").unwrap();
    let frame = [&[0, 0, 0, 0, 0, 0, 19, 0, 0, 19, 0, 0, 100, 0, 0, 0][..], &file[at..]].concat();
    let canvas = [2, 0, 0, 0, 19, 0, 0, 19, 0, 0];
    let animation = riff(&[(b"VP8X", &canvas), (b"ANIM", &[0; 6]), (b"ANMF", &frame), (b"ANMF", &frame)]);
    assert!(agree("an animation", &animation, 1));
    // A reserved value of the colour space.
    let mut odd = file.clone();
    odd[at + 18] |= 0x80;
    assert!(!agree("odd colours", &odd, 0));
    // A canvas with a different size than the bitstream.
    let other = riff(&[(b"VP8X", &[0, 0, 0, 0, 18, 0, 0, 19, 0, 0]), (b"VP8 ", &file[at + 8..])]);
    agree("another canvas", &other, 1);
}

#[test]
fn both_codecs_refuse_a_broken_file_for_the_same_reason() {
    for picture in [photo(size("40x32")), transparent(size("40x32"))] {
        agree_on_the_broken("lossy", &encoded(&picture, 60).bytes, 3000, 1);
        let lossless = encode(&picture, Format::WebP, &EncodeOptions::default()).unwrap().bytes;
        agree_on_the_broken("lossless", &lossless, 1000, 0);
    }
}

#[test]
fn limits_are_checked_before_pixels_are_decoded() {
    let file = encoded(&photo(size("40x30")), 80).bytes;
    let mut exact = DecodeLimits::default();
    (exact.pixels, exact.input_bytes, exact.decoded_bytes) = (1200, file.len(), 3600);
    assert!(agree_within("within", &file, &exact, 1));
    let changes: [fn(&mut DecodeLimits); 3] =
        [|limits| limits.pixels -= 1, |limits| limits.input_bytes -= 1, |limits| limits.decoded_bytes -= 1];
    for change in changes {
        let mut tighter = exact;
        change(&mut tighter);
        assert!(!agree_within("beyond", &file, &tighter, 0));
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_record_has_quality_and_effort() {
    let settings = encoded(&photo(size("8x8")), 70).settings;
    assert_eq!(serde_json::to_string(&settings).unwrap(), r#"{"format":"webp","quality":70,"effort":4}"#);
}

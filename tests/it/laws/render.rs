//! The law of decoding and rendering a file.

use std::io::Cursor;

use arbitrary::{Result, Unstructured};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_IGNORE_ADLER32, TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use smart_resize::generate::SourceOptions;
use smart_resize::geometry::{Fit, Rect};
use smart_resize::pixels::decode::{
    Colour, Damaged, DecodeError, DecodeLimits, DecodeOptions, Decoded, decode, probe_with,
};
use smart_resize::pixels::encode::{EncodeOptions, PngEffort, PngOptions, Subsampling, WebPMode, WebPOptions, encode};
use smart_resize::pixels::render::{
    Inspect, PassThrough, RenderError, RenderOptions, RenderTarget, Rendered, Undersized, Warning, render, render_all,
};
use smart_resize::pixels::{Layout, Picture};
use smart_resize::{Format, Size, Source};

use super::any::any_format;
use super::mutate::mutate;

/// The number of bytes that choose what [`decode_render`] does with the rest.
pub(crate) const HEAD: usize = 40;

/// A file is refused with a reason, or rendered exactly as requested. A second rendering gives the same bytes.
///
/// The first [`HEAD`] bytes choose the options. The rest is a file. If the first byte is odd, the rest is the pixels of
/// a picture that is encoded and then mutated.
pub(crate) fn decode_render(data: &[u8]) {
    let Some((head, rest)) = data.split_at_checked(HEAD) else { return };
    let mut input = Unstructured::new(head);
    let Ok(()) = check_render(&mut input, rest) else { return };
}

fn check_render(input: &mut Unstructured<'_>, rest: &[u8]) -> Result<()> {
    let made = input.arbitrary::<u8>()? % 2 == 1;
    let mut limits = DecodeLimits::default();
    (limits.pixels, limits.decoded_bytes, limits.input_bytes) = (1 << 18, 1 << 21, 1 << 20);
    let mut options = RenderOptions::default();
    options.decode.limits = limits;
    options.undersized = if input.arbitrary()? { Undersized::Enlarge } else { Undersized::Fail };
    options.encode = any_encode_options(input)?;
    let targets = [any_render_target(input)?, any_render_target(input)?];
    let bits = rest.first().copied().unwrap_or(0) ^ rest.last().copied().unwrap_or(0);
    options.inspect = [Inspect::Report, Inspect::Off, Inspect::Fail, Inspect::Report][usize::from(bits & 3)];
    options.pass_through = if bits & 4 == 0 { PassThrough::Checked } else { PassThrough::Off };
    options.trim_borders = bits & 8 != 0;
    options.decode.damaged = if rest.len() % 2 == 1 { Damaged::Report } else { Damaged::Refuse };
    let reading = options.decode;

    let mut file = rest.to_vec();
    let mut intact = None;
    if made {
        let format = any_format(input)?;
        let encode_options = any_encode_options(input)?;
        let picture = any_picture(input, rest)?;
        match encode(&picture, format, &encode_options) {
            Ok(encoded) => file = encoded.bytes,
            Err(error) => {
                assert_eq!(encode_options.check(format), Err(error));
                return Ok(());
            }
        }
        let mutations = input.int_in_range(0..=3)?;
        for _ in 0..mutations {
            let at = usize::from(input.arbitrary::<u16>()?) % file.len();
            file[at] ^= input.arbitrary::<u8>()?;
        }
        if mutations == 0 {
            intact = Some((picture, format));
        }
    }
    if input.ratio(1, 4_u8)? {
        mutate(&mut file, input)?;
        intact = None;
    }

    let decoded = decode(&file, &reading);
    let results = targets.map(|(target, ..)| render(&file, &target, &options));
    // The second rendering of each target.
    let again = render_all(&file, &targets.map(|(target, ..)| target), &options);
    assert!(again == results, "two renderings differ");
    if let Ok(probed) = probe_with(&file, &reading) {
        assert!(u64::from(probed.size.area()) <= limits.pixels);
    }
    let decoded = match decoded {
        Ok(decoded) => decoded,
        Err(error) => {
            assert!(intact.is_none(), "our own file cannot be read: {error}");
            assert_bounded(&error);
            let refused = RenderError::Decode(error);
            assert!(results.iter().all(|result| result.as_ref() == Err(&refused)), "{results:?}, but {refused:?}");
            return Ok(());
        }
    };
    let probed = probe_with(&file, &reading).expect("a file that can be decoded can be probed");
    if let Some(damage) = decoded.damage {
        assert!(intact.is_none(), "our own file is damaged: {damage}");
        assert!(damage.at <= file.len() && (reading.damaged == Damaged::Report || damage.kind.leaves_all_pixels()));
    }
    assert_eq!((probed.size, probed.format), (decoded.picture.size(), decoded.format));
    if let Some((picture, format)) = intact {
        assert_eq!((decoded.picture.size(), decoded.format), (picture.size(), format.into()));
        assert!(format == Format::Jpeg || decoded.picture == picture, "a lossless format changed pixels");
    }
    check_source(&file, &decoded, probed.is_upright, &options);
    for ((_, size, format, fit), result) in targets.iter().zip(&results) {
        let frame = decoded.picture.size();
        match result {
            Ok(rendered) => {
                assert_eq!((rendered.size, rendered.format, rendered.frame), (*size, *format, frame));
                check_rendered(rendered, &decoded.picture, *fit, &options);
                let is_reported = rendered.warnings.iter().any(|warning| matches!(warning, Warning::Damaged(_)));
                assert_eq!(is_reported, decoded.damage.is_some());
                if rendered.encoder.is_none() {
                    assert!(!is_reported);
                    assert!(rendered.bytes == file && options.pass_through == PassThrough::Checked);
                    assert_eq!((frame, decoded.format), (*size, (*format).into()));
                    assert!(*format != Format::Png || is_taken_by_the_strict(&file));
                }
            }
            Err(RenderError::TooSmall(error)) => {
                assert_eq!(error.target, *size);
                assert!(!error.frame.covers(*size) && options.undersized == Undersized::Fail);
                assert!(error.frame == frame || (options.trim_borders && frame.covers(error.frame)));
            }
            Err(RenderError::Rejected(_)) => assert_eq!(options.inspect, Inspect::Fail),
            Err(RenderError::Encode(error)) => assert_eq!(options.encode.check(*format).as_ref(), Err(error)),
            Err(error) => panic!("a picture of {frame} cannot be rendered at {size}: {error}"),
        }
    }
    Ok(())
}

/// Whether strict readers accept a PNG: miniz_oxide inflates the IDAT data as one stream without trailing bytes, and
/// the `png` crate reads the file to its end while it checks all checksums. A fuzzer's build of the `png` crate ignores
/// checksums.
fn is_taken_by_the_strict(file: &[u8]) -> bool {
    let (mut stream, mut rest) = (Vec::new(), &file[8..]);
    while let Some((length, behind)) = rest.split_first_chunk() {
        let Some((named, behind)) = behind.split_at_checked(4 + u32::from_be_bytes(*length) as usize) else { break };
        stream.extend_from_slice(named.strip_prefix(b"IDAT").unwrap_or_default());
        rest = behind.get(4..).unwrap_or(behind);
    }
    let mut inflated = vec![0; 1 << 22];
    let flags = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | TINFL_FLAG_IGNORE_ADLER32;
    let (status, used, _) = decompress(&mut DecompressorOxide::new(), &stream, &mut inflated, 0, flags);

    let mut options = png::DecodeOptions::default();
    options.set_ignore_adler32(false);
    options.set_skip_ancillary_crc_failures(false);
    let reader = png::Decoder::new_with_options(Cursor::new(file), options).read_info();
    let is_taken = reader.is_ok_and(|mut reader| {
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).is_ok() && reader.finish().is_ok()
    });
    rest.is_empty() && status == TINFLStatus::Done && used == stream.len() && is_taken
}

/// The length of an error's message is bounded, whatever the file contains.
fn assert_bounded(error: &DecodeError) {
    assert!((1..=2000).contains(&error.to_string().len()), "{error}");
}

fn check_rendered(rendered: &Rendered, picture: &Picture, fit: Fit, options: &RenderOptions) {
    let (frame, rect, size) = (picture.size(), rendered.rect, rendered.size);
    assert!(rect.is_inside(frame));
    let enlarged = Warning::Enlarged { from: rect.size(), to: size };
    let trimmed = |warning: &Warning| match warning {
        Warning::Bordered { border: bars, trimmed: true } => bars.interior(frame),
        _ => None,
    };
    let inside = rendered.warnings.iter().find_map(trimmed).map_or(frame, Rect::size);
    assert!(inside == frame || options.trim_borders);
    if inside.covers(size) {
        assert!(rect.size().covers(size) && (fit == Fit::Cover || rect.size() == size));
        assert!(!rendered.warnings.iter().any(|warning| matches!(warning, Warning::Enlarged { .. })));
    } else {
        assert!(options.undersized == Undersized::Enlarge && rendered.warnings.contains(&enlarged));
    }
    let again = decode(&rendered.bytes, &DecodeOptions::default()).expect("our own output can be decoded");
    assert_eq!((again.picture.size(), again.format), (size, rendered.format.into()));
    if rect.size() == size && rendered.format != Format::Jpeg {
        assert!(again.picture == cut(picture, rect.x() as usize, rect.y() as usize, size), "pixels were not copied");
    }
}

/// A file that can be decoded is a source, which shows the same picture without metadata.
fn check_source(file: &[u8], decoded: &Decoded, is_upright: bool, options: &RenderOptions) {
    let source = SourceOptions::default().decode(options.decode);
    let source = Source::read_with(file, &source).expect("a file that can be decoded is a source");
    let sent = source.bytes().expect("the source has bytes");
    let mut reading = options.decode;
    reading.limits = DecodeLimits::default();
    let again = decode(sent, &reading).expect("a source can be decoded");
    assert_eq!((again.picture.size(), again.colour == Colour::Converted), (decoded.picture.size(), false));
    // A JPEG that has to be rotated or converted is encoded again, with a small loss. So may be a damaged one.
    let keeps_samples = matches!(decoded.colour, Colour::Srgb | Colour::Ignored { .. });
    let is_same = is_upright && keeps_samples && decoded.damage.is_none();
    assert!(!is_same && again.format == Format::Jpeg || again.picture == decoded.picture, "another picture");
}

/// Copies the pixels of the rectangle at (`x`, `y`), one by one.
fn cut(picture: &Picture, x: usize, y: usize, size: Size) -> Picture {
    let channels = picture.layout().channels();
    let mut pixels = Vec::new();
    for row in y..y + size.height() as usize {
        for column in x..x + size.width() as usize {
            let at = row * picture.row_bytes() + column * channels;
            pixels.extend(&picture.pixels()[at..at + channels]);
        }
    }
    match picture.layout() {
        Layout::Rgba => Picture::from_rgba(size, pixels).unwrap(),
        _ => Picture::from_rgb(size, pixels).unwrap(),
    }
}

/// A picture whose pixels repeat the bytes of `rest`.
fn any_picture(input: &mut Unstructured<'_>, rest: &[u8]) -> Result<Picture> {
    let size = Size::new(input.int_in_range(1..=40)?, input.int_in_range(1..=40)?).unwrap();
    let layout = if input.arbitrary()? { Layout::Rgba } else { Layout::Rgb };
    let length = size.area() as usize * layout.channels();
    let pixels: Vec<u8> = rest.iter().copied().cycle().take(length).collect();
    let pixels = if pixels.is_empty() { vec![0; length] } else { pixels };
    Ok(match layout {
        Layout::Rgba => Picture::from_rgba(size, pixels).unwrap(),
        _ => Picture::from_rgb(size, pixels).unwrap(),
    })
}

fn any_render_target(input: &mut Unstructured<'_>) -> Result<(RenderTarget, Size, Format, Fit)> {
    let size = Size::new(input.int_in_range(1..=64)?, input.int_in_range(1..=64)?).unwrap();
    let format = any_format(input)?;
    let fit = if input.arbitrary()? { Fit::Crop } else { Fit::Cover };
    Ok((RenderTarget::new(size).format(format).fit(fit), size, format, fit))
}

/// Options, some with an invalid quality or with a mode that this build has no encoder for.
fn any_encode_options(input: &mut Unstructured<'_>) -> Result<EncodeOptions> {
    let mut options = EncodeOptions::default();
    let [quality, bits] = input.arbitrary::<[u8; 2]>()?;
    options.jpeg.quality = (quality != 0).then_some(if quality < 250 { 1 + quality % 100 } else { quality });
    options.jpeg.subsampling = if bits & 1 == 0 { Subsampling::Yuv420 } else { Subsampling::Yuv444 };
    options.jpeg.progressive = bits & 2 != 0;
    options.jpeg.background = [quality, bits, 77];
    options.png = PngOptions::default().effort(match bits >> 2 & 3 {
        0 => PngEffort::Balanced,
        _ => PngEffort::Small,
    });
    if bits >> 4 == 15 {
        options.webp = WebPOptions::default().mode(WebPMode::Lossy { quality });
    }
    Ok(options)
}

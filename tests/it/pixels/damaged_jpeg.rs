//! A sequential JPEG whose entropy-coded data is damaged is refused with the place, or decoded and reported. A whole one
//! is read, also if a few stray bytes are in it or if its end marker is missing.

use jpeg_encoder::{ColorType as JpegColor, Encoder as JpegEncoder, SamplingFactor};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use smart_resize::generate::SourceOptions;
use smart_resize::pixels::decode::{
    Damage, DamageKind, Damaged, DecodeError, DecodeLimits, DecodeOptions, Decoded, JpegDamage, decode, probe,
    probe_with,
};
use smart_resize::pixels::render::{RenderOptions, RenderTarget, Warning, render};
use smart_resize::pixels::{Codec, Picture};
use smart_resize::{Format, Size, Source};

use crate::pictures::{photo, size, with_segment};
use crate::support::decoders::decoded;

/// How a test file is encoded.
#[derive(Clone, Copy, Debug)]
struct Shape {
    size: (u32, u32),
    sampling: SamplingFactor,
    interval: u16,
    quality: u8,
    is_grey: bool,
    /// Whether each component has a scan of its own, with optimised tables.
    is_separate: bool,
}

const PLAIN: Shape = Shape {
    size: (128, 96),
    sampling: SamplingFactor::R_4_4_4,
    interval: 0,
    quality: 90,
    is_grey: false,
    is_separate: false,
};

/// A picture with as much detail as a photograph.
fn picture(size: Size) -> Picture {
    let mut state = 7_u32;
    let mut pixels = photo(size).pixels().to_vec();
    for (at, sample) in pixels.iter_mut().enumerate() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Flat areas alternate with textured ones.
        let strength = if at / 600 % 3 == 0 { 2 } else { 40 };
        *sample = sample.saturating_add((state >> 24) as u8 % strength);
    }
    Picture::from_rgb(size, pixels).unwrap()
}

fn jpeg(shape: Shape) -> Vec<u8> {
    let (width, height) = shape.size;
    let picture = picture(Size::new(width, height).unwrap());
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new(&mut file, shape.quality);
    encoder.set_sampling_factor(shape.sampling);
    encoder.set_restart_interval(shape.interval);
    encoder.set_optimized_huffman_tables(shape.is_separate);
    let grey: Vec<u8> = picture.pixels().iter().step_by(3).copied().collect();
    let (pixels, colour) =
        if shape.is_grey { (&grey[..], JpegColor::Luma) } else { (picture.pixels(), JpegColor::Rgb) };
    encoder.encode(pixels, width as u16, height as u16, colour).unwrap();
    file
}

/// The offset of the entropy-coded data of the first scan.
fn data(file: &[u8]) -> usize {
    let marker = file.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    marker + 2 + usize::from(u16::from_be_bytes([file[marker + 2], file[marker + 3]]))
}

/// The offsets of the restart markers.
fn restarts(file: &[u8]) -> Vec<usize> {
    let from = data(file);
    let is_restart = |at: &usize| file[*at] == 0xff && (0xd0..=0xd7).contains(&file[at + 1]);
    (from..file.len() - 1).filter(is_restart).collect()
}

/// The file up to an offset, with these bytes and an end marker behind it.
fn ended(file: &[u8], at: usize, more: &[u8]) -> Vec<u8> {
    [&file[..at], more, &[0xff, 0xd9]].concat()
}

fn read(file: &[u8], damaged: Damaged) -> Result<Decoded, DecodeError> {
    decode(file, &DecodeOptions::default().damaged(damaged))
}

/// The damage of a file, which must be refused by `decode` and `probe` with the same error, whatever the codec.
fn damage(what: &str, file: &[u8]) -> Damage {
    let error = read(file, Damaged::Refuse).map(|_| ()).expect_err(what);
    assert_eq!(probe(file, &DecodeLimits::default()), Err(error.clone()), "{what}");
    if cfg!(feature = "turbojpeg") {
        let fast = DecodeOptions::default().codec(Codec::Fast);
        assert_eq!(decode(file, &fast).map(|_| ()), Err(error.clone()), "{what}");
    }
    let DecodeError::Damaged { damage, .. } = error else { panic!("{what}: {error}") };
    assert!(damage.at < file.len(), "{what}: {damage}");
    assert!(error.to_string().starts_with("the jpeg is damaged: "), "{what}: {error}");
    // Where the caller asks for it, the same damage is reported.
    let reported = read(file, Damaged::Report).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(reported.damage, Some(damage), "{what}");
    let options = DecodeOptions::default().damaged(Damaged::Report);
    assert_eq!(probe_with(file, &options).unwrap().damage, Some(damage), "{what}");
    damage
}

/// Whether the file has the same pixels as a whole one, and no damage.
fn is_whole(file: &[u8], whole: &Picture) -> bool {
    let found = read(file, Damaged::Refuse).unwrap();
    found.damage.is_none() && found.picture == *whole
}

#[test]
fn a_cut_scan_is_refused_at_the_cut_whatever_follows_it() {
    for (interval, is_separate) in [(0, false), (16, false), (0, true)] {
        let file = jpeg(Shape { interval, is_separate, ..PLAIN });
        assert_eq!(read(&file, Damaged::Refuse).unwrap().damage, None);
        let length = file.len() - 2 - data(&file);
        for percent in [30, 50, 90, 99] {
            let cut = data(&file) + length * percent / 100;
            let what = format!("{percent} %, {interval}, {is_separate}");
            let found = damage(&what, &ended(&file, cut, &[]));
            // In separate scans, the cut may also take all scans of a component.
            let is_early =
                matches!(found.kind, DamageKind::Jpeg(JpegDamage::FewMcus { .. } | JpegDamage::NoScan { .. }));
            assert!(is_early && found.at.abs_diff(cut) <= 2, "{what}: {found}, {cut}");
            damage(&what, &ended(&file, cut, &[0xff; 600]));
            damage(&what, &ended(&file, cut, &[0; 2000]));
        }
        // Even the last byte of the data is needed.
        damage("one byte", &ended(&file, file.len() - 3, &[]));
        // Without the end marker, the file is cut short.
        let cut = &file[..data(&file) + length / 2];
        assert_eq!(read(cut, Damaged::Refuse).unwrap_err(), DecodeError::Truncated { format: Format::Jpeg.into() });
        assert!(read(cut, Damaged::Report).unwrap().damage.is_some());
    }
}

/// Damage of a few bytes may by chance leave the number of codes as it was.
#[test]
fn lost_and_overwritten_bytes_are_noticed() {
    for (count, least) in [(64, 70), (512, 97)] {
        let (mut noticed, mut all) = (0, 0);
        for interval in [0, 16] {
            for sampling in [SamplingFactor::R_4_4_4, SamplingFactor::R_4_2_0] {
                let file = jpeg(Shape { interval, sampling, quality: 80, ..PLAIN });
                let (from, length) = (data(&file), file.len() - data(&file) - 2 - count);
                for at in (0..12).map(|part| from + length * part / 12) {
                    let lost = [&file[..at], &file[at + count..]].concat();
                    let over = |byte: fn(usize) -> u8| {
                        let mut file = file.clone();
                        file[at..at + count].iter_mut().zip(0..).for_each(|(found, index)| *found = byte(index));
                        file
                    };
                    for file in [lost, over(|_| 0), over(|index| (index * 89 % 251) as u8)] {
                        all += 1;
                        noticed += u32::from(read(&file, Damaged::Refuse).is_err());
                    }
                }
            }
        }
        println!("{count} bytes: {noticed} of {all} are noticed");
        assert!(noticed * 100 >= all * least, "{count} bytes: {noticed} of {all}");
    }
}

#[test]
fn restart_markers_have_to_be_there_and_in_order() {
    let file = jpeg(Shape { interval: 3, ..PLAIN });
    let markers = restarts(&file);
    assert_eq!(markers.len(), (16 * 12 - 1) / 3);
    let restart = |found, expected| DamageKind::Jpeg(JpegDamage::Restart { found, expected });
    for at in [0, 1, 20, 40] {
        let (marker, next) = (markers[at], markers[at + 1]);
        let number = |ahead: usize| ((at + ahead) % 8) as u8;
        let lost = [&file[..marker], &file[marker + 2..]].concat();
        assert_eq!(damage("a marker", &lost).kind, restart(number(1), number(0)));
        let lost = [&file[..marker], &file[next..]].concat();
        assert_eq!(damage("an interval", &lost).kind, restart(number(1), number(0)));
        let mut swapped = file.clone();
        (swapped[marker + 1], swapped[next + 1]) = (file[next + 1], file[marker + 1]);
        assert_eq!(damage("an order", &swapped), Damage::new(restart(number(1), number(0)), marker));
        let doubled = [&file[..next], &file[marker..]].concat();
        assert_eq!(damage("a second interval", &doubled).kind, restart(number(0), number(1)));
    }
    // Eight intervals are missing, so that all markers are in order.
    let lost = [&file[..markers[4]], &file[markers[12]..]].concat();
    assert_eq!(
        damage("eight intervals", &lost).kind,
        DamageKind::Jpeg(JpegDamage::FewMcus { found: 16 * 12 - 24, expected: 16 * 12 })
    );
}

#[test]
fn each_component_needs_a_scan() {
    let file = jpeg(Shape { is_separate: true, ..PLAIN });
    let scans: Vec<_> = file.windows(2).enumerate().filter(|(_, two)| *two == [0xff, 0xda]).map(|(at, _)| at).collect();
    assert_eq!(scans.len(), 3);
    for (kept, component) in [(1, 1), (2, 2)] {
        let found = damage("a scan", &ended(&file, scans[kept], &[]));
        assert_eq!(found, Damage::new(DamageKind::Jpeg(JpegDamage::NoScan { component }), scans[kept]));
    }
}

#[test]
fn a_few_stray_bytes_before_a_marker_are_read() {
    let file = jpeg(Shape { interval: 5, ..PLAIN });
    let whole = decoded(&file);
    let marker = restarts(&file)[6];
    for stray in [&[0; 3][..], &[0; 16], &[0xff; 40], &[0x5a, 0x17, 0x80], &[0xff, 0x00, 0x11]] {
        for at in [marker, file.len() - 2] {
            let file = [&file[..at], stray, &file[at..]].concat();
            assert!(is_whole(&file, &whole), "{stray:?} at {at}");
        }
    }
    for (at, bytes) in [(marker, 17), (file.len() - 2, 17), (file.len() - 2, 5000)] {
        let stray: Vec<u8> = (0..bytes).map(|at| (at % 3) as u8).collect();
        let file = [&file[..at], &stray, &file[at..]].concat();
        assert_eq!(
            damage("stray bytes", &file),
            Damage::new(DamageKind::Jpeg(JpegDamage::ExcessData { bytes }), at + bytes)
        );
    }
    // Some encoders end the last interval with a marker too.
    let shape = Shape { interval: 12, ..PLAIN };
    let (file, last) = (jpeg(shape), [0xff, 0xd0 + (16 * 12 / 12 - 1) % 8]);
    assert!(is_whole(&ended(&file, file.len() - 2, &last), &decoded(&file)));
}

/// Some cameras write it. In a file whose data is lost, the last MCUs are in the equal bytes.
#[test]
fn padding_with_equal_bytes_is_read_unless_the_data_ends_in_it() {
    let file = jpeg(Shape { interval: 5, ..PLAIN });
    let whole = decoded(&file);
    let (marker, end) = (restarts(&file)[6], file.len() - 2);
    for byte in [0, 0x55] {
        for length in [17, 600, 5000] {
            let padding = vec![byte; length];
            for at in [marker, end] {
                assert!(is_whole(&[&file[..at], &padding, &file[at..]].concat(), &whole), "{byte} at {at}");
                assert!(is_whole(&[&file[..at], &padding, &[0xff; 3], &file[at..]].concat(), &whole), "{byte} at {at}");
            }
            // A few bytes count as stray bytes, wherever the data ends.
            if length > 500 {
                damage("a filled gap", &ended(&file, end - 3, &padding));
                damage("a filled gap", &[&file[..marker - 3], &padding, &file[marker..]].concat());
            }
        }
    }
}

/// The bytes of another MCU are not stray bytes, even if they are few.
#[test]
fn a_second_copy_of_the_last_mcu_is_damage() {
    let shape = Shape { size: (32, 8), interval: 1, quality: 20, is_grey: true, ..PLAIN };
    let file = jpeg(shape);
    let last = *restarts(&file).last().unwrap();
    let mcu = file[last + 2..file.len() - 2].to_vec();
    assert!(mcu.len() < 16, "{}", mcu.len());
    let found = damage("an MCU", &ended(&file, file.len() - 2, &mcu));
    assert_eq!(found.kind, DamageKind::Jpeg(JpegDamage::ExcessData { bytes: mcu.len() }));
}

#[test]
fn a_whole_file_without_an_end_marker_is_read_and_reported() {
    for shape in [PLAIN, Shape { interval: 7, ..PLAIN }, Shape { is_separate: true, ..PLAIN }] {
        let file = jpeg(shape);
        let whole = decoded(&file);
        let end = file.len() - 2;
        // A trailer of a phone, and one with bytes that look like segments.
        let trailers =
            [&b""[..], &[0xff], b"SEFH\x01\0\0\0 and what a phone writes SEFT", &[0xff, 0x3a, 0xff, 0xe9, 0xff]];
        for trailer in trailers.into_iter().chain([&file[..file.len() / 2]]) {
            let found = read(&[&file[..end], trailer].concat(), Damaged::Refuse).unwrap();
            assert!(found.picture == whole, "{trailer:?}");
            assert_eq!(
                found.damage.map(|damage| damage.kind),
                Some(DamageKind::Jpeg(JpegDamage::NoEnd)),
                "{trailer:?}"
            );
        }
        // Behind the end marker, anything is ignored.
        let found = read(&[&file[..], b"SEFH and so on, \xff\xd8 and more"].concat(), Damaged::Refuse).unwrap();
        assert!(found.picture == whole && found.damage.is_none());
    }
}

#[test]
fn a_segment_between_the_data_and_the_end_marker_changes_no_pixel() {
    let file = jpeg(Shape { size: (8, 64), is_grey: true, quality: 10, ..PLAIN });
    let whole = decoded(&file);
    let end = file.len() - 2;
    for segment in [&[0xff, 0xfe, 0, 4, 1, 2][..], &[0xff, 0xe4, 0, 4, 1, 2], &[0xff, 0xdc, 0, 4, 0, 64]] {
        let file = [&file[..end], segment, &file[end..]].concat();
        assert!(is_whole(&file, &whole), "{segment:?}");
    }
}

#[test]
fn a_damaged_picture_is_rendered_with_a_warning_where_the_caller_asks() {
    let file = jpeg(PLAIN);
    let whole = decoded(&file);
    let file = ended(&file, data(&file) + (file.len() - data(&file)) / 2, &[]);
    let target = RenderTarget::new(size("128x96")).format(Format::Jpeg);
    let mut options = RenderOptions::default();
    let error = render(&file, &target, &options).unwrap_err().to_string();
    options.decode.damaged = Damaged::Report;
    let rendered = render(&file, &target, &options).unwrap();
    let found = rendered.warnings.iter().find(|warning| matches!(warning, Warning::Damaged(_)));
    assert_eq!(error, found.unwrap().to_string().replace("the picture is", "the jpeg is"));
    // The damaged file does not pass through unchanged.
    assert!(rendered.encoder.is_some());
    let found = read(&file, Damaged::Report).unwrap().picture;
    let rows = whole.row_bytes() * 40;
    assert_eq!(found.pixels()[..rows], whole.pixels()[..rows]);

    assert!(Source::read(file.clone(), &DecodeLimits::default()).is_err());
    let reporting = SourceOptions::default().decode(DecodeOptions::default().damaged(Damaged::Report));
    let source = Source::read_with(file.clone(), &reporting).unwrap();
    assert_eq!(source.bytes().unwrap()[..], file);
}

/// Damaged bytes of a scan may look like a segment of metadata, which a source loses.
#[test]
fn a_damaged_source_without_its_metadata_shows_the_same_picture() {
    let reporting = SourceOptions::default().decode(DecodeOptions::default().damaged(Damaged::Report));
    let file = jpeg(Shape { interval: 3, ..PLAIN });
    let start = data(&file);
    for code in [0xe1, 0xfe, 0x05, 0xff] {
        for at in [start + 40, start + (file.len() - start) / 2] {
            let mut damaged = with_segment(&file, 0xfe, b"a secret");
            let at = at + 12;
            damaged[at..at + 4].copy_from_slice(&[0xff, code, 0, 0x90]);
            let source = Source::read_with(damaged.clone(), &reporting).unwrap();
            let sent = source.bytes().unwrap();
            assert!(!sent.windows(8).any(|eight| eight == b"a secret"));
            let [found, expected] = [sent, &damaged[..]].map(|file| read(file, Damaged::Report).unwrap().picture);
            let worst = found.pixels().iter().zip(expected.pixels()).map(|(a, b)| a.abs_diff(*b)).max();
            // A source whose metadata cannot be told from its pixels is encoded again.
            assert!(worst <= Some(24), "{code:x} {at} {worst:?}");
        }
    }
}

#[test]
fn a_source_without_an_end_marker_loses_its_trailer() {
    let file = jpeg(PLAIN);
    let cut = &file[..file.len() - 2];
    for trailer in [&b"a secret\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"[..], &file[..]] {
        let source = Source::read([cut, trailer].concat(), &DecodeLimits::default()).unwrap();
        assert_eq!(source.bytes().unwrap()[..], *cut);
    }
}

/// A progressive file has its own rules: the decoder finds the damage, and it is never reported instead.
#[test]
fn a_damaged_progressive_file_is_refused() {
    let picture = picture(size("64x48"));
    let mut options = smart_resize::pixels::encode::EncodeOptions::default();
    options.jpeg.progressive = true;
    let file = smart_resize::pixels::encode::encode(&picture, Format::Jpeg, &options).unwrap().bytes;
    let end = file.len() - 2;
    assert_eq!(
        read(&file[..end], Damaged::Refuse).unwrap_err(),
        DecodeError::Truncated { format: Format::Jpeg.into() }
    );
    for damaged in [Damaged::Refuse, Damaged::Report] {
        let whole = with_segment(&file, 0xfe, b"a comment");
        assert!(read(&whole, damaged).unwrap().picture == decoded(&file));
        assert!(read(&file[..end], damaged).is_err());
    }
}

fn any_shape() -> impl Strategy<Value = Shape> {
    let sampling = prop_oneof![
        Just(SamplingFactor::R_4_4_4),
        Just(SamplingFactor::R_4_4_0),
        Just(SamplingFactor::R_4_2_2),
        Just(SamplingFactor::R_4_2_0),
    ];
    let shape = (1_u32..70, 1_u32..70, sampling, 0_u16..6, 1_u8..=100, any::<bool>(), any::<bool>());
    shape.prop_map(|(width, height, sampling, interval, quality, is_grey, is_separate)| {
        // `jpeg-encoder` makes no table for the DC coefficients behind restart markers.
        let interval = if is_separate { 0 } else { interval };
        Shape { size: (width, height), sampling, interval, quality, is_grey, is_separate }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_whole_file_of_any_shape_has_no_damage(shape in any_shape()) {
        let file = jpeg(shape);
        let found = decode(&file, &DecodeOptions::default());
        prop_assert_eq!(found.map(|found| found.damage), Ok(None));
        prop_assert_eq!(probe(&file, &DecodeLimits::default()).unwrap().damage, None);
    }

    #[test]
    fn a_cut_file_of_any_shape_is_refused(shape in any_shape(), place in 0.0..1.0, is_ended in any::<bool>()) {
        let file = jpeg(shape);
        let from = data(&file);
        let cut = from + ((file.len() - 2 - from) as f64 * place) as usize;
        let cut = if is_ended { ended(&file, cut, &[]) } else { file[..cut].to_vec() };
        let found = decode(&cut, &DecodeOptions::default());
        let is_refused = matches!(found, Err(DecodeError::Damaged { .. } | DecodeError::Truncated { .. }));
        prop_assert!(is_refused, "{:?}", found.map(|found| found.damage));
    }
}

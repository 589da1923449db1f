//! Whole files are decoded as another decoder does, and damaged ones up to the damage that the check finds.

use jpeg_encoder::{ColorType, SamplingFactor};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use smart_resize_jpeg::check::{Checked, DamageKind};
use smart_resize_jpeg::decode::{DecodeError, decode};
use smart_resize_jpeg::header::{Header, HeaderError};
use smart_resize_jpeg::marker;

use crate::pictures::*;

/// Decodes a file into a buffer of noise, so that a byte that is not written is noticed.
fn decoded(file: &[u8]) -> Result<(Vec<u8>, Checked), DecodeError> {
    let header = Header::read(file, 64).unwrap();
    let frame = header.frame.as_ref().ok_or(DecodeError::NoFrame)?;
    let mut pixels: Vec<u8> = vec![0; usize::from(frame.width) * usize::from(frame.height) * frame.components.len()];
    let mut other = vec![0xa5; pixels.len()];
    let checked = decode(&header, &mut pixels)?;
    assert_eq!(decode(&header, &mut other), Ok(checked));
    assert!(pixels == other, "a byte was not written");
    Ok((pixels, checked))
}

fn largest_difference(a: &[u8], b: &[u8]) -> u8 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

/// A file of the encoder `jpeg-encoder`, which writes subsampled components in separate scans if its tables are optimised.
fn elsewhere(side: u16, sampling: SamplingFactor, adjust: fn(&mut jpeg_encoder::Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 90);
    encoder.set_sampling_factor(sampling);
    adjust(&mut encoder);
    encoder.encode(&photo(side.into(), side.into()), side, side, ColorType::Rgb).unwrap();
    file
}

const SAMPLINGS: [SamplingFactor; 8] = [
    SamplingFactor::R_4_4_4,
    SamplingFactor::R_4_4_0,
    SamplingFactor::R_4_4_1,
    SamplingFactor::R_4_2_2,
    SamplingFactor::R_4_2_0,
    SamplingFactor::R_4_1_1,
    SamplingFactor::R_4_1_0,
    SamplingFactor::F_2_2,
];

/// The decoders differ by rounding. (`tests/codecs` of the crate `smart-resize` compares with libjpeg-turbo exactly.)
#[test]
fn files_of_every_sampling_are_decoded_as_by_jpeg_decoder() {
    for side in [8, 17, 33, 70] {
        for sampling in SAMPLINGS {
            for file in
                [elsewhere(side, sampling, |_| {}), elsewhere(side, sampling, |encoder| encoder.set_progressive(true))]
            {
                let (pixels, checked) = decoded(&file).unwrap();
                assert_eq!(checked, Checked::default());
                let apart = largest_difference(&pixels, &by_jpeg_decoder(&file).1);
                assert!(apart <= 4, "{side} {sampling:?}: {apart}");
            }
        }
    }
}

/// Why the crate has a decoder of its own. `-- --nocapture` prints the figures of `docs/decisions/jpeg-decoder.md`.
#[test]
fn zune_jpeg_mixes_hidden_samples_into_the_edge_and_shifts_the_mean() {
    for sampling in [SamplingFactor::R_4_4_4, SamplingFactor::R_4_2_2, SamplingFactor::R_4_2_0] {
        // 62 of 64 columns are shown. The others have another colour.
        let mut rgb = photo(64, 64);
        for row in rgb.chunks_exact_mut(64 * 3) {
            row[62 * 3..].copy_from_slice(&[255, 0, 0, 255, 0, 0]);
        }
        let mut file = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut file, 95);
        encoder.set_sampling_factor(sampling);
        encoder.encode(&rgb, 64, 64, ColorType::Rgb).unwrap();
        let frame = file.windows(2).position(|two| two == [0xff, marker::SOF0]).unwrap();
        file[frame + 8] = 62;
        let ours = decoded(&file).unwrap().0;
        let mut edges = Vec::new();
        for (name, (_, pixels)) in [("zune-jpeg", by_zune_jpeg(&file)), ("jpeg-decoder", by_jpeg_decoder(&file))] {
            let at_edge = |pixels: &[u8]| pixels.chunks_exact(62 * 3).flat_map(|row| row[61 * 3..].to_vec()).collect();
            let (own, other): (Vec<u8>, Vec<u8>) = (at_edge(&ours), at_edge(&pixels));
            let edge = largest_difference(&own, &other);
            let mean = |channel: usize| {
                let differences = pixels.iter().zip(&ours).skip(channel).step_by(3);
                differences.map(|(a, b)| f64::from(*a) - f64::from(*b)).sum::<f64>() / (62.0 * 64.0)
            };
            println!("{sampling:?} {name}: {edge} at the edge, mean {:+.2?}", [mean(0), mean(1), mean(2)]);
            edges.push(edge);
        }
        let is_doubled = sampling != SamplingFactor::R_4_4_4;
        assert!(edges[1] <= 4 && (edges[0] > 20) == is_doubled, "{sampling:?}: {edges:?}");
    }
}

#[test]
fn separate_scans_and_restart_markers_change_no_pixel() {
    for sampling in SAMPLINGS {
        let one = decoded(&elsewhere(70, sampling, |_| {})).unwrap();
        let several = elsewhere(70, sampling, |encoder| encoder.set_optimized_huffman_tables(true));
        let scans = smart_resize_jpeg::check::segments(&several).filter(|segment| segment.code == marker::SOS).count();
        assert!(scans == 3 || sampling == SamplingFactor::R_4_4_4);
        assert_eq!(decoded(&several).unwrap(), one, "{sampling:?}");
        assert_eq!(decoded(&elsewhere(70, sampling, |encoder| encoder.set_restart_interval(2))).unwrap(), one);
    }
}

#[test]
fn pixels_before_the_damage_are_those_of_the_whole_file_and_the_others_are_grey() {
    let file = encode(&photo(64, 64), (64, 64), 90, KINDS[2]);
    let whole = decoded(&file).unwrap().0;
    let cut = [&file[..file.len() / 2], &[0xff, marker::EOI]].concat();
    let (pixels, checked) = decoded(&cut).unwrap();
    let Some(DamageKind::FewMcus { found, expected: 64 }) = checked.damage.map(|damage| damage.kind) else {
        panic!("{checked:?}")
    };
    // An MCU row has 8 MCUs, and 8 rows of 192 bytes.
    let rows = found as usize / 8;
    assert!((1..7).contains(&rows));
    assert!(pixels[..rows * 8 * 192] == whole[..rows * 8 * 192]);
    assert!(pixels[(rows + 1) * 8 * 192..].iter().all(|level| *level == 128));
}

/// The last row of an MCU row needs the next one for its chroma.
#[test]
fn the_last_row_before_the_damage_is_decoded_in_a_subsampled_picture() {
    let file = elsewhere(64, SamplingFactor::R_4_2_0, |encoder| encoder.set_restart_interval(4));
    let whole = decoded(&file).unwrap().0;
    // Two MCU rows of 16 rows are left.
    let end = file.windows(2).position(|two| two == [0xff, marker::RST0 + 1]).unwrap();
    let (pixels, checked) = decoded(&[&file[..end], &[0xff, marker::EOI]].concat()).unwrap();
    assert!(matches!(checked.damage.unwrap().kind, DamageKind::FewMcus { found: 8, expected: 16 }));
    assert!(pixels[..31 * 192] == whole[..31 * 192]);
    let last = 31 * 192..32 * 192;
    assert!(largest_difference(&pixels[last.clone()], &whole[last]) < 40);
    assert!(pixels[32 * 192..].iter().all(|level| *level == 128));
}

#[test]
fn components_of_equal_names_are_taken_in_their_order() {
    let file = encode(&photo(24, 16), (24, 16), 90, KINDS[2]);
    let [frame, scan] =
        [marker::SOF0, marker::SOS].map(|code| file.windows(2).position(|two| two == [0xff, code]).unwrap());
    let mut same = file.clone();
    for at in 0..3 {
        (same[frame + 10 + 3 * at], same[scan + 5 + 2 * at]) = (7, 7);
    }
    assert_eq!(decoded(&same).unwrap(), decoded(&file).unwrap());
    // Scans of one name are always those of the first component, so that the picture is never complete.
    let single = [&file[scan..scan + 4], &[1, 7, 0, 0, 63, 0], &[0; 20]].concat();
    let many = [&same[..scan], &single.repeat(9)].concat();
    assert_eq!(Header::read(&many, 8).unwrap_err(), HeaderError::TooManyScans { max: 8 });
}

#[test]
fn a_missing_quantisation_or_huffman_table_is_refused() {
    let file = encode(&photo(24, 16), (24, 16), 90, KINDS[0]);
    for code in [marker::DQT, marker::DHT] {
        let table = smart_resize_jpeg::check::segments(&file).find(|segment| segment.code == code).unwrap();
        // The segment becomes a comment.
        let mut without = file.clone();
        without[table.code_at] = marker::COM;
        assert_eq!(decoded(&without).unwrap_err(), DecodeError::Scan);
        assert_eq!(Header::read(&without, 64).unwrap().check().unwrap_err(), HeaderError::Scan);
    }
}

#[test]
fn decoding_goes_on_at_the_next_restart_marker() {
    // An MCU row of 64 pixels has 8 MCUs, and so has a part.
    let file = elsewhere(64, SamplingFactor::R_4_4_4, |encoder| encoder.set_restart_interval(8));
    let whole = decoded(&file).unwrap().0;
    let marker = |number: u8| file.windows(2).position(|two| two == [0xff, marker::RST0 + number]).unwrap();
    let row = |pixels: &[u8], row: usize| pixels[row * 8 * 192..(row + 1) * 8 * 192].to_vec();
    let zeros = vec![0; marker(3) - marker(2) - 2];
    for (what, broken, lost) in [
        ("zeros", [&file[..marker(2) + 2], &zeros, &file[marker(3)..]].concat(), vec![3]),
        ("a part and its marker", [&file[..marker(2)], &file[marker(3)..]].concat(), vec![3]),
        ("bytes before a marker", [&file[..marker(2)], &[0x55, 0xaa].repeat(20), &file[marker(2)..]].concat(), vec![]),
        ("five parts", [&file[..marker(0)], &file[marker(5)..]].concat(), vec![1, 2, 3, 4, 5]),
    ] {
        let (pixels, checked) = decoded(&broken).unwrap();
        assert!(checked.damage.is_some(), "{what}");
        for at in 0..8 {
            assert_eq!(row(&pixels, at) == row(&whole, at), !lost.contains(&at), "{what}: {at}");
        }
    }
}

#[test]
fn other_kinds_of_pictures_are_refused_by_name() {
    let file = encode(&photo(16, 16), (16, 16), 90, KINDS[0]);
    let frame = file.windows(2).position(|two| two == [0xff, marker::SOF0]).unwrap();
    let changed = |at: usize, byte: u8| {
        let mut changed = file.clone();
        changed[frame + at] = byte;
        changed
    };
    let refused = |file: &[u8]| Header::read(file, 64).unwrap_err().to_string();
    let expected = "; expected sequential or progressive with Huffman codes";
    assert_eq!(refused(&changed(1, 0xc9)), format!("the picture is coded arithmetically{expected}"));
    assert_eq!(refused(&changed(1, 0xc3)), format!("the picture is lossless{expected}"));
    assert_eq!(refused(&changed(1, 0xc5)), format!("the picture is coded hierarchically{expected}"));
    assert_eq!(Header::read(&changed(4, 12), 64).unwrap_err(), HeaderError::Precision { bits: 12 });
    // Luma has 3 x 2 samples, and chroma 2 x 1.
    let mut odd = changed(11, 0x32);
    (odd[frame + 14], odd[frame + 17]) = (0x21, 0x21);
    assert_eq!(Header::read(&odd, 64).unwrap_err(), HeaderError::Sampling);
    assert_eq!(
        decode(&Header::read(&file, 64).unwrap(), &mut [0; 7]).unwrap_err().to_string(),
        "the buffer has 7 bytes; expected 768"
    );
}

proptest! {
    /// The check and the decoder find the same damage in a sequential file, and nothing panics.
    #[test]
    fn the_damage_of_any_changed_file_is_that_of_the_check(
        kind in 0..4_usize,
        interval in 0..4_u16,
        changes in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..4),
        length in any::<u16>(),
    ) {
        let mut file = if interval == 0 {
            encode(&photo(40, 30), (40, 30), 85, KINDS[kind])
        } else {
            let mut file = Vec::new();
            let mut encoder = jpeg_encoder::Encoder::new(&mut file, 80);
            encoder.set_sampling_factor(SAMPLINGS[kind]);
            encoder.set_progressive(interval == 3);
            encoder.set_restart_interval(interval);
            encoder.encode(&photo(40, 30), 40, 30, ColorType::Rgb).unwrap();
            file
        };
        file.truncate(2 + usize::from(length) % (8 * file.len()));
        for (at, byte) in changes {
            let at = usize::from(at) % file.len();
            file[at] = byte;
        }
        let Ok(header) = Header::read(&file, 64) else { return Ok(()) };
        // A changed size may need much memory.
        if header.frame.as_ref().is_none_or(|frame| u32::from(frame.width) * u32::from(frame.height) > 1 << 16) {
            return Ok(());
        }
        if let Ok((_, checked)) = decoded(&file) {
            prop_assert!(checked.damage.is_none_or(|damage| damage.at <= file.len()));
            if !header.is_progressive {
                prop_assert_eq!(header.check(), Ok(checked));
            }
        }
    }
}

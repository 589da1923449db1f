//! Every Huffman table has codes of at most 16 bits, uses each symbol once, and leaves exactly the code of all ones
//! free among those of its greatest length.

use smart_resize_jpeg::Sampling;

use crate::pictures::*;

/// The marker of Huffman tables.
const DHT: u8 = 0xc4;

#[test]
fn huffman_tables_are_complete() {
    for (quality, kind) in [1, 50, 90, 100].into_iter().flat_map(|quality| KINDS.map(|kind| (quality, kind))) {
        for (width, height) in [(1, 1), (16, 9), (300, 200)] {
            let file = encode(&photo(width, height), (width, height), quality, kind);
            for (_, mut content) in segments(&file).into_iter().filter(|(marker, _)| *marker == DHT) {
                while let Some((counts, rest)) = content.split_at_checked(17) {
                    let total = counts[1..].iter().map(|count| usize::from(*count)).sum();
                    let (symbols, rest) = rest.split_at(total);
                    let longest = (1..17).rev().find(|length| counts[*length] > 0).unwrap();
                    let used: u32 = (1..=longest).map(|at| u32::from(counts[at]) << (longest - at)).sum();
                    assert_eq!(used, (1 << longest) - 1, "{counts:?}");
                    let mut sorted = symbols.to_vec();
                    sorted.sort_unstable();
                    sorted.dedup();
                    assert_eq!(sorted.len(), symbols.len());
                    content = rest;
                }
                assert_eq!(content, []);
            }
        }
    }
}

/// `jpeg-encoder` writes the example tables of annex K.3 of the specification.
#[test]
fn files_are_smaller_than_with_the_tables_of_the_annex() {
    let rgb = photo(320, 200);
    for quality in [50, 75, 90] {
        let mut plain = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut plain, quality);
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_4_4);
        encoder.encode(&rgb, 320, 200, jpeg_encoder::ColorType::Rgb).unwrap();
        let own = encode(&rgb, (320, 200), quality, (Sampling::Yuv444, false));
        assert!(own.len() < plain.len(), "{quality}: {} against {}", own.len(), plain.len());
        let (a, b) = (apart(&by_jpeg_decoder(&own).1, &rgb).1, apart(&by_jpeg_decoder(&plain).1, &rgb).1);
        assert!((a - b).abs() < 0.2, "{quality}: {a:.2} dB against {b:.2} dB");
    }
}

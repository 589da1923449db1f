//! The law of the fuzz target, for files of parts that proptest makes.

use proptest::prelude::*;

use crate::files::{chunk, jpeg, png, segment, webp};
use crate::laws::metadata;

const CODES: [u8; 12] = [0xe0, 0xe1, 0xe2, 0xee, 0xfe, 0xda, 0xc0, 0xc4, 0xd9, 0xd8, 0x01, 0xdd];
const CHUNKS: [&[u8; 4]; 7] = [b"IHDR", b"IDAT", b"IEND", b"iCCP", b"tEXt", b"eXIf", b"fdAT"];
const RIFF: [&[u8; 4]; 8] = [b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP", b"EXIF", b"XMP ", b"ANMF"];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2048) })]

    #[test]
    fn laws_hold_for_any_bytes(
        parts in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..20)), 0..8),
        cut in 0..12_usize,
        container in 0..3,
    ) {
        let pick = |index: u8, length: usize| usize::from(index) % length;
        let mut file = match container {
            0 => jpeg(&parts.iter().map(|(index, content)| segment(CODES[pick(*index, 12)], content)).collect::<Vec<_>>()),
            1 => png(&parts.iter().map(|(index, content)| chunk(CHUNKS[pick(*index, 7)], content)).collect::<Vec<_>>()),
            _ => webp(&parts.iter().map(|(index, content)| (RIFF[pick(*index, 8)], &content[..])).collect::<Vec<_>>()),
        };
        file.truncate(file.len().saturating_sub(cut));
        metadata(&file);
        let plain: Vec<u8> = parts.into_iter().flat_map(|(_, content)| content).collect();
        metadata(&plain);
    }
}

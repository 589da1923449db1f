//! The marker segments of a file (T.81, B.2; JFIF 1.02; ICC.1:2022, B.4).

use crate::Sampling;
use crate::huffman::HuffmanTable;
use crate::marker::{self, APP0, APP2, DHT, DQT, SOF0, SOF2, SOS};
use crate::quantise::Quantiser;

pub(crate) const SOI: [u8; 2] = [0xff, marker::SOI];
pub(crate) const EOI: [u8; 2] = [0xff, marker::EOI];

/// The most bytes behind a segment's length field.
pub(crate) const MAX_SEGMENT: usize = 65_533;

const ICC_NAME: &[u8] = b"ICC_PROFILE\0";

/// The most bytes of an ICC profile in one segment: without its name, the number of the part and that of all parts.
const ICC_PART: usize = MAX_SEGMENT - ICC_NAME.len() - 2;

/// The most bytes of an ICC profile.
pub(crate) const MAX_PROFILE: usize = 255 * ICC_PART;

/// Appends a segment, whose length counts its own two bytes.
pub(crate) fn put(file: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) {
    let length = 2 + parts.iter().map(|part| part.len()).sum::<usize>();
    let length = u16::try_from(length).expect("invariant: a segment has at most 65535 bytes");
    file.extend([0xff, marker]);
    file.extend(length.to_be_bytes());
    for part in parts {
        file.extend_from_slice(part);
    }
}

/// JFIF 1.01, square pixels, no thumbnail.
pub(crate) fn put_jfif(file: &mut Vec<u8>) {
    put(file, APP0, &[b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"]);
}

/// An ICC profile in as many segments as it takes.
pub(crate) fn put_profile(file: &mut Vec<u8>, profile: &[u8]) {
    let count = u8::try_from(profile.len().div_ceil(ICC_PART)).expect("invariant: a profile has at most 255 parts");
    for (number, part) in (1..=count).zip(profile.chunks(ICC_PART)) {
        put(file, APP2, &[ICC_NAME, &[number, count], part]);
    }
}

/// The quantisation tables, 0 for Y and 1 for Cb and Cr, of 8 bits.
pub(crate) fn put_quantisers(file: &mut Vec<u8>, [y, chroma]: &[Quantiser; 2]) {
    put(file, DQT, &[&[0], &y.zigzag_steps(), &[1], &chroma.zigzag_steps()]);
}

/// The frame header. Components are 1, 2 and 3, as JFIF asks for.
pub(crate) fn put_frame(file: &mut Vec<u8>, (width, height): (u16, u16), sampling: Sampling, progressive: bool) {
    let marker = if progressive { SOF2 } else { SOF0 };
    let factor = sampling.factor() as u8;
    let components = [3, 1, factor << 4 | factor, 0, 2, 0x11, 1, 3, 0x11, 1];
    put(file, marker, &[&[8], &height.to_be_bytes(), &width.to_be_bytes(), &components]);
}

/// The Huffman tables of a scan: those of DC coefficients are numbers 0 and 1, those of AC coefficients 2 and 3.
pub(crate) fn put_tables(file: &mut Vec<u8>, tables: &[Option<HuffmanTable>]) {
    // The class in the upper half of a byte, the identifier in the lower one.
    const NAMES: [[u8; 1]; 4] = [[0x00], [0x01], [0x10], [0x11]];
    let parts = NAMES
        .iter()
        .zip(tables)
        .filter_map(|(name, table)| table.as_ref().map(|table| [&name[..], &table.lengths[..], table.symbols()]));
    let mut all = [&[][..]; 12];
    let mut count = 0;
    for part in parts.flatten() {
        all[count] = part;
        count += 1;
    }
    put(file, DHT, &all[..count]);
}

/// The header of a scan of all components, from position `first` to `last` in zigzag order.
pub(crate) fn put_interleaved_scan(file: &mut Vec<u8>, last: u8) {
    // A scan of DC coefficients alone names no table of AC coefficients.
    let tables = if last == 0 { [0x00, 0x10] } else { [0x00, 0x11] };
    put(file, SOS, &[&[3, 1, tables[0], 2, tables[1], 3, tables[1], 0, last, 0]]);
}

/// The header of a scan of AC coefficients of one component, 0 to 2.
pub(crate) fn put_band_scan(file: &mut Vec<u8>, component: u8, [first, last]: [u8; 2]) {
    put(file, SOS, &[&[1, component + 1, 0x00, first, last, 0]]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::huffman::Codes;

    #[test]
    fn the_length_of_a_segment_counts_its_own_two_bytes() {
        let mut file = Vec::new();
        put(&mut file, 0xfe, &[b"ab", b"c"]);
        assert_eq!(file, b"\xff\xfe\0\x05abc");
    }

    #[test]
    fn tables_of_dc_coefficients_have_class_0_and_those_of_ac_coefficients_class_1() {
        let mut counts = [[0; 256]; 4];
        for (number, counts) in (0..4_usize).zip(&mut counts) {
            counts[1 + number] = 1;
        }
        let (_, tables) = Codes::optimal(&counts);
        let mut file = Vec::new();
        put_tables(&mut file, &tables);
        let names: Vec<_> = file[4..].chunks(18).map(|table| (table[0], table[17])).collect();
        assert_eq!(names, [(0x00, 1), (0x01, 2), (0x10, 3), (0x11, 4)]);
    }

    #[test]
    fn the_scan_headers_name_the_components_and_the_tables_of_each() {
        let mut file = Vec::new();
        put_interleaved_scan(&mut file, 63);
        put_interleaved_scan(&mut file, 0);
        put_band_scan(&mut file, 2, [6, 63]);
        let scans =
            [&[3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0][..], &[3, 1, 0, 2, 0x10, 3, 0x10, 0, 0, 0], &[1, 3, 0, 6, 63, 0]];
        let expected: Vec<u8> =
            scans.iter().flat_map(|scan| [&[0xff, 0xda, 0, 2 + scan.len() as u8], *scan].concat()).collect();
        assert_eq!(file, expected);
    }
}

//! Joins compressed strips into a PNG datastream.
//!
//! Each strip is one `IDAT` chunk. The data of all of them is a zlib stream (RFC 1950, section 2.2): two bytes of
//! header, the deflate stream, and the Adler-32 of the filtered scanlines, which is [put together](Adler32::concat)
//! from those of the strips.

use crate::adler::Adler32;
use crate::chunk;
use crate::header::Header;
use crate::palette::Rgba;
use crate::strip::CompressedStrip;

/// Method deflate with a window of 32 KiB; level "fast"; no dictionary; a check that makes the 16 bits a multiple of
/// 31.
const ZLIB_HEADER: [u8; 2] = [0x78, 0x5e];

/// A file under construction.
#[derive(Debug)]
pub(crate) struct Datastream {
    file: Vec<u8>,
    /// The checksum of the strips so far; none before the first one.
    adler: Option<Adler32>,
}

impl Datastream {
    /// Begins a file with every chunk before the image data.
    pub(crate) fn new(header: Header, srgb: bool, palette: &[Rgba]) -> Self {
        let mut file = Vec::new();
        chunk::begin(header, srgb, palette, &mut file);
        Self { file, adler: None }
    }

    /// Appends the next strip, and after the last one the end of the file.
    pub(crate) fn push(&mut self, strip: CompressedStrip<'_>, is_last: bool) {
        // The zlib header is in the first chunk and the checksum in the last.
        let header: &[u8] = if self.adler.is_none() { &ZLIB_HEADER } else { &[] };
        let adler = self.adler.unwrap_or(Adler32::EMPTY).concat(strip.adler);
        self.adler = Some(adler);
        let checksum = adler.checksum.to_be_bytes();
        chunk::image_data(&[header, strip.bytes, if is_last { &checksum } else { &[] }], &mut self.file);
        if is_last {
            chunk::end(&mut self.file);
        }
    }

    /// The file. It is complete once the last strip is in it.
    pub(crate) fn into_file(self) -> Vec<u8> {
        self.file
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{BitDepth, ColourType};

    #[test]
    fn the_zlib_header_says_deflate_with_a_window_of_32_kib_and_is_a_multiple_of_31() {
        assert_eq!(ZLIB_HEADER[0], 8 | 7 << 4);
        assert_eq!(ZLIB_HEADER[1] >> 5 & 1, 0, "no dictionary");
        assert_eq!(u16::from_be_bytes(ZLIB_HEADER) % 31, 0);
    }

    #[test]
    fn the_zlib_header_is_in_the_first_chunk_and_the_checksum_of_all_strips_in_the_last() {
        let header = Header { width: 1, height: 3, colour_type: ColourType::Truecolour, bit_depth: BitDepth::Eight };
        let mut datastream = Datastream::new(header, false, &[]);
        let begin = datastream.file.len();
        for (filtered, bytes, is_last) in [("Wiki", b"ab", false), ("ped", b"cd", false), ("ia", b"ef", true)] {
            datastream.push(CompressedStrip { bytes, adler: Adler32::of(filtered.as_bytes()) }, is_last);
        }
        let (mut file, mut chunks) = (datastream.into_file().split_off(begin), Vec::new());
        while !file.is_empty() {
            let length = u32::from_be_bytes(*file.first_chunk().unwrap()) as usize;
            let rest = file.split_off(12 + length);
            chunks.push(file[8..8 + length].to_vec());
            file = rest;
        }
        // The Adler-32 of "Wikipedia" is 0x11e60398.
        let expected: [&[u8]; 4] = [b"\x78\x5eab", b"cd", b"ef\x11\xe6\x03\x98", b""];
        assert_eq!(chunks, expected);
    }
}

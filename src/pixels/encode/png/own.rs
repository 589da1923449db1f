//! PNG by this crate: reduce, filter, deflate, strip by strip; an `IDAT` chunk for each.
//!
//! With the feature `parallel` the strips of a picture are encoded beside each other, on the threads of the rayon pool
//! that this is called in; the bytes are the same, since strips follow from the size alone and depend on their rows alone.

#[cfg(feature = "parallel")]
use std::sync::Mutex;

use super::PngEffort;
use super::file;
#[cfg(feature = "parallel")]
use super::parts::Parts;
use super::reduce::{Colour, Raster, Shape};
use super::strip::{Deflated, Strip, Sum, Workshop, strips};

/// What pictures are encoded in, one after the other. It is kept so that, once it is large enough, encoding allocates
/// nothing but the file; with the feature `parallel` each strip in a thread of its own too.
#[derive(Debug, Default)]
pub struct PngScratch {
    /// What [`Raster::of`] makes of a picture.
    pub(super) reduced: Vec<u8>,
    /// The row above the first one, or the rows that [`RowSink`](super::sink::RowSink) has not encoded yet.
    pub(super) rows: Vec<u8>,
    pub(super) workshop: Workshop,
    /// What other threads encode strips in.
    #[cfg(feature = "parallel")]
    others: Mutex<Vec<PngScratch>>,
}

/// The file of `raster`.
pub(super) fn write(raster: &Raster<'_>, effort: PngEffort, scratch: &mut PngScratch) -> Vec<u8> {
    let shape = raster.shape;
    #[cfg(feature = "parallel")]
    if strips(shape.size).len() > 1 && rayon::current_num_threads() > 1 {
        return Parts::of(shape, effort).encode_all(raster, &scratch.others);
    }
    let row_bytes = shape.row_bytes();
    scratch.rows.clear();
    scratch.rows.resize(row_bytes, 0);
    let mut writer = Writer::new(shape, &raster.palette);
    for rows in strips(shape.size) {
        let strip = Strip::of(raster.rows, rows, row_bytes, &scratch.rows);
        writer.push(scratch.workshop.encode(shape, strip, effort), rows.is_last);
    }
    writer.file
}

/// Strips, in their order, as a file.
///
/// The stream of RFC 1950 is two bytes that say deflate with a window of 32 KiB, the strips, and the sum over all rows.
#[derive(Debug)]
pub(super) struct Writer {
    file: Vec<u8>,
    sum: Sum,
}

impl Writer {
    pub(super) fn new(shape: Shape, palette: &[Colour]) -> Self {
        let mut file = Vec::new();
        file::begin(shape, palette, &mut file);
        Self { file, sum: Sum::NONE }
    }

    /// Appends a strip, and after the last one the end of the file.
    pub(super) fn push(&mut self, strip: Deflated<'_>, is_last: bool) {
        let head: &[u8] = if self.sum == Sum::NONE { &[0x78, 0x5e] } else { &[] };
        self.sum = self.sum.and(strip.sum);
        let adler = self.sum.adler.to_be_bytes();
        file::pixels(&[head, strip.bytes, if is_last { &adler } else { &[] }], &mut self.file);
        if is_last {
            file::end(&mut self.file);
        }
    }

    pub(super) fn into_file(self) -> Vec<u8> {
        self.file
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "what is cut off is meant to be")]
mod tests {
    use super::*;
    use crate::pixels::encode::png::bits::BitWriter;
    use crate::pixels::encode::png::deflate::{Deflater, Look};
    use crate::pixels::encode::png::filter::Row;
    use crate::pixels::encode::png::strip::Rows;
    use crate::pixels::picture::Picture;
    use crate::pixels::predict::Filter;
    use crate::size::Size;

    pub(super) fn picture(width: u32, height: u32) -> Picture {
        let mut state = 1_u32;
        let byte = |at: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (at / 97 + (state >> 29)) as u8
        };
        Picture::from_rgb(Size::new(width, height).unwrap(), (0..width * height * 3).map(byte).collect()).unwrap()
    }

    #[test]
    fn strips_are_the_same_in_any_order_and_whatever_their_room_was_used_for() {
        let picture = picture(512, 1025);
        let mut reduced = Vec::new();
        let raster = Raster::of(&picture, &mut reduced);
        let zeros = vec![0; raster.shape.row_bytes()];
        let all: Vec<Rows> = strips(raster.shape.size).collect();
        let strip = |rows: &Rows| Strip::of(raster.rows, *rows, zeros.len(), &zeros);
        for effort in PngEffort::ALL {
            let mut used = Workshop::default();
            let mut backwards: Vec<_> =
                all.iter().rev().map(|rows| used.encode(raster.shape, strip(rows), effort).bytes.to_vec()).collect();
            backwards.reverse();
            let fresh = |rows| Workshop::default().encode(raster.shape, strip(rows), effort).bytes.to_vec();
            assert!(backwards == all.iter().map(fresh).collect::<Vec<_>>());
            // Each but the last ends with an empty stored block, so it is whole bytes.
            assert!(backwards.iter().rev().skip(1).all(|strip| strip.ends_with(&[0, 0, 0xff, 0xff])));
        }
    }

    #[test]
    fn every_strip_is_a_chunk_and_the_stream_of_all_is_whole() {
        let picture = picture(512, 1025);
        let mut reduced = Vec::new();
        let raster = Raster::of(&picture, &mut reduced);
        let mut scratch = PngScratch::default();
        for effort in PngEffort::ALL {
            let file = write(&raster, effort, &mut scratch);
            assert!(file == write(&raster, effort, &mut PngScratch::default()));
            let (mut chunks, mut stream, mut at) = (Vec::new(), Vec::new(), 8);
            while at < file.len() {
                let length = u32::from_be_bytes(*file[at..].first_chunk().unwrap()) as usize;
                chunks.push(&file[at + 4..at + 8]);
                if chunks.last() == Some(&&b"IDAT"[..]) {
                    stream.extend_from_slice(&file[at + 8..at + 8 + length]);
                }
                at += length + 12;
            }
            assert_eq!(chunks, [b"IHDR", b"sRGB", b"IDAT", b"IDAT", b"IDAT", b"IEND"]);
            // Which also checks the sum over all rows.
            let inflated = miniz_oxide::inflate::decompress_to_vec_zlib(&stream).unwrap();
            assert_eq!(inflated.len(), 1025 * (1 + 512 * 3));
        }
    }

    #[test]
    fn every_filter_is_undone_by_a_decoder() {
        let pictures = [picture(19, 7), picture(1, 5), picture(300, 3)];
        for (picture, filter) in pictures.iter().flat_map(|picture| Filter::ALL.map(|filter| (picture, filter))) {
            let mut reduced = Vec::new();
            let Raster { shape, rows, .. } = Raster::of(picture, &mut reduced);
            let (mut filtered, zeros) = (Vec::new(), vec![0; shape.row_bytes()]);
            let above = std::iter::once(&zeros[..]).chain(rows.chunks(shape.row_bytes()));
            for (bytes, above) in rows.chunks(shape.row_bytes()).zip(above) {
                Row { bytes, above, step: shape.step() }.put(filter, &mut filtered);
            }
            let mut bits = BitWriter::default();
            Deflater::default().deflate(&filtered, PngEffort::Balanced, Look::Natural, true, &mut bits);
            let sum = Sum { adler: simd_adler32::adler32(&&filtered[..]), bytes: filtered.len() };
            let mut writer = Writer::new(shape, &[]);
            writer.push(Deflated { bytes: bits.bytes(), sum }, true);
            // Not by this crate, which undoes filters itself.
            let mut decoder = png::Decoder::new(std::io::Cursor::new(&writer.file));
            decoder.set_transformations(png::Transformations::EXPAND);
            let mut reader = decoder.read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut pixels).unwrap();
            assert!(pixels == picture.pixels(), "{filter:?}");
        }
    }
}

//! The rows of a plain picture: 8 bits of red, green and blue, perhaps of alpha, a pixel, from the top to the bottom.
//! Those are nearly all that image models send.
//!
//! They are inflated by `fdeflate`, as the `png` crate does it too, and then [`unfilter`]ed here, several at a time, which
//! takes less time (`cargo bench --bench codec`). Whatever is not as it should be is left to that crate,
//! which reads it all again and says what is wrong. So no whole picture is accepted here that it would refuse, and nothing
//! is refused here.

use fdeflate::Decompressor;
use fearless_simd::Level;

use super::unfilter::{GROUP, unfilter};

/// How far back a repetition may reach (RFC 1951, section 2).
const WINDOW: usize = 1 << 15;

/// How many bytes `fdeflate` takes at once.
const TAKEN_AHEAD: usize = 8;

/// The picture, behind its header.
pub(super) struct Plain<'a> {
    inflating: Inflating<'a>,
    /// The bytes of a pixel.
    step: usize,
    /// The last row that was read, before the first one zeros.
    above: Vec<u8>,
    /// How many have been.
    count: usize,
    level: Level,
}

impl<'a> Plain<'a> {
    /// The rows of the picture whose pixels begin with the first chunk of `chunks`, of `step` bytes a pixel and so many a row. It
    /// works in the memory of `room`.
    pub(super) fn new(chunks: &'a [u8], step: usize, row_bytes: usize, room: Room) -> Self {
        let Room { mut above, inflated } = room;
        above.clear();
        above.resize(row_bytes, 0);
        let least = WINDOW + GROUP * (1 + row_bytes);
        Self { inflating: Inflating::new(chunks, inflated, least), step, above, count: 0, level: Level::new() }
    }

    /// Fills `rows`, one or more, with the next ones; nothing where something is wrong. Four at a time are the fastest.
    pub(super) fn read(&mut self, rows: &mut [u8]) -> Option<()> {
        let row_bytes = self.above.len();
        for rows in rows.chunks_mut(GROUP * row_bytes) {
            let lines = self.inflating.next(rows.len() / row_bytes * (1 + row_bytes))?;
            unfilter(self.level, self.step, lines, &self.above, rows)?;
            self.above.copy_from_slice(rows.get(rows.len() - row_bytes..)?);
        }
        self.count += rows.len() / row_bytes;
        Some(())
    }

    /// How many rows have been read, without those of a call in which something was wrong.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Looks whether the chunks behind the last row are whole; nothing where something is wrong. What more there is in them does not
    /// matter, as it does not to the `png` crate, but is told: whether the stream ends with that row, and they with the stream.
    pub(super) fn finish(&mut self) -> Option<bool> {
        let ends_exactly = self.inflating.ends();
        self.inflating.chunks.pass_over()?;
        Some(ends_exactly)
    }

    /// The memory that it worked in.
    pub(super) fn into_room(self) -> Room {
        Room { above: self.above, inflated: self.inflating.inflated }
    }
}

/// Memory that is kept from one picture to the next.
#[derive(Debug, Default)]
pub(crate) struct Room {
    above: Vec<u8>,
    inflated: Vec<u8>,
}

/// What is behind the chunks of pixels, if they hold a stream of exactly so many bytes, with the right checksums.
pub(super) fn behind_pixels(chunks: &[u8], mut count: u64) -> Option<&[u8]> {
    let mut inflating = Inflating::new(chunks, Vec::new(), 0);
    while count > 0 {
        let part = count.min(WINDOW as u64);
        inflating.next(usize::try_from(part).ok()?)?;
        count -= part;
    }
    inflating.ends().then_some(inflating.chunks.rest)
}

/// What is in the chunks of pixels.
struct Inflating<'a> {
    chunks: Chunks<'a>,
    /// What is not inflated yet of the chunk that is read.
    deflated: &'a [u8],
    by: Box<Decompressor>,
    inflated: Vec<u8>,
    /// Up to where `inflated` has been taken, and up to where it has been filled.
    taken: usize,
    filled: usize,
}

impl<'a> Inflating<'a> {
    fn new(chunks: &'a [u8], mut inflated: Vec<u8>, least: usize) -> Self {
        let by = Box::new(Decompressor::new());
        // What was here before is never looked at: a repetition that begins before the picture is an error.
        inflated.resize(least.max(4 * WINDOW), 0);
        Self { chunks: Chunks::new(chunks), deflated: &[], by, inflated, taken: 0, filled: 0 }
    }

    /// The next so many bytes, as many as there is place for behind the window; nothing where they do not come.
    fn next(&mut self, count: usize) -> Option<&[u8]> {
        while self.filled - self.taken < count {
            if self.inflated.len() - self.taken < count {
                self.make_place();
            }
            self.inflate()?;
        }
        let start = self.taken;
        self.taken += count;
        self.inflated.get(start..self.taken)
    }

    /// Inflates on, and says whether nothing more comes: the stream ends here, with the right checksum, and the chunks with it.
    fn ends(&mut self) -> bool {
        self.make_place();
        while !self.by.is_done() && self.filled == self.taken {
            if self.inflate().is_none() {
                return false;
            }
        }
        self.filled == self.taken && self.deflated.is_empty() && self.chunks.are_at_end()
    }

    /// Keeps the window alone of what has been taken.
    fn make_place(&mut self) {
        let start = self.taken.saturating_sub(WINDOW);
        self.inflated.copy_within(start..self.filled, 0);
        (self.taken, self.filled) = (self.taken - start, self.filled - start);
    }

    /// Fills some of the place that there is, or takes the next chunk; nothing where neither can be done.
    fn inflate(&mut self) -> Option<()> {
        // Of the last chunk the last bytes one by one, since several are taken before they are looked at: so what is
        // behind the stream stays.
        let offered = match self.deflated.len() {
            length if !self.chunks.are_at_end() => length,
            length if length > TAKEN_AHEAD => length - TAKEN_AHEAD,
            length => length.min(1),
        };
        let offered = self.deflated.get(..offered)?;
        let (used, made) = self.by.read(offered, &mut self.inflated, self.filled, false).ok()?;
        self.deflated = self.deflated.get(used..)?;
        self.filled += made;
        // What has been given may still be in there when all of it is used.
        if used == 0 && made == 0 {
            if !self.deflated.is_empty() {
                return None;
            }
            self.deflated = self.chunks.next()?;
        }
        Some(())
    }
}

/// The chunks of pixels that are left.
pub(super) struct Chunks<'a> {
    rest: &'a [u8],
}

impl<'a> Chunks<'a> {
    pub(super) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// What is in the next one. Nothing where it is of another name, or broken.
    fn next(&mut self) -> Option<&'a [u8]> {
        let (name, content, behind) = split_chunk(self.rest)?;
        if name != *b"IDAT" {
            return None;
        }
        self.rest = behind;
        Some(content)
    }

    /// Leaves out those that are left, and gives what is behind them; nothing where one of them is broken.
    pub(super) fn pass_over(&mut self) -> Option<&'a [u8]> {
        while !self.are_at_end() {
            self.next()?;
        }
        Some(self.rest)
    }

    /// Whether the next one is of another name, so that these end.
    fn are_at_end(&self) -> bool {
        self.rest.get(4..8).is_some_and(|name| name != b"IDAT")
    }
}

/// The name and the content of the first chunk, and what is behind it: length (4), name (4), content, checksum (4) of name
/// and content. Nothing where it is cut short or its checksum is wrong.
pub(super) fn split_chunk(chunks: &[u8]) -> Option<([u8; 4], &[u8], &[u8])> {
    let (length, rest) = chunks.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?.checked_add(4)?;
    let (named, rest) = rest.split_at_checked(length)?;
    let (checksum, behind) = rest.split_first_chunk()?;
    let (name, content) = named.split_first_chunk()?;
    (crc32fast::hash(named) == u32::from_be_bytes(*checksum)).then_some((*name, content, behind))
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec_zlib;

    use super::*;

    /// Chunks of at most so many bytes, and the end of the file.
    fn chunks(stream: &[u8], most: usize) -> Vec<u8> {
        let parts = stream.chunks(most).map(|part| (b"IDAT", part)).chain([(b"IEND", &[][..])]);
        let chunk = |(name, content): (&[u8; 4], &[u8])| {
            let named = [&name[..], content].concat();
            let length = u32::try_from(content.len()).unwrap();
            [&length.to_be_bytes()[..], &named, &crc32fast::hash(&named).to_be_bytes()].concat()
        };
        parts.flat_map(chunk).collect()
    }

    /// What is whole is read here and not left to the `png` crate, whatever its chunks: also where all of a chunk is used long
    /// before all that is in it has come out, as in what is flat.
    #[test]
    fn whole_pictures_are_read() {
        let flat = |_: usize| 255_u8;
        let noise = |at: usize| (at.wrapping_mul(0x9e37_79b1) >> 13).to_le_bytes()[0];
        let half = |at: usize| if at < 100_000 { noise(at) } else { 0 };
        let kinds: [&dyn Fn(usize) -> u8; 3] = [&flat, &noise, &half];
        let sizes = [(1, 1), (3, 5), (341, 128), (500, 214), (500, 215), (500, 216), (2800, 60)];
        for ((width, height), kind) in sizes.into_iter().flat_map(|size| kinds.map(|kind| (size, kind))) {
            let row_bytes = width * 3;
            let pixels: Vec<u8> = (0..row_bytes * height).map(kind).collect();
            let lines: Vec<u8> = pixels.chunks(row_bytes).flat_map(|row| [&[0], row].concat()).collect();
            for level in [0, 1, 6, 9] {
                let stream = compress_to_vec_zlib(&lines, level);
                for most in [1, 7, 8192, usize::MAX].into_iter().filter(|most| stream.len() / most < 2000) {
                    let file = chunks(&stream, most);
                    let mut plain = Plain::new(&file, 3, row_bytes, Room::default());
                    let mut read = vec![0; pixels.len()];
                    let all = read.chunks_mut(5 * row_bytes).all(|rows| plain.read(rows).is_some());
                    assert!(all && plain.finish().is_some() && read == pixels, "{width}x{height}, {level}, {most}");
                    assert_eq!(plain.count(), height);
                }
            }
        }
    }
}

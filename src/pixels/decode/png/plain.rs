//! The rows of a plain picture: 8 bits of red, green and blue, perhaps of alpha, a pixel, from the top to the bottom.
//! Those are nearly all that image models send.
//!
//! They are inflated by `fdeflate`, as the `png` crate does it too, and then [`unfilter`]ed here, several at a time, which
//! is worth a quarter of the whole (`cargo bench --bench codec`). Whatever is not as it should be is left to that crate,
//! which reads it all again and says what is wrong. So no whole picture is accepted here that it would refuse, and nothing
//! is refused here.

use fdeflate::Decompressor;
use fearless_simd::Level;

use super::unfilter::{GROUP, unfilter};

/// How far back a repetition may reach (RFC 1951, section 2).
const WINDOW: usize = 1 << 15;

/// The picture, behind its header.
pub(super) struct Plain<'a> {
    inflating: Inflating<'a>,
    /// The bytes of a pixel.
    step: usize,
    /// The last row that was read, before the first one zeros.
    above: Vec<u8>,
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
        Self { inflating: Inflating::new(chunks, inflated, least), step, above, level: Level::new() }
    }

    /// Fills `rows`, one or more, with the next ones; nothing where something is wrong. Four at a time are the fastest.
    pub(super) fn read(&mut self, rows: &mut [u8]) -> Option<()> {
        let row_bytes = self.above.len();
        for rows in rows.chunks_mut(GROUP * row_bytes) {
            let lines = self.inflating.next(rows.len() / row_bytes * (1 + row_bytes))?;
            unfilter(self.level, self.step, lines, &self.above, rows)?;
            self.above.copy_from_slice(rows.get(rows.len() - row_bytes..)?);
        }
        Some(())
    }

    /// Looks whether the picture ends with the last row; nothing where something is wrong.
    pub(super) fn finish(&mut self) -> Option<()> {
        self.inflating.finish()
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

/// What is in the chunks of pixels.
struct Inflating<'a> {
    chunks: Chunks<'a>,
    /// What is not inflated yet of the chunk that is read.
    deflated: &'a [u8],
    by: Decompressor,
    inflated: Vec<u8>,
    /// Up to where `inflated` has been taken, and up to where it has been filled.
    taken: usize,
    filled: usize,
}

impl<'a> Inflating<'a> {
    fn new(chunks: &'a [u8], mut inflated: Vec<u8>, least: usize) -> Self {
        let mut by = Decompressor::new();
        // Each chunk has a checksum, and the `png` crate does not look at the one of all either.
        by.ignore_adler32();
        // What was here before is never looked at: a repetition that begins before the picture is an error.
        inflated.resize(least.max(4 * WINDOW), 0);
        Self { chunks: Chunks { rest: chunks }, deflated: &[], by, inflated, taken: 0, filled: 0 }
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

    /// Keeps the window alone of what has been taken.
    fn make_place(&mut self) {
        let start = self.taken.saturating_sub(WINDOW);
        self.inflated.copy_within(start..self.filled, 0);
        (self.taken, self.filled) = (self.taken - start, self.filled - start);
    }

    /// Fills some of the place that there is; nothing where that cannot be done.
    fn inflate(&mut self) -> Option<()> {
        if self.deflated.is_empty() {
            self.deflated = self.chunks.next()?;
        }
        let (used, made) = self.by.read(self.deflated, &mut self.inflated, self.filled, false).ok()?;
        self.deflated = self.deflated.get(used..)?;
        self.filled += made;
        // Where there is place, all that is given is used.
        (self.deflated.is_empty() || made > 0).then_some(())
    }

    fn finish(&mut self) -> Option<()> {
        self.make_place();
        while !self.by.is_done() {
            self.inflate()?;
        }
        self.chunks.is_at_end().then_some(())
    }
}

/// The chunks of pixels that are left.
struct Chunks<'a> {
    rest: &'a [u8],
}

impl<'a> Chunks<'a> {
    /// What is in the next one: length (4), name (4), content, checksum (4) of name and content. Nothing where it is of
    /// another name, or broken.
    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.rest.split_first_chunk()?;
        let (named, rest) = rest.split_at_checked(4 + u32::from_be_bytes(*length) as usize)?;
        let (checksum, rest) = rest.split_first_chunk()?;
        let content = named.strip_prefix(b"IDAT")?;
        self.rest = rest;
        (crc32fast::hash(named) == u32::from_be_bytes(*checksum)).then_some(content)
    }

    /// Whether the next one is of another name.
    fn is_at_end(&self) -> bool {
        self.rest.get(4..8).is_some_and(|name| name != b"IDAT")
    }
}

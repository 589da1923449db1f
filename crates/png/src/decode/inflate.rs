//! Inflates the zlib stream that the IDAT chunks hold, a few scanlines at a time.
//!
//! `fdeflate` writes behind what it has written before, since an LZ77 match copies from up to 32 KiB back. So the
//! buffer has three parts, in this order:
//!
//! ```text
//! | LZ77 window: scanlines that were handed out | scanlines to hand out | free |
//! 0                                           taken                  filled  buffer.len()
//! ```
//!
//! If the free part is too small for the scanlines that are asked for, the last 32 KiB of the first part and the whole
//! second part move to the start of the buffer.
//!
//! # The end of the stream
//!
//! `fdeflate` reads up to 8 bytes ahead and does not say how many of them it used. To find bytes behind the stream, the
//! last byte of the last IDAT chunk is held back until `fdeflate` has used up all before it. The stream ends with the
//! last chunk exactly if that byte completes it.

use std::mem;

use fdeflate::Decompressor;

use super::chunks::{IEND, IdatChunks};
use super::{Ending, Unreadable};

/// The largest distance of an LZ77 match in bytes (RFC 1951, section 2).
const WINDOW: usize = 1 << 15;

/// The smallest size of the buffer in bytes: it lets `fdeflate` write three windows before anything moves.
const MIN_BUFFER: usize = 4 * WINDOW;

/// The inflated bytes of a sequence of IDAT chunks.
pub(super) struct Inflate<'a> {
    chunks: IdatChunks<'a>,
    /// The part of the current chunk that has not been given to `fdeflate`, without `held_back`.
    data: &'a [u8],
    /// The last byte of the last chunk, as long as it is held back.
    held_back: &'a [u8],
    /// The first byte of the stream, CMF (RFC 1950, section 2.2).
    first_byte: Option<u8>,
    decompressor: Decompressor,
    buffer: &'a mut Vec<u8>,
    taken: usize,
    filled: usize,
}

impl<'a> Inflate<'a> {
    /// Inflates the IDAT chunks at the start of `file` into `buffer`. At most `max_count` bytes are asked for at once.
    pub(super) fn new(file: &'a [u8], buffer: &'a mut Vec<u8>, max_count: usize) -> Self {
        // The old content does not matter: a match that reaches beyond the first byte of the stream is an error.
        buffer.resize(MIN_BUFFER.max(WINDOW + max_count), 0);
        Self {
            chunks: IdatChunks::new(file),
            data: &[],
            held_back: &[],
            first_byte: None,
            decompressor: Decompressor::new(),
            buffer,
            taken: 0,
            filled: 0,
        }
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] if the stream ends before them, or it or a chunk is broken.
    pub(super) fn next(&mut self, count: usize) -> Result<&[u8], Unreadable> {
        while self.filled - self.taken < count {
            if self.buffer.len() - self.taken < count {
                self.free_space();
            }
            if !self.inflate()? {
                return Err(Unreadable);
            }
        }
        let start = self.taken;
        self.taken += count;
        Ok(&self.buffer[start..self.taken])
    }

    /// How the file ends, after all `count` bytes of the picture have been taken.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] if the stream is broken between the last of these bytes and its end, or if an IDAT chunk is
    /// broken.
    pub(super) fn end(mut self, count: usize) -> Result<Ending, Unreadable> {
        self.free_space();
        while self.filled == self.taken && self.inflate()? {}
        // The byte that was held back is given to `fdeflate` only after all output has been taken. If it completes the
        // stream, no inflated byte follows the last scanline, and no byte follows the stream.
        let ends_with_chunks = self.decompressor.is_done() && self.held_back.is_empty() && self.chunks.is_at_end();
        debug_assert!(!ends_with_chunks || self.filled == self.taken && self.data.is_empty());
        let has_window = self.first_byte.is_some_and(|cmf| declared_window(cmf) >= count.min(WINDOW));
        let behind = self.chunks.skip()?;
        let is_exact = ends_with_chunks && has_window && behind == IEND;
        Ok(if is_exact { Ending::Exact } else { Ending::Loose })
    }

    /// Moves the LZ77 window and what has not been taken to the start of the buffer.
    fn free_space(&mut self) {
        let start = self.taken.saturating_sub(WINDOW);
        self.buffer.copy_within(start..self.filled, 0);
        self.taken -= start;
        self.filled -= start;
    }

    /// Inflates into the free part of the buffer, which must not be empty, or goes on to the next piece of input.
    /// Returns `false` if the stream or the sequence of chunks has ended.
    fn inflate(&mut self) -> Result<bool, Unreadable> {
        let (read, written) =
            self.decompressor.read(self.data, self.buffer, self.filled, false).map_err(|_| Unreadable)?;
        self.data = &self.data[read..];
        self.filled += written;
        if written > 0 {
            return Ok(true);
        }
        if self.decompressor.is_done() {
            return Ok(false);
        }
        // Since there was space for more output, `fdeflate` needs more input, and so must have read all that there was.
        if !self.data.is_empty() {
            return Err(Unreadable);
        }
        self.next_piece()
    }

    /// Makes the byte that was held back or the next chunk the input. Returns `false` if there is neither.
    fn next_piece(&mut self) -> Result<bool, Unreadable> {
        self.data = mem::take(&mut self.held_back);
        if !self.data.is_empty() {
            return Ok(true);
        }
        let Some(data) = self.chunks.next_data()? else { return Ok(false) };
        self.first_byte = self.first_byte.or(data.first().copied());
        let is_last = self.chunks.is_at_end();
        (self.data, self.held_back) = data.split_at(if is_last { data.len().saturating_sub(1) } else { data.len() });
        Ok(true)
    }
}

/// The size in bytes of the LZ77 window that a zlib header declares (RFC 1950, section 2.2, CINFO). A reader may keep
/// no more than that.
const fn declared_window(cmf: u8) -> usize {
    1 << (8 + (cmf >> 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_window_is_256_bytes_doubled_cinfo_times() {
        assert_eq!([0x08, 0x18, 0x68, 0x78].map(declared_window), [256, 512, 16_384, 32_768]);
    }

    #[test]
    fn the_buffer_has_four_windows_or_one_and_what_is_asked_for() {
        for (max_count, expected) in [(1, 4 << 15), (3 << 15, 4 << 15), ((3 << 15) + 1, (4 << 15) + 1)] {
            let mut buffer = Vec::new();
            Inflate::new(&[], &mut buffer, max_count);
            assert_eq!(buffer.len(), expected);
        }
    }
}

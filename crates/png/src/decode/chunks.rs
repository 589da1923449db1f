//! The chunks of a PNG file (PNG specification, section 5.3).
//!
//! A chunk is a length (4 bytes, big-endian), a type (4 bytes), that many bytes of data, and the CRC-32 of type and
//! data (4 bytes). A chunk is split off only if it is complete and its CRC is right.

use std::mem;

use super::Unreadable;

/// The first 8 bytes of every PNG file.
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The IEND chunk, which has no data and therefore always the same CRC.
pub(super) const IEND: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";

/// The length of the data of each chunk that is allowed between IHDR and IDAT in a plain file.
const GAMA_LENGTH: usize = 4;
const CHRM_LENGTH: usize = 32;

/// The largest width or height (PNG specification, section 7.1).
const MAX_SIDE: u32 = (1 << 31) - 1;

/// A chunk with the right CRC.
#[derive(Debug)]
struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// Splits the first chunk off `bytes`. Returns it and the bytes behind it.
    fn split_off(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Unreadable> {
        let (length, rest) = bytes.split_first_chunk().ok_or(Unreadable)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Unreadable)?;
        let covered = length.checked_add(4).ok_or(Unreadable)?;
        let (covered, rest) = rest.split_at_checked(covered).ok_or(Unreadable)?;
        let (crc, rest) = rest.split_first_chunk().ok_or(Unreadable)?;
        if crc32fast::hash(covered) != u32::from_be_bytes(*crc) {
            return Err(Unreadable);
        }
        let (kind, data) = covered.split_first_chunk().expect("invariant: the CRC covers the four bytes of the type");
        Ok((Self { kind: *kind, data }, rest))
    }
}

/// The type of the first chunk of `bytes`. `None` if `bytes` ends before it.
fn first_kind(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(4..8)
}

/// The sequence of IDAT chunks that holds the zlib stream.
#[derive(Debug)]
pub(super) struct IdatChunks<'a> {
    rest: &'a [u8],
}

impl<'a> IdatChunks<'a> {
    /// The sequence that starts with the first chunk of `file`.
    pub(super) const fn new(file: &'a [u8]) -> Self {
        Self { rest: file }
    }

    /// The data of the next IDAT chunk. `Ok(None)` if a chunk of another type follows.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] if an IDAT chunk is incomplete or its CRC is wrong, or if the file ends without another chunk:
    /// the `png` crate refuses all three.
    pub(super) fn next_data(&mut self) -> Result<Option<&'a [u8]>, Unreadable> {
        if self.is_at_end() {
            return Ok(None);
        }
        let (chunk, rest) = Chunk::split_off(self.rest)?;
        self.rest = rest;
        Ok(Some(chunk.data))
    }

    /// Whether a chunk of another type follows. The file goes on at least to the end of its type.
    pub(super) fn is_at_end(&self) -> bool {
        first_kind(self.rest).is_some_and(|kind| kind != b"IDAT")
    }

    /// Checks the CRCs of the chunks that have not been read. Returns the bytes behind the last one.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] as in [`Self::next_data`].
    pub(super) fn skip(mut self) -> Result<&'a [u8], Unreadable> {
        while self.next_data()?.is_some() {}
        Ok(self.rest)
    }
}

/// See [`super::is_plain`]. `Err` and `Ok(false)` both mean that the file is not plain.
pub(super) fn check_plain(file: &[u8]) -> Result<bool, Unreadable> {
    let rest = file.strip_prefix(SIGNATURE).ok_or(Unreadable)?;
    let (header, mut rest) = Chunk::split_off(rest)?;
    if !is_plain_header(&header) {
        return Ok(false);
    }
    let [mut has_srgb, mut has_gama, mut has_chrm] = [false; 3];
    while first_kind(rest) != Some(b"IDAT") {
        let (Chunk { kind, data }, behind) = Chunk::split_off(rest)?;
        let (is_valid, is_repeated) = match &kind {
            b"sRGB" => (matches!(data, [0..=3]), mem::replace(&mut has_srgb, true)),
            b"gAMA" => (data.len() == GAMA_LENGTH && data != [0; GAMA_LENGTH], mem::replace(&mut has_gama, true)),
            b"cHRM" => (data.len() == CHRM_LENGTH, mem::replace(&mut has_chrm, true)),
            _ => return Ok(false),
        };
        if !is_valid || is_repeated {
            return Ok(false);
        }
        rest = behind;
    }
    Ok(true)
}

/// Whether the chunk is an IHDR with: two sides in range, 8 bits a sample, RGB or RGBA, the only compression method,
/// the only filter method, not interlaced.
fn is_plain_header(chunk: &Chunk<'_>) -> bool {
    let &[w0, w1, w2, w3, h0, h1, h2, h3, 8, 2 | 6, 0, 0, 0] = chunk.data else { return false };
    let sides = [[w0, w1, w2, w3], [h0, h1, h2, h3]].map(u32::from_be_bytes);
    chunk.kind == *b"IHDR" && sides.iter().all(|side| (1..=MAX_SIDE).contains(side))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
        let covered = [&kind, data].concat();
        let crc = crc32fast::hash(&covered).to_be_bytes();
        [&u32::try_from(data.len()).unwrap().to_be_bytes()[..], &covered, &crc].concat()
    }

    /// A file with these chunks between its header and its first IDAT chunk.
    fn is_plain(between: &[(&[u8; 4], &[u8])]) -> bool {
        let header = chunk(*b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
        let between: Vec<u8> = between.iter().flat_map(|(kind, data)| chunk(**kind, data)).collect();
        check_plain(&[SIGNATURE, &header, &between, &chunk(*b"IDAT", b"")].concat()) == Ok(true)
    }

    #[test]
    fn srgb_gama_and_chrm_chunks_are_plain_once_with_their_length_and_a_meaning() {
        let (srgb, gama, chrm) = ((b"sRGB", &[3][..]), (b"gAMA", &[0, 0, 0, 1][..]), (b"cHRM", &[0; 32][..]));
        assert!(is_plain(&[]) && is_plain(&[srgb, gama, chrm]));
        for repeated in [srgb, gama, chrm] {
            assert!(!is_plain(&[repeated, repeated]));
        }
        for (kind, data) in
            [(b"sRGB", &[4][..]), (b"sRGB", &[0, 0]), (b"gAMA", &[0; 4]), (b"gAMA", &[1; 5]), (b"cHRM", &[1; 31])]
        {
            assert!(!is_plain(&[(kind, data)]), "{kind:?}");
        }
        assert!(!is_plain(&[(b"tEXt", b"")]));
    }
}

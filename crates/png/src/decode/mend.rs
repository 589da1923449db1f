//! Mends files that the `png` crate refuses or reads incorrectly, although all their pixels are there.
//!
//! The `png` crate gets a copy of the file up to its last IDAT chunk, with only the chunks that it needs. A copy is made only
//! for these files:
//!
//! - An animation. Its chunks are left out, since the still picture is in the IDAT chunks, whatever the animation says.
//! - An iCCP chunk with a wrong checksum, which it would skip. A broken profile shows when it is parsed.
//! - A tRNS chunk whose levels have bits above the depth of the samples. The specification says that only the low bits
//!   count.
//! - A file without an IEND chunk, whose last IDAT chunk is complete. This is damage, and reported.
//! - An IDAT chunk whose checksum is 0, as some writers leave it. This is damage too.

use std::borrow::Cow;

use super::chunks::IEND;

/// The length of the signature.
const SIGNATURE: usize = 8;

/// A file as the `png` crate reads it.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a file and a finding")]
pub struct Mended<'a> {
    /// The file itself, or a mended copy.
    pub file: Cow<'a, [u8]>,
    /// What was damaged in the original.
    pub damage: Option<Damage>,
}

/// What was damaged in a file whose pixels are all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a finding and its place")]
pub struct Damage {
    /// What was damaged.
    pub kind: DamageKind,
    /// The offset in the original, in bytes.
    pub at: usize,
}

/// A kind of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a new kind must be handled by every caller")]
pub enum DamageKind {
    /// The file ends behind the pixels without an IEND chunk.
    #[error("the file has no IEND chunk; expected one behind the pixels")]
    NoEnd,
    /// The checksum of an IDAT chunk is 0, as some writers leave it.
    #[error("an IDAT chunk has the checksum 0; expected that of its data")]
    Checksum,
}

/// Mends a file that has its signature and its IHDR chunk at its beginning. Nothing is copied unless something is mended.
///
/// - The chunks of an animation are left out, since the still picture is in the IDAT chunks.
/// - An iCCP chunk and an IDAT chunk with a checksum of 0 get the right checksum.
/// - Bits above the depth of the samples are cleared in a tRNS chunk.
/// - A missing IEND chunk is added.
///
/// ```
/// use smart_resize_png::decode::{DamageKind, mended};
/// use smart_resize_png::{Colour, Encoder, Scratch};
///
/// let file = Encoder::new((1, 1), Colour::Rgb).encode(&[1, 2, 3], &mut Scratch::default())?.bytes;
/// // Its last 12 bytes are the IEND chunk.
/// let cut = &file[..file.len() - 12];
/// let mended = mended(cut);
/// assert_eq!(mended.file, file);
/// assert!(mended.damage.is_some_and(|damage| damage.kind == DamageKind::NoEnd && damage.at == cut.len()));
/// # Ok::<(), smart_resize_png::Error>(())
/// ```
pub fn mended(bytes: &[u8]) -> Mended<'_> {
    let as_it_is = Mended { file: Cow::Borrowed(bytes), damage: None };
    let findings = Findings::of(bytes);
    if findings.is_incomplete {
        return as_it_is;
    }
    let damage = findings.zero_checksum.map(|at| Damage { kind: DamageKind::Checksum, at });
    let damage = damage.or(findings.no_end.map(|at| Damage { kind: DamageKind::NoEnd, at }));
    if damage.is_none() && !findings.has_misread_chunk {
        return as_it_is;
    }
    Mended { file: Cow::Owned(copy(bytes, findings.length)), damage }
}

/// The findings of a walk through the chunks.
#[derive(Default)]
struct Findings {
    /// Whether a chunk must be left out or changed, although no pixel is damaged.
    has_misread_chunk: bool,
    /// The offset of the first checksum of an IDAT chunk that is 0 and should not be.
    zero_checksum: Option<usize>,
    /// The offset at which the IEND chunk is missing.
    no_end: Option<usize>,
    /// Whether there is no whole IDAT chunk, or the last one is cut short.
    is_incomplete: bool,
    /// The length of a copy, in bytes.
    length: usize,
}

impl Findings {
    fn of(bytes: &[u8]) -> Self {
        let mut found = Self { length: SIGNATURE + IEND.len(), ..Self::default() };
        let mut at = SIGNATURE;
        let mut has_idat = false;
        let mut has_end = false;
        while let Some(chunk) = Chunk::at(bytes, at) {
            match chunk.name {
                b"acTL" | b"fcTL" | b"fdAT" => found.has_misread_chunk = true,
                b"tRNS" if !has_idat => found.has_misread_chunk |= levels(bytes, chunk.data) != chunk.data,
                b"iCCP" if !has_idat => found.has_misread_chunk |= chunk.checksum != chunk.right_checksum(),
                b"IDAT" => {
                    has_idat = true;
                    if chunk.checksum == [0; 4] && chunk.right_checksum() != [0; 4] {
                        found.zero_checksum = found.zero_checksum.or(Some(chunk.end - 4));
                    }
                }
                b"IEND" => has_end = true,
                _ => {}
            }
            found.length += if chunk.is_needed() { chunk.end - at } else { 0 };
            at = chunk.end;
            if has_end {
                break;
            }
        }
        found.no_end = (!has_end).then_some(at);
        // The `png` crate needs only the name of the chunk behind the last IDAT chunk.
        let is_cut_idat = bytes.get(at.saturating_add(4)..).is_some_and(|rest| rest.starts_with(b"IDAT"));
        found.is_incomplete = !has_idat || !has_end && is_cut_idat;
        found
    }
}

/// Copies the needed chunks of the file up to its last IDAT chunk in a row, and mends them. `length` is the most bytes
/// that the copy has.
fn copy(bytes: &[u8], length: usize) -> Vec<u8> {
    let mut file = Vec::with_capacity(length);
    file.extend(bytes.get(..SIGNATURE).unwrap_or_default());
    let mut at = SIGNATURE;
    let mut has_idat = false;
    while let Some(chunk) = Chunk::at(bytes, at) {
        at = chunk.end;
        match chunk.name {
            b"IDAT" => {
                has_idat = true;
                let is_zero = chunk.checksum == [0; 4];
                chunk.write(&mut file, chunk.data, if is_zero { chunk.right_checksum() } else { chunk.checksum });
            }
            _ if has_idat => break,
            _ if !chunk.is_needed() => {}
            b"tRNS" => {
                let data = levels(bytes, chunk.data);
                let is_same = data == chunk.data;
                chunk.write(&mut file, &data, if is_same { chunk.checksum } else { checksum(chunk.name, &data) });
            }
            b"iCCP" => chunk.write(&mut file, chunk.data, chunk.right_checksum()),
            _ => chunk.write(&mut file, chunk.data, chunk.checksum),
        }
    }
    file.extend(IEND);
    file
}

/// Returns the content of a tRNS chunk without the bits above the depth. `bytes` is the file.
///
/// The chunk has one level of 2 bytes for grey, and three for RGB. For a palette it has no levels.
fn levels<'a>(bytes: &[u8], data: &'a [u8]) -> Cow<'a, [u8]> {
    // The IHDR chunk is the first: length and name (8 bytes), width and height (8), depth (1), colour type (1).
    let depth = bytes.get(SIGNATURE + 16).copied().unwrap_or(16);
    let is_level = matches!(bytes.get(SIGNATURE + 17), Some(0 | 2)) && depth < 16;
    let mask = (1_u16 << depth.min(15)) - 1;
    let (pairs, _) = data.as_chunks::<2>();
    if !is_level || pairs.iter().all(|pair| u16::from_be_bytes(*pair) & !mask == 0) {
        return Cow::Borrowed(data);
    }
    Cow::Owned(pairs.iter().flat_map(|pair| (u16::from_be_bytes(*pair) & mask).to_be_bytes()).collect())
}

/// A complete chunk: its length (4 bytes), name (4), data and checksum (4).
struct Chunk<'a> {
    name: &'a [u8; 4],
    data: &'a [u8],
    checksum: [u8; 4],
    /// The offset behind the chunk.
    end: usize,
}

impl<'a> Chunk<'a> {
    /// Returns the chunk at an offset. `None` if it is not complete.
    fn at(bytes: &'a [u8], at: usize) -> Option<Self> {
        let (length, rest) = bytes.get(at..)?.split_first_chunk()?;
        let (name, rest) = rest.split_first_chunk()?;
        let (data, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        Some(Self { name, data, checksum: *rest.first_chunk()?, end: at + 12 + data.len() })
    }

    /// Whether the pixels or their colours depend on the chunk. The name of a critical chunk begins with a capital letter.
    fn is_needed(&self) -> bool {
        self.name.first().is_some_and(u8::is_ascii_uppercase)
            || matches!(self.name, b"tRNS" | b"iCCP" | b"sRGB" | b"cICP" | b"gAMA" | b"cHRM")
    }

    fn right_checksum(&self) -> [u8; 4] {
        checksum(self.name, self.data)
    }

    /// Appends the chunk with other data to a file.
    fn write(&self, file: &mut Vec<u8>, data: &[u8], checksum: [u8; 4]) {
        let length = u32::try_from(data.len()).expect("invariant: the data is not longer than that of a chunk");
        file.extend(length.to_be_bytes());
        file.extend(self.name);
        file.extend(data);
        file.extend(checksum);
    }
}

/// The checksum of a chunk, which is of its name and data.
fn checksum(name: &[u8], data: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(name);
    hasher.update(data);
    hasher.finalize().to_be_bytes()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::trivially_copy_pass_by_ref, reason = "the names of chunks are byte strings")]

    use super::*;

    fn chunk(name: &[u8; 4], data: &[u8], checksum: [u8; 4]) -> Vec<u8> {
        [&u32::try_from(data.len()).unwrap().to_be_bytes(), name.as_slice(), data, &checksum].concat()
    }

    fn right(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        chunk(name, data, checksum(name, data))
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        [vec![0; SIGNATURE], chunks.concat()].concat()
    }

    #[test]
    fn a_copy_of_an_animated_png_has_only_the_chunks_that_the_picture_needs() {
        let (header, pixels) = (right(b"IHDR", &[0; 13]), right(b"IDAT", b"pixels"));
        let kept: Vec<_> =
            [b"PLTE", b"tRNS", b"iCCP", b"sRGB", b"cICP", b"gAMA", b"cHRM"].map(|name| right(name, b"")).to_vec();
        let dropped: Vec<_> = [b"acTL", b"tEXt", b"pHYs", b"fcTL"].map(|name| right(name, b"")).to_vec();
        let animated =
            file(&[vec![header.clone()], kept.clone(), dropped, vec![pixels.clone(), IEND.to_vec()]].concat());
        let expected = file(&[vec![header], kept, vec![pixels, IEND.to_vec()]].concat());
        let mended = mended(&animated);
        assert_eq!((mended.file.as_ref(), mended.damage), (expected.as_slice(), None));
    }

    #[test]
    fn only_a_checksum_of_zero_is_mended_and_reported_at_its_byte() {
        let with =
            |checksum: [u8; 4]| file(&[right(b"IHDR", &[0; 13]), chunk(b"IDAT", b"pixels", checksum), IEND.to_vec()]);
        let (zero, wrong, good) = (with([0; 4]), with([1; 4]), with(checksum(b"IDAT", b"pixels")));
        let fixed = mended(&zero);
        // Behind the signature, a chunk of 25 bytes, and 8 + 6 bytes of the next.
        assert_eq!(
            (fixed.file.as_ref(), fixed.damage),
            (good.as_slice(), Some(Damage { kind: DamageKind::Checksum, at: 47 }))
        );
        assert!(matches!(mended(&wrong), Mended { file: Cow::Borrowed(_), damage: None }));
    }

    #[test]
    fn a_missing_end_is_reported_unless_pixel_data_is_cut() {
        let parts = file(&[right(b"IHDR", &[0; 13]), right(b"IDAT", b"pixels")]);
        assert_eq!(mended(&parts).damage, Some(Damage { kind: DamageKind::NoEnd, at: parts.len() }));
        let cut = [parts, b"\0\0\0\x09IDATmore".to_vec()].concat();
        assert!(matches!(mended(&cut), Mended { file: Cow::Borrowed(_), damage: None }));
    }

    #[test]
    fn bits_of_a_transparent_level_above_the_depth_are_cleared() {
        let cleared = |depth: u8, colour_type: u8| {
            let header = [&[0; SIGNATURE + 16], [depth, colour_type].as_slice()].concat();
            levels(&header, &[0xff, 0xff]).into_owned()
        };
        assert_eq!([1, 2, 4, 8].map(|depth| cleared(depth, 0)), [[0, 1], [0, 3], [0, 15], [0, 255]]);
        assert_eq!((cleared(8, 2), cleared(16, 0), cleared(8, 3)), (vec![0, 255], vec![255; 2], vec![255; 2]));
    }
}

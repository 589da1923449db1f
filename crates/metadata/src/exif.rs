//! The EXIF tags that change how a picture is shown, and those that name its author.
//!
//! An EXIF block is a TIFF file. It begins with the byte order (2 bytes), the number 42 (2) and the offset of the first
//! directory (4). A directory has the number of its entries (2), then entries of 12 bytes: tag (2), type (2), count (4),
//! and the value or its offset (4). The first directory points to the Exif directory, which points to the
//! interoperability directory.
//!
//! ```
//! use smart_resize_metadata::exif::Exif;
//!
//! // One entry: the orientation (0x0112), a SHORT (3), once, with the value 6.
//! let block = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0";
//! assert_eq!(Exif::read(block).unwrap().orientation, Some(6));
//! ```

/// The findings in an EXIF block. The documentation of the [module](self) has an example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exif<'a> {
    /// The orientation, 1 to 8 in a valid block. 1 is upright.
    pub orientation: Option<u8>,
    /// Whether the samples are Adobe RGB. Cameras say so without a profile.
    pub is_adobe_rgb: bool,
    /// The text of the tag Artist, as it is stored. It is ASCII by the standard, and often UTF-8.
    pub artist: Option<&'a [u8]>,
    /// The text of the tag Copyright, as it is stored: the photographer's, then a NUL and the editor's.
    pub copyright: Option<&'a [u8]>,
}

impl<'a> Exif<'a> {
    /// Reads a block. The prefix `Exif\0\0` is optional. Returns `None` if it has no first directory. A tag that cannot
    /// be read counts as missing. The documentation of the [module](self) has an example.
    pub fn read(block: &'a [u8]) -> Option<Self> {
        const ORIENTATION: usize = 0x0112;
        const ARTIST: usize = 0x013b;
        const COPYRIGHT: usize = 0x8298;
        const EXIF_DIRECTORY: usize = 0x8769;
        let bytes = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
        let is_big_endian = match bytes.get(..4)? {
            b"MM\0\x2a" => true,
            b"II\x2a\0" => false,
            _ => return None,
        };
        let tiff = Tiff { bytes, is_big_endian };
        let first = tiff.number(bytes.get(4..8)?);
        bytes.get(first..first.checked_add(2)?)?;
        let exif = tiff.value(first, EXIF_DIRECTORY);
        Some(Self {
            orientation: tiff.value(first, ORIENTATION).and_then(|value| u8::try_from(value).ok()),
            is_adobe_rgb: exif.is_some_and(|directory| tiff.is_adobe_rgb(directory)),
            artist: tiff.text(first, ARTIST),
            copyright: tiff.text(first, COPYRIGHT),
        })
    }
}

struct Tiff<'a> {
    bytes: &'a [u8],
    is_big_endian: bool,
}

impl<'a> Tiff<'a> {
    fn number(&self, bytes: &[u8]) -> usize {
        // The bytes are pushed from the highest to the lowest, which is backwards for little-endian numbers.
        let push = |number: usize, byte: &u8| number << 8 | usize::from(*byte);
        if self.is_big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) }
    }

    /// Returns the first entry with this tag in the directory at an offset.
    fn entry(&self, directory: usize, tag: usize) -> Option<&'a [u8; 12]> {
        let directory = self.bytes.get(directory..)?;
        // A count that exceeds the file is harmless: only entries that are complete are read.
        let entries = directory.get(2..)?.as_chunks::<12>().0.iter().take(self.number(directory.get(..2)?));
        entries.into_iter().find(|[t0, t1, ..]| self.number(&[*t0, *t1]) == tag)
    }

    /// Returns the value of a SHORT. Some writers use a LONG, which is the type of offsets.
    fn value(&self, directory: usize, tag: usize) -> Option<usize> {
        let &[_, _, k0, k1, _, _, _, _, v0, v1, v2, v3] = self.entry(directory, tag)?;
        match self.number(&[k0, k1]) {
            3 => Some(self.number(&[v0, v1])),
            4 => Some(self.number(&[v0, v1, v2, v3])),
            _ => None,
        }
    }

    /// Returns the value of an ASCII text. Up to 4 bytes are in the entry itself, and others are at an offset.
    fn text(&self, directory: usize, tag: usize) -> Option<&'a [u8]> {
        let entry = self.entry(directory, tag)?;
        let &[_, _, k0, k1, c0, c1, c2, c3, ref value @ ..] = entry;
        let length = self.number(&[c0, c1, c2, c3]);
        match self.number(&[k0, k1]) {
            2 if length <= 4 => value.get(..length),
            2 => self.bytes.get(self.number(value)..)?.get(..length),
            _ => None,
        }
    }

    /// Whether the Exif directory names Adobe RGB (DCF 2.0, section 5.1): the colour space is "uncalibrated", and the
    /// interoperability index is "R03". Some cameras use the colour space 2 instead.
    fn is_adobe_rgb(&self, directory: usize) -> bool {
        const COLOUR_SPACE: usize = 0xa001;
        const INTEROPERABILITY_DIRECTORY: usize = 0xa005;
        const INTEROPERABILITY_INDEX: usize = 0x0001;
        let index = || self.entry(self.value(directory, INTEROPERABILITY_DIRECTORY)?, INTEROPERABILITY_INDEX);
        match self.value(directory, COLOUR_SPACE) {
            Some(2) => true,
            Some(0xffff) => index().is_some_and(|entry| matches!(entry, [.., b'R', b'0', b'3', _])),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of entries with a tag, a type and the four bytes of the value.
    fn directory(entries: &[(u16, u16, [u8; 4])]) -> Vec<u8> {
        let mut bytes = u16::try_from(entries.len()).unwrap().to_be_bytes().to_vec();
        for (tag, kind, value) in entries {
            bytes.extend([tag.to_be_bytes(), kind.to_be_bytes()].concat());
            bytes.extend([[0, 0, 0, 1], *value].concat());
        }
        bytes
    }

    fn block(directories: &[&[(u16, u16, [u8; 4])]]) -> Vec<u8> {
        let directories = directories.iter().flat_map(|entries| directory(entries));
        b"MM\0\x2a\0\0\0\x08".iter().copied().chain(directories).collect()
    }

    #[test]
    fn adobe_rgb_is_the_colour_space_2_or_uncalibrated_with_the_index_r03() {
        let is_adobe_rgb = |colour_space: [u8; 4], index: [u8; 4]| {
            // The directories have 14, 26 and 14 bytes, from byte 8 on.
            let exif = [(0xa001, 3, colour_space), (0xa005, 4, [0, 0, 0, 48])];
            Exif::read(&block(&[&[(0x8769, 4, [0, 0, 0, 22])], &exif, &[(1, 2, index)]])).unwrap().is_adobe_rgb
        };
        let (srgb, two, uncalibrated) = ([0, 1, 0, 0], [0, 2, 0, 0], [255, 255, 0, 0]);
        assert!(is_adobe_rgb(two, *b"R98\0") && is_adobe_rgb(uncalibrated, *b"R03\0"));
        assert!(!is_adobe_rgb(uncalibrated, *b"R98\0") && !is_adobe_rgb(srgb, *b"R03\0"));
    }

    #[test]
    fn a_value_is_a_short_or_a_long_and_the_first_entry_of_a_tag_counts() {
        let orientation = |entries: &[(u16, u16, [u8; 4])]| Exif::read(&block(&[entries])).unwrap().orientation;
        let six = Some(6);
        assert_eq!(
            [(3, [0, 6, 0, 0]), (4, [0, 0, 0, 6])].map(|(kind, value)| orientation(&[(0x112, kind, value)])),
            [six; 2]
        );
        assert_eq!(orientation(&[(0x112, 1, [6, 0, 0, 0])]), None, "a byte");
        assert_eq!(orientation(&[(0x112, 3, [0, 6, 0, 0]), (0x112, 3, [0, 3, 0, 0])]), six);
        assert_eq!(Exif::read(b"MM\0\x2a\0\0\0\x08\0"), None, "no first directory");
        assert_eq!(Exif::read(b"MM\0\x2b\0\0\0\x08\0\0"), None, "not the number 42");
    }

    #[test]
    fn a_text_of_up_to_4_bytes_is_in_its_entry_and_a_longer_one_at_its_offset() {
        let artist = |count: u8, value: [u8; 4]| {
            let mut block = block(&[&[(0x13b, 2, value)]]);
            block[17] = count;
            let found = |block: &[u8]| Exif::read(block).unwrap().artist.map(<[u8]>::to_vec);
            [found(&block), found(&[&block[..], b"Ann Other"].concat())]
        };
        assert_eq!(artist(4, *b"Ann\0"), [Some(b"Ann\0".to_vec()), Some(b"Ann\0".to_vec())]);
        // Behind the header of 8 bytes and the directory of 14.
        assert_eq!(artist(9, [0, 0, 0, 22]), [None, Some(b"Ann Other".to_vec())]);
        assert_eq!(artist(10, [0, 0, 0, 22]), [None, None]);
        assert_eq!(artist(9, [255; 4]), [None, None]);
    }
}

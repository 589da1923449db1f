//! The EXIF tags that change how a picture is shown: its orientation and its colour space.
//!
//! An EXIF block is a TIFF file. It begins with the byte order (2 bytes), the number 42 (2) and the offset of the first
//! directory (4). A directory has the number of its entries (2), then entries of 12 bytes: tag (2), type (2), count (4),
//! and the value or its offset (4). The first directory points to the Exif directory, which points to the
//! interoperability directory.

use super::orientation::Orientation;

/// What an EXIF block says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exif {
    pub(crate) orientation: Orientation,
    /// Whether the samples are Adobe RGB. Cameras say so without a profile.
    pub(crate) is_adobe_rgb: bool,
}

impl Exif {
    /// Reads a block. The prefix `Exif\0\0` is optional. Returns `None` if it has no first directory. A tag that cannot
    /// be read counts as missing.
    pub(crate) fn read(block: &[u8]) -> Option<Self> {
        const ORIENTATION: usize = 0x0112;
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
        let orientation = tiff.value(first, ORIENTATION).and_then(|value| u8::try_from(value).ok());
        let exif = tiff.value(first, EXIF_DIRECTORY);
        Some(Self {
            orientation: orientation.map_or(Orientation::UPRIGHT, Orientation::from_tag),
            is_adobe_rgb: exif.is_some_and(|directory| tiff.is_adobe_rgb(directory)),
        })
    }
}

struct Tiff<'a> {
    bytes: &'a [u8],
    is_big_endian: bool,
}

impl Tiff<'_> {
    fn number(&self, bytes: &[u8]) -> usize {
        // The bytes are pushed from the highest to the lowest, which is backwards for little-endian numbers.
        let push = |number: usize, byte: &u8| number << 8 | usize::from(*byte);
        if self.is_big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) }
    }

    /// Returns the first entry with this tag in the directory at an offset.
    fn entry(&self, directory: usize, tag: usize) -> Option<&[u8; 12]> {
        let directory = self.bytes.get(directory..)?;
        // A count that exceeds the file is harmless: only entries that are complete are read.
        let entries = directory.get(2..)?.as_chunks::<12>().0.iter().take(self.number(directory.get(..2)?));
        entries.into_iter().find(|entry| self.number(&entry[..2]) == tag)
    }

    /// Returns the value of a SHORT. Some writers use a LONG, which is the type of offsets.
    fn value(&self, directory: usize, tag: usize) -> Option<usize> {
        let entry = self.entry(directory, tag)?;
        match self.number(&entry[2..4]) {
            3 => Some(self.number(&entry[8..10])),
            4 => Some(self.number(&entry[8..])),
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
            Some(0xffff) => index().is_some_and(|entry| entry[8..].starts_with(b"R03")),
            _ => false,
        }
    }
}

//! Splits a file into parts, each of which belongs to the picture or is metadata.

mod jpeg;
mod png;
mod webp;

pub(crate) use self::webp::seal as seal_webp;

/// A format whose files can be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    Jpeg,
    Png,
    WebP,
}

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) kind: Kind,
    /// The bytes of the part in the file, with its marker, name, length and checksum.
    pub(crate) bytes: &'a [u8],
}

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The pixels or their colours depend on it.
    Picture,
    /// Anything else, such as EXIF, or data that belongs to no part.
    Other,
}

impl<'a> Part<'a> {
    const fn new(kind: Kind, bytes: &'a [u8]) -> Self {
        Self { kind, bytes }
    }
}

impl Container {
    /// Returns the format of the file by its first bytes. `None` if it is another one.
    pub(crate) fn sniff(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            _ => None,
        }
    }

    /// Calls `each` for each part of the file, in order. The parts are not collected, since a hostile file has very many.
    pub(crate) fn split<'a>(self, bytes: &'a [u8], each: impl FnMut(Part<'a>)) {
        match self {
            Self::Jpeg => jpeg::split(bytes, each),
            Self::Png => png::split(bytes, each),
            Self::WebP => webp::split(bytes, each),
        }
    }
}

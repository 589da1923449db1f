//! Splits a file into parts, each of which belongs to the picture or is metadata.

mod jpeg;
mod png;
mod webp;

pub(crate) use self::jpeg::XMP as JPEG_XMP;
pub(crate) use self::png::XMP as PNG_XMP;
pub(crate) use self::webp::{add_xmp as add_webp_xmp, seal as seal_webp};

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
    /// The content of metadata, without a prefix that names its kind. Empty for the picture.
    pub(crate) content: &'a [u8],
}

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The pixels or their colours depend on it.
    Picture,
    /// An EXIF block.
    Exif,
    /// An XMP packet.
    Xmp,
    /// A text chunk of a PNG with an XMP packet. The content begins with the keyword, and may be compressed.
    XmpText(TextChunk),
    /// The image resources of Photoshop, one of which is a block of IPTC-IIM.
    Photoshop,
    /// Content credentials (C2PA): a manifest store, or a part of it in a JPEG.
    C2pa,
    /// Anything else, such as EXIF, or data that belongs to no part.
    Other,
}

/// The chunks of a PNG that have text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextChunk {
    /// tEXt.
    Plain,
    /// zTXt.
    Compressed,
    /// iTXt.
    International,
}

impl<'a> Part<'a> {
    const fn new(kind: Kind, bytes: &'a [u8]) -> Self {
        Self { kind, bytes, content: &[] }
    }

    const fn with_content(kind: Kind, bytes: &'a [u8], content: &'a [u8]) -> Self {
        Self { kind, bytes, content }
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

//! Reads, writes and strips the metadata of PNG, JPEG and WebP files without decoding or encoding their pixels.
//!
//! - [`strip`] keeps the picture and nothing else.
//! - [`read`] reads the author of the picture, its rights, and whether a model made it.
//! - [`write()`] puts a small XMP packet into the file.
//! - [`manifest_store`] returns the content credentials (C2PA).
//!
//! A file is a sequence of parts: the segments of a JPEG, the chunks of a PNG or WebP. Each part belongs to the picture or is
//! metadata. The order of parts and the bytes of the picture's parts never change.
//!
//! ```
//! let file = [&b"\xff\xd8"[..], b"\xff\xe1\0\x0aExif\0\0MM", b"\xff\xd9", b"a trailer"].concat();
//! assert_eq!(*smart_resize_metadata::strip(&file).unwrap(), *b"\xff\xd8\xff\xd9");
//! ```

// The bytes are hostile, so an index, a sum of lengths or a conversion may be wrong.
#![warn(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss
)]

mod c2pa;
mod container;
pub mod exif;
mod iim;
mod metadata;
mod packet;
mod read;
mod strip;
mod text;
mod xmp;

pub use self::c2pa::manifest_store;
pub use self::metadata::Metadata;
pub use self::packet::{MAX_PACKET_BYTES, Packet, write};
pub use self::read::read;
pub use self::strip::strip;

/// The example of `README.md`.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;

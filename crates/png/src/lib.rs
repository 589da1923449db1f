//! A fast, lossless PNG encoder, a fast reader of 8-bit RGB and RGBA files ([`decode`]), and a lossy reduction to a
//! palette ([`quantise`]).
//!
//! Pixels of 8 bits per sample in, a PNG file out: about as small as with zlib's level 6, in a fraction of the time.
//!
//! ```
//! use smart_resize_png::{Colour, Effort, Encoder, Scratch};
//!
//! let (width, height) = (320, 200);
//! let pixels: Vec<u8> = (0..height).flat_map(|y| (0..width).flat_map(move |x| [x as u8, y as u8, 90])).collect();
//!
//! let mut scratch = Scratch::default();
//! let encoded = Encoder::new((width, height), Colour::Rgb).srgb(true).encode(&pixels, &mut scratch)?;
//! assert!(encoded.bytes.len() < pixels.len() / 20);
//! # Ok::<(), smart_resize_png::Error>(())
//! ```
//!
//! # How it works
//!
//! The stages, each a module; `docs/design.md` has the reasons:
//!
//! 1. `reduce`: greyscale or a palette, where that holds every pixel in fewer bits.
//! 2. `strip`: the scanlines in strips of about 2^18 pixels, which are compressed independently.
//! 3. `content`: whether a strip is graphic, and is left unfiltered, or photographic.
//! 4. `filter`: a filter type per scanline, and the residuals.
//! 5. `deflate`: LZ77 matches, only where they pay, and Huffman codes optimised per block.
//! 6. `datastream`: the strips as `IDAT` chunks of one zlib stream.
//!
//! [`decode`] and [`quantise`] are independent of these stages.
//!
//! # Guarantees
//!
//! - Lossless, unless the caller reduces the picture with [`quantise`]: a decoder returns every pixel as it was, the
//!   colour of transparent ones included.
//! - Deterministic: the bytes depend on pixels and settings only. All decisions are made in integers.
//! - No panic on input: sizes and lengths are checked. An internal check that fails panics, because a broken invariant
//!   must not become a wrong file.
//!
//! # Features
//!
//! - `parallel`: strips of one picture are compressed in parallel, on the rayon pool that the encoder is called in. The
//!   bytes are the same.
//! - `serde`: `Serialize` for [`Effort`] and [`decode::DamageKind`].

#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a broken invariant must not become a wrong file: it stops the encoder instead"
)]
#![allow(
    clippy::inline_always,
    reason = "only inlined code is compiled for the vector instructions that dispatch! finds"
)]

mod adler;
mod bits;
mod canonical;
mod chunk;
mod content;
mod datastream;
pub mod decode;
mod deflate;
mod effort;
mod encoder;
mod entropy;
mod error;
mod filter;
mod filter_type;
mod header;
pub mod huffman;
mod image;
mod pack;
mod palette;
#[cfg(feature = "parallel")]
mod parallel;
pub mod quantise;
mod reduce;
mod row_writer;
mod scratch;
mod strip;

pub use self::effort::Effort;
pub use self::encoder::{Colour, Encoded, Encoder};
pub use self::error::Error;
pub use self::row_writer::RowWriter;
pub use self::scratch::Scratch;

/// The example of `README.md`.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;

//! A fast JPEG encoder (ITU-T T.81) for 8-bit RGB pictures, a [decoder](decode), a reader of [header]s, and a [check] of
//! sequential files for damage.
//!
//! The encoder writes baseline files with one interleaved scan, or progressive files, always with Huffman tables that are
//! optimal for the picture. Every byte is computed with integers, so the same input gives the same file on every
//! processor.
//!
//! One pass over the picture computes the coefficients, one MCU row at a time, and collects the symbols of every scan.
//! The Huffman tables are built from the counts of the symbols. A second pass writes the symbols with these codes:
//!
//! ```text
//! RGB ─▶ YCbCr ─▶ chroma averaged ─▶ forward DCT ─▶ quantised ─▶ symbols ─▶ codes ─▶ file
//!  colour.rs       downsample.rs       dct.rs       quantise.rs  interleaved.rs  huffman.rs  write.rs
//!                                                                progressive.rs
//! ```
//!
//! Colour conversion, chroma averaging, the DCT and the quantisation have the rounding of libjpeg, and blocks beyond
//! the edge have its filling, so the coefficients equal those of libjpeg-turbo with the `islow` DCT.
//!
//! ```
//! use smart_resize_jpeg::{Encoder, Sampling, Scratch};
//!
//! let rgb = [200, 30, 40].repeat(64 * 48);
//! let mut scratch = Scratch::default();
//! let file = Encoder::new((64, 48), 85).sampling(Sampling::Yuv444).encode(&rgb, &mut scratch)?;
//! assert!(file.starts_with(&[0xff, 0xd8, 0xff]) && file.ends_with(&[0xff, 0xd9]));
//! # Ok::<(), smart_resize_jpeg::Error>(())
//! ```
//!
//! # Features
//!
//! - `serde`: `Serialize` for [`check::DamageKind`].

#![allow(clippy::indexing_slicing, reason = "an index out of range is a bug, and a panic is better than a wrong file")]
#![allow(clippy::expect_used, reason = "only for invariants, each of which its message states")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless,
    reason = "fixed-point arithmetic in 16 and 32 bits; each function states its ranges"
)]
#![allow(clippy::inline_always, reason = "only inlined code is compiled for the instruction set that was detected")]

mod block;
pub mod check;
mod colour;
mod dct;
pub mod decode;
mod downsample;
mod encoder;
mod error;
mod frame;
pub mod header;
mod huffman;
mod idct;
mod interleaved;
pub mod marker;
mod mcu_row;
mod progressive;
mod quantise;
mod sampling;
mod scratch;
mod segment;
pub mod srgb;
mod symbol;
mod write;

pub use encoder::Encoder;
pub use error::Error;
pub use sampling::Sampling;
pub use scratch::Scratch;

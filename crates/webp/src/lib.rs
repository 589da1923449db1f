//! A safe interface to the part of libwebp that [smart-resize](https://docs.rs/smart-resize) uses.
//!
//! [`encode`] writes pixels as a lossy WebP file. [`decode`] reads a still WebP file, lossy or lossless, into a buffer
//! of the caller.
//!
//! smart-resize forbids `unsafe` code, and a call into C is `unsafe`. This package holds those calls, each with the
//! reason why it is sound. Rust code checks every length before C receives it.
//!
//! libwebp 1.6 is compiled from the sources in `libwebp-sys`, which needs a C compiler and nothing else. No function
//! here starts a thread. Within one build the same pixels and settings give the same bytes.
//!
//! ```
//! use smart_resize_webp::{Layout, Settings, decode, encode};
//!
//! let (width, height) = (8, 4);
//! let pixels = [200; 8 * 4 * 3];
//! let file = encode(&pixels, width, height, Layout::Rgb, Settings { quality: 80, effort: 4 })?;
//! assert_eq!((&file[..4], &file[8..12]), (&b"RIFF"[..], &b"WEBP"[..]));
//!
//! let mut decoded = [0; 8 * 4 * 3];
//! decode(&file, width, height, Layout::Rgb, &mut decoded)?;
//! assert!(decoded.iter().all(|sample| sample.abs_diff(200) < 4));
//! # Ok::<(), smart_resize_webp::Error>(())
//! ```

mod decode;
mod encode;
mod error;
mod layout;

pub use self::decode::decode;
pub use self::encode::{Settings, encode};
pub use self::error::Error;
pub use self::layout::{Layout, MAX_SIDE};

/// The README's example, compiled and run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

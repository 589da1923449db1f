//! Makes one picture of exactly each requested size from one source picture.
//!
//! An image model regenerates the source at the smallest preset that covers a size. The result is then cropped and
//! resampled to exactly that size. No picture is enlarged by default.
//!
//! ```text
//! Request ──▶ Plan ──▶ GenerationRequest ──▶ [ Generator ] ──▶ Generated ──▶ Rendition ──▶ Outcome
//!   source,     pure data:  source, preset,       any backend      encoded        decode,       per target:
//!   sizes,      calls,      brief, prompt,        (or the          bytes          crop,         exactly W x H,
//!   options     crops,      seed, variants        local one)                      encode        png/jpeg/webp
//!               cost
//! ```
//!
//! The core is pure: it is deterministic, and has no I/O, clock or randomness. A backend implements [`Generator`] or
//! [`AsyncGenerator`]; `LocalGenerator` is a backend that needs neither a model nor a network. HTTP, files and retries
//! are the caller's.
//!
#![cfg_attr(feature = "pixels", doc = "```")]
#![cfg_attr(not(feature = "pixels"), doc = "```ignore")]
//! use smart_resize::generate::local::LocalGenerator;
//!
//! # use smart_resize::{Size, Source};
//! # use smart_resize::pixels::Picture;
//! # let picture = Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?;
//! # let photo = Source::from_picture(&picture)?.bytes().unwrap().to_vec();
//! let outcome = smart_resize::resize(photo, ["1080x1080", "728x90"], &LocalGenerator::default())?;
//! for (target, output) in outcome.outputs() {
//!     println!("{target}: {} bytes", output?.bytes.len());
//! }
//! # assert!(outcome.is_complete());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to look
//!
//! | module | what it holds |
//! |---|---|
//! | [`geometry`] | rectangles, how a target is placed in a picture, focal points, insets |
//! | [`model`] | the models' presets and prices, the catalog, the smallest preset that covers a size |
//! | [`request`] | what is requested, and the checks of it |
//! | [`scene`], [`prompt`] | what the source shows; the brief of each image, and the templates that write its prompt |
//! | [`plan`] | generations, calls and renditions, with their cost, computed before the first call; placements |
//! | [`generate`] | backends, stores, budgets, the built-in generator |
//! | `run` | runs a plan: on one thread, on several, or async |
//! | `pixels` | decodes, inspects, renders and encodes pictures, without a plan |
//! | `wire` | the JSON of fal and Gemini, for services and for backends |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `std` | yes | `MemoryStore`, `Budget`, and the standard library, which the features below need |
//! | `pixels` | yes | decoding, rendering, encoding, running plans, the built-in generator |
//! | `serde` | yes | plans, sizes and provenance records as JSON |
//! | `image` | yes | conversions from and to the types of the `image` crate; GIF, BMP and TIFF as sources |
//! | `testing` | no | checks for tests: whether your own backends and stores keep their contract |
//! | `tower` | no | conversions between backends and services of [tower](https://docs.rs/tower); metering of each try |
//! | `parallel` | no | concurrent work on targets, and within a single target, on rayon's threads |
//! | `libwebp` | no | `WebPMode::Lossy`, and `Codec::Fast` for reading WebP; the build needs a C compiler |
//! | `turbojpeg` | no | `Codec::Fast` for writing JPEG; the build needs a C compiler, CMake and NASM |
//! | `wire` | no | the JSON of fal and Gemini; may change in any release before 1.0 |
//! | `schemars` | no | `wire`, and JSON Schemas of what it reads and writes |
//!
//! Without default features the crate is `no_std` with `alloc`. It then has planning, and the traits and data of
//! backends.
//!
//! Another crate of the build may turn a feature on. This changes no picture: the codecs in C are used only in calls
//! with `Codec::Fast` or `WebPMode::Lossy`.
//!
//! # What it does not do
//!
//! The crate talks to no service, fetches no URL, writes no file, and neither retries nor waits. It refuses CMYK TIFFs.
//! WebP is written lossless, unless a call selects `WebPMode::Lossy`, which needs the feature `libwebp`. Only the first
//! frame of an animation is used.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod digest;
mod error;
mod format;
pub mod generate;
pub mod geometry;
pub mod model;
#[cfg(feature = "pixels")]
pub mod pixels;
pub mod plan;
pub mod prompt;
pub mod request;
#[cfg(feature = "pixels")]
mod resize;
#[cfg(feature = "pixels")]
pub mod run;
pub mod scene;
mod size;
mod text;
#[cfg(feature = "wire")]
pub mod wire;

pub use self::error::Error;
pub use self::format::{Format, ParseFormatError, SourceFormat};
pub use self::generate::generator::{AsyncGenerator, Generator};
pub use self::plan::content::Plan;
pub use self::request::source::Source;
pub use self::request::target::Target;
pub use self::request::valid::Request;
#[cfg(feature = "pixels")]
pub use self::resize::{resize, resize_async};
#[cfg(feature = "pixels")]
pub use self::run::outcome::Outcome;
pub use self::size::Size;

/// Compiles and runs the examples of the README.
#[cfg(all(doctest, feature = "pixels"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// A store that blocks is wrapped before an async run uses it, and the sides of a size are checked.
///
/// ```compile_fail,E0277
/// fn is_async(_: &impl smart_resize::generate::store::AsyncStore) {}
/// is_async(&smart_resize::generate::store::MemoryStore::default());
/// ```
///
/// ```compile_fail,E0451
/// let size = smart_resize::Size { width: 0.try_into().unwrap(), height: 1.try_into().unwrap() };
/// ```
#[cfg(all(doctest, feature = "std"))]
struct DoesNotCompile;

#[cfg(all(doc, feature = "pixels"))]
#[doc = include_str!("../docs/guide.md")]
pub mod guide {}

#[cfg(doc)]
#[doc = include_str!("../docs/glossary.md")]
pub mod glossary {}

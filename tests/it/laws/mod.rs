//! Laws that hold for every input, as functions of arbitrary bytes.
//!
//! `cargo test` runs them on the seeds and on the inputs that once broke a law. The fuzz targets search for bytes that
//! break one.

mod any;
mod decode_png;
mod mutate;
mod plan;
mod render;
mod size;
#[cfg(feature = "wire")]
mod wire;

#[allow(unused_imports, reason = "each fuzz target holds one of the laws")]
pub(crate) use self::decode_png::{by_the_png_crate, check_file, chunk, decode_png, header};
#[allow(unused_imports, reason = "each fuzz target holds one of the laws")]
pub(crate) use self::plan::plan;
#[allow(unused_imports, reason = "each fuzz target holds one of the laws")]
pub(crate) use self::render::{HEAD, decode_render};
#[allow(unused_imports, reason = "each fuzz target holds one of the laws")]
pub(crate) use self::size::parse_size;
#[cfg(feature = "wire")]
#[allow(unused_imports, reason = "each fuzz target holds one of the laws")]
pub(crate) use self::wire::wire;

//! Tests of the public API. Each law is checked against a naive oracle that shares no code with the crate.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    reason = "a panic is how a test fails"
)]

mod api;
mod excerpts;
mod geometry;
#[cfg(all(feature = "pixels", feature = "serde"))]
mod laws;
mod model;
#[cfg(feature = "pixels")]
mod pixels;
mod plan;
#[cfg(all(feature = "pixels", feature = "serde"))]
mod replay;
#[cfg(feature = "pixels")]
mod run;
mod support;
#[cfg(feature = "wire")]
mod wire;

use self::support::any;
#[cfg(feature = "pixels")]
use self::support::{pictures, scenes};

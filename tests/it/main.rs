//! The crate as its users see it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    reason = "a panic is how a test fails"
)]

#[cfg(feature = "pixels")]
mod command;
#[cfg(feature = "pixels")]
mod drive;
#[cfg(feature = "pixels")]
mod local;
#[cfg(feature = "pixels")]
mod pictures;
#[cfg(feature = "pixels")]
mod pixels;

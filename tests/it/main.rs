//! The public API of planning: selection, geometry, prompt, request, plan, its document, its fingerprints.
//!
//! Each law is held against a naive oracle in the same file, which shares no code with the crate.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod any;
mod fingerprint;
mod fit;
#[cfg(feature = "serde")]
mod plan_json;
mod prompt;
mod request;
mod select;

//! Tests of the command, as a program that is run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a panic is how a test fails"
)]

/// Tests that no cargo feature changes. `.ci/run` leaves them out where only the features differ.
mod any_features {
    mod command;
    mod files;
    mod placements;
}
mod codecs;
mod support;

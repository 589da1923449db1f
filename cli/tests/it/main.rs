//! Tests of the command, as a program that is run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a panic is how a test fails"
)]

/// What no cargo feature changes. `.ci/run` leaves it out where only the features differ.
mod cli {
    mod command;
    mod files;
    mod placements;
}
mod codecs;
mod support;

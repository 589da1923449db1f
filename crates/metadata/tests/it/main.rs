//! The laws of the crate, one file each.
#![allow(
    clippy::cast_possible_truncation,
    clippy::format_collect,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: numbers are small, and a wrong one fails"
)]

mod exiftool_agrees;
mod fields_are_read;
mod files;
mod files_without_metadata_stay_byte_for_byte;
#[path = "../laws/mod.rs"]
mod laws;
mod laws_hold_for_any_bytes;
mod only_the_picture_survives;
mod packets_are_read_back;

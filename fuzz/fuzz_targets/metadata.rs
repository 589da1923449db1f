//! Searches for bytes that break a law of the metadata package (`crates/metadata/tests/laws/mod.rs`).
#![no_main]
#![allow(
    dead_code,
    unexpected_cfgs,
    clippy::cast_possible_truncation,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the target holds the law of the tests, and a panic is how it fails"
)]

#[path = "../../crates/metadata/tests/laws/mod.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::metadata(data));

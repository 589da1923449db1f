//! Searches for bytes that break the law of `crates/webp` (`crates/webp/tests/it/laws.rs`).
#![no_main]
#![allow(
    clippy::disallowed_types,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "the target holds the law of the tests, and a panic is how it fails"
)]

#[path = "../../crates/webp/tests/it/laws.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::webp(data));

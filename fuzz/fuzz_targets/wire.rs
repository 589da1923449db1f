//! Searches for bytes that break the law `wire`.
#![no_main]
#![allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "each target holds one of the laws, and a panic is how it fails"
)]

#[path = "../../tests/it/laws/mod.rs"]
mod laws;
mod quiet;

libfuzzer_sys::fuzz_target!(init: quiet::install(), |data: &[u8]| quiet::hold(laws::wire, data));

//! Fuzzes the law `decode_render`.
#![no_main]

#[path = "../../tests/it/laws.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "every target holds one of the laws")]
mod laws;
mod quiet;

libfuzzer_sys::fuzz_target!(init: quiet::install(), |data: &[u8]| quiet::hold(laws::decode_render, data));

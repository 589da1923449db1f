//! With a scratch buffer that has held a picture of the same kind, the file is the only allocation.
//!
//! It has no harness, whose threads allocate as well.

#![allow(clippy::expect_used, reason = "a panic is how a test fails")]

use std::alloc::System;

use smart_resize_jpeg::{Encoder, Sampling, Scratch};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let rgb: Vec<u8> = (0..200 * 150 * 3_u32).map(|at| (at / 7).to_le_bytes()[0] ^ (at.to_le_bytes()[0] % 5)).collect();
    let mut scratch = Scratch::default();
    for (sampling, progressive) in
        [Sampling::Yuv420, Sampling::Yuv444].into_iter().flat_map(|s| [(s, false), (s, true)])
    {
        let encoder = Encoder::new((200, 150), 90).sampling(sampling).progressive(progressive);
        let before = encoder.encode(&rgb, &mut scratch).expect("the options are in range");
        let region = Region::new(ALLOCATOR);
        let file = encoder.encode(&rgb, &mut scratch).expect("the options are in range");
        let found = region.change();
        assert_eq!((found.allocations, found.reallocations), (1, 0), "{sampling} progressive {progressive}");
        assert!(file == before);
    }
}

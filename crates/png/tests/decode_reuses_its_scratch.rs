//! After the first picture the reader allocates nothing itself. A binary of its own, since it counts what the whole
//! process allocates.

#![allow(clippy::indexing_slicing, reason = "a panic is how a test fails")]

#[path = "laws/decode.rs"]
mod laws;

use std::alloc::System;

use miniz_oxide::deflate::compress_to_vec_zlib;
use smart_resize_png::Colour;
use smart_resize_png::decode::{Ending, Scratch, read_pixels};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What `fdeflate` allocates for the Huffman tables of each stream, in bytes.
const TABLES: usize = 32 << 10;

#[test]
fn only_fdeflate_allocates_after_the_first_picture() {
    let mut scratch = Scratch::default();
    let mut allocated = Vec::new();
    for width in [9000, 100, 9000, 7] {
        let pixels = laws::photograph(width as usize * 4 * 20);
        let scanlines: Vec<u8> = pixels.chunks(width as usize * 4).flat_map(|row| [&[0], row].concat()).collect();
        let stream = compress_to_vec_zlib(&scanlines, 6);
        let file = laws::chunks(&[(b"IDAT", &stream), laws::IEND]);
        let mut read = vec![0; pixels.len()];
        let region = Region::new(ALLOCATOR);
        let ending = read_pixels(&file, Colour::Rgba, width, &mut read, &mut scratch);
        allocated.push(region.change().bytes_allocated);
        assert!(ending == Ok(Ending::Exact) && read == pixels);
    }
    let [first, later @ ..] = &allocated[..] else { return };
    assert!(*first > TABLES && later.iter().all(|bytes| *bytes <= TABLES), "{allocated:?}");
}

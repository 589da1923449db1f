//! The allocations of a warm renderer: `cargo bench --bench allocations`.
//!
//! Each row has the number of allocations of a rendering and their bytes in total. For the columns `decoder` and
//! `resampler`, these run alone on the same picture. The column `ours` is the rest, including the returned file. Each
//! time the file's buffer grows counts as an allocation.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that fails has to stop")]

use std::alloc::System;
use std::hint::black_box;
use std::io::Cursor;

use fast_image_resize::Resizer;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use smart_resize::pixels::decode::{DecodeOptions, decode};
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::pixels::render::{Inspect, RenderOptions, RenderTarget, Renderer};
use smart_resize::{Format, Size};
use smart_resize_jpeg::header::Header;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

mod photo;

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The number of allocations and reallocations, and their bytes in total.
#[derive(Clone, Copy, Debug, Default)]
struct Allocated {
    times: usize,
    bytes: usize,
}

impl Allocated {
    fn by<T>(work: impl FnOnce() -> T) -> (T, Self) {
        let region = Region::new(COUNTED);
        let result = black_box(work());
        let found = region.change();
        let times = found.allocations + found.reallocations;
        (result, Self { times, bytes: found.bytes_allocated })
    }

    const fn without(self, other: Self) -> Self {
        let (times, bytes) = (self.times.saturating_sub(other.times), self.bytes.saturating_sub(other.bytes));
        Self { times, bytes }
    }
}

fn main() {
    let png = photo::photo(2752, 1536);
    let picture = decode(&png, &DecodeOptions::default()).unwrap().picture;
    let jpeg = encode(&picture, Format::Jpeg, &EncodeOptions::default()).unwrap().bytes;
    println!("{:<28} {:>16} {:>16} {:>16} {:>16} {:>12}", "", "all", "decoder", "resampler", "ours", "file");
    for (name, generated, target, format, inspect) in [
        ("PNG to PNG, cropped", &png, "2752x1500", Format::Png, Inspect::Off),
        ("PNG to PNG, resampled", &png, "1920x1080", Format::Png, Inspect::Off),
        ("PNG to PNG, inspected", &png, "1920x1080", Format::Png, Inspect::Report),
        ("PNG to JPEG, resampled", &png, "1920x1080", Format::Jpeg, Inspect::Report),
        ("JPEG to PNG, resampled", &jpeg, "1920x1080", Format::Png, Inspect::Report),
        ("JPEG to JPEG, resampled", &jpeg, "1920x1080", Format::Jpeg, Inspect::Report),
    ] {
        let size: Size = target.parse().unwrap();
        let mut options = RenderOptions::default();
        options.inspect = inspect;
        let (renderer, target) = (Renderer::new(options), RenderTarget::new(size).format(format));
        let run = || renderer.render(generated, &target).unwrap();
        for _ in 0..3 {
            run();
        }
        let (result, all) = Allocated::by(run);
        let decoder = if generated.starts_with(b"\x89PNG") { decode_png(generated) } else { decode_jpeg(generated) };
        let resampler = if size.width() == 2752 { Allocated::default() } else { resample(picture.pixels(), size) };
        let ours = all.without(decoder).without(resampler);
        let column = |Allocated { times, bytes }| format!("{times} x, {} kB", bytes / 1000);
        let (all, decoder, resampler, left) = (column(all), column(decoder), column(resampler), column(ours));
        let file = result.bytes.len();
        println!("{name:<28} {all:>16} {decoder:>16} {resampler:>16} {left:>16} {:>9} kB", file / 1000);
        // A buffer that doubles whenever it is full allocates up to four times its final length in total.
        assert!(ours.bytes < 4 * file + 250_000, "{name}: {ours:?}");
        // Inspection makes about 150 small allocations, 20 kB together. The tables of a JPEG take about 40 more.
        assert!(ours.times < if inspect == Inspect::Off { 60 } else { 260 }, "{name}: {ours:?}");
    }
}

/// The allocations of `fast_image_resize` for its convolution weights, with warm buffers.
fn resample(pixels: &[u8], size: Size) -> Allocated {
    let source = TypedImageRef::<U8x3>::from_buffer(2752, 1536, pixels).unwrap();
    let mut target = TypedImage::<U8x3>::new(size.width(), size.height());
    let mut resizer = Resizer::new();
    let mut run = || resizer.resize_typed(&source, &mut target, None).unwrap();
    run();
    Allocated::by(run).1
}

/// The allocations of the `png` crate without the pixels. The core reads headers with it.
fn decode_png(file: &[u8]) -> Allocated {
    let mut pixels = vec![0; 2752 * 1536 * 3];
    let read = || {
        let mut reader = png::Decoder::new(Cursor::new(file)).read_info().unwrap();
        reader.next_frame(&mut pixels).unwrap();
    };
    Allocated::by(read).1
}

/// The allocations of `smart-resize-jpeg` without the pixels.
fn decode_jpeg(file: &[u8]) -> Allocated {
    let mut pixels = vec![0; 2752 * 1536 * 3];
    let read = || smart_resize_jpeg::decode::decode(&Header::read(file, 64).unwrap(), &mut pixels).unwrap();
    Allocated::by(read).1
}

//! What a warm renderer allocates, counted: `cargo bench --bench allocations`.
//!
//! For each case: how many times memory was asked for and how much of it in all, by the whole rendering, and by the
//! libraries that decode and encode, which are run alone on the same bytes; then what is left for this crate, beside the
//! file that it hands out. A file grows while it is written, and each time it does counts.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a bench without an answer has to stop")]

use std::alloc::System;
use std::hint::black_box;
use std::io::Cursor;

use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};
use smart_resize::{
    DecodeLimits, EncodeOptions, Format, Inspect, PngEffort, PngEncoder, PngOptions, RenderOptions, RenderTarget,
    Renderer, Size, decode, encode,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use zune_jpeg::JpegDecoder;

mod photo;

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How many times memory was asked for, or to be larger, and how many bytes in all.
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
    let picture = decode(&png, &DecodeLimits::default()).unwrap().picture;
    let jpeg = encode(&picture, Format::Jpeg, &EncodeOptions::default()).unwrap().bytes;
    println!("{:<28} {:>14} {:>14} {:>14} {:>14} {:>12}", "", "all", "decoder", "encoder", "ours", "file");
    for (name, generated, target, format, inspect) in [
        ("PNG to PNG, its own pixels", &png, "2752x1500", Format::Png, Inspect::Off),
        ("PNG to PNG, resampled", &png, "1920x1080", Format::Png, Inspect::Off),
        ("PNG to PNG, looked at", &png, "1920x1080", Format::Png, Inspect::Report),
        ("PNG to JPEG, resampled", &png, "1920x1080", Format::Jpeg, Inspect::Report),
        ("JPEG to PNG, resampled", &jpeg, "1920x1080", Format::Png, Inspect::Report),
        ("JPEG to JPEG, resampled", &jpeg, "1920x1080", Format::Jpeg, Inspect::Report),
    ] {
        let size: Size = target.parse().unwrap();
        let mut options = RenderOptions::default();
        options.inspect = inspect;
        options.encode.png = PngOptions::with_effort(PngEffort::Balanced).with_encoder(PngEncoder::Own);
        let (kept, target) = (Renderer::new(options), RenderTarget::new(size).with_format(format));
        let run = || kept.render(generated, &target).unwrap();
        for _ in 0..3 {
            run();
        }
        let (rendered, all) = Allocated::by(run);
        let decoder = if generated.starts_with(b"\x89PNG") { decode_png(generated) } else { decode_jpeg(generated) };
        let encoder = if format == Format::Jpeg { encode_jpeg(&rendered.bytes) } else { Allocated::default() };
        let ours = all.without(decoder).without(encoder);
        let column = |Allocated { times, bytes }| format!("{times} x, {} kB", bytes / 1000);
        let (all, decoder, encoder, left) = (column(all), column(decoder), column(encoder), column(ours));
        let file = rendered.bytes.len();
        println!("{name:<28} {all:>14} {decoder:>14} {encoder:>14} {left:>14} {:>9} kB", file / 1000);
        // A PNG that doubles whenever it is full takes up to four times its size in all. How large a JPEG is at the most
        // is known before it is written; its tables, as they are read, take 150 kB.
        let most = if format == Format::Jpeg { file + 220_000 } else { 4 * file + 100_000 };
        assert!(ours.bytes < most, "{name}: {ours:?}");
        // Looking at a picture takes some 150 small pieces, 20 kB together, and the tables of a JPEG some 40 more.
        let most = if inspect == Inspect::Off { 40 } else { 260 };
        assert!(ours.times < most, "{name}: {ours:?}");
    }
}

/// What the `png` crate takes for a picture whose pixels have their place already.
fn decode_png(file: &[u8]) -> Allocated {
    let mut pixels = vec![0; 2752 * 1536 * 3];
    let read = || {
        let mut reader = png::Decoder::new(Cursor::new(file)).read_info().unwrap();
        reader.next_frame(&mut pixels).unwrap();
    };
    Allocated::by(read).1
}

/// What `zune-jpeg` takes for one.
fn decode_jpeg(file: &[u8]) -> Allocated {
    let mut pixels = vec![0; 2752 * 1536 * 3];
    let read = || {
        let mut decoder = JpegDecoder::new(zune_jpeg::zune_core::bytestream::ZCursor::new(file));
        decoder.decode_into(&mut pixels).unwrap();
    };
    Allocated::by(read).1
}

/// What `jpeg-encoder` takes for a picture like that of the file.
fn encode_jpeg(file: &[u8]) -> Allocated {
    let picture = decode(file, &DecodeLimits::default()).unwrap().picture;
    let (width, height) = (picture.size().width().try_into().unwrap(), picture.size().height().try_into().unwrap());
    let mut bytes = Vec::with_capacity(2 * file.len());
    let write = || {
        let mut encoder = Encoder::new(&mut bytes, 90);
        encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
        encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
        encoder.encode(picture.pixels(), width, height, ColorType::Rgb).unwrap();
    };
    Allocated::by(write).1
}

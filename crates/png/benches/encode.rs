//! Photo-like and flat pictures of 1920 × 1080, by this crate at both efforts and by the `png` crate: its default
//! level, and its fastest, which is fdeflate.
//!
//! `cargo bench -p smart-resize-png` prints the size of each file, then the times.

#![allow(
    missing_docs,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench without a result has to stop"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smart_resize_png::{Colour, Effort, Encoder, Scratch};

const SIZE: (u32, u32) = (1920, 1080);

fn benches(c: &mut Criterion) {
    for (name, pixels) in [("photo", photo()), ("flat", flat())] {
        let mut group = c.benchmark_group(format!("{name}-{}x{}", SIZE.0, SIZE.1));
        group.sample_size(10).throughput(Throughput::Elements(u64::from(SIZE.0) * u64::from(SIZE.1)));
        let mut scratch = Scratch::default();
        for effort in [Effort::Balanced, Effort::Small] {
            let encoder = Encoder::new(SIZE, Colour::Rgb).effort(effort);
            let bytes = encoder.encode(&pixels, &mut scratch).unwrap().bytes.len();
            println!("{name}, smart-resize-png {effort}: {bytes} bytes");
            group.bench_function(format!("smart-resize-png/{effort}"), |bencher| {
                bencher.iter(|| encoder.encode(black_box(&pixels), &mut scratch).unwrap());
            });
        }
        for (compression, label) in [(png::Compression::Balanced, "balanced"), (png::Compression::Fast, "fast")] {
            println!("{name}, png {label}: {} bytes", by_png(&pixels, compression).len());
            group.bench_function(format!("png/{label}"), |bencher| {
                bencher.iter(|| by_png(black_box(&pixels), compression));
            });
        }
        group.finish();
    }
}

fn by_png(pixels: &[u8], compression: png::Compression) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, SIZE.0, SIZE.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(compression);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    file
}

/// Smooth light, two soft discs, and the noise of a sensor.
fn photo() -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let pixel = |at: u32| {
        let (x, y) = (at % SIZE.0, at / SIZE.0);
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let (across, down) = (255 * x / SIZE.0, 255 * y / SIZE.1);
        let disc =
            |cx: u32, cy: u32| 255_u32.saturating_sub((across.abs_diff(cx).pow(2) + down.abs_diff(cy).pow(2)) / 16);
        let (light, dark, noise) = (disc(150, 100), disc(60, 170) / 2, (state >> 20) % 9);
        let sample =
            |base: u32, tint: u32| (base + light * tint / 400 + noise).saturating_sub(dark).clamp(4, 250) as u8;
        [sample(30 + across / 3, 150), sample(40 + down / 4, 120), sample(90 + down / 3, 60)]
    };
    (0..SIZE.0 * SIZE.1).flat_map(pixel).collect()
}

/// Text-like shapes and boxes of few colours on a light gradient.
fn flat() -> Vec<u8> {
    let pixel = |at: u32| {
        let (x, y) = (at % SIZE.0, at / SIZE.0);
        let (column, row) = (x % 24, y % 40);
        let is_text = x < SIZE.0 / 2 && row < 18 && (column * row + x / 24 * 7 + y / 40) % 5 < 2;
        let is_box = (x / 160 + y / 90) % 3 == 0;
        let level = (220 + 30 * y / SIZE.1) as u8;
        match (is_text, is_box) {
            (true, _) => [20 + (column % 4 * 40) as u8; 3],
            (false, true) => [40, 120, 200],
            (false, false) => [level, level, 250],
        }
    };
    (0..SIZE.0 * SIZE.1).flat_map(pixel).collect()
}

criterion_group!(all, benches);
criterion_main!(all);

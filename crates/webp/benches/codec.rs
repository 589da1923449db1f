//! Encoding and decoding of a drawn photograph of 1920x1080 pixels: libwebp at three efforts, and its decoder against
//! `image-webp`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that fails stops")]

use std::hint::black_box;
use std::io::Cursor;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use image_webp::WebPDecoder;
use smart_resize_webp::{Layout, Settings, decode, encode};

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;

/// A soft ball of light on a gradient, with the noise of a sensor.
fn photo(layout: Layout) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut pixels = Vec::with_capacity((WIDTH * HEIGHT) as usize * layout.channels());
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let (across, down) = (255 * x / WIDTH, 255 * y / HEIGHT);
            let light = 255_u32.saturating_sub((across.abs_diff(150).pow(2) + down.abs_diff(100).pow(2)) / 16);
            let noise = (state >> 20) % 9;
            let pixel = [30 + across / 3 + light / 3, 40 + down / 4 + light / 4, 90 + down / 3 + light / 8, across]
                .map(|level| u8::try_from(level + noise).unwrap_or(u8::MAX));
            pixels.extend(pixel.iter().take(layout.channels()));
        }
    }
    pixels
}

fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("webp");
    group.sample_size(10).throughput(Throughput::Elements(u64::from(WIDTH * HEIGHT)));
    for layout in [Layout::Rgb, Layout::Rgba] {
        let pixels = photo(layout);
        for effort in [0, 4, 6] {
            let settings = Settings { quality: 80, effort };
            group.bench_function(format!("encode/{layout:?}/effort {effort}"), |bencher| {
                bencher.iter(|| encode(black_box(&pixels), WIDTH, HEIGHT, layout, settings).unwrap());
            });
        }
        let file = encode(&pixels, WIDTH, HEIGHT, layout, Settings { quality: 80, effort: 4 }).unwrap();
        let mut buffer = vec![0; pixels.len()];
        group.bench_function(format!("decode/{layout:?}/libwebp"), |bencher| {
            bencher.iter(|| decode(black_box(&file), WIDTH, HEIGHT, layout, &mut buffer).unwrap());
        });
        group.bench_function(format!("decode/{layout:?}/image-webp"), |bencher| {
            bencher.iter(|| {
                let mut decoder = WebPDecoder::new(Cursor::new(black_box(&file))).unwrap();
                decoder.read_image(&mut buffer).unwrap();
            });
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);

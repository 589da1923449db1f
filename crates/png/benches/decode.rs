//! Reading a photograph of 1920x1080 pixels as PNG: this crate and the `png` crate.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a benchmark stops where it has no answer"
)]

use std::hint::black_box;
use std::io::Cursor;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smart_resize_png::Colour;
use smart_resize_png::decode::{Ending, Scratch, read_pixels};

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;

fn benches(c: &mut Criterion) {
    for (colour, color_type, name) in
        [(Colour::Rgb, png::ColorType::Rgb, "rgb"), (Colour::Rgba, png::ColorType::Rgba, "rgba")]
    {
        let file = photograph(color_type);
        let mut pixels = by_the_png_crate(&file);
        let expected = pixels.clone();
        let mut scratch = Scratch::default();
        let mut group = c.benchmark_group(format!("decode/{name}"));
        group.sample_size(20).throughput(Throughput::Elements(u64::from(WIDTH) * u64::from(HEIGHT)));
        group.bench_function("read_pixels", |bencher| {
            bencher.iter(|| read_pixels(black_box(&file[33..]), colour, WIDTH, &mut pixels, &mut scratch).unwrap());
        });
        assert_eq!(read_pixels(&file[33..], colour, WIDTH, &mut pixels, &mut scratch), Ok(Ending::Exact));
        assert!(pixels == expected);
        group.bench_function("png crate", |bencher| bencher.iter(|| by_the_png_crate(black_box(&file))));
        group.finish();
    }
}

fn by_the_png_crate(file: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(Cursor::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    pixels
}

/// A picture with smooth light and sensor noise. All scanlines have filter type Paeth, as most of those of real
/// photographs do. The first IDAT chunk is at 33.
fn photograph(color_type: png::ColorType) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut pixels = Vec::new();
    for (y, x) in (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (y, x))) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let (across, down) = (x * 255 / WIDTH, y * 255 / HEIGHT);
        let light = 255_u32.saturating_sub((across.abs_diff(150).pow(2) + down.abs_diff(100).pow(2)) / 16);
        let noise = (state >> 20) % 9;
        let samples = [30 + across / 3 + light / 3, 40 + down / 4 + light / 4, 90 + down / 3 + light / 7];
        pixels.extend(samples.map(|sample| (sample + noise).to_le_bytes()[0]));
        if color_type == png::ColorType::Rgba {
            pixels.push(across.to_le_bytes()[0]);
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, WIDTH, HEIGHT);
    encoder.set_color(color_type);
    encoder.set_filter(png::Filter::Paeth);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    file
}

criterion_group!(decode, benches);
criterion_main!(decode);

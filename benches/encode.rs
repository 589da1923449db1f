//! A picture in, a PNG out, by either encoder at every effort.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench without an answer has to stop")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smart_resize::{
    DecodeLimits, EncodeOptions, Format, Picture, PngEffort, PngEncoder, PngOptions, Size, decode, encode,
};

mod photo;

fn benches(c: &mut Criterion) {
    let read = |file: &[u8]| decode(file, &DecodeLimits::default()).unwrap().picture;
    let pictures = [("photo-1920x1080", read(&photo::photo(1920, 1080))), ("flat-1920x1080", flat(1920, 1080))];
    for (name, picture) in &pictures {
        for (encoder, by) in [(PngEncoder::Own, "own"), (PngEncoder::Crate, "crate")] {
            for effort in [PngEffort::Fast, PngEffort::Balanced, PngEffort::Small] {
                let mut options = EncodeOptions::default();
                options.png = PngOptions::with_effort(effort).with_encoder(encoder);
                assert!(read(&encode(picture, Format::Png, &options).unwrap().bytes) == *picture);
                let mut group = c.benchmark_group(format!("encode/png/{by}-{effort}"));
                group.sample_size(10).throughput(Throughput::Elements(picture.size().area().into()));
                group.bench_function(*name, |bencher| {
                    bencher.iter(|| encode(black_box(picture), Format::Png, &options).unwrap());
                });
                group.finish();
            }
        }
    }
}

/// Bars and boxes of few colours, with steps on their edges as text has them, before a light slope.
fn flat(width: u32, height: u32) -> Picture {
    let pixel = |at: u32| {
        let (x, y) = (at % width, at / width);
        let (column, row) = (x % 24, y % 40);
        let is_text = x < width / 2 && row < 18 && (column * row + x / 24 * 7 + y / 40) % 5 < 2;
        let is_box = (x / 160 + y / 90) % 3 == 0;
        let level = u8::try_from(220 + 30 * y / height).unwrap_or(u8::MAX);
        match (is_text, is_box) {
            (true, _) => [20 + u8::try_from(column % 4 * 40).unwrap_or(0); 3],
            (false, true) => [40, 120, 200],
            (false, false) => [level, level, 250],
        }
    };
    Picture::from_rgb(Size::new(width, height).unwrap(), (0..width * height).flat_map(pixel).collect()).unwrap()
}

criterion_group!(all, benches);
criterion_main!(all);

//! The time of the built-in generator, from an encoded source to an encoded result.

#![allow(clippy::unwrap_used, reason = "a bench may panic")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use smart_resize::generate::local::{Fallback, LocalGenerator};
use smart_resize::pixels::Picture;
use smart_resize::{Generator, Plan, Request, Size, Source};

/// A textured ground under a plain sky, with a disc before them.
fn scene(size: Size) -> Source {
    let mut state = 0x9e37_79b9_u32;
    let mut pixels = Vec::with_capacity(size.area() as usize * 3);
    let (middle_x, middle_y, radius) = (size.width() / 3, size.height() / 2, size.height() / 6);
    for y in 0..size.height() {
        for x in 0..size.width() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = state >> 30;
            let (dx, dy) = (x.abs_diff(middle_x), y.abs_diff(middle_y));
            let colour = if dx * dx + dy * dy < radius * radius {
                [200 + grain, 60 + grain, 50]
            } else if y > size.height() * 2 / 3 {
                [60 + (state >> 26), 110 + (state >> 27), 40 + grain]
            } else {
                [120 + y * 60 / size.height() + grain, 160 + grain, 220]
            };
            pixels.extend(colour.map(|level| u8::try_from(level).unwrap_or(u8::MAX)));
        }
    }
    Source::from_picture(&Picture::from_rgb(size, pixels).unwrap()).unwrap()
}

fn local(c: &mut Criterion) {
    let source = scene(Size::new(1536, 1024).unwrap());
    let mut group = c.benchmark_group("local");
    group.sample_size(10);
    let backend = LocalGenerator::default().fallback(Fallback::Anyway);
    for size in ["1376x768", "768x1376", "2752x1536"] {
        let request = Request::builder(source.clone()).sizes([size]).build().unwrap();
        let request = Plan::new(&request).unwrap().requests(&source).unwrap().remove(0);
        group.bench_function(size, |b| b.iter(|| black_box(backend.generate(&request).unwrap())));
    }
    group.finish();
}

criterion_group!(benches, local);
criterion_main!(benches);

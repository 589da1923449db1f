//! Rendering, for each format: from an encoded photograph to an encoded picture of exactly the target's size.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark that fails has to stop")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smart_resize::pixels::decode::probe;
use smart_resize::pixels::render::{RenderOptions, RenderTarget, render};
use smart_resize::{Format, Size};

mod photo;

fn benches(c: &mut Criterion) {
    let generated = photo::photo(2752, 1536);
    for format in [Format::Png, Format::Jpeg, Format::WebP] {
        bench(c, "1920x1080", &generated, size(1920, 1080), format);
    }
    bench(c, "1024x1024-copy", &photo::photo(1024, 1024), size(1024, 1024), Format::Png);
}

/// Measures rendering `target` from `generated`. The throughput counts the pixels of the generated picture.
fn bench(c: &mut Criterion, name: &str, generated: &[u8], target: Size, format: Format) {
    let options = RenderOptions::default();
    let frame = probe(generated, &options.decode.limits).unwrap().size;
    let to = RenderTarget::new(target).format(format);
    let found = probe(&render(generated, &to, &options).unwrap().bytes, &options.decode.limits).unwrap();
    assert_eq!((found.size, found.format), (target, format.into()));
    let mut group = c.benchmark_group(format!("render/{format}"));
    group.sample_size(10).throughput(Throughput::Elements(frame.area().into()));
    group.bench_function(name, |bencher| bencher.iter(|| render(black_box(generated), &to, &options).unwrap()));
    group.finish();
}

fn size(width: u32, height: u32) -> Size {
    Size::new(width, height).unwrap()
}

criterion_group!(all, benches);
criterion_main!(all);

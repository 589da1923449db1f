//! One thread and two: eight targets of one picture, single targets, and the encoding of one PNG in strips.
//!
//! `cargo bench --features parallel --bench parallel`

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark that fails has to stop")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rayon::ThreadPoolBuilder;
use smart_resize::pixels::decode::{DecodeOptions, decode};
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::pixels::render::{RenderOptions, RenderTarget, render_all};
use smart_resize::{Format, Size};

mod photo;

/// Common sizes of ads.
const EIGHT: [&str; 8] =
    ["1080x1080", "1080x1350", "1080x1920", "1200x628", "1920x1080", "1600x900", "1000x1500", "2048x2048"];

fn benches(c: &mut Criterion) {
    let target = |size: &str, format| RenderTarget::new(size.parse::<Size>().unwrap()).format(format);
    let eight = EIGHT.map(|size| target(size, Format::Jpeg));
    bench(c, "eight-jpeg", (4096, 4096), &eight, &RenderOptions::default());
    bench(c, "one-jpeg", (2752, 1536), &[target("1920x1080", Format::Jpeg)], &RenderOptions::default());
    bench(c, "one-png", (2752, 1536), &[target("1920x1080", Format::Png)], &RenderOptions::default());
}

/// Measures rendering the targets from a photograph of this size.
fn bench(
    c: &mut Criterion,
    name: &str,
    (width, height): (u32, u32),
    targets: &[RenderTarget],
    options: &RenderOptions,
) {
    let generated = photo::photo(width, height);
    let mut group = c.benchmark_group(format!("parallel/{name}/{width}x{height}"));
    group.sample_size(10).throughput(Throughput::Elements(u64::from(width) * u64::from(height)));
    let mut expected = None;
    for threads in [1, 2] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let run = || pool.install(|| render_all(black_box(&generated), targets, options));
        let found: Vec<_> = run().into_iter().map(|rendered| rendered.unwrap().bytes).collect();
        assert_eq!(*expected.get_or_insert_with(|| found.clone()), found, "the bytes depend on the number of threads");
        group.bench_function(format!("threads-{threads}"), |bencher| bencher.iter(run));
    }
    group.finish();
}

fn strips(c: &mut Criterion) {
    let picture = decode(&photo::photo(1920, 1080), &DecodeOptions::default()).unwrap().picture;
    let options = EncodeOptions::default();
    let mut group = c.benchmark_group("parallel/encode-png/1920x1080");
    group.sample_size(20).throughput(Throughput::Elements(1920 * 1080));
    let mut expected = None;
    for threads in [1, 2] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let run = || pool.install(|| encode(black_box(&picture), Format::Png, &options).unwrap().bytes);
        let found = run();
        assert_eq!(*expected.get_or_insert_with(|| found.clone()), found, "the bytes depend on the number of threads");
        group.bench_function(format!("threads-{threads}"), |bencher| bencher.iter(run));
    }
    group.finish();
}

criterion_group!(all, benches, strips);
criterion_main!(all);

//! How long it takes to decode and check a picture of 1920x1080; beside it `zune-jpeg` and `jpeg-decoder`, which check
//! nothing.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark stops where it has no answer")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smart_resize_jpeg::decode::decode;
use smart_resize_jpeg::header::Header;
use smart_resize_jpeg::{Encoder, Sampling, Scratch};
use zune_jpeg::zune_core::bytestream::ZCursor;

mod picture;

use self::picture::{SIZE, picture};

fn benches(c: &mut Criterion) {
    let rgb = picture();
    let mut pixels = vec![0; rgb.len()];
    for (sampling, progressive) in
        [(Sampling::Yuv420, false), (Sampling::Yuv444, false), (Sampling::Yuv420, true), (Sampling::Yuv444, true)]
    {
        let encoder = Encoder::new(SIZE, 90).sampling(sampling).progressive(progressive);
        let file = encoder.encode(&rgb, &mut Scratch::default()).unwrap();
        let kind = if progressive { "progressive" } else { "sequential" };
        let mut group = c.benchmark_group(format!("decode {sampling} {kind}"));
        group.sample_size(20).throughput(Throughput::Elements(u64::from(SIZE.0 * SIZE.1)));
        group.bench_function("own, checked", |b| {
            b.iter(|| decode(&Header::read(black_box(&file), 64).unwrap(), &mut pixels).unwrap());
        });
        group.bench_function("zune-jpeg", |b| {
            b.iter(|| zune_jpeg::JpegDecoder::new(ZCursor::new(black_box(&file))).decode_into(&mut pixels).unwrap());
        });
        group.bench_function("jpeg-decoder", |b| {
            b.iter(|| jpeg_decoder::Decoder::new(black_box(&file[..])).decode().unwrap());
        });
        group.finish();
    }
}

criterion_group!(all, benches);
criterion_main!(all);

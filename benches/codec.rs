//! The codecs: encodes and decodes a photograph of 1920x1080 as JPEG and as lossy WebP with each built-in codec.
//!
//! `cargo bench -p smart-resize-png` and `cargo bench -p smart-resize-jpeg` compare those crates with others.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark that fails has to stop")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smart_resize::Format;
use smart_resize::pixels::decode::{DecodeOptions, decode, probe};
use smart_resize::pixels::encode::{EncodeOptions, JpegOptions, WebPMode, WebPOptions, encode};
use smart_resize::pixels::{Codec, Picture};

mod photo;

fn benches(c: &mut Criterion) {
    let photo = decode(&photo::photo(1920, 1080), &DecodeOptions::default()).unwrap().picture;
    let mut lossy = EncodeOptions::default();
    lossy.webp = WebPOptions::default().mode(WebPMode::Lossy { quality: 80 });
    let mut progressive = EncodeOptions::default();
    progressive.jpeg = JpegOptions::default().progressive(true);
    for codec in [Codec::Pure, Codec::Fast] {
        bench(c, "jpeg", &photo, Format::Jpeg, &EncodeOptions::default(), codec);
        bench(c, "jpeg-progressive", &photo, Format::Jpeg, &progressive, codec);
        bench(c, "webp-lossy", &photo, Format::WebP, &lossy, codec);
    }
}

/// Measures encoding the picture and decoding the file. Skips codecs that are not built in.
fn bench(c: &mut Criterion, name: &str, picture: &Picture, format: Format, options: &EncodeOptions, codec: Codec) {
    let mut options = options.clone();
    options.codec = codec;
    let reading = DecodeOptions::default().codec(codec);
    if options.check(format).is_err() || reading.check(format).is_err() {
        return;
    }
    let file = encode(picture, format, &options).unwrap().bytes;
    assert_eq!(decode(&file, &reading).unwrap().picture.size(), picture.size());
    let mut group = c.benchmark_group(format!("codec/{name}"));
    group.sample_size(20).throughput(Throughput::Elements(picture.size().area().into()));
    group.bench_function(format!("write/{codec}"), |bencher| {
        bencher.iter(|| encode(black_box(picture), format, &options).unwrap());
    });
    group.bench_function(format!("read/{codec}"), |bencher| {
        bencher.iter(|| decode(black_box(&file), &reading).unwrap());
    });
    // The probe of a sequential JPEG checks its data, and decoding includes that.
    if name == "jpeg" && codec == Codec::Pure {
        group.bench_function("check", |bencher| bencher.iter(|| probe(black_box(&file), &reading.limits).unwrap()));
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);

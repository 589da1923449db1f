//! The codecs beside each other: reading and writing a photograph of 1920x1080 as JPEG and as lossy WebP, with those
//! that are built in; and reading it as PNG, by this crate and by the `png` crate alone.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench without an answer has to stop")]

use std::hint::black_box;
use std::io::Cursor;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smart_resize::{
    Codec, DecodeLimits, EncodeOptions, Format, JpegOptions, Picture, PngEffort, PngEncoder, PngOptions, RenderOptions,
    WebPMode, WebPOptions, decode, encode,
};

mod photo;

fn benches(c: &mut Criterion) {
    let photo = decode(&photo::photo(1920, 1080), &DecodeLimits::default()).unwrap().picture;
    let mut lossy = EncodeOptions::default();
    lossy.webp = WebPOptions::with_mode(WebPMode::Lossy { quality: 80 });
    let mut progressive = EncodeOptions::default();
    progressive.jpeg = JpegOptions::default().with_progressive(true);
    for codec in [Codec::Pure, Codec::Fast] {
        bench(c, "jpeg", &photo, Format::Jpeg, &EncodeOptions::default(), codec);
        bench(c, "jpeg-progressive", &photo, Format::Jpeg, &progressive, codec);
        bench(c, "webp-lossy", &photo, Format::WebP, &lossy, codec);
    }
    read_png(c, &photo);
}

/// Reads the file that the `png` crate writes by default, which filters its rows.
fn read_png(c: &mut Criterion, picture: &Picture) {
    let mut options = EncodeOptions::default();
    options.png = PngOptions::with_effort(PngEffort::Balanced).with_encoder(PngEncoder::Crate);
    let file = encode(picture, Format::Png, &options).unwrap().bytes;
    let by_crate = |file: &[u8]| {
        let mut reader = png::Decoder::new(Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    };
    assert!(by_crate(&file) == decode(&file, &DecodeLimits::default()).unwrap().picture.pixels());
    let mut group = c.benchmark_group("codec/png");
    group.sample_size(20).throughput(Throughput::Elements(picture.size().area().into()));
    group.bench_function("read/pure", |bencher| {
        bencher.iter(|| decode(black_box(&file), &DecodeLimits::default()).unwrap());
    });
    group.bench_function("read/png crate", |bencher| bencher.iter(|| by_crate(black_box(&file))));
    group.finish();
}

/// Writes the picture, and reads what was written.
fn bench(c: &mut Criterion, name: &str, picture: &Picture, format: Format, options: &EncodeOptions, codec: Codec) {
    let mut options = options.clone();
    options.codec = codec;
    let limits = RenderOptions::default().with_codec(codec).limits;
    if options.check(format).is_err() || limits.check(format).is_err() {
        return;
    }
    let file = encode(picture, format, &options).unwrap().bytes;
    assert_eq!(decode(&file, &limits).unwrap().picture.size(), picture.size());
    let mut group = c.benchmark_group(format!("codec/{name}"));
    group.sample_size(20).throughput(Throughput::Elements(picture.size().area().into()));
    group.bench_function(format!("write/{codec}"), |bencher| {
        bencher.iter(|| encode(black_box(picture), format, &options).unwrap());
    });
    group.bench_function(format!("read/{codec}"), |bencher| {
        bencher.iter(|| decode(black_box(&file), &limits).unwrap());
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);

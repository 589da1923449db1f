//! How long a picture of 1920x1080 takes, with a scratch buffer that is kept; beside it `jpeg-encoder` with the tables
//! of the standard's annex, which it writes in one scan.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, SamplingFactor};
use smart_resize_jpeg::{Encoder, Sampling, Scratch};

mod picture;

use self::picture::{SIZE, picture};

fn benches(c: &mut Criterion) {
    let rgb = picture();
    let mut group = c.benchmark_group("encode");
    group.throughput(Throughput::Elements(u64::from(SIZE.0 * SIZE.1)));
    let mut scratch = Scratch::default();
    for (sampling, progressive) in
        [Sampling::Yuv420, Sampling::Yuv444].into_iter().flat_map(|s| [(s, false), (s, true)])
    {
        let kind = if progressive { "progressive" } else { "sequential" };
        let encoder = Encoder::new(SIZE, 85).sampling(sampling).progressive(progressive);
        group.bench_function(format!("own {sampling} {kind}"), |b| {
            b.iter(|| encoder.encode(black_box(&rgb), &mut scratch));
        });
        group.bench_function(format!("jpeg-encoder {sampling} {kind}"), |b| {
            b.iter(|| {
                let mut file = Vec::new();
                let mut encoder = jpeg_encoder::Encoder::new(&mut file, 85);
                encoder.set_sampling_factor(match sampling {
                    Sampling::Yuv444 => SamplingFactor::R_4_4_4,
                    _ => SamplingFactor::R_4_2_0,
                });
                encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
                encoder.set_progressive(progressive);
                encoder.encode(black_box(&rgb), 1920, 1080, ColorType::Rgb).map(|()| file)
            });
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);

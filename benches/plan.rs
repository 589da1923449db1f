//! How long planning takes: one selection, and a whole request of ten sizes.

#![allow(clippy::unwrap_used, reason = "a bench stops where its input is wrong")]
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use smart_resize::{Digest, Plan, PresetTable, ResizeRequest, Size, Smallest, Source, smallest_covering};

/// The ten sizes that are asked for most.
const TEN_SIZES: [&str; 10] = [
    "1080x1080",
    "1080x1350",
    "1080x1920",
    "1200x628",
    "1200x630",
    "1920x1080",
    "1600x900",
    "1000x1500",
    "1280x720",
    "3840x2160",
];

fn select(c: &mut Criterion) {
    let pro = PresetTable::nano_banana_pro();
    let mut group = c.benchmark_group("plan/select");
    for (order, order_name) in [(Smallest::ByTier, "by-tier"), (Smallest::ByPixels, "by-pixels")] {
        // Nearly all presets cover the first, and one the last.
        for (target, expected) in [("1x1", "1:1 1K"), ("1920x1080", "16:9 2K"), ("6336x2688", "21:9 4K")] {
            let size: Size = target.parse().unwrap();
            let found = smallest_covering(&pro, size, None, order).unwrap();
            assert!(order == Smallest::ByPixels || found.to_string() == expected, "{target}: {found}");
            group.bench_function(format!("{order_name}/{target}"), |b| {
                b.iter(|| smallest_covering(black_box(&pro), black_box(size), None, order));
            });
        }
    }
    // Nothing covers it, so the sizes that would fit are sought.
    let outside: Size = "8000x4000".parse().unwrap();
    assert!(smallest_covering(&pro, outside, None, Smallest::ByTier).is_err());
    group.bench_function("outside", |b| {
        b.iter(|| smallest_covering(black_box(&pro), black_box(outside), None, Smallest::ByTier));
    });
    group.finish();
}

/// From the texts of the sizes to the plan with its prompts and fingerprints. The source's digest is known.
fn request(c: &mut Criterion) {
    let size = Size::new(4000, 3000).unwrap();
    let source = Source::from_url("https://example.com/a.jpg").with_digest(Digest::of(b"a picture")).with_size(size);
    let plan = |source: &Source| {
        let request = ResizeRequest::builder(source.clone()).sizes(TEN_SIZES).seed(7).build();
        Plan::new(&request.unwrap()).unwrap()
    };
    let answer = plan(&source);
    assert_eq!((answer.renditions().len(), answer.cost().to_string().as_str()), (10, "$1.70"));
    assert!(answer.calls().all(|(_, call)| call.fingerprint().is_some()));
    c.bench_function("plan/request/ten-sizes", |b| b.iter(|| plan(black_box(&source))));
}

criterion_group!(benches, select, request);
criterion_main!(benches);

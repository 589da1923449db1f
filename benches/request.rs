//! A whole request without a network: planning, the local generator, and rendering three pictures.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark that fails has to stop")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use smart_resize::generate::local::LocalGenerator;
use smart_resize::pixels::decode::{DecodeLimits, probe};
use smart_resize::run::Driver;
use smart_resize::{Outcome, Plan, Request, Source};

mod photo;

const SIZES: [&str; 3] = ["1024x1024", "1280x720", "300x600"];

fn benches(c: &mut Criterion) {
    let source = Source::from_bytes(photo::photo(1600, 1200));
    let outcome = resize(&source);
    assert!(outcome.is_complete());
    for (rendition, size) in outcome.renditions.iter().zip(SIZES) {
        let output = rendition.variants[0].as_ref().unwrap();
        assert_eq!(probe(&output.bytes, &DecodeLimits::default()).unwrap().size.to_string(), size);
    }
    let mut group = c.benchmark_group("request");
    group.sample_size(10);
    group.bench_function("local/3-sizes", |bencher| bencher.iter(|| resize(black_box(&source))));
    group.finish();
}

fn resize(source: &Source) -> Outcome {
    let request = Request::builder(source.clone()).sizes(SIZES).build().unwrap();
    let plan = Plan::new(&request).unwrap();
    Driver::new(&plan, source).run(&LocalGenerator::default()).unwrap()
}

criterion_group!(all, benches);
criterion_main!(all);

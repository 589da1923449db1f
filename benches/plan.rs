//! The time for planning: the selection of one preset, a request for ten sizes, and the cheapest set of generations for
//! a hundred sizes.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails has to stop")]
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use smart_resize::geometry::PerMille;
use smart_resize::model::{Model, Smallest, UsdMicros, smallest_covering};
use smart_resize::plan::{Digest, Optimality, PlanError};
use smart_resize::request::Sharing;
use smart_resize::{Plan, Request, Size, Source};

/// Ten common sizes.
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
    let pro = Model::nano_banana_pro();
    let mut group = c.benchmark_group("plan/select");
    for (order, order_name) in [(Smallest::ByTier, "by-tier"), (Smallest::ByPixels, "by-pixels")] {
        // All presets cover the first size, and only one covers the last.
        for (target, expected) in [("1x1", "1:1 1K"), ("1920x1080", "16:9 2K"), ("6336x2688", "21:9 4K")] {
            let size: Size = target.parse().unwrap();
            let found = smallest_covering(&pro, size, None, order).unwrap();
            assert!(order == Smallest::ByPixels || found.to_string() == expected, "{target}: {found}");
            group.bench_function(format!("{order_name}/{target}"), |b| {
                b.iter(|| smallest_covering(black_box(&pro), black_box(size), None, order));
            });
        }
    }
    // No preset covers this size, so the error with the sizes that would fit is computed.
    let outside: Size = "8000x4000".parse().unwrap();
    assert!(smallest_covering(&pro, outside, None, Smallest::ByTier).is_err());
    group.bench_function("outside", |b| {
        b.iter(|| smallest_covering(black_box(&pro), black_box(outside), None, Smallest::ByTier));
    });
    group.finish();
}

/// Measures from the sizes as text to the plan with prompts and fingerprints. The source's digest is known.
fn request(c: &mut Criterion) {
    let size = Size::new(4000, 3000).unwrap();
    let source = Source::from_digest(Digest::of(b"a picture")).url("https://example.com/a.jpg").size(size);
    let plan = |source: &Source| {
        let request = Request::builder(source.clone()).sizes(TEN_SIZES).seed(7).build();
        Plan::new(&request.unwrap()).unwrap()
    };
    let answer = plan(&source);
    assert_eq!((answer.renditions().len(), answer.cost().to_string().as_str()), (10, "$1.40"));
    assert!(answer.calls().all(|(_, call)| call.fingerprint().is_some()));
    c.bench_function("plan/request/ten-sizes", |b| b.iter(|| plan(black_box(&source))));
}

/// Measures plans with the cheapest set of generations for a hundred targets of random shapes, with prompts and
/// fingerprints, and the errors of plans over their budget.
fn share(c: &mut Criterion) {
    let source = Source::from_digest(Digest::of(b"a picture")).url("https://example.com/a.jpg");
    let mut state = 1_u32;
    let mut side = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        40 + (state >> 8) % 1900
    };
    let hundred: Vec<Size> = (0..100).map(|_| Size::new(side(), side()).unwrap()).collect();
    let mut group = c.benchmark_group("plan/share");
    for table in [Model::nano_banana_pro(), Model::nano_banana_2()] {
        for thousandths in [0, 50, 100] {
            let builder = Request::builder(source.clone()).targets(hundred.clone()).model(table.clone());
            let builder = builder.sharing(Sharing::Shared { max_loss: PerMille::new(thousandths).unwrap() });
            let request = builder.clone().build().unwrap();
            let plan = Plan::new(&request).unwrap();
            assert_eq!(plan.optimality(), Optimality::Proven);
            let id = format!("hundred/{}/{thousandths}", table.name());
            group.bench_function(&id, |b| b.iter(|| Plan::new(black_box(&request))));
            // Up to twenty searches, most of them at larger losses.
            let over = builder.max_cost(UsdMicros(plan.cost().0 - 1)).max_search_nodes(100).build().unwrap();
            assert!(matches!(Plan::new(&over), Err(PlanError::OverBudget(_))));
            group.bench_function(format!("{id}/over-budget"), |b| b.iter(|| Plan::new(black_box(&over))));
        }
    }
    group.finish();
}

criterion_group!(benches, select, request, share);
criterion_main!(benches);

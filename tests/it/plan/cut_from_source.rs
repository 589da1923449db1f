//! Targets that are cut from the source itself: which, at what cost, and what the source needs for it.

use smart_resize::geometry::Fit;
use smart_resize::model::UsdMicros;
use smart_resize::request::RequestBuilder;
use smart_resize::{Plan, Request, Source};

use crate::any::{point, share, size};
use crate::plan::{builder, cut_from, plan};

#[test]
fn a_target_is_cut_from_the_source_if_it_keeps_enough() {
    // 1000x1000 keeps exactly half of 2000x1000, 999x1000 less.
    let source = |builder: RequestBuilder, target: &str| cut_from(&plan(builder.sizes([target]))) == [None];
    assert!(!source(builder(), "1000x1000"));
    assert!(source(builder().crop_source_above(share(500)), "1000x1000"));
    assert!(!source(builder().crop_source_above(share(501)), "1000x1000"));
    assert!(!source(builder().crop_source_above(share(500)), "999x1000"));
    assert!(source(builder().crop_source_above(share(1000)), "2000x1000"));
    assert!(source(builder().crop_source_above(share(1000)), "200x100"));
    assert!(source(builder().crop_source_above(share(0)), "1x1000"));
    assert!(!source(builder().crop_source_above(share(0)), "2001x1"));
    assert!(!source(builder().crop_source_above(share(0)), "1x1001"));
    assert!(!source(builder().crop_source_above(share(500)).fit(Fit::Crop), "200x100"));
}

#[test]
fn cutting_from_the_source_needs_its_bytes_and_its_size() {
    let refused = |source: Source| {
        let request = Request::builder(source).sizes(["10x10"]).crop_source_above(share(0));
        request.build().map_err(|errors| errors.to_string()).unwrap_err()
    };
    let start = "crop_source_above is set and the source has no";
    let end = "; expected its bytes and its upright size";
    assert_eq!(refused(Source::from_bytes(*b"a photo")), format!("{start} size{end}"));
    let url = Source::from_url("https://example.com/a.jpg");
    assert_eq!(refused(url.clone().size(size(9, 9))), format!("{start} bytes{end}"));
    assert_eq!(refused(url), format!("{start} bytes{end}; {start} size{end}"));
}

#[test]
fn a_target_cut_from_the_source_is_free_and_needs_no_preset() {
    let large = Request::builder(Source::from_bytes(*b"a photo").size(size(20_000, 10_000)));
    let focus = point(1000, 0);
    // No preset covers the first target, and the second needs none.
    let plan = plan(large.sizes(["9000x9000", "300x200"]).variants(3).crop_source_above(share(500)).focus(focus));
    assert_eq!((plan.cost(), plan.calls().count(), plan.generations().len()), (UsdMicros(0), 0, 0));
    assert_eq!((plan.cost_unshared(), plan.source_size()), (UsdMicros(0), Some(size(20_000, 10_000))));
    let crop = plan.renditions()[0].crop();
    assert_eq!((crop.x(), crop.y(), crop.size()), (10_000, 0, size(10_000, 10_000)));
    assert_eq!(plan.renditions()[0].kept(), share(500));
    // A further target that has to be generated has a price.
    let mixed = Plan::new(&builder().sizes(["2000x1000", "1000x2000"]).crop_source_above(share(1000)).build().unwrap())
        .unwrap();
    assert_eq!((cut_from(&mixed), mixed.cost().to_string()), (vec![None, Some(0)], "$0.20".into()));
}

#[test]
fn renditions_are_in_the_order_of_the_targets() {
    // The first and the last target share a generation.
    let sizes = ["1000x2000", "2000x1000", "300x200", "1000x1999"];
    let plan = plan(builder().sizes(sizes).crop_source_above(share(1000)));
    let targets: Vec<String> = plan.renditions().iter().map(|rendition| rendition.target().to_string()).collect();
    assert_eq!((targets, cut_from(&plan)), (sizes.map(String::from).to_vec(), vec![Some(0), None, Some(1), Some(0)]));
}

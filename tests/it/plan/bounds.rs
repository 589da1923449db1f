//! The bounds on what a rendition keeps and on how much it is reduced: both sides of each, and the order of warnings.

use proptest::prelude::*;
use smart_resize::geometry::PerMille;
use smart_resize::plan::{PlanError, PlanWarning};
use smart_resize::request::{Bound, Bounds, RequestBuilder};
use smart_resize::{Plan, Request, Source};

use crate::any::{any_economical_request, share, shared};

fn builder(sizes: &[&str]) -> RequestBuilder {
    Request::builder(Source::from_url("https://example.com/a.jpg")).sizes(sizes)
}

fn plan(builder: RequestBuilder) -> Result<Plan, PlanError> {
    Plan::new(&builder.build().unwrap())
}

fn warnings(builder: RequestBuilder) -> Vec<String> {
    plan(builder).unwrap().warnings().iter().map(ToString::to_string).collect()
}

#[test]
fn strips_and_specks_have_a_warning_by_default_and_the_worst_comes_first() {
    // 120x600 is cut from 9:16, of which it keeps 35.8 %. 50x50 is reduced by 20.48, and 320x50 by 4.95.
    assert_eq!(
        warnings(builder(&["1080x1080", "728x90", "6000x1", "120x600", "50x50", "320x50"])),
        [
            "target 2 (6000x1) keeps 0 % of its generated image; expected at least 50 %",
            "target 4 (50x50) is 20.5 times smaller than generated; expected at most 4 times",
            "target 1 (728x90) keeps 29.1 % of its generated image; expected at least 50 %",
            "target 3 (120x600) keeps 35.8 % of its generated image; expected at least 50 %",
            "target 5 (320x50) keeps 36.9 % of its generated image; expected at least 50 %",
            "target 5 (320x50) is 5 times smaller than generated; expected at most 4 times",
        ],
    );
    assert_eq!(warnings(builder(&["1080x1080", "1920x1080", "300x250"])), [""; 0]);
}

#[test]
fn both_bounds_are_exact() {
    // 512x1024 keeps 688 of 768 columns, which is between 89.5 % and 89.6 %.
    let kept = |min: u16| warnings(builder(&["512x1024"]).min_kept(Bound::warn(share(min))));
    let found = plan(builder(&["512x1024"])).unwrap().renditions()[0].kept().get();
    assert_eq!((kept(found).len(), kept(found + 1).len()), (0, 1));
    // 1024 is reduced by exactly 4 to 256.
    let reduced = |size: &str, max: u32| warnings(builder(&[size]).max_scale(Bound::warn(max))).len();
    assert_eq!([reduced("256x256", 4), reduced("256x256", 3), reduced("255x255", 4)], [0, 1, 1]);
    // A bound that nothing is beyond.
    let off = |builder: RequestBuilder| builder.min_kept(Bound::warn(share(0))).max_scale(Bound::warn(u32::MAX));
    assert_eq!(warnings(off(builder(&["6000x1", "1x1"]))), [""; 0]);
}

#[test]
fn equal_breaches_are_in_the_order_of_their_targets() {
    let found = plan(builder(&["50x50", "970x90", "50x50"])).unwrap().warnings();
    assert_eq!(found.iter().map(PlanWarning::index).collect::<Vec<_>>(), [0, 2, 1]);
}

#[test]
fn a_reduction_is_rounded_up_to_tenths() {
    // 1024 / 197 is 5.198, and 1024 / 128 is 8.
    let tenths = |size: &str| match plan(builder(&[size])).unwrap().warnings()[..] {
        [PlanWarning::Reduced { tenths, .. }] => tenths,
        ref other => panic!("{other:?}"),
    };
    assert_eq!((tenths("197x197"), tenths("128x128")), (52, 80));
}

#[test]
fn a_bound_that_refuses_names_every_rendition_beyond_it() {
    let sizes = ["970x90", "1080x1080", "728x90", "50x50"];
    let refused = builder(&sizes).min_kept(Bound::refuse(share(500))).max_scale(Bound::refuse(20));
    let Err(PlanError::OutOfBounds(error)) = plan(refused) else { panic!("three are beyond a bound") };
    assert_eq!(
        error.to_string(),
        "target 0 (970x90) keeps 21.8 % of its generated image; expected at least 50 %; \
         target 2 (728x90) keeps 29.1 % of its generated image; expected at least 50 %; \
         target 3 (50x50) is 20.5 times smaller than generated; expected at most 20 times",
    );
    // Only the bound that refuses is an error. The other gives warnings.
    let mixed = plan(builder(&sizes).max_scale(Bound::refuse(21))).unwrap();
    assert_eq!(mixed.warnings().len(), 2);
    let errors = builder(&sizes).max_scale(Bound::warn(0)).build().unwrap_err();
    assert_eq!(errors.to_string(), "max_scale is 0; expected at least 1");
}

#[test]
fn sharing_does_not_break_a_bound_that_refuses() {
    // 1000x1500 keeps 99 % of its own 2:3 and 84 % of 9:16.
    let sizes = ["1000x1500", "1080x1920"];
    let generations = |builder: RequestBuilder| plan(builder.sharing(shared(1000))).unwrap().generations().len();
    assert_eq!(generations(builder(&sizes)), 1);
    assert_eq!(generations(builder(&sizes).min_kept(Bound::refuse(share(900)))), 2);
}

#[test]
fn a_target_cut_from_the_source_has_no_bounds() {
    let source = Source::from_bytes(*b"a photo").size(crate::any::size(6000, 4000));
    let request = Request::builder(source).sizes(["60x4"]).crop_source_above(share(0));
    let plan = Plan::new(&request.min_kept(Bound::refuse(PerMille::WHOLE)).build().unwrap()).unwrap();
    assert!(plan.warnings().is_empty() && plan.generations().is_empty());
}

#[cfg(feature = "serde")]
#[test]
fn a_plan_keeps_its_bounds_in_json_and_refuses_a_breach() {
    let sizes = ["728x90"];
    let original = plan(builder(&sizes).min_kept(Bound::warn(share(300))).max_scale(Bound::refuse(3))).unwrap();
    let mut document = serde_json::to_value(&original).unwrap();
    let expected = serde_json::json!({
        "min_kept_percent": { "value": 30.0, "action": "warn" },
        "max_scale": { "value": 3, "action": "refuse" },
    });
    assert_eq!(document["bounds"], expected);
    assert_eq!(serde_json::from_value::<Plan>(document.clone()).unwrap(), original);
    assert!(serde_json::to_value(plan(builder(&sizes)).unwrap()).unwrap().get("bounds").is_none());
    let read = |document: &serde_json::Value| serde_json::from_value::<Plan>(document.clone()).unwrap_err().to_string();
    document["bounds"]["max_scale"]["value"] = 2.into();
    assert_eq!(read(&document), "target 0 (728x90) is 2.2 times smaller than generated; expected at most 2 times");
    document["bounds"]["max_scale"]["value"] = 0.into();
    assert_eq!(read(&document), "bounds: max_scale is 0; expected at least 1");
}

proptest! {
    #[test]
    fn a_warning_is_given_exactly_for_the_renditions_beyond_a_bound(request in any_economical_request()) {
        let plan = Plan::new(&request).unwrap();
        let Bounds { min_kept, max_scale, .. } = plan.bounds();
        let mut expected = Vec::new();
        for (index, rendition) in plan.renditions().iter().enumerate() {
            let Some(id) = rendition.generation() else { continue };
            let (crop, target, frame) = (rendition.crop().size(), rendition.target(), plan.generations()[id].size());
            // Floats are exact enough, since the sides are small integers and the bounds are a half and 4.
            if f64::from(crop.area()) / f64::from(frame.area()) < f64::from(min_kept.value.get()) / 1000.0 {
                expected.push((index, true));
            }
            let scale = |crop: u32, target: u32| f64::from(crop) / f64::from(target) > f64::from(max_scale.value);
            if scale(crop.width(), target.width()) || scale(crop.height(), target.height()) {
                expected.push((index, false));
            }
        }
        let mut found: Vec<_> = plan
            .warnings()
            .into_iter()
            .map(|warning| match warning {
                PlanWarning::KeepsLittle { index, kept, min, .. } => {
                    assert!(kept < min && kept == plan.renditions()[index].kept());
                    (index, true)
                }
                PlanWarning::Reduced { index, tenths, max, .. } => {
                    assert!(tenths > 10 * max);
                    (index, false)
                }
                other => panic!("{other:?}"),
            })
            .collect();
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
    }
}

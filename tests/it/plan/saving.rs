//! How plans save cost: targets that share a generation, targets that are cut from the source, and budgets.

use smart_resize::geometry::{Fit, Insets};
use smart_resize::model::{Tier, UsdMicros};
use smart_resize::plan::PlanError;
use smart_resize::prompt::Wording;
use smart_resize::request::{RequestBuilder, Sharing};
use smart_resize::{Plan, Request, Source, Target};

use crate::any::{insets, point, share, shared, size};

fn builder() -> RequestBuilder {
    Request::builder(Source::from_bytes(*b"a photo").size(size(2000, 1000)))
}

fn plan(builder: RequestBuilder) -> Plan {
    Plan::new(&builder.build().unwrap()).unwrap()
}

/// The generation that each rendition is cut from; `None` for the source.
fn cut_from(plan: &Plan) -> Vec<Option<usize>> {
    plan.renditions().iter().map(smart_resize::plan::Rendition::generation).collect()
}

#[test]
fn the_same_question_is_asked_once_unless_each_target_has_its_own_generation() {
    // 64x64 and 9x9 are squares of the same preset, so their prompts are equal.
    let sizes = ["64x64", "300x250", "9x9", "600x500"];
    let shared = plan(builder().sizes(sizes).variants(2));
    assert_eq!(shared.sharing(), Sharing::Duplicates);
    assert_eq!(cut_from(&shared), [Some(0), Some(1), Some(0), Some(1)]);
    assert_eq!((shared.cost().to_string(), shared.cost_unshared().to_string()), ("$0.65".into(), "$1.25".into()));
    assert!(shared.renditions().iter().all(|rendition| rendition.loss() == share(0)));
    let one_by_one = plan(builder().sizes(sizes).sharing(Sharing::PerTarget));
    assert_eq!(cut_from(&one_by_one), [Some(0), Some(1), Some(2), Some(3)]);
    assert_eq!(one_by_one.cost_unshared(), one_by_one.cost());
    // The prompt of each generation is the one that its targets have alone.
    for (index, rendition) in shared.renditions().iter().enumerate() {
        let generation = &shared.generations()[rendition.generation().unwrap()];
        assert_eq!(generation.prompt(), one_by_one.generations()[index].prompt());
        assert_eq!(generation.preset(), one_by_one.generations()[index].preset());
    }
    // Another safe area is another question, and so is another tier of the same shape.
    let story = |edges| Target::new(size(64, 64)).safe_area(insets(edges));
    let apart = plan(builder().targets([story([0; 4]), story([100, 0, 0, 0]), Target::new(size(2000, 2000))]));
    assert_eq!(cut_from(&apart), [Some(0), Some(1), Some(2)]);
}

#[test]
fn generations_are_in_the_order_of_their_first_targets() {
    let plan = plan(builder().sizes(["90x160", "160x90", "100x100", "180x320", "99x99"]).sharing(shared(0)));
    assert_eq!(cut_from(&plan), [Some(0), Some(1), Some(2), Some(0), Some(2)]);
    let presets: Vec<_> = plan.generations().iter().map(|generation| generation.preset().to_string()).collect();
    // If two tiers have the same price, the plan takes the one that keeps more. The rounding of a larger preset changes
    // its shape less.
    assert_eq!(presets, ["9:16 2K", "16:9 2K", "1:1 1K"]);
}

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
fn the_prompt_names_the_band_that_all_targets_of_a_generation_keep() {
    let prompt = |targets: &[Target]| {
        let plan = plan(builder().template(Wording::V1).targets(targets.iter().cloned()).sharing(shared(1000)));
        assert_eq!(plan.generations().len(), 1);
        plan.generations()[0].prompt().to_string()
    };
    let target = |w, h| Target::new(size(w, h));
    // From a 21:9 picture, the square keeps the middle of the width and the banner the middle of the height.
    let both = prompt(&[target(1000, 1000), target(3168, 500)]);
    assert!(both.contains("Only the middle 42 % of the frame's width"), "{both}");
    assert!(both.contains("Only the middle 37 % of the frame's height"), "{both}");
    let square = prompt(&[target(1000, 1000)]);
    assert!(!square.contains("frame's width is kept") && !square.contains("frame's height is kept"), "{square}");
    // On each axis, the prompt names the part that all safe areas have in common.
    let safe = prompt(&[
        target(1024, 1024).safe_area(insets([100, 0, 0, 0])),
        target(1024, 1024).safe_area(insets([0, 0, 200, 0])),
    ]);
    assert!(safe.contains("between 10 % and 80 % of the frame's height"), "{safe}");
}

#[test]
fn insets_in_pixels_refer_to_the_target() {
    let prompt = |insets: Insets| {
        let target = Target::new(size(400, 200)).safe_area(insets);
        plan(builder().targets([target])).generations()[0].prompt().to_string()
    };
    assert_eq!(prompt(Insets::from_pixels(20, 0, 50, 40)), prompt(insets([100, 0, 250, 100])));
}

#[test]
fn a_target_can_have_its_own_format_and_byte_limit() {
    let own = Target::new(size(9, 9)).format(smart_resize::Format::WebP).max_bytes(1);
    let plan = plan(builder().sizes(["9x9"]).targets([own]).format(smart_resize::Format::Jpeg));
    let found: Vec<_> = plan.renditions().iter().map(|cut| (cut.format().extension(), cut.max_bytes())).collect();
    assert_eq!(found, [("jpg", None), ("webp", Some(1))]);
}

#[test]
fn errors_in_target_options_are_reported_together() {
    let errors = builder()
        .targets([
            Target::new(size(9, 9)).max_bytes(0),
            Target::new(size(9, 9)).safe_area(Insets::from_pixels(5, 0, 4, 0)),
            Target::new(size(9, 16_384)).format(smart_resize::Format::WebP),
        ])
        .build()
        .unwrap_err();
    let found = errors.to_string();
    let expected = [
        "byte limit of target 0 is 0; expected at least 1",
        "target 1 has no safe area: insets are 5 px and 4 px; expected a sum below 9 px",
        "target 2 is 9x16384; expected sides of at most 16383 pixels for webp",
    ];
    assert!(found.starts_with(&expected.join("; ")), "{found}");
    let fine = builder()
        .targets([Target::new(size(9, 9)).max_bytes(1).safe_area(Insets::from_pixels(4, 0, 4, 0))])
        .sharing(shared(1000))
        .crop_source_above(share(1000));
    assert!(fine.build().is_ok());
}

#[test]
fn a_plan_within_its_budget_is_allowed_and_one_beyond_is_refused() {
    let sizes = ["1200x628", "1200x630", "1280x720", "300x250"];
    // 1200x628 and 1200x630 would ask the same question.
    let builder = || builder().sharing(Sharing::PerTarget);
    let over = |builder: RequestBuilder| match Plan::new(&builder.sizes(sizes).build().unwrap()) {
        Ok(plan) => format!("{} in {} calls", plan.cost(), plan.calls().count()),
        Err(PlanError::OverBudget(error)) => error.to_string(),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(over(builder().max_cost(UsdMicros(650_000)).max_calls(4)), "$0.65 in 4 calls");
    assert_eq!(
        over(builder().max_cost(UsdMicros(649_999))),
        "the plan costs $0.65; expected at most $0.649999: sharing generations at a loss of 0.3 % would cost $0.50, \
         at 36.7 % $0.20",
    );
    assert_eq!(
        over(builder().max_calls(3)),
        "the plan makes 4 calls; expected at most 3: sharing generations at a loss of 0.3 % would cost $0.50 in 3 \
         calls, at 36.7 % $0.20 in 1 call",
    );
    assert_eq!(
        over(builder().max_cost(UsdMicros(349_999)).max_calls(1)),
        "the plan costs $0.65; expected at most $0.349999; it makes 4 calls; expected at most 1: \
         sharing generations at a loss of 36.7 % would cost $0.20 in 1 call",
    );
    assert_eq!(
        over(builder().max_cost(UsdMicros(199_999))),
        "the plan costs $0.65; expected at most $0.199999: no sharing of generations was found that would fit",
    );
    // With sharing, the set is chosen within the limit on calls.
    let shared = |builder: RequestBuilder| builder.sharing(shared(1000));
    assert_eq!(over(shared(builder()).max_calls(1)), "$0.20 in 1 calls");
    assert_eq!(
        over(shared(builder()).max_calls(0)),
        "the plan makes 1 call; expected at most 0: no sharing of generations was found that would fit",
    );
    // Five variants take two calls each.
    assert_eq!(over(shared(builder()).variants(5).max_calls(2)), "$0.80 in 2 calls");
    assert_eq!(
        over(shared(builder()).variants(5).max_calls(1)),
        "the plan makes 2 calls; expected at most 1: no sharing of generations was found that would fit",
    );
}

/// The cheapest set is not always the set with the fewest calls: two generations at 1K cost less than one at 4K.
#[test]
fn a_limit_on_calls_may_select_a_more_expensive_set() {
    let shared = shared(1000);
    let builder =
        || {
            let tiers = ["1K", "2K", "4K"].map(|tier| tier.parse::<Tier>().unwrap());
            let preset = |w, h, ratio: &str, tier| {
                smart_resize::model::Preset::new(size(w, h)).ratio(ratio.parse().unwrap()).tier(tier)
            };
            let rows = vec![
                preset(200, 100, "2:1", tiers[0]),
                preset(100, 200, "1:2", tiers[0]),
                preset(400, 400, "1:1", tiers[2]),
            ];
            let prices = smart_resize::model::PriceList::new(UsdMicros(0))
                .price("m", Some(tiers[0]), UsdMicros(1))
                .price("m", Some(tiers[2]), UsdMicros(5));
            builder()
                .model(smart_resize::model::Model::new("m", rows).unwrap())
                .prices(prices)
                .sizes(["200x100", "100x200"])
                .sharing(shared)
        };
    assert_eq!((plan(builder()).cost(), plan(builder()).calls().count()), (UsdMicros(2), 2));
    let few = plan(builder().max_calls(1));
    assert_eq!((few.cost(), few.calls().count()), (UsdMicros(5), 1));
}

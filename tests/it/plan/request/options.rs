//! The options of a request: their defaults, and that each reaches the plan.

use smart_resize::geometry::{Fit, Focus, Insets};
use smart_resize::model::{Model, PriceList, Smallest, Tier, UsdMicros};
use smart_resize::request::Sharing;
use smart_resize::{Format, Target};

use super::{builder, one, plan, source};
use crate::any::{share, size};

#[test]
fn the_defaults_are_those_of_the_service() {
    let request = one().build().unwrap();
    assert_eq!(request.model(), &Model::nano_banana_pro());
    assert_eq!(request.prices(), &PriceList::default());
    assert_eq!((request.instruction(), request.scene(), request.variants(), request.seed()), ("", None, 1, None));
    assert_eq!((request.floor(), request.options().safety_tolerance), (Some(Tier::K1), 4));
    assert_eq!((request.format(), request.options().transfer_format), (Format::Png, Format::Png));
    assert_eq!((request.fit(), request.smallest()), (Fit::Cover, Smallest::ByTier));
    assert_eq!(request.source(), &source());
    // A model without tiers has no lowest tier.
    assert_eq!(one().model(Model::nano_banana()).build().unwrap().floor(), None);
}

#[test]
fn the_options_reach_the_plan() {
    let insets = Insets::all(share(100)).unwrap();
    let target = Target::new(size(100, 50)).safe_area(insets);
    let prices = PriceList::default().price("nano-banana-2", Some(Tier::K2), UsdMicros(7));
    let builder = builder()
        .targets([target])
        .model(Model::nano_banana_2())
        .prices(prices)
        .instruction("Make it winter.")
        .scene(smart_resize::scene::Scene::new("a shoe").unwrap())
        .variants(3)
        .floor(Tier::K2)
        .format(Format::WebP)
        .fit(Fit::Crop)
        .safety_tolerance(2)
        .seed(5)
        .transfer_format(Format::Jpeg);
    let plan = plan(builder);
    let (generation, rendition) = (&plan.generations()[0], &plan.renditions()[0]);
    assert_eq!(
        (&**plan.model(), plan.options().safety_tolerance, plan.options().transfer_format),
        ("nano-banana-2", 2, Format::Jpeg)
    );
    assert_eq!(plan.source_digest(), source().digest());
    assert_eq!(plan.calls().next().unwrap().1.seed(), Some(5));
    // The selected preset is the smallest of 2K that covers the target.
    assert_eq!(generation.preset().tier, Some(Tier::K2));
    assert_eq!((generation.per_image(), generation.variants()), (UsdMicros(7), 3));
    assert!(generation.prompt().contains("The image shows: a shoe."));
    assert!(generation.prompt().contains("\nMake it winter.\n"));
    assert_eq!((rendition.target(), rendition.generation()), (size(100, 50), Some(0)));
    assert_eq!((rendition.fit(), rendition.format(), rendition.safe_area()), (Fit::Crop, Format::WebP, insets));
    assert_eq!(rendition.crop().size(), size(100, 50));
    assert_eq!(rendition.kept(), rendition.crop().kept_of(generation.preset().size));
    // One analysis of the source at the default price, and three variants.
    assert_eq!(plan.cost(), UsdMicros(50_000 + 3 * 7));
}

#[test]
fn a_request_allows_no_enlargement_no_crop_of_the_source_and_any_cost_by_default() {
    let request = one().build().unwrap();
    assert_eq!((request.max_enlargement(), request.crop_source_above()), (share(0), None));
    assert_eq!((request.max_cost(), request.max_calls()), (None, None));
    assert_eq!((request.sharing(), request.max_search_nodes()), (Sharing::Duplicates, 10_000));
    assert_eq!((request.focus(), request.purpose()), (Focus::CENTRE, None));
}

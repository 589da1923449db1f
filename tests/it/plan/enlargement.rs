//! A preset that is a little too small may serve a target, if the request allows it and if that saves money.

use proptest::prelude::*;
use smart_resize::geometry::{Fit, PerMille};
use smart_resize::model::{Model, Preset, PriceList, UsdMicros};
use smart_resize::request::RequestBuilder;
use smart_resize::{Plan, Request, Source};

use crate::any::{share, shared, size};

fn request(model: Model, target: &str) -> RequestBuilder {
    Request::builder(Source::from_url("https://example.com/a.jpg")).model(model).sizes([target])
}

fn plan(builder: RequestBuilder) -> Plan {
    Plan::new(&builder.build().unwrap()).unwrap()
}

/// Prices at which a tier costs more than the one below it.
fn rising() -> PriceList {
    let price = |tier: &str, price| (tier.parse().unwrap(), price);
    let tiers = [price("1K", 1), price("2K", 2), price("4K", 3)];
    tiers.into_iter().fold(PriceList::new(UsdMicros(0)), |list, (tier, price)| {
        list.price("nano-banana-pro", Some(tier), UsdMicros(price))
    })
}

#[test]
fn a_table_of_1024_pixels_serves_1080_at_5_and_a_half_percent() {
    let case = |max: u16| request(Model::nano_banana(), "1080x1080").max_enlargement(share(max)).build();
    let error = case(54).unwrap_err().to_string();
    assert!(error.starts_with("target 0 is too large: no preset covers 1080x1080"), "{error}");
    let plan = Plan::new(&case(55).unwrap()).unwrap();
    let rendition = &plan.renditions()[0];
    assert_eq!((plan.generations()[0].size(), rendition.crop().size()), (size(1024, 1024), size(1024, 1024)));
    assert_eq!((rendition.enlarged(), rendition.kept()), (share(55), PerMille::WHOLE));
}

#[test]
fn a_smaller_preset_is_used_only_if_it_costs_less() {
    let pro = Model::nano_banana_pro;
    let tier = |builder: RequestBuilder| plan(builder).generations()[0].preset().tier.unwrap().to_string();
    // 1K and 2K have the same price in the default list.
    assert_eq!(tier(request(pro(), "1080x1080").max_enlargement(share(100))), "2K");
    assert_eq!(tier(request(pro(), "1080x1080").prices(rising()).max_enlargement(share(100))), "1K");
    assert_eq!(tier(request(pro(), "1080x1080").prices(rising())), "2K");
    // A preset of the same price that covers the target is preferred.
    let covered = plan(request(pro(), "1100x800").prices(rising()).max_enlargement(share(100)));
    assert_eq!(covered.renditions()[0].enlarged(), PerMille::ZERO);
}

/// The largest rectangle of the shape 100:20 in 96x25 is 96x19.2. Rounded down, its rows would be enlarged by 5.3 %.
#[test]
fn rounding_enlarges_no_side_beyond_the_limit() {
    let model = Model::new("m", vec![Preset::new(size(96, 25))]).unwrap();
    let prices = PriceList::new(UsdMicros(0)).price("m", None, UsdMicros(1));
    let plan = plan(request(model, "100x20").prices(prices).max_enlargement(share(50)));
    assert_eq!((plan.renditions()[0].crop().size(), plan.renditions()[0].enlarged()), (size(96, 20), share(42)));
}

proptest! {
    #[test]
    fn no_side_is_enlarged_by_more_than_is_allowed(
        width in 1..=4000_u32, height in 1..=3000_u32, max in 0..=1000_u16, crop: bool,
    ) {
        let fit = if crop { Fit::Crop } else { Fit::Cover };
        let builder = request(Model::nano_banana_pro(), &format!("{width}x{height}"));
        let builder = builder.prices(rising()).fit(fit).max_enlargement(share(max));
        let Ok(request) = builder.build() else { return Ok(()) };
        let plan = Plan::new(&request).unwrap();
        let rendition = &plan.renditions()[0];
        let (crop, target) = (rendition.crop().size(), rendition.target());
        let allowed = |from: u32, to: u32| u64::from(to) * 1000 <= u64::from(from) * (1000 + u64::from(max));
        prop_assert!(allowed(crop.width(), target.width()) && allowed(crop.height(), target.height()), "{}", crop);
        prop_assert!(rendition.crop().is_inside(plan.generations()[0].size()));
        prop_assert_eq!(rendition.enlarged() == PerMille::ZERO, crop.covers(target));
        prop_assert!(rendition.enlarged() <= share(max));
    }
}

/// Sharing does not use a preset that is too small where one that covers the target has the same price.
#[test]
fn a_shared_generation_is_not_enlarged_without_a_saving() {
    let builder = request(Model::nano_banana_pro(), "1080x1080").max_enlargement(share(100)).sharing(shared(1000));
    assert_eq!(plan(builder).renditions()[0].enlarged(), PerMille::ZERO);
}

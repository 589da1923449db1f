//! A price list has one price for each model and tier: the last that was set.

use smart_resize::model::{PriceList, Tier, UsdMicros};

#[test]
fn a_price_that_is_set_again_replaces_the_first() {
    let list = PriceList::new(UsdMicros(0)).price("mine", Some(Tier::K1), UsdMicros(1));
    let list = list.price("mine", Some(Tier::K2), UsdMicros(2)).price("other", Some(Tier::K1), UsdMicros(3));
    let list = list.price("mine", Some(Tier::K1), UsdMicros(9));
    let found = [("mine", Tier::K1), ("mine", Tier::K2), ("other", Tier::K1)]
        .map(|(model, tier)| list.per_image(model, Some(tier)));
    assert_eq!(found, [9, 2, 3].map(|price| Some(UsdMicros(price))));
    assert_eq!(list.per_image("mine", None), None);
}

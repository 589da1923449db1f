//! The cost of a plan.

use smart_resize::model::{Model, PriceList, Tier, UsdMicros};

use super::{builder, plan};

#[test]
fn the_cost_is_the_price_per_request_plus_each_image() {
    let case = |sizes: &[&str], variants: u32, table: Model, expected: &str| {
        let plan = plan(builder().sizes(sizes).variants(variants).model(table));
        assert_eq!(plan.cost().to_string(), expected, "{sizes:?} {variants}");
    };
    let [pro, _, two, _, one] = Model::all();
    case(&["1024x1024"], 1, pro.clone(), "$0.20");
    case(&["2048x2048"], 1, pro.clone(), "$0.20");
    case(&["3840x2160"], 1, pro.clone(), "$0.35");
    case(&["1024x1024", "1024x1024"], 1, pro.clone(), "$0.20");
    case(&["1024x1024", "1024x1025"], 1, pro.clone(), "$0.35");
    case(&["1024x1024", "1920x1080", "3840x2160"], 5, pro, "$3.05");
    case(&["1024x1024", "1920x1080", "3840x2160"], 1, two.clone(), "$0.41");
    case(&["9x9"], 64, one, "$2.546");
    // A sum that would overflow saturates.
    let dear = PriceList::new(UsdMicros(u64::MAX)).price("nano-banana-2", Some(Tier::K1), UsdMicros(1 << 63));
    assert_eq!(plan(builder().sizes(["9x9"]).variants(2).model(two).prices(dear)).cost(), UsdMicros(u64::MAX));
}

//! The message of the error if no preset covers a target.

use smart_resize::model::{Model, Smallest, Tier, smallest_covering};

#[test]
fn the_error_has_a_complete_message() {
    let case = |target: &str, floor: Option<Tier>, table: &Model, expected: &str| {
        let error = smallest_covering(table, target.parse().unwrap(), floor, Smallest::ByTier).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    let [pro, _, two, _, one] = Model::all();
    case(
        "6337x2688",
        None,
        &pro,
        "no preset covers 6337x2688: the widest is 6336x2688, the tallest is 3072x5504, \
         the largest covered size of this shape is 6336x2688",
    );
    case(
        "9000x9000",
        Some(Tier::K4),
        &pro,
        "no preset of 4K or more covers 9000x9000: the widest is 6336x2688, the tallest is 3072x5504, \
         the largest covered size of this shape is 4096x4096",
    );
    case(
        "65535x1",
        Some(Tier::HALF_K),
        &two,
        "no preset of 0.5K or more covers 65535x1: the widest is 12288x1536, the tallest is 1536x12288, \
         the largest covered size of this shape is 12288x1",
    );
    case("1x1", Some(Tier::K1), &one, "no preset of 1K or more covers 1x1: the model has none");
}

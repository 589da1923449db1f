//! The order of the table settles exact ties, and nothing else.

use proptest::prelude::*;
use proptest::sample::select;
use smart_resize::Size;
use smart_resize::model::{Preset, Smallest, smallest_covering};

use super::{ORDERS, Row, any_floor, floor_of, made_up_rows, made_up_target, nearest_first, pair, table_of};

#[test]
fn exact_ties_are_settled_by_the_order_of_the_table() {
    let row = |ratio: (u16, u16), width, height| Row { ratio, milli_k: 1000, width, height };
    let (tall, wide) = (row((1, 2), 512, 1024), row((2, 1), 1024, 512));
    let case = |rows: &[Row], target: &str, order: Smallest, expected: Row| {
        let table = table_of(rows);
        let found = smallest_covering(&table, target.parse().unwrap(), None, order);
        assert_eq!(found, Ok(&expected.preset()), "{target} {order:?}");
    };
    for order in ORDERS {
        // A square is equally near to 1:2 and 2:1, and both presets have the same number of pixels.
        case(&[tall, wide], "512x512", order, tall);
        case(&[wide, tall], "512x512", order, wide);
        // For a target that is one pixel off the square, the nearer preset wins, whatever its position.
        case(&[tall, wide], "512x511", order, wide);
        case(&[wide, tall], "511x512", order, tall);
        // The same size under two names.
        let (first, second) = (row((1, 1), 800, 800), row((2, 2), 800, 800));
        case(&[first, second], "9x7", order, first);
        case(&[second, first], "9x7", order, second);
        // Equally near, but with fewer pixels: the order of the table does not matter.
        let (large, small) = (row((2, 1), 1000, 500), row((1, 2), 400, 800));
        case(&[large, small], "400x400", order, small);
    }
    // The two orders select different presets.
    let (square, wide) = (row((1, 1), 100, 100), row((4, 1), 400, 100));
    case(&[square, wide], "90x20", Smallest::ByTier, wide);
    case(&[square, wide], "90x20", Smallest::ByPixels, square);
}

/// Whether two rows are equal in the order, apart from their position in the table.
fn alike(a: &Row, b: &Row, target: Size, order: Smallest) -> bool {
    let equal_shape = nearest_first(a.nearness(pair(target)), b.nearness(pair(target))).is_eq();
    (order == Smallest::ByPixels || a.milli_k == b.milli_k) && a.pixels() == b.pixels() && equal_shape
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_order_of_the_rows_settles_exact_ties_and_nothing_else(
        (rows, shuffled) in made_up_rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        target in made_up_target(), floor in any_floor(), order in select(ORDERS.to_vec()),
    ) {
        let (table, other) = (table_of(&rows), table_of(&shuffled));
        let found = smallest_covering(&table, target, floor_of(floor), order);
        match smallest_covering(&other, target, floor_of(floor), order) {
            Err(error) => {
                // The order of the table settles ties for `widest`, `tallest` and `nearest`, so only the measure of
                // each is compared.
                let found = found.unwrap_err();
                prop_assert_eq!(found.widest.map(Size::width), error.widest.map(Size::width));
                prop_assert_eq!(found.tallest.map(Size::height), error.tallest.map(Size::height));
                prop_assert_eq!(found.nearest.map(Size::area), error.nearest.map(Size::area));
            }
            Ok(preset) => {
                let row = |preset: &Preset| *rows.iter().find(|row| row.preset() == *preset).unwrap();
                let (first, second) = (row(found.unwrap()), row(preset));
                prop_assert!(alike(&first, &second, target, order));
                let covering = |row: &&Row| row.milli_k >= floor && row.covers(pair(target));
                let first_of_the_tie = shuffled.iter().filter(covering).find(|row| alike(row, &first, target, order));
                prop_assert_eq!(first_of_the_tie, Some(&second));
            }
        }
    }
}

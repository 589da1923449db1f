//! A target and a table that are both transposed give the transposed preset.

use proptest::prelude::*;
use proptest::sample::select;
use smart_resize::Size;
use smart_resize::model::smallest_covering;

use super::{ORDERS, Row, any_floor, floor_of, made_up_rows, made_up_target, table_of};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn transposing_target_and_table_transposes_the_preset(
        rows in made_up_rows(), target in made_up_target(), floor in any_floor(), order in select(ORDERS.to_vec()),
    ) {
        let flipped: Vec<Row> = rows.iter().copied().map(Row::transposed).collect();
        let (table, other) = (table_of(&rows), table_of(&flipped));
        let found = smallest_covering(&table, target, floor_of(floor), order);
        match smallest_covering(&other, target.transposed(), floor_of(floor), order) {
            Ok(preset) => {
                let index = flipped.iter().position(|row| row.preset() == *preset).unwrap();
                prop_assert_eq!(found, Ok(&rows[index].preset()));
            }
            Err(error) => {
                let found = found.unwrap_err();
                prop_assert_eq!(found.widest.map(Size::transposed), error.tallest);
                prop_assert_eq!(found.tallest.map(Size::transposed), error.widest);
                prop_assert_eq!(found.nearest.map(Size::transposed), error.nearest);
            }
        }
    }
}

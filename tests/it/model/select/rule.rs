//! The selected preset is the one of the naive rule, in the built-in models and in any other.

use proptest::prelude::*;
use proptest::sample::select;
use smart_resize::model::{Smallest, smallest_covering};

use super::built_in::built_in;
use super::{
    ORDERS, agree, any_floor, floor_of, made_up_rows, made_up_target, nearest_first, pair, table_of, target_for,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_built_in_models_follow_the_rule_at_every_floor(
        (index, target) in (0..5_usize).prop_flat_map(|index| (Just(index), target_for(&built_in()[index].1))),
        floor in any_floor(),
        order in select(ORDERS.to_vec()),
    ) {
        let (table, rows) = &built_in()[index];
        agree(rows, table, target, floor, order);
    }

    #[test]
    fn any_model_follows_the_rule(
        rows in made_up_rows(), target in made_up_target(), floor in any_floor(), order in select(ORDERS.to_vec()),
    ) {
        agree(&rows, &table_of(&rows), target, floor, order);
    }

    #[test]
    fn the_selected_preset_covers_and_none_before_it_does(
        rows in made_up_rows(), target in made_up_target(), floor in any_floor(), order in select(ORDERS.to_vec()),
    ) {
        let table = table_of(&rows);
        if let Ok(found) = smallest_covering(&table, target, floor_of(floor), order) {
            let answer = rows.iter().find(|row| row.preset() == *found).unwrap();
            prop_assert!(answer.covers(pair(target)) && answer.milli_k >= floor);
            for row in rows.iter().filter(|row| row.covers(pair(target)) && row.milli_k >= floor) {
                let nearness = nearest_first(answer.nearness(pair(target)), row.nearness(pair(target)));
                let pixels = answer.pixels().cmp(&row.pixels());
                let before = match order {
                    Smallest::ByTier => answer.milli_k.cmp(&row.milli_k).then(nearness).then(pixels),
                    _ => pixels.then(nearness),
                };
                prop_assert!(before.is_le(), "{row:?} comes before {answer:?}");
            }
        }
    }
}

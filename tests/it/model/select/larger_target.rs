//! A target that contains another never gets a lower tier.

use proptest::prelude::*;
use smart_resize::model::{Smallest, smallest_covering};

use super::built_in::built_in;
use super::{any_floor, floor_of, made_up_rows, made_up_target, table_of, target_for};
use crate::any::size;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_target_that_contains_another_never_gets_a_lower_tier(
        // A built-in table, or one past the last for a table that is made up.
        (index, a, b) in (0..=built_in().len()).prop_flat_map(|index| {
            let rows = built_in().get(index).map_or_else(Vec::new, |(_, rows)| rows.clone());
            let targets = || if rows.is_empty() { made_up_target().boxed() } else { target_for(&rows).boxed() };
            (Just(index), targets(), targets())
        }),
        made_up in made_up_rows(),
        floor in any_floor(),
    ) {
        let table = built_in().get(index).map_or_else(|| table_of(&made_up), |(table, _)| table.clone());
        let outer = size(a.width().max(b.width()), a.height().max(b.height()));
        let tier = |target| smallest_covering(&table, target, floor_of(floor), Smallest::ByTier).map(|preset| preset.tier);
        if let Ok(high) = tier(outer) {
            prop_assert!(tier(a).unwrap() <= high);
        }
    }
}

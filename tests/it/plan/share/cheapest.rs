//! No other set of generations costs less, or is better at the same cost.

use proptest::prelude::*;
use smart_resize::Plan;
use smart_resize::plan::{Optimality, PlanError};

use super::{UNBOUNDED, any_case};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn no_set_of_generations_is_cheaper_or_better_than_the_plans(case in any_case(7)) {
        // Each call makes one variant.
        let max = case.max_calls.map_or(u32::MAX, |max| max / case.variants);
        let plan = Plan::new(&case.request(case.loss, None, UNBOUNDED));
        let Some(best) = case.best(&case.least_losses(), case.loss, max) else {
            prop_assert!(matches!(plan, Err(PlanError::OverBudget(_))), "{plan:?}");
            return Ok(());
        };
        let plan = plan.unwrap();
        prop_assert_eq!(u128::from(plan.cost().0), case.total(best.0));
        prop_assert_eq!(case.criteria(&plan), best);
        prop_assert_eq!(plan.optimality(), Optimality::Proven);
    }
}

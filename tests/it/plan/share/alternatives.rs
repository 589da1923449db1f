//! The error of a plan over its budget names the alternatives that fit: the one of the least loss, and the cheapest.

use proptest::prelude::*;
use smart_resize::Plan;
use smart_resize::model::UsdMicros;
use smart_resize::plan::PlanError;

use super::{UNBOUNDED, any_case};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_plan_over_its_budget_names_the_alternatives_that_fit(case in any_case(5), missing in 1..4_u64) {
        let max_groups = case.max_calls.map_or(u32::MAX, |max| max / case.variants);
        let losses = case.least_losses();
        let Some((cost, ..)) = case.best(&losses, case.loss, max_groups) else { return Ok(()) };
        let Some(max_cost) = u64::try_from(case.total(cost)).unwrap().checked_sub(missing) else { return Ok(()) };
        let error = Plan::new(&case.request(case.loss, Some(UsdMicros(max_cost)), UNBOUNDED)).unwrap_err();
        let PlanError::OverBudget(error) = error else { panic!("{error:?}") };
        prop_assert_eq!(u128::from(error.cost.0), case.total(cost));
        prop_assert_eq!(error.max_cost, Some(UsdMicros(max_cost)));

        // The best set at each loss from the request's upwards. Only at these losses can it be another one.
        let mut steps: Vec<u16> = losses.iter().flatten().flatten().copied().filter(|loss| *loss > case.loss).collect();
        steps.push(case.loss);
        steps.sort_unstable();
        steps.dedup();
        let at = |loss: u16| Some((case.total(case.best(&losses, loss, max_groups)?.0), loss));
        let fitting: Vec<(u128, u16)> =
            steps.into_iter().filter_map(at).filter(|(cost, _)| *cost <= u128::from(max_cost)).collect();
        let found = |alternative: Option<smart_resize::plan::Alternative>| {
            alternative.map(|found| (u128::from(found.cost.0), found.max_loss.get()))
        };
        prop_assert_eq!(found(error.least_loss), fitting.first().copied());
        prop_assert_eq!(found(error.cheapest), fitting.iter().min().copied());
        // A request with an alternative's loss has the alternative's cost and number of calls.
        for alternative in [error.least_loss, error.cheapest].into_iter().flatten() {
            let request = case.request(alternative.max_loss.get(), Some(UsdMicros(max_cost)), UNBOUNDED);
            let plan = Plan::new(&request).unwrap();
            prop_assert_eq!((plan.cost(), plan.calls().count()), (alternative.cost, alternative.calls as usize));
        }
    }
}

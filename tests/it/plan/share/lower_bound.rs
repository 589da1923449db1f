//! A search that reaches its limit gives a plan and a lower bound of the cost.

use proptest::prelude::*;
use smart_resize::plan::Optimality;
use smart_resize::{Plan, Request, Target};

use super::{Case, any_case, source};
use crate::any::{insets, shared, size};

/// A plan of 120 targets with about 40 different insets on each side. The search examines at most 32,768 of the areas
/// that they could have in common.
fn many_insets(max_loss: u16) -> Plan {
    let target = |index: u16| {
        let edge = |step: u16, count: u16| (index * step) % count * 10;
        Target::new(size(1000, 1000)).safe_area(insets([edge(3, 41), edge(7, 37), edge(11, 39), edge(17, 43)]))
    };
    let request = Request::builder(source())
        .targets((0..120).map(target))
        .sharing(shared(max_loss))
        .max_search_nodes(100)
        .build()
        .unwrap();
    Plan::new(&request).unwrap()
}

#[test]
fn many_different_insets_give_a_lower_bound_instead_of_a_long_search() {
    let plan = many_insets(400);
    let Optimality::BestFound { lower_bound } = plan.optimality() else { panic!("{:?}", plan.optimality()) };
    assert!(lower_bound <= plan.cost() && plan.cost() <= plan.cost_unshared());
}

#[test]
fn areas_that_were_not_examined_leave_a_plan_unproven() {
    // Without a loss, each of these targets needs a generation of its own, and the search finds that at once. But some
    // of the areas were not examined.
    let plan = many_insets(0);
    let Optimality::BestFound { lower_bound } = plan.optimality() else { panic!("{:?}", plan.optimality()) };
    // One generation might do for all.
    assert_eq!((lower_bound.to_string(), plan.cost().to_string()), ("$0.20".into(), "$18.05".into()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_search_that_ends_early_has_a_correct_lower_bound(case in any_case(7), nodes in 0..12_u64) {
        let case = Case { max_calls: None, ..case };
        let plan = Plan::new(&case.request(case.loss, None, nodes)).unwrap();
        let best = case.best(&case.least_losses(), case.loss, u32::MAX).unwrap();
        prop_assert!(u128::from(plan.cost().0) >= case.total(best.0));
        match plan.optimality() {
            Optimality::Proven => prop_assert_eq!(case.criteria(&plan), best),
            Optimality::BestFound { lower_bound } => {
                prop_assert!(u128::from(lower_bound.0) <= case.total(best.0), "{lower_bound} is no bound");
                prop_assert!(lower_bound.0 >= 7);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_lower_bound_has_the_price_of_every_variant_and_that_of_the_request_once() {
    let request = Request::builder(source()).sizes(["1280x720", "1200x628", "1500x1000"]).sharing(shared(250));
    let bound = |variants| {
        let plan = Plan::new(&request.clone().max_search_nodes(0).variants(variants).build().unwrap()).unwrap();
        let Optimality::BestFound { lower_bound } = plan.optimality() else { panic!("{:?}", plan.optimality()) };
        lower_bound.to_string()
    };
    assert_eq!((bound(1), bound(3)), ("$0.20".into(), "$0.50".into()));
}

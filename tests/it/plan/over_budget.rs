//! A plan over its budget is an error that names what would fit. A plan within its budget is allowed.

use smart_resize::Plan;
use smart_resize::model::{Model, Preset, PriceList, Tier, UsdMicros};
use smart_resize::plan::PlanError;
use smart_resize::request::{RequestBuilder, Sharing};

use crate::any::{shared, size};
use crate::plan::{builder, plan};

#[test]
fn a_plan_within_its_budget_is_allowed_and_one_beyond_is_refused() {
    let sizes = ["1200x628", "1200x630", "1280x720", "300x250"];
    // 1200x628 and 1200x630 would ask the same question.
    let builder = || builder().sharing(Sharing::PerTarget);
    let over = |builder: RequestBuilder| match Plan::new(&builder.sizes(sizes).build().unwrap()) {
        Ok(plan) => format!("{} in {} calls", plan.cost(), plan.calls().count()),
        Err(PlanError::OverBudget(error)) => error.to_string(),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(over(builder().max_cost(UsdMicros(650_000)).max_calls(4)), "$0.65 in 4 calls");
    assert_eq!(
        over(builder().max_cost(UsdMicros(649_999))),
        "the plan costs $0.65; expected at most $0.649999: sharing generations at a loss of 0.3 % would cost $0.50, \
         at 36.7 % $0.20",
    );
    assert_eq!(
        over(builder().max_calls(3)),
        "the plan makes 4 calls; expected at most 3: sharing generations at a loss of 0.3 % would cost $0.50 in 3 \
         calls, at 36.7 % $0.20 in 1 call",
    );
    assert_eq!(
        over(builder().max_cost(UsdMicros(349_999)).max_calls(1)),
        "the plan costs $0.65; expected at most $0.349999; it makes 4 calls; expected at most 1: \
         sharing generations at a loss of 36.7 % would cost $0.20 in 1 call",
    );
    assert_eq!(
        over(builder().max_cost(UsdMicros(199_999))),
        "the plan costs $0.65; expected at most $0.199999: no sharing of generations was found that would fit",
    );
    // With sharing, the set is chosen within the limit on calls.
    let shared = |builder: RequestBuilder| builder.sharing(shared(1000));
    assert_eq!(over(shared(builder()).max_calls(1)), "$0.20 in 1 calls");
    assert_eq!(
        over(shared(builder()).max_calls(0)),
        "the plan makes 1 call; expected at most 0: no sharing of generations was found that would fit",
    );
    // Five variants take two calls each.
    assert_eq!(over(shared(builder()).variants(5).max_calls(2)), "$0.80 in 2 calls");
    assert_eq!(
        over(shared(builder()).variants(5).max_calls(1)),
        "the plan makes 2 calls; expected at most 1: no sharing of generations was found that would fit",
    );
}

/// A request whose cheapest set has two generations at 1K, at a price of 1 each. One generation at 4K costs 5.
fn two_or_one() -> RequestBuilder {
    let [low, high] = ["1K", "4K"].map(|tier| tier.parse::<Tier>().unwrap());
    let preset = |w, h, ratio: &str, tier| Preset::new(size(w, h)).ratio(ratio.parse().unwrap()).tier(tier);
    let rows = vec![preset(200, 100, "2:1", low), preset(100, 200, "1:2", low), preset(400, 400, "1:1", high)];
    let prices = PriceList::new(UsdMicros(0)).price("m", Some(low), UsdMicros(1)).price("m", Some(high), UsdMicros(5));
    let model = Model::new("m", rows).unwrap();
    builder().model(model).prices(prices).sizes(["200x100", "100x200"]).sharing(shared(1000))
}

/// The cheapest set is not always the set with the fewest calls.
#[test]
fn a_limit_on_calls_may_select_a_more_expensive_set() {
    assert_eq!((plan(two_or_one()).cost(), plan(two_or_one()).calls().count()), (UsdMicros(2), 2));
    let few = plan(two_or_one().max_calls(1));
    assert_eq!((few.cost(), few.calls().count()), (UsdMicros(5), 1));
}

#[test]
fn a_breach_of_a_bound_is_reported_before_the_budget() {
    let builder = builder().sizes(["970x90"]).max_calls(0);
    let error = |builder: RequestBuilder| Plan::new(&builder.build().unwrap()).unwrap_err();
    assert!(matches!(error(builder.clone()), PlanError::OverBudget(_)));
    let refused = builder.min_kept(smart_resize::request::Bound::refuse(crate::any::share(500)));
    assert!(matches!(error(refused), PlanError::OutOfBounds(_)));
}

#[test]
fn a_remainder_of_the_calls_makes_no_further_generation() {
    // The model makes one variant per call, so a generation of two variants takes two calls.
    let generations = |max| plan(two_or_one().variants(2).max_calls(max)).generations().len();
    assert_eq!([generations(4), generations(3), generations(2)], [2, 1, 1]);
}

//! Without a budget of the caller, the plan's own bounds limit the run.

use smart_resize::generate::budget::Budget;
use smart_resize::generate::{GenerateError, GenerateErrorKind, GenerationRequest, from_fn};
use smart_resize::request::{RequestBuilder, Sharing};
use smart_resize::run::Driver;
use smart_resize::{Plan, Request};

use super::{dollars, source};

/// Without a budget of the caller, the plan's bounds limit the run.
#[test]
fn a_run_keeps_within_the_bounds_of_its_plan() {
    use GenerateErrorKind::{NothingMade, OverBudget};

    let plan = |builder: RequestBuilder| {
        let builder = builder.sizes(["1024x1024", "1024x1000", "1024x1001"]);
        Plan::new(&builder.build().unwrap()).unwrap()
    };
    let builder = || Request::builder(source()).sharing(Sharing::PerTarget);
    let kinds = |plan: &Plan, bills: u32| {
        let backend =
            from_fn(move |_: &GenerationRequest| Err(GenerateError::new(NothingMade, "").billed_images(bills)));
        let source = source();
        let outcome = Driver::new(plan, &source).run(&backend).unwrap();
        outcome.calls.iter().map(|call| call.result.as_ref().unwrap_err().kind).collect::<Vec<_>>()
    };
    // The run fits as planned, but not if each call bills twice.
    let exact = plan(builder().max_cost(dollars(0.5)));
    assert_eq!(kinds(&exact, 1), [NothingMade; 3]);
    assert_eq!(kinds(&exact, 2), [NothingMade, NothingMade, OverBudget]);
    assert_eq!(kinds(&exact, 3), [NothingMade, OverBudget, OverBudget]);
    let fewer = plan(builder().max_calls(3));
    assert_eq!(kinds(&fewer, 9), [NothingMade; 3]);
    assert_eq!(kinds(&exact, 0), [NothingMade; 3]);
    let unbounded = plan(builder());
    assert_eq!(kinds(&unbounded, 9), [NothingMade; 3]);
}

#[test]
fn a_budget_of_the_caller_replaces_the_limits_of_the_plan() {
    use GenerateErrorKind::NothingMade;

    let builder = Request::builder(source()).sharing(Sharing::PerTarget).max_cost(dollars(0.5));
    let exact = Plan::new(&builder.sizes(["1024x1024", "1024x1000", "1024x1001"]).build().unwrap()).unwrap();
    let (own, source) = (Budget::new(), source());
    let backend = from_fn(|_: &GenerationRequest| Err(GenerateError::new(NothingMade, "").billed_images(9)));
    let outcome = Driver::new(&exact, &source).budget(&own).run(&backend).unwrap();
    assert_eq!((outcome.calls.len(), own.calls(), own.spent()), (3, 3, dollars(0.05 + 27.0 * 0.15)));
}

//! The refusal of a call: its message, and whether it is final.

use std::error::Error as _;
use std::sync::Mutex;

use smart_resize::generate::budget::{Budget, BudgetError};
use smart_resize::model::UsdMicros;
use smart_resize::run::{Driver, Event};

use super::{MADE, Script, budget, note, plan, requests, source};

#[test]
fn a_refusal_states_the_price_and_the_rest_of_the_budget() {
    let (plan, source, budget) = (plan(&["30x20", "20x30"], 2), source(), budget(0.60));
    let outcome = Script::new(&[MADE.billing(2); 2]).run(&Driver::new(&plan, &source).budget(&budget));
    let error = outcome.calls[1].result.as_ref().unwrap_err();
    assert_eq!(error.to_string(), "the call does not fit the budget: the call was not made");
    let refusal = error.source().unwrap();
    let words = "the next call costs $0.30; expected at most $0.25, the rest of the budget of $0.60";
    assert_eq!(refusal.to_string(), words);
    assert_eq!((error.billed_images, error.retry_after), (0, None));
    // The renditions of the refused call name it. Those of the other call fail for their own reason.
    let messages: Vec<_> =
        outcome.renditions.iter().map(|of| of.variants[0].as_ref().unwrap_err().to_string()).collect();
    let reason = "the call does not fit the budget: the call was not made";
    assert_eq!(messages[1], format!("call 1 failed: {reason}: {words}"));
    assert!(!messages[0].starts_with("call 0 failed"), "{messages:?}");
    assert_eq!(outcome.calls[0].result.as_ref().unwrap().images.len(), 1);
}

#[test]
fn each_reason_for_a_refusal_has_its_own_message() {
    let requests = requests(&["30x20", "30x20", "30x20"], 1);
    let message = |budget: &Budget| budget.reserve(&requests[2]).unwrap_err().to_string();
    assert_eq!(message(&Budget::new().max_calls(0)), "the next call exceeds the budget of 0 calls");
    let words = "the next call costs $0.20; expected at most $0.10, the rest of the budget of $0.10";
    assert_eq!(message(&budget(0.1)), words);
    let budget = budget(0.30);
    let held = budget.reserve(&requests[0]).unwrap();
    let error = budget.reserve(&requests[1]).unwrap_err();
    let words = "the next call costs $0.20; expected at most $0.15, the rest of the budget of $0.30 \
        with $0.15 reserved by calls in flight";
    assert_eq!(error.to_string(), words);
    assert!(matches!(error, BudgetError::Cost { held: UsdMicros(150_000), .. }));
    assert!(!error.is_final());
    held.settle(1);
    assert_eq!(message(&budget), "the next call costs $0.15; expected at most $0.10, the rest of the budget of $0.30");
    assert!(budget.reserve(&requests[1]).unwrap_err().is_final());
}

#[test]
fn a_refusal_is_final_if_no_call_in_flight_can_release_enough() {
    let [cheap, dear] = <[_; 2]>::try_from(requests(&["30x20", "3840x2160"], 1)).unwrap();
    let is_final = |max_cost: u64| {
        let budget = Budget::new().max_cost(UsdMicros(max_cost));
        let _held = budget.reserve(&cheap).unwrap();
        budget.reserve(&dear).map(|_| ()).map_err(|error| error.is_final())
    };
    // The expensive call needs $0.35 alone, and $0.50 while the other call is in flight.
    assert_eq!([349_999, 350_000].map(is_final), [Err(true), Err(false)]);
    assert_eq!([499_999, 500_000].map(is_final), [Err(false), Ok(())]);
    let budget = Budget::new().max_calls(1);
    let _held = budget.reserve(&cheap).unwrap();
    assert!(budget.reserve(&dear).unwrap_err().is_final());
}

#[test]
fn a_final_refusal_is_reported_at_once() {
    let (plan, source, budget) = (plan(&["30x20", "3840x2160", "20x30"], 1), source(), budget(0.40));
    let events = Mutex::new(Vec::new());
    let on_event = |event: &Event<'_>| note(&events, event);
    Script::new(&[MADE; 3]).run(&Driver::new(&plan, &source).budget(&budget).on_event(&on_event));
    assert_eq!(events.into_inner().unwrap(), [('s', 0), ('a', 0), ('s', 1), ('f', 1), ('s', 2), ('a', 2)]);
}

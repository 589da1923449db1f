//! A reservation holds the price of a call until it is settled. One that is dropped counts as billed.

use std::future::pending;
use std::pin::pin;
use std::task::{Context, Waker};

use smart_resize::generate::budget::{Budget, Reservation};
use smart_resize::generate::{GenerationRequest, from_async_fn};
use smart_resize::model::{PriceList, UsdMicros};
use smart_resize::plan::CallId;
use smart_resize::run::Driver;
use smart_resize::{Plan, Request};

use super::{FAILED, THREE, budget, dollars, plan, requests, source};

#[test]
fn a_reservation_holds_its_price_until_it_is_settled() {
    let requests = requests(&["30x20"], 5);
    let budget = budget(2.0);
    assert_eq!((requests[0].cost(), requests[1].cost()), (dollars(0.60), dollars(0.15)));
    let state = || (budget.spent(), budget.remaining().unwrap(), budget.calls());
    let (four, one) = (budget.reserve(&requests[0]).unwrap(), budget.reserve(&requests[1]).unwrap());
    assert_eq!(state(), (dollars(0.0), dollars(1.25), 2));
    one.settle(0);
    assert_eq!(state(), (dollars(0.0), dollars(1.40), 2));
    // Three of the four images, and the price per request.
    four.settle(3);
    assert_eq!(state(), (dollars(0.50), dollars(1.50), 2));
    budget.reserve(&requests[1]).unwrap().settle(1);
    assert_eq!(state(), (dollars(0.65), dollars(1.35), 3));
    assert_eq!(Budget::new().remaining(), None);
}

#[test]
fn a_reservation_that_is_dropped_counts_as_billed() {
    let requests = requests(&["30x20"], 4);
    let budget = budget(1.0);
    drop::<Reservation<'_>>(budget.reserve(&requests[0]).unwrap());
    assert_eq!((budget.spent(), budget.remaining()), (dollars(0.65), Some(dollars(0.35))));
}

#[test]
fn a_call_in_flight_when_the_run_is_dropped_counts_as_billed() {
    let (plan, source, budget) = (plan(&["30x20", "20x30", "9x9"], 1), source(), budget(9.0));
    let backend = from_async_fn(|request: GenerationRequest| async move {
        if request.call() == CallId(1) { pending().await } else { FAILED.answer() }
    });
    {
        let driver = Driver::new(&plan, &source).budget(&budget);
        let mut run = pin!(driver.run_async(&backend, THREE));
        assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!((budget.spent(), budget.remaining()), (dollars(0.0), Some(dollars(8.85))));
    }
    assert_eq!((budget.spent(), budget.remaining(), budget.calls()), (dollars(0.20), Some(dollars(8.80)), 3));
}

#[test]
fn the_highest_price_per_request_is_held_in_reserve() {
    let request_at = |per_request: u64| {
        let prices =
            PriceList::new(UsdMicros(per_request)).price("nano-banana-pro", Some("1K".parse().unwrap()), UsdMicros(10));
        let request = Request::builder(source()).sizes(["30x20"]).prices(prices).build().unwrap();
        Plan::new(&request).unwrap().requests(&source()).unwrap().remove(0)
    };
    let budget = Budget::new().max_cost(UsdMicros(24));
    let held = budget.reserve(&request_at(5)).unwrap();
    // 10 in flight and 10 more leave 4, but 5 are held for the price per request.
    assert!(budget.reserve(&request_at(0)).is_err());
    held.settle(1);
    assert_eq!(budget.spent(), UsdMicros(15));
}

#[test]
fn amounts_that_overflow_saturate_and_are_refused() {
    let prices =
        PriceList::new(UsdMicros(u64::MAX)).price("nano-banana-pro", Some("1K".parse().unwrap()), UsdMicros(u64::MAX));
    let request = Request::builder(source()).sizes(["30x20"]).variants(4).prices(prices).build().unwrap();
    let request = Plan::new(&request).unwrap().requests(&source()).unwrap().remove(0);
    let unlimited = Budget::new();
    let (one, two) = (unlimited.reserve(&request).unwrap(), unlimited.reserve(&request).unwrap());
    one.settle(u32::MAX);
    two.settle(u32::MAX);
    assert_eq!(unlimited.spent(), UsdMicros(u64::MAX));
    let limited = unlimited.max_cost(UsdMicros(u64::MAX));
    assert_eq!(limited.remaining(), Some(UsdMicros(0)));
    assert!(limited.reserve(&request).unwrap_err().is_final());
}

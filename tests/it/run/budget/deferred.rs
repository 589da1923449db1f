//! A call that fits only after calls in flight are settled is deferred, and not refused.

use std::error::Error as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use smart_resize::Outcome;
use smart_resize::generate::budget::{Budget, BudgetError};
use smart_resize::generate::store::{BlockingStore, Store, StoreError};
use smart_resize::generate::{Generated, GenerationRequest, from_async_fn, from_fn};
use smart_resize::plan::Fingerprint;
use smart_resize::run::{Driver, Event};

use super::{FAILED, MADE, Script, THREE, budget, dollars, note, plan, refused, source, yield_once};

#[test]
fn a_call_that_waits_for_calls_in_flight_is_made_later() {
    // $0.20 pays for one call at a time. The other calls are deferred each time, until one is billed.
    let replies = [FAILED.late(), FAILED.late(), FAILED.late(), MADE.late(), MADE];
    let (plan, source, budget) = (plan(&["30x20", "20x30", "9x9", "8x9", "7x9"], 1), source(), budget(0.20));
    let (script, events) = (Script::new(&replies), Mutex::new(Vec::new()));
    let on_event = |event: &Event<'_>| note(&events, event);
    let outcome = script.run_async(&Driver::new(&plan, &source).budget(&budget).on_event(&on_event), THREE);
    assert_eq!(script.asked(), [0, 1, 2, 3]);
    assert_eq!(refused(&outcome), [false, false, false, false, true]);
    assert_eq!(budget.spent(), dollars(0.20));
    // Each call is reported once, however often it was deferred.
    let mut events = events.into_inner().unwrap();
    events.sort_unstable();
    let times = |what, calls: &[u32]| calls.iter().map(|call| (what, *call)).collect::<Vec<_>>();
    assert_eq!(events, [times('a', &[3]), times('f', &[0, 1, 2, 4]), times('s', &[0, 1, 2, 3, 4])].concat());
}

/// A store that has nothing and counts the searches.
#[derive(Default)]
struct Counting(AtomicU32);

impl Store for Counting {
    fn load(&self, _: &Fingerprint) -> Result<Option<Generated>, StoreError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(None)
    }

    fn save(&self, _: &GenerationRequest, _: &Generated) -> Result<(), StoreError> {
        Ok(())
    }
}

#[test]
fn a_deferred_call_is_looked_up_in_the_store_once() {
    let (plan, source, budget) = (plan(&["30x20", "20x30", "9x9"], 1), source(), budget(0.20));
    let store = Counting::default();
    let driver = Driver::new(&plan, &source).store(BlockingStore(&store)).budget(&budget);
    let backend = from_async_fn(|_: GenerationRequest| async {
        yield_once().await;
        FAILED.answer()
    });
    pollster::block_on(driver.run_async(&backend, THREE)).unwrap();
    assert_eq!((store.0.load(Ordering::Relaxed), budget.calls()), (3, 3));
}

/// What observes the events of a run.
type Observer<'a> = &'a (dyn Fn(&Event<'_>) + Send + Sync);
/// A run with a budget, a store and an observer.
type Run<'a> = &'a dyn Fn(&Budget, &Counting, Observer<'_>) -> Outcome;

#[test]
fn every_driver_announces_a_deferred_call_once_and_looks_it_up_once() {
    // $0.45 pays for the reservation from outside and one more call. The other call is deferred until that call is made,
    // and is then refused.
    let (plan, source) = (plan(&["30x20", "20x30"], 1), source());
    let announced_and_searched = |run: Run<'_>| {
        let (budget, store, events) = (budget(0.45), Counting::default(), Mutex::new(Vec::new()));
        let held = budget.reserve(&plan.requests(&source).unwrap()[0]).unwrap();
        let outcome = run(&budget, &store, &|event| note(&events, event));
        held.settle(0);
        let mut refused = refused(&outcome);
        refused.sort_unstable();
        assert_eq!(refused, [false, true]);
        let mut started: Vec<_> = events.into_inner().unwrap();
        started.retain(|(what, _)| *what == 's');
        started.sort_unstable();
        (started, store.0.into_inner())
    };
    let backend = from_fn(|_: &GenerationRequest| MADE.answer());
    let expected = (vec![('s', 0), ('s', 1)], 2);
    let on_this_thread = announced_and_searched(&|budget, store, on_event| {
        Driver::new(&plan, &source).store(store).budget(budget).on_event(on_event).run(&backend).unwrap()
    });
    assert_eq!(on_this_thread, expected);
    let on_threads = announced_and_searched(&|budget, store, on_event| {
        let driver = Driver::new(&plan, &source).store(store).budget(budget).on_event(on_event);
        driver.run_on_threads(&backend, THREE).unwrap()
    });
    assert_eq!(on_threads, expected);
    let in_async = announced_and_searched(&|budget, store, on_event| {
        let driver = Driver::new(&plan, &source).store(BlockingStore(store)).budget(budget).on_event(on_event);
        let backend = from_async_fn(|_: GenerationRequest| async { MADE.answer() });
        pollster::block_on(driver.run_async(&backend, THREE)).unwrap()
    });
    assert_eq!(in_async, expected);
}

#[test]
fn deferred_calls_are_made_in_the_order_of_the_plan() {
    let (plan, source) = (plan(&["30x20", "20x30", "9x9", "8x9"], 1), source());
    let asked = Mutex::new(Vec::new());
    // In the first round, a budget inside the backend refuses all calls but the first. The later a call is in the plan,
    // the earlier its refusal comes.
    let backend = from_async_fn(async |request: GenerationRequest| {
        let call = request.call().0;
        asked.lock().unwrap().push(call);
        if call == 0 || asked.lock().unwrap().iter().filter(|asked| **asked == call).count() > 1 {
            return MADE.answer();
        }
        for _ in call..4 {
            yield_once().await;
        }
        let (max, none) = (dollars(0.15), dollars(0.0));
        Err(BudgetError::Cost { needed: max, remaining: none, held: max, max }.into())
    });
    let outcome = pollster::block_on(Driver::new(&plan, &source).run_async(&backend, THREE)).unwrap();
    assert!(outcome.calls.iter().all(|call| call.result.is_ok()));
    assert_eq!(asked.into_inner().unwrap(), [0, 1, 2, 3, 1, 2, 3]);
}

#[test]
fn a_run_does_not_wait_for_reservations_from_outside() {
    let (plan, source, budget) = (plan(&["30x20", "20x30"], 1), source(), budget(0.30));
    let held = budget.reserve(&plan.requests(&source).unwrap()[0]).unwrap();
    let script = Script::new(&[MADE; 2]);
    for outcome in [
        script.run(&Driver::new(&plan, &source).budget(&budget)),
        script.run_on_threads(&Driver::new(&plan, &source).budget(&budget), THREE),
        script.run_async(&Driver::new(&plan, &source).budget(&budget), THREE),
    ] {
        assert_eq!((refused(&outcome), script.asked()), (vec![true, true], vec![]));
        let message = outcome.calls[1].result.as_ref().unwrap_err().source().unwrap().to_string();
        assert!(message.ends_with("with $0.15 reserved by calls in flight"), "{message}");
        let error = outcome.renditions[1].variants[0].as_ref().unwrap_err().to_string();
        assert!(error.starts_with("call 1 failed: ") && error.ends_with(&message), "{error}");
    }
    held.settle(0);
}

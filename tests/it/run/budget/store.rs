//! Stored answers cost nothing.

use std::sync::atomic::{AtomicU32, Ordering};

use smart_resize::generate::store::MemoryStore;
use smart_resize::generate::{GenerationRequest, from_fn};
use smart_resize::model::UsdMicros;
use smart_resize::run::Driver;

use super::{MADE, budget, dollars, plan, refused, source};

#[test]
fn answers_from_the_store_are_free() {
    let (plan, source, store) = (plan(&["30x20", "20x30"], 1), source(), MemoryStore::default());
    let backend = from_fn(|_: &GenerationRequest| MADE.answer());
    Driver::new(&plan, &source).store(&store).run(&backend).unwrap();
    let nothing = budget(0.0).max_calls(0);
    let outcome = Driver::new(&plan, &source).store(&store).budget(&nothing).run(&backend).unwrap();
    assert!(outcome.calls.iter().all(|call| call.reused));
    assert_eq!((nothing.calls(), nothing.spent(), refused(&outcome)), (0, UsdMicros(0), vec![false, false]));
}

#[test]
fn after_the_budget_is_raised_only_the_missing_calls_are_paid() {
    let (plan, source, store) = (plan(&["30x20", "20x30", "9x9"], 1), source(), MemoryStore::default());
    let asked = AtomicU32::new(0);
    let backend = from_fn(|_: &GenerationRequest| {
        asked.fetch_add(1, Ordering::Relaxed);
        MADE.answer()
    });
    let budget = budget(0.20);
    let first = Driver::new(&plan, &source).store(&store).budget(&budget).run(&backend).unwrap();
    assert_eq!((refused(&first), asked.load(Ordering::Relaxed)), (vec![false, true, true], 1));
    // The spent amount is kept: $0.15 more pays for one more call, without the price per request.
    let budget = budget.max_cost(dollars(0.35));
    let second = Driver::new(&plan, &source).store(&store).budget(&budget).run(&backend).unwrap();
    assert_eq!((refused(&second), asked.load(Ordering::Relaxed)), (vec![false, false, true], 2));
    assert_eq!(second.calls.iter().map(|call| call.reused).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(budget.spent(), dollars(0.35));
}

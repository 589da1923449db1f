//! Runs on several threads, and the order of an outcome whose calls end in any order.

use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;

use smart_resize::generate::{GenerateErrorKind, Generated, GenerationRequest, from_async_fn, from_fn};
use smart_resize::run::Driver;

use crate::support::shades::{TWO, answer, failure, plan, source};

#[test]
fn the_calls_of_an_outcome_are_in_the_order_of_the_plan_whatever_order_they_end_in() {
    let (plan, source) = (plan(&["30x20", "20x30", "9x9"], 1), source());
    let ended = AtomicUsize::new(0);
    let ended = &ended;
    let backend = from_async_fn(|request: GenerationRequest| async move {
        // The last call ends first.
        let mut polls = 2 * (2 - request.call().0);
        poll_fn(|context| {
            context.waker().wake_by_ref();
            let is_over = polls == 0;
            polls = polls.saturating_sub(1);
            if is_over { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let place = ended.fetch_add(1, Ordering::Relaxed);
        Ok(Generated::new(format!("call {}, end {place}", request.call()), [[0; 0]; 0]))
    });
    let driver = Driver::new(&plan, &source);
    let outcome = pollster::block_on(driver.run_async(&backend, NonZeroUsize::new(3).unwrap())).unwrap();
    let found: Vec<_> = outcome.calls.iter().map(|call| call.result.as_ref().unwrap().backend.as_str()).collect();
    assert_eq!(found, ["call 0, end 2", "call 1, end 1", "call 2, end 0"]);
}

#[test]
fn a_panic_on_another_thread_is_passed_on_to_the_caller() {
    let (plan, source) = (plan(&["30x20", "20x30"], 1), source());
    let (caller, has_helper) = (thread::current().id(), AtomicBool::new(false));
    let backend = from_fn(|request: &GenerationRequest| {
        if thread::current().id() != caller {
            has_helper.store(true, Ordering::SeqCst);
            panic!("on purpose");
        }
        // The other thread takes one of the calls.
        while !has_helper.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        Ok(answer(request))
    });
    let run = || Driver::new(&plan, &source).run_on_threads(&backend, TWO);
    let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"on purpose"));
}

#[test]
fn the_thread_of_the_caller_is_one_of_the_threads() {
    let (plan, source) = (plan(&["30x20", "20x30", "9x9", "8x9"], 1), source());
    let (caller, elsewhere) = (thread::current().id(), AtomicUsize::new(0));
    let backend = from_fn(|_: &GenerationRequest| {
        elsewhere.fetch_add(usize::from(thread::current().id() != caller), Ordering::Relaxed);
        // Another thread, if there were one, would take a call meanwhile.
        (0..1000).for_each(|_| thread::yield_now());
        Err(failure(GenerateErrorKind::Refused))
    });
    Driver::new(&plan, &source).run_on_threads(&backend, NonZeroUsize::MIN).unwrap();
    assert_eq!(elsewhere.into_inner(), 0);
}

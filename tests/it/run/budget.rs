//! Budgets during a run: which calls are made, which are refused, and what is counted.
//!
//! A scripted backend determines what each call returns and bills. The results are checked against a naive account.

use std::error::Error as _;
use std::future::pending;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;
use smart_resize::generate::budget::{Budget, BudgetError, Reservation};
use smart_resize::generate::store::{BlockingStore, MemoryStore};
use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest, from_async_fn, from_fn};
use smart_resize::model::{PriceList, UsdMicros};
use smart_resize::plan::CallId;
use smart_resize::request::{RequestBuilder, Sharing};
use smart_resize::run::{CallOutcome, Driver, Event};
use smart_resize::{Outcome, Plan, Request, Source};

const THREE: NonZeroUsize = NonZeroUsize::new(3).unwrap();

fn source() -> Source {
    Source::from_bytes(*b"bytes that no test reads")
}

/// A plan at fal's prices: $0.05 once, then $0.15 per image, or $0.30 above 2K.
fn plan(sizes: &[&str], variants: u32) -> Plan {
    Plan::new(&Request::builder(source()).sizes(sizes).variants(variants).sharing(Sharing::PerTarget).build().unwrap())
        .unwrap()
}

fn requests(sizes: &[&str], variants: u32) -> Vec<GenerationRequest> {
    plan(sizes, variants).requests(&source()).unwrap()
}

fn dollars(dollars: f64) -> UsdMicros {
    UsdMicros((dollars * 1e6).round() as u64)
}

fn budget(max_cost: f64) -> Budget {
    Budget::new().max_cost(dollars(max_cost))
}

/// What the backend does with one call.
#[derive(Clone, Copy, Debug)]
struct Reply {
    makes: bool,
    bills: u32,
    /// How often it yields to other calls before it answers.
    waits: u8,
}

const MADE: Reply = Reply { makes: true, bills: 1, waits: 0 };
const FAILED: Reply = Reply { makes: false, bills: 0, waits: 0 };
const BILLED: Reply = Reply { makes: false, bills: 1, waits: 0 };

impl Reply {
    const fn billing(self, bills: u32) -> Self {
        Self { bills, ..self }
    }

    const fn late(self) -> Self {
        Self { waits: 3, ..self }
    }

    fn answer(self) -> Result<Generated, GenerateError> {
        if self.makes {
            return Ok(Generated::new("script", [b"an image".to_vec()]).billed_images(self.bills));
        }
        Err(GenerateError::new(GenerateErrorKind::Transport, "by the script").billed_images(self.bills))
    }
}

/// A backend that looks up its reply by the number of the call, and logs the calls.
struct Script<'a> {
    replies: &'a [Reply],
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    asked: Vec<u32>,
    /// The prices of the calls in flight, plus the amounts billed for finished calls.
    committed: u64,
    most_committed: u64,
    billed: bool,
}

impl<'a> Script<'a> {
    fn new(replies: &'a [Reply]) -> Self {
        Self { replies, log: Mutex::default() }
    }

    fn begin(&self, request: &GenerationRequest) -> Reply {
        let mut log = self.log.lock().unwrap();
        log.asked.push(request.call().0);
        log.committed += request.cost().0;
        let with_part = log.committed + request.per_request().0;
        log.most_committed = log.most_committed.max(with_part);
        self.replies[request.call().0 as usize]
    }

    fn end(&self, request: &GenerationRequest, reply: Reply) -> Result<Generated, GenerateError> {
        let mut log = self.log.lock().unwrap();
        log.committed -= request.cost().0;
        log.committed += request.per_image().0 * u64::from(reply.bills);
        log.billed |= reply.bills > 0;
        reply.answer()
    }

    fn asked(&self) -> Vec<u32> {
        self.log.lock().unwrap().asked.clone()
    }

    fn run(&self, driver: &Driver<'_>) -> Outcome {
        driver.run(&from_fn(|request: &GenerationRequest| self.end(request, self.begin(request)))).unwrap()
    }

    fn run_on_threads(&self, driver: &Driver<'_>, threads: NonZeroUsize) -> Outcome {
        let backend = from_fn(|request: &GenerationRequest| {
            let reply = self.begin(request);
            (0..reply.waits).for_each(|_| thread::yield_now());
            self.end(request, reply)
        });
        driver.run_on_threads(&backend, threads).unwrap()
    }

    fn run_async(&self, driver: &Driver<'_>, concurrency: NonZeroUsize) -> Outcome {
        let backend = from_async_fn(|request: GenerationRequest| async move {
            let reply = self.begin(&request);
            for _ in 0..reply.waits {
                once_around().await;
            }
            self.end(&request, reply)
        });
        pollster::block_on(driver.run_async(&backend, concurrency)).unwrap()
    }
}

/// Yields to the other calls once.
async fn once_around() {
    let mut waited = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// For each call, whether the budget refused it.
fn refused(outcome: &Outcome) -> Vec<bool> {
    let over =
        |call: &CallOutcome| call.result.as_ref().is_err_and(|error| error.kind == GenerateErrorKind::OverBudget);
    outcome.calls.iter().map(over).collect()
}

#[track_caller]
fn fits(max_cost: f64, max_calls: u32, replies: &[Reply], asked: &[u32], spent: f64) {
    let sizes = ["30x20", "3840x2160", "20x30", "9x9"];
    let (plan, source) = (plan(&sizes, 1), source());
    let (budget, script) = (budget(max_cost).max_calls(max_calls), Script::new(replies));
    let outcome = script.run(&Driver::new(&plan, &source).budget(&budget));
    assert_eq!((script.asked(), budget.spent()), (asked.to_vec(), dollars(spent)));
    assert_eq!((outcome.cost(&plan), budget.calls()), (budget.spent(), asked.len() as u32));
    assert_eq!(refused(&outcome), (0..4).map(|call| !asked.contains(&call)).collect::<Vec<_>>());
}

#[test]
fn a_call_is_made_if_the_budget_still_covers_its_price() {
    // The calls cost $0.15, $0.30, $0.15 and $0.15, plus $0.05 once.
    fits(0.80, 4, &[MADE; 4], &[0, 1, 2, 3], 0.80);
    // A cheaper call is made after a more expensive one was refused.
    fits(0.79, 4, &[MADE; 4], &[0, 1, 2], 0.65);
    fits(0.50, 4, &[MADE; 4], &[0, 1], 0.50);
    fits(0.49, 4, &[MADE; 4], &[0, 2], 0.35);
    fits(0.20, 4, &[MADE; 4], &[0], 0.20);
    fits(0.19, 4, &[MADE; 4], &[], 0.0);
    fits(0.0, 4, &[MADE; 4], &[], 0.0);
    // A limit on the number of calls.
    fits(9.0, 3, &[MADE; 4], &[0, 1, 2], 0.65);
    fits(9.0, 1, &[FAILED; 4], &[0], 0.0);
    fits(9.0, 0, &[MADE; 4], &[], 0.0);
    // A failure that is not billed returns its price to the budget.
    fits(0.20, 4, &[FAILED, FAILED, MADE, MADE], &[0, 2], 0.20);
    fits(0.35, 4, &[FAILED; 4], &[0, 1, 2, 3], 0.0);
    // A failure that is billed is deducted before the next call.
    fits(0.50, 4, &[BILLED; 4], &[0, 1], 0.50);
    fits(0.64, 4, &[BILLED, BILLED, MADE, MADE], &[0, 1], 0.50);
    // An answer that is not billed costs nothing. After an answer billed above its price, later calls are refused.
    fits(0.35, 4, &[MADE.billing(0); 4], &[0, 1, 2, 3], 0.0);
    fits(0.50, 4, &[MADE.billing(4), MADE, MADE, MADE], &[0], 0.65);
    fits(0.50, 4, &[FAILED.billing(3), MADE, MADE, MADE], &[0], 0.50);
}

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
fn the_highest_price_per_request_is_held_in_reserve() {
    let of = |part: u64| {
        let prices =
            PriceList::new(UsdMicros(part)).price("nano-banana-pro", Some("1K".parse().unwrap()), UsdMicros(10));
        let request = Request::builder(source()).sizes(["30x20"]).prices(prices).build().unwrap();
        Plan::new(&request).unwrap().requests(&source()).unwrap().remove(0)
    };
    let budget = Budget::new().max_cost(UsdMicros(24));
    let held = budget.reserve(&of(5)).unwrap();
    // 10 in flight and 10 more leave 4, but 5 are held for the price per request.
    assert!(budget.reserve(&of(0)).is_err());
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

/// Records the start (`s`), the answer (`a`) or the failure (`f`) of a call.
fn note(events: &Mutex<Vec<(char, u32)>>, event: &Event<'_>) {
    events.lock().unwrap().push(match event {
        Event::CallStarted { call } => ('s', call.0),
        Event::CallAnswered { call, .. } => ('a', call.0),
        Event::CallFailed { call, .. } => ('f', call.0),
        _ => return,
    });
}

#[test]
fn a_final_refusal_is_reported_at_once() {
    let (plan, source, budget) = (plan(&["30x20", "3840x2160", "20x30"], 1), source(), budget(0.40));
    let events = Mutex::new(Vec::new());
    let on_event = |event: &Event<'_>| note(&events, event);
    Script::new(&[MADE; 3]).run(&Driver::new(&plan, &source).budget(&budget).on_event(&on_event));
    assert_eq!(events.into_inner().unwrap(), [('s', 0), ('a', 0), ('s', 1), ('f', 1), ('s', 2), ('a', 2)]);
}

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

#[test]
fn a_deferred_call_is_looked_up_in_the_store_once() {
    struct Counting(AtomicU32);
    impl smart_resize::generate::store::Store for Counting {
        fn load(
            &self,
            _: &smart_resize::plan::Fingerprint,
        ) -> Result<Option<Generated>, smart_resize::generate::store::StoreError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(None)
        }

        fn save(&self, _: &GenerationRequest, _: &Generated) -> Result<(), smart_resize::generate::store::StoreError> {
            Ok(())
        }
    }
    let (plan, source, budget) = (plan(&["30x20", "20x30", "9x9"], 1), source(), budget(0.20));
    let store = Counting(AtomicU32::new(0));
    let driver = Driver::new(&plan, &source).store(BlockingStore(&store)).budget(&budget);
    let backend = from_async_fn(|_: GenerationRequest| async {
        once_around().await;
        FAILED.answer()
    });
    pollster::block_on(driver.run_async(&backend, THREE)).unwrap();
    assert_eq!((store.0.load(Ordering::Relaxed), budget.calls()), (3, 3));
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

/// The naive account, one call after the other: which calls are made, and the amount spent.
fn oracle(prices: &[(u64, u32)], part: u64, replies: &[Reply], max_cost: u64, max_calls: u32) -> (Vec<u32>, u64) {
    let (mut asked, mut spent, mut anything) = (Vec::new(), 0, false);
    for (call, ((per_image, images), reply)) in prices.iter().zip(replies).enumerate() {
        let mut price = per_image * u64::from(*images);
        if !anything {
            price += part;
        }
        if asked.len() as u32 == max_calls || spent + price > max_cost {
            continue;
        }
        asked.push(call as u32);
        if reply.bills > 0 {
            spent += per_image * u64::from(reply.bills);
            if !anything {
                spent += part;
            }
            anything = true;
        }
    }
    (asked, spent)
}

#[derive(Clone, Debug)]
struct Case {
    plan: Plan,
    replies: Vec<Reply>,
    max_cost: u64,
    max_calls: u32,
    at_a_time: NonZeroUsize,
}

/// Plans of up to twelve calls at two prices, with budgets near their cost. Each reply bills up to `bills` images; more
/// than four is more than any call requests.
fn any_case(bills: u32) -> impl Strategy<Value = Case> {
    let sizes = vec(prop_oneof![Just("30x20"), Just("3840x2160")], 1..7);
    let reply = (any::<bool>(), 0..=bills, 0..4_u8).prop_map(|(makes, bills, waits)| Reply { makes, bills, waits });
    let cents = prop_oneof![4 => 0..200_u64, 1 => Just(1_000_000)];
    let limits = (cents, -1..=1_i64, prop_oneof![Just(u32::MAX), 0..9_u32], 1..5_usize);
    (sizes, 1..7_u32, vec(reply, 12), limits).prop_map(
        |(sizes, variants, replies, (cents, nudge, max_calls, threads))| {
            let max_cost = (cents * 50_000).saturating_add_signed(nudge);
            Case { plan: plan(&sizes, variants), replies, max_cost, max_calls, at_a_time: threads.try_into().unwrap() }
        },
    )
}

impl Case {
    fn prices(&self) -> Vec<(u64, u32)> {
        let price = |(generation, call): (usize, &smart_resize::plan::Call)| {
            (self.plan.generations()[generation].per_image().0, call.variants())
        };
        self.plan.calls().map(price).collect()
    }

    /// The same case, in which no call bills more images than planned.
    fn planned(mut self) -> Self {
        let prices = self.prices();
        for (reply, (_, images)) in self.replies.iter_mut().zip(prices) {
            reply.bills = reply.bills.min(images);
        }
        self
    }

    fn budget(&self) -> Budget {
        Budget::new().max_cost(UsdMicros(self.max_cost)).max_calls(self.max_calls)
    }

    /// The laws of every run with several calls in flight.
    fn check(&self, outcome: &Outcome, budget: &Budget, script: &Script<'_>) {
        let log = script.log.lock().unwrap();
        assert_eq!(budget.spent(), outcome.cost(&self.plan));
        assert_eq!(budget.calls() as usize, log.asked.len());
        assert!(budget.calls() <= self.max_calls);
        assert_eq!(budget.remaining(), Some(UsdMicros(self.max_cost.saturating_sub(budget.spent().0))));
        let part = if log.billed { 0 } else { self.plan.per_request().0 };
        for (call, ((per_image, images), refused)) in self.prices().into_iter().zip(refused(outcome)).enumerate() {
            assert_ne!(refused, log.asked.contains(&(call as u32)));
            // A refused call would not fit even now that no call is in flight.
            let price = per_image * u64::from(images) + part;
            assert!(!refused || budget.calls() == self.max_calls || budget.spent().0 + price > self.max_cost);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn sequential_calls_are_those_of_the_naive_account(case in any_case(9)) {
        let (source, budget, script) = (source(), case.budget(), Script::new(&case.replies));
        let outcome = script.run(&Driver::new(&case.plan, &source).budget(&budget));
        let part = case.plan.per_request().0;
        let expected = oracle(&case.prices(), part, &case.replies, case.max_cost, case.max_calls);
        prop_assert_eq!((script.asked(), budget.spent().0), expected);
        case.check(&outcome, &budget, &script);
    }

    #[test]
    fn concurrent_calls_never_exceed_the_budget_and_none_is_lost(case in any_case(4)) {
        let (case, source) = (case.planned(), source());
        for threads in [true, false] {
            let (budget, script) = (case.budget(), Script::new(&case.replies));
            let driver = Driver::new(&case.plan, &source).budget(&budget);
            let outcome = if threads {
                script.run_on_threads(&driver, case.at_a_time)
            } else {
                script.run_async(&driver, case.at_a_time)
            };
            case.check(&outcome, &budget, &script);
            prop_assert!(budget.spent().0 <= case.max_cost);
            prop_assert!(script.log.lock().unwrap().most_committed <= case.max_cost);
        }
    }

    #[test]
    fn no_concurrent_call_is_lost_whatever_is_billed(case in any_case(9)) {
        let source = source();
        let (budget, script) = (case.budget(), Script::new(&case.replies));
        let outcome = script.run_async(&Driver::new(&case.plan, &source).budget(&budget), case.at_a_time);
        case.check(&outcome, &budget, &script);
    }
}

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
    // A budget of the caller replaces the plan's bounds.
    let (own, source) = (Budget::new(), source());
    let backend = from_fn(|_: &GenerationRequest| Err(GenerateError::new(NothingMade, "").billed_images(9)));
    let outcome = Driver::new(&exact, &source).budget(&own).run(&backend).unwrap();
    assert_eq!((outcome.calls.len(), own.calls(), own.spent()), (3, 3, dollars(0.05 + 27.0 * 0.15)));
}

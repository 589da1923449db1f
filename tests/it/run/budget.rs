//! Budgets during a run: which calls are made, which are refused, and what is counted.
//!
//! A scripted backend determines what each call returns and bills.

mod bounds_of_the_plan;
mod deferred;
mod naive_account;
mod next_call;
mod refusals;
mod reservations;
mod store;

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::task::Poll;
use std::thread;

use smart_resize::generate::budget::Budget;
use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest, from_async_fn, from_fn};
use smart_resize::model::UsdMicros;
use smart_resize::request::Sharing;
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
    /// Whether any call was billed.
    is_billed: bool,
}

impl<'a> Script<'a> {
    fn new(replies: &'a [Reply]) -> Self {
        Self { replies, log: Mutex::default() }
    }

    fn begin(&self, request: &GenerationRequest) -> Reply {
        let mut log = self.log.lock().unwrap();
        log.asked.push(request.call().0);
        log.committed += request.cost().0;
        let with_per_request = log.committed + request.per_request().0;
        log.most_committed = log.most_committed.max(with_per_request);
        self.replies[request.call().0 as usize]
    }

    fn end(&self, request: &GenerationRequest, reply: Reply) -> Result<Generated, GenerateError> {
        let mut log = self.log.lock().unwrap();
        log.committed -= request.cost().0;
        log.committed += request.per_image().0 * u64::from(reply.bills);
        log.is_billed |= reply.bills > 0;
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
                yield_once().await;
            }
            self.end(&request, reply)
        });
        pollster::block_on(driver.run_async(&backend, concurrency)).unwrap()
    }
}

/// Yields to the other calls once.
async fn yield_once() {
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

/// Records the start (`s`), the answer (`a`) or the failure (`f`) of a call.
fn note(events: &Mutex<Vec<(char, u32)>>, event: &Event<'_>) {
    events.lock().unwrap().push(match event {
        Event::CallStarted { call } => ('s', call.0),
        Event::CallAnswered { call, .. } => ('a', call.0),
        Event::CallFailed { call, .. } => ('f', call.0),
        _ => return,
    });
}

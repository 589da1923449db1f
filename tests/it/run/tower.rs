//! Backends under `tower` layers: what the meter counts, which retries are refused, and how errors are converted.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::future::{Ready, pending, ready};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use smart_resize::generate::budget::{Budget, BudgetError};
use smart_resize::generate::tower::{GeneratorService, MeterLayer, ServiceGenerator, failure};
use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest, from_async_fn};
use smart_resize::model::UsdMicros;
use smart_resize::run::Driver;
use smart_resize::{AsyncGenerator, Plan, Request, Source};
use tower::load_shed::LoadShed;
use tower::retry::Policy;
use tower::timeout::error::Elapsed;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt};

fn plan(sizes: &[&str]) -> (Plan, Source) {
    let source = Source::from_bytes(*b"bytes that no test reads");
    (Plan::new(&Request::builder(source.clone()).sizes(sizes).build().unwrap()).unwrap(), source)
}

/// A call for $0.15, plus $0.05 once.
fn request() -> GenerationRequest {
    let (plan, source) = plan(&["30x20"]);
    plan.requests(&source).unwrap().remove(0)
}

fn budget(usd_micros: u64) -> Arc<Budget> {
    Arc::new(Budget::new().max_cost(UsdMicros(usd_micros)))
}

fn made() -> Generated {
    Generated::new("test", [b"an image".to_vec()])
}

fn failed(billed: u32) -> GenerateError {
    GenerateError::new(GenerateErrorKind::Transport, "on purpose").billed_images(billed)
}

/// A backend that fails `failures` times, billed each time, and then answers. Counts its calls in `asked`.
fn failing(failures: u32, asked: &Arc<AtomicU32>) -> impl AsyncGenerator + Clone + 'static {
    let asked = asked.clone();
    let backend = move |_: GenerationRequest| {
        ready(if asked.fetch_add(1, Ordering::Relaxed) < failures { Err(failed(1)) } else { Ok(made()) })
    };
    Arc::new(from_async_fn(backend))
}

/// Retries a transport failure up to this many times, and other failures never.
#[derive(Clone)]
struct Tries(u32);

impl<E> Policy<GenerationRequest, Generated, E> for Tries
where
    E: Into<BoxError> + AsFailure,
{
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut GenerationRequest, result: &mut Result<Generated, E>) -> Option<Ready<()>> {
        let kind = result.as_ref().err()?.as_failure()?.kind;
        self.0 = self.0.checked_sub(1)?;
        (kind == GenerateErrorKind::Transport).then(|| ready(()))
    }

    fn clone_request(&mut self, request: &GenerationRequest) -> Option<GenerationRequest> {
        Some(request.clone())
    }
}

trait AsFailure {
    fn as_failure(&self) -> Option<&GenerateError>;
}

impl AsFailure for GenerateError {
    fn as_failure(&self) -> Option<&GenerateError> {
        failure(self)
    }
}

impl AsFailure for BoxError {
    fn as_failure(&self) -> Option<&GenerateError> {
        failure(&**self)
    }
}

fn ask<S>(stack: S) -> Result<Generated, GenerateError>
where
    S: Service<GenerationRequest, Response = Generated, Error: Into<BoxError>, Future: Send> + Clone + Send,
{
    pollster::block_on(ServiceGenerator::new(stack).generate(&request()))
}

#[test]
fn a_meter_inside_the_retry_counts_every_try() {
    let (asked, budget) = (Arc::default(), budget(9_000_000));
    let stack = ServiceBuilder::new()
        .retry(Tries(9))
        .layer(MeterLayer::new(budget.clone()))
        .service(GeneratorService::new(failing(2, &asked)));
    assert_eq!(ask(stack).unwrap(), made());
    assert_eq!((budget.calls(), budget.spent()), (3, UsdMicros(500_000)));
}

#[test]
fn a_meter_outside_the_retry_counts_only_the_last_try() {
    let (asked, budget) = (Arc::default(), budget(9_000_000));
    let stack = ServiceBuilder::new()
        .layer(MeterLayer::new(budget.clone()))
        .retry(Tries(9))
        .service(GeneratorService::new(failing(2, &asked)));
    assert_eq!(ask(stack).unwrap(), made());
    assert_eq!((budget.calls(), budget.spent()), (1, UsdMicros(200_000)));
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}

#[test]
fn a_try_beyond_the_budget_is_neither_made_nor_retried() {
    // Two billed failures cost $0.20 and $0.15. The budget covers the third attempt exactly, or lacks one micro-dollar.
    for (max, tries) in [(500_000, 3), (499_999, 2)] {
        let (asked, budget) = (Arc::default(), budget(max));
        let stack = ServiceBuilder::new()
            .retry(Tries(9))
            .layer(MeterLayer::new(budget.clone()))
            .service(GeneratorService::new(failing(9, &asked)));
        let error = ask(stack).unwrap_err();
        assert_eq!((error.kind, error.billed_images), (GenerateErrorKind::OverBudget, 0));
        assert!(error.source().unwrap().is::<BudgetError>());
        assert_eq!((asked.load(Ordering::Relaxed), budget.calls()), (tries, tries));
    }
    let (asked, budget) = (Arc::default(), Arc::new(Budget::new().max_calls(4)));
    let stack = ServiceBuilder::new()
        .retry(Tries(9))
        .layer(MeterLayer::new(budget.clone()))
        .service(GeneratorService::new(failing(9, &asked)));
    assert_eq!(ask(stack).unwrap_err().kind, GenerateErrorKind::OverBudget);
    assert_eq!(asked.load(Ordering::Relaxed), 4);
}

/// The stack of the documentation: retry, timeout, meter, backend.
#[test]
fn a_try_that_times_out_is_counted_at_its_planned_price() {
    let budget = budget(9_000_000);
    let backend = from_async_fn(|_: GenerationRequest| pending::<Result<Generated, GenerateError>>());
    let stack = ServiceBuilder::new()
        .retry(Tries(9))
        .timeout(Duration::from_secs(120))
        .layer(MeterLayer::new(budget.clone()))
        .service(GeneratorService::new(backend));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let unnamed = ServiceGenerator::new(stack.clone());
    let named =
        ServiceGenerator::new(stack).classify(|error| error.is::<Elapsed>().then_some(GenerateErrorKind::TimedOut));
    let error = runtime.block_on(unnamed.generate(&request())).unwrap_err();
    assert_eq!(error.kind, GenerateErrorKind::Transport);
    assert_eq!((budget.calls(), budget.spent()), (1, UsdMicros(200_000)));
    let error = runtime.block_on(named.generate(&request())).unwrap_err();
    assert_eq!(error.kind, GenerateErrorKind::TimedOut);
    assert_eq!(error.to_string(), "timed out: the call was given up");
    assert!(error.source().unwrap().is::<Elapsed>());
    assert_eq!((budget.calls(), budget.spent()), (2, UsdMicros(350_000)));
}

#[test]
fn a_future_that_is_never_polled_is_not_counted() {
    let budget = budget(9_000_000);
    let mut meter = MeterLayer::new(budget.clone()).layer(GeneratorService::new(failing(0, &Arc::default())));
    drop(meter.call(request()));
    assert_eq!((budget.calls(), budget.spent()), (0, UsdMicros(0)));
}

#[test]
fn an_answer_that_bills_more_than_requested_is_counted_in_full() {
    let budget = budget(300_000);
    let backend = from_async_fn(|_: GenerationRequest| ready(Ok(made().billed_images(4))));
    let stack = ServiceBuilder::new().layer(MeterLayer::new(budget.clone())).service(GeneratorService::new(backend));
    ask(stack.clone()).unwrap();
    assert_eq!((budget.spent(), budget.remaining()), (UsdMicros(650_000), Some(UsdMicros(0))));
    assert_eq!(ask(stack).unwrap_err().kind, GenerateErrorKind::OverBudget);
}

/// A service that becomes ready at every third poll, and panics if it is called before.
struct Moody {
    polls: u32,
    ready: bool,
    calls: Arc<Mutex<Vec<u32>>>,
    /// Makes the service `!Sync`, which must be allowed.
    _cell: Cell<u32>,
}

impl Moody {
    fn new(calls: &Arc<Mutex<Vec<u32>>>) -> Self {
        Self { polls: 0, ready: false, calls: calls.clone(), _cell: Cell::new(0) }
    }
}

impl Clone for Moody {
    fn clone(&self) -> Self {
        Self::new(&self.calls)
    }
}

impl Service<GenerationRequest> for Moody {
    type Response = Generated;
    type Error = GenerateError;
    type Future = Ready<Result<Generated, GenerateError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), GenerateError>> {
        self.polls += 1;
        if self.polls < 3 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: GenerationRequest) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called before it was ready");
        self.calls.lock().unwrap().push(self.polls);
        self.polls = 0;
        ready(Ok(made()))
    }
}

#[test]
fn a_service_is_called_only_when_ready() {
    let (calls, budget) = (Arc::default(), budget(9_000_000));
    let stack = MeterLayer::new(budget).layer(Moody::new(&calls));
    let generator = ServiceGenerator::new(stack.clone());
    for _ in 0..2 {
        pollster::block_on(generator.generate(&request())).unwrap();
    }
    // Calls one service repeatedly, without a clone per call.
    let mut service = stack;
    for _ in 0..2 {
        pollster::block_on(async { service.ready().await.unwrap().call(request()).await }).unwrap();
    }
    assert_eq!(*calls.lock().unwrap(), [3, 3, 3, 3]);
}

#[test]
fn a_failure_passes_through_a_boxed_error_unchanged() {
    let backend = from_async_fn(|_: GenerationRequest| {
        let error = GenerateError::new(GenerateErrorKind::RateLimited, "status 429")
            .retry_after(Duration::from_secs(20))
            .billed_images(2)
            .caused_by("said the service");
        ready(Err(error))
    });
    // `LoadShed` boxes all errors.
    let error = ask(LoadShed::new(GeneratorService::new(backend))).unwrap_err();
    assert_eq!(error.to_string(), "rate limited: status 429");
    assert_eq!((error.retry_after, error.billed_images), (Some(Duration::from_secs(20)), 2));
    assert_eq!(error.source().unwrap().to_string(), "said the service");
}

/// An error of a custom layer around a failure.
#[derive(Debug)]
struct Wrapped(GenerateError);

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("after three tries")
    }
}

impl Error for Wrapped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn an_error_around_a_failure_takes_its_kind_message_wait_and_billed_images() {
    let backend = from_async_fn(|_: GenerationRequest| {
        let error = GenerateError::new(GenerateErrorKind::NothingMade, "only text").billed_images(1);
        ready(Err(error.retry_after(Duration::from_secs(3))))
    });
    let error = ask(GeneratorService::new(backend).map_err(Wrapped)).unwrap_err();
    assert_eq!(error.to_string(), "nothing was made: only text");
    assert_eq!((error.billed_images, error.retry_after), (1, Some(Duration::from_secs(3))));
    assert!(error.source().unwrap().is::<Wrapped>());
}

#[test]
fn an_error_of_a_layer_is_a_transport_failure_unless_mapped() {
    // A service that is never ready, so that `LoadShed` refuses each call.
    #[derive(Clone)]
    struct Busy;
    impl Service<GenerationRequest> for Busy {
        type Response = Generated;
        type Error = GenerateError;
        type Future = Ready<Result<Generated, GenerateError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), GenerateError>> {
            Poll::Pending
        }

        fn call(&mut self, _: GenerationRequest) -> Self::Future {
            panic!("it is not ready")
        }
    }
    let error = ask(LoadShed::new(Busy)).unwrap_err();
    assert_eq!(error.to_string(), "the backend was not reached: the call was given up");
    assert!(error.source().unwrap().is::<tower::load_shed::error::Overloaded>());
    assert_eq!(error.billed_images, 0);
    let named = ServiceGenerator::new(LoadShed::new(Busy))
        .classify(|error| error.is::<tower::load_shed::error::Overloaded>().then_some(GenerateErrorKind::RateLimited));
    let error = pollster::block_on(named.generate(&request())).unwrap_err();
    assert_eq!(error.kind, GenerateErrorKind::RateLimited);
}

/// Two errors of a layer, one of which is the source of the other.
#[derive(Debug)]
struct Outer<const DEPTH: u8>(Option<Box<Outer<1>>>);

impl<const DEPTH: u8> fmt::Display for Outer<DEPTH> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layer {DEPTH}")
    }
}

impl<const DEPTH: u8> Error for Outer<DEPTH> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_deref().map(|inner| inner as _)
    }
}

#[test]
fn an_error_is_classified_before_its_sources() {
    let kind = |kinds: fn(&(dyn Error + 'static)) -> Option<GenerateErrorKind>| {
        let backend = GeneratorService::new(from_async_fn(|_: GenerationRequest| ready(Err(failed(0)))));
        let stack = backend.map_err(|_: GenerateError| Outer::<0>(Some(Box::new(Outer(None)))));
        pollster::block_on(ServiceGenerator::new(stack).classify(kinds).generate(&request())).unwrap_err().kind
    };
    let inner = |error: &(dyn Error + 'static)| error.is::<Outer<1>>().then_some(GenerateErrorKind::RateLimited);
    assert_eq!(kind(inner), GenerateErrorKind::RateLimited);
    let both = |error: &(dyn Error + 'static)| {
        Some(if error.is::<Outer<0>>() { GenerateErrorKind::TimedOut } else { GenerateErrorKind::RateLimited })
    };
    assert_eq!(kind(both), GenerateErrorKind::TimedOut);
}

#[test]
fn an_error_of_readiness_is_an_error_of_the_call() {
    #[derive(Clone)]
    struct Broken;
    impl Service<GenerationRequest> for Broken {
        type Response = Generated;
        type Error = GenerateError;
        type Future = Ready<Result<Generated, GenerateError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), GenerateError>> {
            Poll::Ready(Err(failed(0)))
        }

        fn call(&mut self, _: GenerationRequest) -> Self::Future {
            panic!("it is not ready")
        }
    }
    let budget = budget(9_000_000);
    let error = ask(MeterLayer::new(budget.clone()).layer(Broken)).unwrap_err();
    assert_eq!((error.to_string(), budget.calls()), (failed(0).to_string(), 0));
}

/// The driver handles a refusal by the meter like its own. Such a refusal does not count towards the plan's bound on
/// calls.
#[test]
fn a_call_that_the_meter_refuses_for_calls_in_flight_is_retried() {
    let three = NonZeroUsize::new(3).unwrap();
    let source = Source::from_bytes(*b"bytes that no test reads");
    let request = Request::builder(source.clone()).sizes(["30x20", "20x30", "9x9"]).max_calls(3);
    let plan = Plan::new(&request.build().unwrap()).unwrap();
    // The budget covers one call at a time, and the first two calls are not billed. `Wrapped` hides the refusal one
    // layer deeper.
    for wrapped in [false, true] {
        let budget = budget(200_000);
        let backend = from_async_fn(|request: GenerationRequest| async move {
            let mut waited = false;
            std::future::poll_fn(|context| {
                context.waker().wake_by_ref();
                if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            if request.call().0 < 2 { Err(failed(0)) } else { Ok(made()) }
        });
        let stack = MeterLayer::new(budget.clone()).layer(GeneratorService::new(backend));
        let driver = Driver::new(&plan, &source);
        let outcome = if wrapped {
            pollster::block_on(driver.run_async(&ServiceGenerator::new(stack.map_err(Wrapped)), three))
        } else {
            pollster::block_on(driver.run_async(&ServiceGenerator::new(stack), three))
        };
        let kinds: Vec<_> =
            outcome.unwrap().calls.into_iter().map(|call| call.result.err().map(|error| error.kind)).collect();
        assert_eq!(kinds, [Some(GenerateErrorKind::Transport), Some(GenerateErrorKind::Transport), None]);
        assert_eq!((budget.calls(), budget.spent()), (3, UsdMicros(200_000)));
    }
}

#[test]
fn a_try_that_is_abandoned_is_counted_at_its_planned_price() {
    let budget = budget(9_000_000);
    let backend = from_async_fn(|_: GenerationRequest| pending::<Result<Generated, GenerateError>>());
    let mut meter = MeterLayer::new(budget.clone()).layer(GeneratorService::new(backend));
    let mut call = meter.call(request());
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!((budget.spent(), budget.remaining()), (UsdMicros(0), Some(UsdMicros(8_850_000))));
    drop(call);
    assert_eq!((budget.spent(), budget.remaining()), (UsdMicros(200_000), Some(UsdMicros(8_800_000))));
}

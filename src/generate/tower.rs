//! Backends as services of [tower](https://docs.rs/tower), and services as backends.
//!
//! Retries, time-outs and rate limits are the caller's, and `tower` has them. A backend becomes a service
//! ([`GeneratorService`]), the caller's layers go around it, and the stack becomes a backend again
//! ([`ServiceGenerator`]), which a driver runs a plan with. [`MeterLayer`] counts each try against a
//! [`Budget`], and refuses it when the budget is used up.
//!
//! # The order of layers
//!
//! From the driver inwards: retry, time-out, meter, backend.
//!
//! - The meter goes **below the retry**, or it sees only how the last try ended, and what the earlier ones were billed
//!   is spent uncounted.
//! - It goes **below a time-out**: a try that is given up may be billed, and is counted at its planned price. Above
//!   one it does not compile, since nobody there could tell what was billed.
//! - The retry must not repeat [`OverBudget`](GenerateErrorKind::OverBudget): nothing changes by asking again. A list
//!   of the kinds that are worth a try, as below, leaves it out by itself.
//! - The [driver](crate::generate) is given no budget then: the same one in both places would count every call twice.
//!   What it has of a plan with bounds is an account of its own, of how each call ended. A driver knows the meter's
//!   refusals for what they are, and tries a call again that was refused only because others in flight held the
//!   money.
//!
//! What all tries were billed is in [`Budget::spent`]; a run's outcome knows only how each call ended.
//!
//! ```
//! use std::future::{Ready, ready};
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use smart_resize::{AsyncGenerator, Plan, Request, Source};
//! use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest, from_async_fn};
//! use smart_resize::generate::budget::Budget;
//! use smart_resize::generate::tower::{GeneratorService, MeterLayer, ServiceGenerator, failure};
//! use smart_resize::model::UsdMicros;
//! use tower::retry::Policy;
//! use tower::{BoxError, ServiceBuilder, timeout};
//!
//! /// So many more tries, where one more can help.
//! #[derive(Clone)]
//! struct Tries(u32);
//!
//! impl Policy<GenerationRequest, Generated, BoxError> for Tries {
//!     type Future = Ready<()>; // or the sleep of your runtime, for `retry_after`
//!
//!     fn retry(
//!         &mut self,
//!         _: &mut GenerationRequest,
//!         result: &mut Result<Generated, BoxError>,
//!     ) -> Option<Ready<()>> {
//!         use GenerateErrorKind::{NothingMade, RateLimited, Transport};
//!         let kind = failure(&**result.as_ref().err()?)?.kind;
//!         self.0 = self.0.checked_sub(1)?;
//!         matches!(kind, NothingMade | RateLimited | Transport).then(|| ready(()))
//!     }
//!
//!     fn clone_request(&mut self, request: &GenerationRequest) -> Option<GenerationRequest> {
//!         Some(request.clone())
//!     }
//! }
//!
//! // It never makes anything, and bills an image each time.
//! let backend = from_async_fn(|_: GenerationRequest| async {
//!     Err(GenerateError::new(GenerateErrorKind::NothingMade, "only text came").billed_images(1))
//! });
//!
//! let budget = Arc::new(Budget::new().max_cost(UsdMicros(500_000)));
//! let stack = ServiceBuilder::new()
//!     .retry(Tries(9))
//!     .timeout(Duration::from_secs(120))
//!     .layer(MeterLayer::new(budget.clone()))
//!     .service(GeneratorService::new(backend));
//! let generator = ServiceGenerator::new(stack)
//!     .kinds(|error| error.is::<timeout::error::Elapsed>().then_some(GenerateErrorKind::TimedOut));
//!
//! # let source = Source::from_url("https://example.com/a.jpg");
//! # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
//! # let request = plan.requests(&source)?.remove(0);
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
//! # let error = runtime.block_on(async {
//! // $0.05 once, and $0.15 a try: the fourth of ten is refused.
//! let error = generator.generate(&request).await.unwrap_err();
//! # error
//! # });
//! assert_eq!(error.to_string(), "the budget is used up: the call was not made");
//! assert_eq!((budget.calls(), budget.spent()), (3, UsdMicros(500_000)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::iter::successors;
use std::mem::replace;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::budget::Budget;
use super::error::{GenerateError, GenerateErrorKind};
use super::generated::Generated;
use super::generator::{AsyncGenerator, BoxFuture};
use super::request::GenerationRequest;

/// Any error, as `tower` boxes it.
type BoxError = Box<dyn Error + Send + Sync>;

/// A backend as a service: the innermost of a stack. Always ready.
///
/// ```
/// use smart_resize::generate::{Generated, GenerationRequest, from_async_fn};
/// use smart_resize::generate::tower::GeneratorService;
/// use tower::ServiceExt;
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
///
/// let backend = from_async_fn(|_: GenerationRequest| async { Ok(Generated::new("fixed", [b"an image".to_vec()])) });
/// let generated = pollster::block_on(GeneratorService::new(backend).oneshot(request))?;
/// assert_eq!(generated.backend, "fixed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct GeneratorService<G> {
    generator: Arc<G>,
}

impl<G> GeneratorService<G> {
    /// The service that asks `generator`.
    pub fn new(generator: G) -> Self {
        Self { generator: Arc::new(generator) }
    }
}

impl<G> Clone for GeneratorService<G> {
    fn clone(&self) -> Self {
        Self { generator: Arc::clone(&self.generator) }
    }
}

impl<G: AsyncGenerator + 'static> Service<GenerationRequest> for GeneratorService<G> {
    type Response = Generated;
    type Error = GenerateError;
    type Future = BoxFuture<'static, Result<Generated, GenerateError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), GenerateError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: GenerationRequest) -> Self::Future {
        let generator = Arc::clone(&self.generator);
        Box::pin(async move { generator.generate(&request).await })
    }
}

/// A service as a backend: the caller's whole stack. Each call gets a clone of it, and waits until that is ready.
///
/// A [`GenerateError`] that passed through the stack comes out as it went in, even out of a box. One inside an error
/// of another layer lends it its kind and what was billed. Any other error is a
/// [`Transport`](GenerateErrorKind::Transport) failure, unless [`kinds`](Self::kinds) knows better, with that
/// error as its source.
///
/// ```
/// use smart_resize::AsyncGenerator;
/// use smart_resize::generate::tower::{GeneratorService, ServiceGenerator};
/// use tower::ServiceBuilder;
/// # use smart_resize::generate::{Generated, GenerationRequest, from_async_fn};
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
/// # let backend = from_async_fn(|_: GenerationRequest| async { Ok(Generated::new("fixed", [b"an image".to_vec()])) });
///
/// let stack = ServiceBuilder::new().concurrency_limit(2).service(GeneratorService::new(backend));
/// let generator = ServiceGenerator::new(stack);
/// assert_eq!(pollster::block_on(generator.generate(&request))?.backend, "fixed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ServiceGenerator<S> {
    /// Locked only to be cloned, so that a service that is not `Sync` will do.
    service: Mutex<S>,
    kinds: fn(&(dyn Error + 'static)) -> Option<GenerateErrorKind>,
}

impl<S> ServiceGenerator<S> {
    /// The backend that calls `service`.
    pub const fn new(service: S) -> Self {
        Self { service: Mutex::new(service), kinds: |_| None }
    }

    /// The same backend where `kinds` names the kind of an error of the caller's layers. It is asked for the error and
    /// then for each of its sources, and the first that it knows counts.
    ///
    /// For the time-out of `tower`:
    /// `|error| error.is::<tower::timeout::error::Elapsed>().then_some(GenerateErrorKind::TimedOut)`.
    #[must_use]
    pub fn kinds(mut self, kinds: fn(&(dyn Error + 'static)) -> Option<GenerateErrorKind>) -> Self {
        self.kinds = kinds;
        self
    }

    fn error(&self, error: BoxError) -> GenerateError {
        let error = match error.downcast::<GenerateError>() {
            Ok(error) => return *error,
            Err(error) => error,
        };
        let Some(inner) = failure(&*error) else {
            let kind = chain(&*error).find_map(self.kinds).unwrap_or(GenerateErrorKind::Transport);
            return GenerateError::new(kind, "the call was given up").caused_by(error);
        };
        let mut outer = GenerateError::new(inner.kind, inner.message.as_str()).billed_images(inner.billed_images);
        if let Some(wait) = inner.retry_after {
            outer = outer.retry_after(wait);
        }
        outer.caused_by(error)
    }
}

impl<S> AsyncGenerator for ServiceGenerator<S>
where
    S: Service<GenerationRequest, Response = Generated, Error: Into<BoxError>, Future: Send> + Clone + Send,
{
    async fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
        // A panic while the service was cloned left it as it was.
        let mut service = self.service.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Err(error) = poll_fn(|context| service.poll_ready(context)).await {
            return Err(self.error(error.into()));
        }
        let answer = service.call(request.clone()).await;
        answer.map_err(|error| self.error(error.into()))
    }
}

impl<S> fmt::Debug for ServiceGenerator<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceGenerator")
    }
}

/// The failure of a backend that `error` is, or that is among its sources: for the policy of a retry, whose errors may
/// come boxed out of other layers.
///
/// ```
/// use smart_resize::generate::{GenerateError, GenerateErrorKind};
/// use smart_resize::generate::tower::failure;
///
/// let boxed: tower::BoxError = GenerateError::new(GenerateErrorKind::RateLimited, "status 429").into();
/// assert_eq!(failure(&*boxed).map(|error| error.kind), Some(GenerateErrorKind::RateLimited));
/// assert!(failure(&std::fmt::Error).is_none());
/// ```
pub fn failure<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a GenerateError> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// Counts each try against a [`Budget`] before it is made, and refuses it with
/// [`OverBudget`](GenerateErrorKind::OverBudget) where it does not fit.
///
/// Its place is directly around the backend; see [the order of layers](self#the-order-of-layers). A try that is given
/// up before it has an answer, as by a time-out further out, is counted at its planned price.
///
/// ```
/// use smart_resize::generate::budget::Budget;
/// use smart_resize::generate::tower::{GeneratorService, MeterLayer};
/// use tower::{ServiceBuilder, ServiceExt};
/// # use std::sync::Arc;
/// # use smart_resize::generate::{Generated, GenerationRequest, from_async_fn};
/// # use smart_resize::model::UsdMicros;
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
/// # let backend = from_async_fn(|_: GenerationRequest| async { Ok(Generated::new("fixed", [b"an image".to_vec()])) });
///
/// let budget = Arc::new(Budget::new().max_cost(UsdMicros(200_000)));
/// let stack = ServiceBuilder::new().layer(MeterLayer::new(budget.clone())).service(GeneratorService::new(backend));
/// pollster::block_on(stack.clone().oneshot(request.clone()))?; // $0.15, and $0.05 once
/// let error = pollster::block_on(stack.oneshot(request)).unwrap_err();
/// assert_eq!(error.to_string(), "the budget is used up: the call was not made");
/// assert_eq!(budget.spent(), UsdMicros(200_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MeterLayer {
    budget: Arc<Budget>,
}

impl MeterLayer {
    /// The layer that counts against `budget`.
    pub const fn new(budget: Arc<Budget>) -> Self {
        Self { budget }
    }
}

impl<S> Layer<S> for MeterLayer {
    type Service = Meter<S>;

    fn layer(&self, inner: S) -> Meter<S> {
        Meter { inner, budget: Arc::clone(&self.budget) }
    }
}

/// A service whose calls count against a budget; see [`MeterLayer`].
///
/// ```
/// use smart_resize::generate::budget::Budget;
/// use smart_resize::generate::tower::{GeneratorService, Meter, MeterLayer};
/// use tower::{Layer, ServiceExt};
/// # use std::sync::Arc;
/// # use smart_resize::generate::{Generated, GenerationRequest, from_async_fn};
/// # use smart_resize::model::UsdMicros;
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
/// # let backend = from_async_fn(|_: GenerationRequest| async { Ok(Generated::new("fixed", [b"an image".to_vec()])) });
///
/// let budget = Arc::new(Budget::new());
/// let meter: Meter<_> = MeterLayer::new(budget.clone()).layer(GeneratorService::new(backend));
/// pollster::block_on(meter.oneshot(request))?; // $0.15, and $0.05 once
/// assert_eq!((budget.calls(), budget.spent()), (1, UsdMicros(200_000)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Meter<S> {
    inner: S,
    budget: Arc<Budget>,
}

impl<S> Service<GenerationRequest> for Meter<S>
where
    S: Service<GenerationRequest, Response = Generated, Error = GenerateError, Future: Send> + Clone + Send + 'static,
{
    type Response = Generated;
    type Error = GenerateError;
    type Future = BoxFuture<'static, Result<Generated, GenerateError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), GenerateError>> {
        self.inner.poll_ready(context)
    }

    /// Reserves and calls when the future is first polled, so that one that never was is not counted.
    fn call(&mut self, request: GenerationRequest) -> Self::Future {
        // The service that was found ready goes, and its clone, which may not be, stays.
        let clone = self.inner.clone();
        let mut inner = replace(&mut self.inner, clone);
        let budget = Arc::clone(&self.budget);
        Box::pin(async move {
            let reservation = budget.reserve(&request)?;
            let answer = inner.call(request).await;
            reservation.settle_with(&answer);
            answer
        })
    }
}

/// An error and its sources.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |&error| error.source())
}

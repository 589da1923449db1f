//! Converts backends to services of [tower](https://docs.rs/tower), and services to backends.
//!
//! The caller adds retries, time-outs and rate limits, and `tower` has layers for them. [`GeneratorService`] makes a
//! backend a service. The caller puts layers around it. [`ServiceGenerator`] makes the stack a backend again, which a
//! driver can use. [`MeterLayer`] counts each try against a [`Budget`], and refuses a try that exceeds it.
//!
//! # The order of layers
//!
//! From the driver inwards: retry, time-out, meter, backend.
//!
//! - The meter must be **inside the retry**. Outside, it would see only the last try, and the billed images of earlier
//!   tries would not be counted.
//! - The meter must be **inside the time-out**. A try that times out may be billed, so the meter counts it at its
//!   planned price. Outside a time-out the meter does not compile, since the time-out's error does not say what was
//!   billed.
//! - The retry must not repeat [`OverBudget`](GenerateErrorKind::OverBudget), since a repetition has the same result. A
//!   list of the kinds to repeat, as in the example, leaves it out.
//! - With a meter, do not give the budget to the [driver](crate::generate) too, or every call is counted twice. For a
//!   plan with limits the driver then has an account of its own, which counts the end of each call. The driver
//!   recognises the refusals of the meter. It tries a call again if the call was refused only because of reservations
//!   by calls in flight.
//!
//! [`Budget::spent`] has the cost of all tries. The outcome of a run counts only the end of each call.
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
//! /// A retry policy with this many more tries, for errors where a retry can help.
//! #[derive(Clone)]
//! struct Tries(u32);
//!
//! impl Policy<GenerationRequest, Generated, BoxError> for Tries {
//!     type Future = Ready<()>; // or a timer of your runtime that waits for `retry_after`
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
//! // A backend that never makes an image, and bills one each time.
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
//!     .classify(|error| error.is::<timeout::error::Elapsed>().then_some(GenerateErrorKind::TimedOut));
//!
//! # let source = Source::from_url("https://example.com/a.jpg");
//! # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
//! # let request = plan.requests(&source)?.remove(0);
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
//! # let error = runtime.block_on(async {
//! // $0.05 once and $0.15 per try: the fourth of ten tries is refused.
//! let error = generator.generate(&request).await.unwrap_err();
//! # error
//! # });
//! assert_eq!(error.to_string(), "the call does not fit the budget: the call was not made");
//! assert_eq!((budget.calls(), budget.spent()), (3, UsdMicros(500_000)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::mem::replace;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::budget::Budget;
use super::error::{GenerateError, GenerateErrorKind, chain};
use super::generated::Generated;
use super::generator::{AsyncGenerator, BoxFuture};
use super::request::GenerationRequest;

/// A boxed error, of the same type as tower's `BoxError`.
type BoxError = Box<dyn Error + Send + Sync>;

/// A service that calls a backend. It is the innermost service of a stack, and is always ready.
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
    /// Makes a service that calls `generator`.
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

/// A backend that calls a service, usually the caller's whole stack. Each call clones the service and waits until the
/// clone is ready.
///
/// Errors are converted as follows:
///
/// - A [`GenerateError`] is returned unchanged, also if a layer has boxed it.
/// - An error of a layer that has a [`GenerateError`] among its sources takes over its kind, message, waiting time and
///   billed images.
/// - Any other error has the kind that [`classify`](Self::classify) returns for it, or
///   [`Transport`](GenerateErrorKind::Transport). The error is its source.
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
    /// Locked only while it is cloned. The lock allows services that are not `Sync`.
    service: Mutex<S>,
    kinds: fn(&(dyn Error + 'static)) -> Option<GenerateErrorKind>,
}

impl<S> ServiceGenerator<S> {
    /// Makes a backend that calls `service`.
    pub const fn new(service: S) -> Self {
        Self { service: Mutex::new(service), kinds: |_| None }
    }

    /// Sets a function that returns the kind of an error of the caller's layers, or `None` for an error that it does
    /// not know. It is called with the error and then with each of its sources. The first kind counts.
    ///
    /// For the time-out of `tower`:
    /// `|error| error.is::<tower::timeout::error::Elapsed>().then_some(GenerateErrorKind::TimedOut)`.
    #[must_use]
    pub fn classify(mut self, kinds: fn(&(dyn Error + 'static)) -> Option<GenerateErrorKind>) -> Self {
        self.kinds = kinds;
        self
    }

    /// Converts an error of the service.
    fn error(&self, error: BoxError) -> GenerateError {
        let error = match error.downcast::<GenerateError>() {
            Ok(error) => return *error,
            Err(error) => error,
        };
        let Some(inner) = failure(&*error) else {
            let kind = chain(&*error).find_map(self.kinds).unwrap_or(GenerateErrorKind::Transport);
            return GenerateError::new(kind, "the call was given up").caused_by(error);
        };
        // The layer's error owns the failure, so its fields are copied. The error becomes the source with its whole
        // chain.
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
        // The service is locked only while it is cloned, and a panic then does not change it.
        let mut service = self.service.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // A service may be called only after it was ready, and readiness belongs to one clone.
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

/// Returns the [`GenerateError`] that `error` is, or that is among its sources. `None` if there is none.
///
/// A retry policy needs this, since other layers may box or wrap the errors of the backend.
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

/// A layer that counts each try against a [`Budget`] before it is made. A try that does not fit is refused with
/// [`OverBudget`](GenerateErrorKind::OverBudget).
///
/// Put this layer directly around the backend; see [the order of layers](self#the-order-of-layers). A try that is
/// abandoned before it has an answer, for instance by a time-out further out, is counted at its planned price.
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
/// assert_eq!(error.to_string(), "the call does not fit the budget: the call was not made");
/// assert_eq!(budget.spent(), UsdMicros(200_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MeterLayer {
    budget: Arc<Budget>,
}

impl MeterLayer {
    /// Makes a layer that counts against `budget`.
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

/// A service whose calls count against a budget. [`MeterLayer`] makes it.
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

    /// Calls the inner service. The reservation is made when the future is first polled, so that a future that is never
    /// polled is not counted.
    fn call(&mut self, request: GenerationRequest) -> Self::Future {
        // The future takes the service that `poll_ready` has found ready. Its clone, which may not be ready, stays.
        let clone = self.inner.clone();
        let mut inner = replace(&mut self.inner, clone);
        let budget = Arc::clone(&self.budget);
        Box::pin(async move {
            // If the future is dropped while it waits, the reservation is dropped with it and counts the planned price.
            let reservation = budget.reserve(&request)?;
            let answer = inner.call(request).await;
            reservation.settle_with(&answer);
            answer
        })
    }
}

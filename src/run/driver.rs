//! Runs a plan. For each call the driver searches the store, calls the backend, saves the answer, and renders.

mod job;
mod rounds;

use std::fmt;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use futures_util::stream::{StreamExt, iter};

use self::job::{CallRun, Placed, cut_from};
pub use self::job::{RenderDone, RenderJob};
use self::rounds::{Attempt, Deferred, Finished, Pending, or_defer};
use super::outcome::{CallOutcome, Outcome, Output, RenditionError, RenditionOutcome};
use crate::format::Format;
use crate::generate::budget::{Budget, Reservation};
use crate::generate::error::{GenerateError, GenerateErrorKind};
use crate::generate::generated::Generated;
use crate::generate::generator::{AsyncGenerator, BoxFuture, Generator};
use crate::generate::request::SourceMismatchError;
use crate::generate::store::{AsyncStore, NoStore, Store, StoreError};
use crate::pixels::decode::{DecodeError, DecodeLimits};
use crate::pixels::encode::EncodeError;
use crate::pixels::options::RenderOptions;
use crate::pixels::render::Renderer;
use crate::plan::content::{Call, CallId, Plan};
use crate::request::source::Source;
use crate::size::Size;

/// A function that does the CPU work of a run on another thread; see [`Driver::offload`].
type Offload<'a> = dyn Fn(RenderJob) -> BoxFuture<'static, Option<RenderDone>> + Send + Sync + 'a;

/// Runs one plan.
///
/// A driver runs calls on the current thread ([`run`](Self::run)), on several threads
/// ([`run_on_threads`](Self::run_on_threads)), or async with any runtime ([`run_async`](Self::run_async)). It checks
/// the options and the source before the first call. It saves an answer in the store before it renders the answer. The
/// failure of one call or one rendition does not affect the others. With a [`Budget`], the planned price of a call is
/// reserved before the call, and settled after it.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::generate::local::LocalGenerator;
/// use smart_resize::generate::store::MemoryStore;
/// use smart_resize::run::Driver;
/// # use smart_resize::{Format, Size};
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let picture = Picture::from_rgb(Size::new(64, 48)?, vec![90; 64 * 48 * 3])?;
/// # let photo = encode(&picture, Format::Png, &EncodeOptions::default())?.bytes;
///
/// let source = Source::from_bytes(photo);
/// let request = Request::builder(source.clone()).sizes(["300x250", "728x90"]).build()?;
/// let plan = Plan::new(&request)?;
/// let store = MemoryStore::default();
/// let outcome = Driver::new(&plan, &source).store(&store).run(&LocalGenerator::default())?;
/// assert!(outcome.is_complete());
/// assert_eq!(store.len(), 2);
///
/// let error = Driver::new(&plan, &Source::from_bytes(*b"another photo")).run(&LocalGenerator::default()).unwrap_err();
/// assert!(error.to_string().starts_with("the digest of the source is "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Driver<'a, S = NoStore> {
    plan: &'a Plan,
    source: &'a Source,
    store: S,
    renderer: Arc<Renderer>,
    on_event: Option<&'a (dyn Fn(&Event<'_>) + Send + Sync)>,
    offload: Option<&'a Offload<'a>>,
    budget: Option<&'a Budget>,
}

impl<'a> Driver<'a> {
    /// Makes a driver that runs `plan` on `source`, without a store and with default options.
    pub fn new(plan: &'a Plan, source: &'a Source) -> Self {
        Self { plan, source, store: NoStore, renderer: Arc::default(), on_event: None, offload: None, budget: None }
    }
}

impl<'a, S> Driver<'a, S> {
    /// Sets the store that answers are loaded from and saved to.
    pub fn store<T>(self, store: T) -> Driver<'a, T> {
        let Self { plan, source, store: _, renderer, on_event, offload, budget } = self;
        Driver { plan, source, store, renderer, on_event, offload, budget }
    }

    /// Sets the options for decoding, rendering and encoding pictures.
    pub fn options(mut self, options: RenderOptions) -> Self {
        self.renderer = Arc::new(Renderer::new(options));
        self
    }

    /// Sets an observer. It is called for each event when the event happens, on the thread on which it happens.
    pub fn on_event(mut self, observer: &'a (dyn Fn(&Event<'_>) + Send + Sync)) -> Self {
        self.on_event = Some(observer);
        self
    }

    /// Sets a function that does the CPU work of [`run_async`](Self::run_async) on another thread. Without it, the
    /// thread that polls the future does the work, which blocks the other calls meanwhile.
    ///
    /// The function runs the job and returns its result, or `None` if the job was lost. With tokio:
    /// `|job| Box::pin(async { tokio::task::spawn_blocking(|| job.run()).await.ok() })`.
    pub fn offload(mut self, offload: &'a Offload<'a>) -> Self {
        self.offload = Some(offload);
        self
    }

    /// Sets the budget that every call counts against. A call that does not fit fails with
    /// [`GenerateErrorKind::OverBudget`]. Answers from the store are free. Without this, each run has its own budget
    /// with the limits of the plan ([`Budget::of`]), if the plan has any.
    ///
    /// After a refusal the run continues: earlier answers are kept and returned, and later calls are tried, since they
    /// may be cheaper. A call that is refused only because of reservations by calls in flight is tried again when those
    /// are settled. Which calls fit into a tight budget can then depend on which of them end first.
    ///
    /// The driver counts one answer or failure for each call. If the backend retries calls, meter each try instead: put
    /// the `MeterLayer` of the feature `tower` around the backend, and set no budget here. With the same budget in both
    /// places, each call is counted twice.
    ///
    /// ```
    /// use smart_resize::{Plan, Request};
    /// use smart_resize::generate::GenerateErrorKind;
    /// use smart_resize::generate::budget::Budget;
    /// use smart_resize::generate::local::LocalGenerator;
    /// use smart_resize::model::UsdMicros;
    /// use smart_resize::run::Driver;
    /// # use smart_resize::{Format, Generator, Size, Source};
    /// # use smart_resize::generate::GenerationRequest;
    /// # use smart_resize::pixels::Picture;
    /// # use smart_resize::pixels::encode::{EncodeOptions, encode};
    /// # let picture = Picture::from_rgb(Size::new(64, 48)?, vec![90; 64 * 48 * 3])?;
    /// # let source = Source::from_bytes(encode(&picture, Format::Png, &EncodeOptions::default())?.bytes);
    /// # let paid = smart_resize::generate::from_fn(|request: &GenerationRequest| {
    /// #     Ok(Generator::generate(&LocalGenerator::default(), request)?.billed_images(request.variants()))
    /// # });
    ///
    /// let plan = Plan::new(&Request::builder(source.clone()).sizes(["300x250", "728x90"]).build()?)?;
    /// let budget = Budget::new().max_cost(UsdMicros(340_000)); // the plan costs $0.35
    /// let outcome = Driver::new(&plan, &source).budget(&budget).run(&paid)?;
    /// assert!(outcome.renditions[0].variants[0].is_ok());
    /// assert_eq!(outcome.calls[1].result.as_ref().unwrap_err().kind, GenerateErrorKind::OverBudget);
    /// assert_eq!(budget.remaining(), Some(UsdMicros(140_000)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn budget(mut self, budget: &'a Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Checks the options and the source, and returns every call of the plan.
    fn calls(&self) -> Result<Vec<CallRun<'a>>, RunError> {
        // Every check that needs no call comes first. A mistake that is found after a call has already cost money.
        let options = self.renderer.options();
        for rendition in self.plan.renditions() {
            options.encode.check(rendition.format())?;
        }
        // A backend may return any of these formats, whatever the requested transfer format.
        for format in [Format::Png, Format::Jpeg, Format::WebP] {
            options.decode.check(format)?;
        }
        for preset in self.plan.generations().iter().map(|generation| generation.preset().size) {
            if !options.decode.limits.allow(preset) {
                let DecodeLimits { pixels, decoded_bytes, .. } = options.decode.limits;
                return Err(RunError::Limits { preset, pixels, decoded_bytes });
            }
        }
        let requests = self.plan.requests(self.source)?;
        if self.source.bytes().is_none() && cut_from(self.plan, None).next().is_some() {
            return Err(RunError::NoSourceBytes);
        }
        // The variants of a generation are numbered across its calls.
        let mut runs = Vec::with_capacity(requests.len());
        let mut first_variant = 0;
        for ((generation, call), request) in self.plan.calls().zip(requests) {
            let is_first = self.plan.generations().get(generation).and_then(|g| g.calls().first()).map(Call::id);
            if is_first == Some(call.id()) {
                first_variant = 0;
            }
            runs.push(CallRun { plan: self.plan, generation, first_variant, request });
            first_variant += call.variants() as usize;
        }
        Ok(runs)
    }

    /// Calls the observer, if there is one.
    fn emit(&self, event: &Event<'_>) {
        if let Some(observer) = self.on_event {
            observer(event);
        }
    }

    /// Sends the events for the result of a call, and makes the job that renders it.
    fn on_answer(&self, run: &CallRun<'_>, outcome: &mut CallOutcome) -> RenderJob {
        let call = run.request.call();
        match &outcome.result {
            Ok(generated) => {
                // Images beyond the requested ones have no place in the plan.
                outcome.ignored_images = generated.images.len().saturating_sub(run.request.variants() as usize);
                self.emit(&Event::CallAnswered { call, generated, reused: outcome.reused });
            }
            Err(error) => self.emit(&Event::CallFailed { call, error }),
        }
        if let Some(error) = &outcome.store_error {
            self.emit(&Event::StoreFailed { call, error });
        }
        run.job(&outcome.result, Arc::clone(&self.renderer))
    }

    /// Sends the events for the pictures of a call. If its job was lost, they are errors.
    fn on_rendered(&self, run: &CallRun<'_>, done: Option<RenderDone>) -> Vec<Placed> {
        let placed = done.map_or_else(|| run.everywhere(&RenditionError::Abandoned), |done| done.placed);
        self.emit_rendered(&placed);
        placed
    }

    fn emit_rendered(&self, placed: &[Placed]) {
        for Placed { rendition, variant, result } in placed {
            self.emit(&Event::Rendered { rendition: *rendition, variant: *variant, result: result.as_ref() });
        }
    }

    /// Moves the finished calls of a round to `finished`, and returns the next round.
    fn end_round<'r>(&self, tried: Vec<Attempt<'r>>, finished: &mut Vec<Finished>) -> Vec<Pending<'r>> {
        let round = rounds::next(tried);
        finished.extend(round.finished);
        for Deferred { run, error } in round.given_up {
            // A call that is given up ends like any failed call. Its job decodes no image, so it runs on this thread.
            let mut outcome = CallOutcome::new(Err(error), false);
            let job = self.on_answer(run, &mut outcome);
            let placed = self.on_rendered(run, Some(job.run()));
            finished.push(Finished { id: run.request.call(), outcome, placed });
        }
        round.pending
    }

    /// Makes the job that renders the targets which the plan cuts from the source. `None` if there are none.
    fn source_job(&self) -> Option<RenderJob> {
        cut_from(self.plan, None).next()?;
        RenderJob::of_source(self.plan, self.source, Arc::clone(&self.renderer))
    }

    /// Sends the events for the pictures that were cut from the source. If their job was lost, they are errors.
    fn cut_from_source(&self, done: Option<RenderDone>) -> Vec<Placed> {
        let abandoned = |(rendition, _)| Placed { rendition, variant: 0, result: Err(RenditionError::Abandoned) };
        let placed = done.map_or_else(|| cut_from(self.plan, None).map(abandoned).collect(), |done| done.placed);
        self.emit_rendered(&placed);
        placed
    }

    /// Makes the outcome: sorts the calls by their order in the plan, and sorts the pictures, including those that were
    /// cut from the source, into the renditions.
    fn outcome(&self, of_source: Vec<Placed>, mut finished: Vec<Finished>) -> Outcome {
        // Calls end in any order. Sorting them makes the outcome independent of timing.
        finished.sort_by_key(|finished| finished.id);
        let mut renditions: Vec<_> = self
            .plan
            .renditions()
            .iter()
            .map(|rendition| RenditionOutcome { target: rendition.target(), variants: Vec::new() })
            .collect();
        // Invariant: the calls of a generation make each of its variants once, in order.
        let placed = finished.iter_mut().flat_map(|finished| std::mem::take(&mut finished.placed));
        for Placed { rendition, result, .. } in of_source.into_iter().chain(placed) {
            if let Some(outcome) = renditions.get_mut(rendition) {
                outcome.variants.push(result);
            }
        }
        let calls = finished.into_iter().map(|finished| finished.outcome).collect();
        Outcome { calls, renditions }
    }
}

impl<S: Store> Driver<'_, S> {
    /// Runs the plan on this thread, one call after the other.
    ///
    /// # Errors
    ///
    /// [`RunError`] if the source or the options do not fit the plan. No call was made then. Every other failure is
    /// part of the [`Outcome`].
    pub fn run<G: Generator + ?Sized>(&self, generator: &G) -> Result<Outcome, RunError> {
        self.in_rounds(|round, budget| round.iter().map(|pending| self.attempt(pending, generator, budget)).collect())
    }

    /// Runs the plan on up to `threads` threads, including this one. Each makes one call at a time.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_on_threads<G>(&self, generator: &G, threads: NonZeroUsize) -> Result<Outcome, RunError>
    where
        G: Generator + Sync + ?Sized,
        S: Sync,
    {
        self.in_rounds(|round, budget| self.round_on_threads(round, generator, budget, threads))
    }

    fn round_on_threads<'r, G>(
        &self,
        round: &[Pending<'r>],
        generator: &G,
        budget: Option<&Budget>,
        threads: NonZeroUsize,
    ) -> Vec<Attempt<'r>>
    where
        G: Generator + Sync + ?Sized,
        S: Sync,
    {
        // The index of the next call that no thread has taken. `Relaxed` is sufficient, since the counter protects no
        // other data.
        let next = AtomicUsize::new(0);
        let work = || {
            let mut tried = Vec::new();
            while let Some(pending) = round.get(next.fetch_add(1, Ordering::Relaxed)) {
                tried.push(self.attempt(pending, generator, budget));
            }
            tried
        };
        thread::scope(|scope| {
            // This thread works too. If the system cannot start more threads, the existing ones do all the work.
            let helpers = 1..threads.get().min(round.len());
            let helpers: Vec<_> =
                helpers.map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok()).collect();
            let mut tried = work();
            for helper in helpers {
                // A panic in the caller's backend, store or observer is passed on to the caller.
                tried.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            tried
        })
    }

    fn in_rounds(
        &self,
        run_round: impl for<'r> Fn(&[Pending<'r>], Option<&Budget>) -> Vec<Attempt<'r>>,
    ) -> Result<Outcome, RunError> {
        let (calls, of_plan) = (self.calls()?, Budget::of(self.plan));
        // The targets that are cut from the source wait for no call.
        let of_source = self.source_job().map_or_else(Vec::new, |job| self.cut_from_source(Some(job.run())));
        let (mut pending, mut finished) = (rounds::first(&calls), Vec::with_capacity(calls.len()));
        while !pending.is_empty() {
            // The budget of the caller replaces the limits of the plan.
            pending = self.end_round(run_round(&pending, self.budget.or(of_plan.as_ref())), &mut finished);
        }
        Ok(self.outcome(of_source, finished))
    }

    fn attempt<'r, G>(&self, pending: &Pending<'r>, generator: &G, budget: Option<&Budget>) -> Attempt<'r>
    where
        G: Generator + ?Sized,
    {
        let (run, request) = (pending.run, &pending.run.request);
        let mut kept = None;
        // A deferred call was announced and looked up in its first round.
        if pending.is_new {
            self.emit(&Event::CallStarted { call: request.call() });
            kept = stored_result(request.fingerprint().map_or(Ok(None), |fingerprint| self.store.load(&fingerprint)));
        }
        let reused = matches!(kept, Some(Ok(_)));
        // A result from the store needs neither a reservation nor a call.
        let result = match (kept, budget) {
            (Some(kept), _) => kept,
            (None, None) => generator.generate(request),
            (None, Some(budget)) => match budget.reserve(request) {
                Ok(reservation) => settle(reservation, generator.generate(request)),
                Err(error) => Err(error.into()),
            },
        };
        // A call that is deferred leaves here, before any event says how it ended.
        let mut outcome = CallOutcome::new(or_defer(run, result)?, reused);
        // A paid answer is saved before it is rendered, so that no failure of rendering can lose it.
        if let (Ok(generated), false) = (&outcome.result, reused) {
            outcome.store_error = self.store.save(request, generated).err();
        }
        let job = self.on_answer(run, &mut outcome);
        let placed = self.on_rendered(run, Some(job.run()));
        Ok(Finished { id: request.call(), outcome, placed })
    }
}

impl<S: AsyncStore> Driver<'_, S> {
    /// Runs the plan with up to `concurrency` calls at a time.
    ///
    /// Dropping the future abandons the calls in flight, and a budget counts them as billed. Earlier answers are in the
    /// store.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub async fn run_async<G>(&self, generator: &G, concurrency: NonZeroUsize) -> Result<Outcome, RunError>
    where
        G: AsyncGenerator + ?Sized,
    {
        let (calls, of_plan) = (self.calls()?, Budget::of(self.plan));
        let mut of_source = Vec::new();
        if let Some(job) = self.source_job() {
            of_source = self.cut_from_source(self.run_job(job).await);
        }
        let (mut pending, mut finished) = (rounds::first(&calls), Vec::with_capacity(calls.len()));
        while !pending.is_empty() {
            let budget = self.budget.or(of_plan.as_ref());
            // The futures are collected first, since the compiler does not find a stream with a closure over references
            // to be `Send`.
            let attempts: Vec<_> =
                pending.iter().map(|pending| self.attempt_async(pending, generator, budget)).collect();
            // A future does no work before it is polled, so only `concurrency` calls are in flight.
            let tried = iter(attempts).buffer_unordered(concurrency.get()).collect().await;
            pending = self.end_round(tried, &mut finished);
        }
        Ok(self.outcome(of_source, finished))
    }

    /// Runs a job with the function of [`offload`](Self::offload), or here if there is none.
    async fn run_job(&self, job: RenderJob) -> Option<RenderDone> {
        match self.offload {
            Some(offload) => offload(job).await,
            None => Some(job.run()),
        }
    }

    async fn attempt_async<'r, G>(&self, pending: &Pending<'r>, generator: &G, budget: Option<&Budget>) -> Attempt<'r>
    where
        G: AsyncGenerator + ?Sized,
    {
        // The steps are those of `attempt`. They are written twice, since a shared function would be async, and the
        // async traits ask for `Send` and `Sync`, which backends and stores of one thread need not be.
        let (run, request) = (pending.run, &pending.run.request);
        let mut kept = None;
        if pending.is_new {
            self.emit(&Event::CallStarted { call: request.call() });
            kept = stored_result(match request.fingerprint() {
                Some(fingerprint) => self.store.load(&fingerprint).await,
                None => Ok(None),
            });
        }
        let reused = matches!(kept, Some(Ok(_)));
        let result = match (kept, budget) {
            (Some(kept), _) => kept,
            (None, None) => generator.generate(request).await,
            (None, Some(budget)) => match budget.reserve(request) {
                Ok(reservation) => settle(reservation, generator.generate(request).await),
                Err(error) => Err(error.into()),
            },
        };
        let mut outcome = CallOutcome::new(or_defer(run, result)?, reused);
        if let (Ok(generated), false) = (&outcome.result, reused) {
            outcome.store_error = self.store.save(request, generated).await.err();
        }
        let job = self.on_answer(run, &mut outcome);
        let done = self.run_job(job).await;
        let placed = self.on_rendered(run, done);
        Ok(Finished { id: request.call(), outcome, placed })
    }
}

/// Settles the reservation with the billed images of the result, and returns the result.
fn settle(reservation: Reservation<'_>, result: Result<Generated, GenerateError>) -> Result<Generated, GenerateError> {
    reservation.settle_with(&result);
    result
}

/// Returns the result of a call that the store determines. `None` if the backend must be called.
///
/// An answer without images is ignored, since another call often succeeds. If the store fails, the call is an error and
/// is not made, since it may have been paid for before.
fn stored_result(loaded: Result<Option<Generated>, StoreError>) -> Option<Result<Generated, GenerateError>> {
    match loaded {
        Ok(kept) => kept.filter(|generated| !generated.images.is_empty()).map(Ok),
        Err(error) => Some(Err(GenerateError::new(GenerateErrorKind::Store, "the call was not made").caused_by(error))),
    }
}

impl<S> fmt::Debug for Driver<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("options", self.renderer.options()).finish_non_exhaustive()
    }
}

/// An event of a run, for the observer that [`Driver::on_event`] sets.
///
/// ```
/// use smart_resize::generate::local::LocalGenerator;
/// use smart_resize::run::{Driver, Event};
/// # use std::sync::atomic::{AtomicU32, Ordering};
/// # use smart_resize::{Plan, Request};
/// # use smart_resize::{Size, Source};
/// # use smart_resize::pixels::Picture;
/// # let source = Source::from_picture(&Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?)?;
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["300x250", "728x90"]).build()?)?;
///
/// let pictures = AtomicU32::new(0);
/// let on_event = |event: &Event<'_>| match event {
///     Event::CallFailed { call, error } => println!("call {call}: {error}"),
///     Event::Rendered { result: Ok(_), .. } => drop(pictures.fetch_add(1, Ordering::Relaxed)),
///     _ => {}
/// };
/// Driver::new(&plan, &source).on_event(&on_event).run(&LocalGenerator::default())?;
/// assert_eq!(pictures.load(Ordering::Relaxed), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A call begins. The store is searched next, then the backend is called.
    CallStarted {
        /// The call.
        call: CallId,
    },
    /// A call has an answer. The answer was passed to the store, unless it came from the store.
    CallAnswered {
        /// The call.
        call: CallId,
        /// The answer.
        generated: &'a Generated,
        /// Whether it came from the store.
        reused: bool,
    },
    /// A call failed.
    CallFailed {
        /// The call.
        call: CallId,
        /// The error.
        error: &'a GenerateError,
    },
    /// An answer could not be saved.
    StoreFailed {
        /// The call.
        call: CallId,
        /// The error.
        error: &'a StoreError,
    },
    /// A picture is finished, or has failed.
    Rendered {
        /// The index of the rendition in the plan.
        rendition: usize,
        /// The variant of the rendition, from 0.
        variant: usize,
        /// The picture or the error.
        result: Result<&'a Output, &'a RenditionError>,
    },
}

/// The error of a run that did not start.
///
/// ```
/// use smart_resize::generate::local::LocalGenerator;
/// use smart_resize::pixels::render::RenderOptions;
/// use smart_resize::run::{Driver, RunError};
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["300x250"]).build()?)?;
///
/// let mut options = RenderOptions::default();
/// options.decode.limits.pixels = 1000;
/// let error = Driver::new(&plan, &source).options(options).run(&LocalGenerator::default()).unwrap_err();
/// assert!(matches!(error, RunError::Limits { pixels: 1000, .. }));
/// assert!(error.to_string().starts_with("the preset is 1152x928; expected at most 1000 pixels"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The source is not the one of the plan.
    #[error(transparent)]
    Source(#[from] SourceMismatchError),
    /// The plan cuts a target from the source, and the source has no bytes.
    #[error("the plan cuts a target from the source, which has no bytes")]
    NoSourceBytes,
    /// The encoding options are invalid, or need a cargo feature that this build lacks.
    #[error(transparent)]
    Options(#[from] EncodeError),
    /// The selected codec cannot read a format that a backend may return.
    #[error(transparent)]
    Codec(#[from] DecodeError),
    /// An image of a preset's size would exceed the limits of decoding.
    #[error("the preset is {preset}; expected at most {pixels} pixels and {decoded_bytes} bytes at 4 bytes per pixel")]
    Limits {
        /// The preset's size.
        preset: Size,
        /// The limit on pixels, from [`DecodeLimits`].
        pixels: u64,
        /// The limit on decoded bytes, from [`DecodeLimits`].
        decoded_bytes: u64,
    },
}

//! Runs a plan: asks the store, asks the backend, keeps the answer, renders.

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
use self::rounds::{Finished, Pending, PutOff, Tried, unless_put_off};
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

/// Does the CPU work of a run elsewhere; see [`Driver::offload`].
type Offload<'a> = dyn Fn(RenderJob) -> BoxFuture<'static, Option<RenderDone>> + Send + Sync + 'a;

/// Runs one plan.
///
/// Sync ([`Driver::run`], or on several threads) and async ([`Driver::run_async`], with any runtime or none). Options
/// and source are checked before the first call. An answer is handed to the store before it is rendered, and a
/// failure of one call, or of one rendition, leaves all others as they are. With a [`Budget`] each call is paid for in
/// advance, at its planned price, and settled when it is over.
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
/// assert!(error.to_string().starts_with("the plan is for the source "));
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
    /// Runs `plan` on `source`, without a store, with default options.
    pub fn new(plan: &'a Plan, source: &'a Source) -> Self {
        Self { plan, source, store: NoStore, renderer: Arc::default(), on_event: None, offload: None, budget: None }
    }
}

impl<'a, S> Driver<'a, S> {
    /// The same run with answers looked up and kept in `store`.
    pub fn store<T>(self, store: T) -> Driver<'a, T> {
        let Self { plan, source, store: _, renderer, on_event, offload, budget } = self;
        Driver { plan, source, store, renderer, on_event, offload, budget }
    }

    /// The same run with other options for reading, cutting and writing pictures.
    pub fn options(mut self, options: RenderOptions) -> Self {
        self.renderer = Arc::new(Renderer::new(options));
        self
    }

    /// The same run, which tells `observer` what happens as it happens, from whatever thread it happens on.
    pub fn on_event(mut self, observer: &'a (dyn Fn(&Event<'_>) + Send + Sync)) -> Self {
        self.on_event = Some(observer);
        self
    }

    /// The same run with the CPU work of [`run_async`](Self::run_async) done elsewhere. Without this it is done where
    /// the future is polled, and holds up the other calls meanwhile.
    ///
    /// The function runs the job and returns its result, or `None` if the job was lost. With tokio:
    /// `|job| Box::pin(async { tokio::task::spawn_blocking(|| job.run()).await.ok() })`.
    pub fn offload(mut self, offload: &'a Offload<'a>) -> Self {
        self.offload = Some(offload);
        self
    }

    /// The same run with every call that is made counted against `budget`, and refused where it does not fit
    /// ([`GenerateErrorKind::OverBudget`]). Answers from the store are free.
    ///
    /// A refusal is a failure as any other: what is made is kept and returned, and later calls are tried, since they
    /// may be cheaper. A call that is refused only because others in flight hold what it needs is tried again when
    /// those are settled; which calls a tight budget reaches can then depend on which of them end first.
    ///
    /// What is counted is what the driver sees: one answer or failure for each call. Where `generator` asks more than
    /// once, as under a retry, meter the tries instead, with a layer of the feature `tower` that has the budget, and
    /// give the driver none; with the same in both places each call is counted twice. Without a budget of the caller's,
    /// each run has one of the plan's own bounds ([`Budget::of`]), where it has any.
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
    /// let budget = Budget::new().max_cost(UsdMicros(340_000)); // $0.35 were needed
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

    /// Every call of the plan, after a check of all that can be wrong before anything is spent.
    fn calls(&self) -> Result<Vec<CallRun<'a>>, RunError> {
        let options = self.renderer.options();
        for rendition in self.plan.renditions() {
            options.encode.check(rendition.format())?;
        }
        // A backend may send any of them, whatever it was asked for.
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

    fn tell(&self, event: &Event<'_>) {
        if let Some(observer) = self.on_event {
            observer(event);
        }
    }

    /// Tells of an answer, or of its lack, and makes the job of rendering it.
    fn answered(&self, run: &CallRun<'_>, outcome: &mut CallOutcome) -> RenderJob {
        let call = run.request.call();
        match &outcome.result {
            Ok(generated) => {
                outcome.ignored_images = generated.images.len().saturating_sub(run.request.variants() as usize);
                self.tell(&Event::CallAnswered { call, generated, reused: outcome.reused });
            }
            Err(error) => self.tell(&Event::CallFailed { call, error }),
        }
        if let Some(error) = &outcome.store_error {
            self.tell(&Event::StoreFailed { call, error });
        }
        run.job(outcome.result.as_ref().ok(), Arc::clone(&self.renderer))
    }

    fn rendered(&self, run: &CallRun<'_>, done: Option<RenderDone>) -> Vec<Placed> {
        let placed = done.map_or_else(|| run.everywhere(&RenditionError::Abandoned), |done| done.placed);
        self.tell_rendered(&placed);
        placed
    }

    fn tell_rendered(&self, placed: &[Placed]) {
        for Placed { rendition, variant, result } in placed {
            self.tell(&Event::Rendered { rendition: *rendition, variant: *variant, result: result.as_ref() });
        }
    }

    /// Moves what is over to `finished`; what is left is the next round.
    fn end_round<'r>(&self, tried: Vec<Tried<'r>>, finished: &mut Vec<Finished>) -> Vec<Pending<'r>> {
        let round = rounds::next(tried);
        finished.extend(round.finished);
        for PutOff { run, error } in round.given_up {
            let mut outcome = CallOutcome::new(Err(error), false);
            let job = self.answered(run, &mut outcome);
            let placed = self.rendered(run, Some(job.run()));
            finished.push(Finished { id: run.request.call(), outcome, placed });
        }
        round.pending
    }

    /// The work of cutting what the plan cuts from the source itself, if there is any.
    fn source_job(&self) -> Option<RenderJob> {
        cut_from(self.plan, None).next()?;
        Some(RenderJob::of_source(self.plan, self.source.bytes()?.clone(), Arc::clone(&self.renderer)))
    }

    /// Tells of what was cut from the source.
    fn cut_from_source(&self, done: Option<RenderDone>) -> Vec<Placed> {
        let abandoned = |(rendition, _)| Placed { rendition, variant: 0, result: Err(RenditionError::Abandoned) };
        let placed = done.map_or_else(|| cut_from(self.plan, None).map(abandoned).collect(), |done| done.placed);
        self.tell_rendered(&placed);
        placed
    }

    /// Brings the calls into the order of the plan, and their pictures, with those of the source, into that of the
    /// renditions.
    fn outcome(&self, of_source: Vec<Placed>, mut finished: Vec<Finished>) -> Outcome {
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
    /// [`RunError`] where nothing was begun: another source, or options that cannot work. All else is in the
    /// [`Outcome`].
    pub fn run<G: Generator + ?Sized>(&self, generator: &G) -> Result<Outcome, RunError> {
        self.in_rounds(|round, budget| round.iter().map(|pending| self.attempt(pending, generator, budget)).collect())
    }

    /// Runs the plan with up to `threads` calls at a time, each on a thread of its own.
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
    ) -> Vec<Tried<'r>>
    where
        G: Generator + Sync + ?Sized,
        S: Sync,
    {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut tried = Vec::new();
            while let Some(pending) = round.get(next.fetch_add(1, Ordering::Relaxed)) {
                tried.push(self.attempt(pending, generator, budget));
            }
            tried
        };
        thread::scope(|scope| {
            // This thread works too. Where the system has no more threads, those that it has do all the work.
            let helpers = 1..threads.get().min(round.len());
            let helpers: Vec<_> =
                helpers.map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok()).collect();
            let mut tried = work();
            for helper in helpers {
                // A panic of the caller's own backend, store or observer stays one.
                tried.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            tried
        })
    }

    fn in_rounds(
        &self,
        run_round: impl for<'r> Fn(&[Pending<'r>], Option<&Budget>) -> Vec<Tried<'r>>,
    ) -> Result<Outcome, RunError> {
        let (calls, of_plan) = (self.calls()?, Budget::of(self.plan));
        let of_source = self.source_job().map_or_else(Vec::new, |job| self.cut_from_source(Some(job.run())));
        let (mut pending, mut finished) = (rounds::first(&calls), Vec::with_capacity(calls.len()));
        while !pending.is_empty() {
            pending = self.end_round(run_round(&pending, self.budget.or(of_plan.as_ref())), &mut finished);
        }
        Ok(self.outcome(of_source, finished))
    }

    fn attempt<'r, G>(&self, pending: &Pending<'r>, generator: &G, budget: Option<&Budget>) -> Tried<'r>
    where
        G: Generator + ?Sized,
    {
        let (run, request) = (pending.run, &pending.run.request);
        let mut kept = None;
        if pending.is_new {
            self.tell(&Event::CallStarted { call: request.call() });
            kept = looked_up(request.fingerprint().map_or(Ok(None), |fingerprint| self.store.load(&fingerprint)));
        }
        let reused = matches!(kept, Some(Ok(_)));
        let result = match (kept, budget) {
            (Some(kept), _) => kept,
            (None, None) => generator.generate(request),
            (None, Some(budget)) => match budget.reserve(request) {
                Ok(reservation) => settled(reservation, generator.generate(request)),
                Err(error) => Err(error.into()),
            },
        };
        let mut outcome = CallOutcome::new(unless_put_off(run, result)?, reused);
        if let (Ok(generated), false) = (&outcome.result, reused) {
            outcome.store_error = self.store.save(request, generated).err();
        }
        let job = self.answered(run, &mut outcome);
        let placed = self.rendered(run, Some(job.run()));
        Ok(Finished { id: request.call(), outcome, placed })
    }
}

impl<S: AsyncStore> Driver<'_, S> {
    /// Runs the plan with up to `concurrency` calls at a time. Dropping the future loses the calls in flight and
    /// nothing else: what was answered is in the store. A budget counts those calls as billed.
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
            of_source = self.cut_from_source(self.do_elsewhere(job).await);
        }
        let (mut pending, mut finished) = (rounds::first(&calls), Vec::with_capacity(calls.len()));
        while !pending.is_empty() {
            let budget = self.budget.or(of_plan.as_ref());
            // Collected, since a stream with a closure over references is not `Send` for the compiler.
            let attempts: Vec<_> =
                pending.iter().map(|pending| self.attempt_async(pending, generator, budget)).collect();
            let tried = iter(attempts).buffer_unordered(concurrency.get()).collect().await;
            pending = self.end_round(tried, &mut finished);
        }
        Ok(self.outcome(of_source, finished))
    }

    /// Does CPU work where the caller wants it done.
    async fn do_elsewhere(&self, job: RenderJob) -> Option<RenderDone> {
        match self.offload {
            Some(offload) => offload(job).await,
            None => Some(job.run()),
        }
    }

    async fn attempt_async<'r, G>(&self, pending: &Pending<'r>, generator: &G, budget: Option<&Budget>) -> Tried<'r>
    where
        G: AsyncGenerator + ?Sized,
    {
        let (run, request) = (pending.run, &pending.run.request);
        let mut kept = None;
        if pending.is_new {
            self.tell(&Event::CallStarted { call: request.call() });
            kept = looked_up(match request.fingerprint() {
                Some(fingerprint) => self.store.load(&fingerprint).await,
                None => Ok(None),
            });
        }
        let reused = matches!(kept, Some(Ok(_)));
        let result = match (kept, budget) {
            (Some(kept), _) => kept,
            (None, None) => generator.generate(request).await,
            (None, Some(budget)) => match budget.reserve(request) {
                Ok(reservation) => settled(reservation, generator.generate(request).await),
                Err(error) => Err(error.into()),
            },
        };
        let mut outcome = CallOutcome::new(unless_put_off(run, result)?, reused);
        if let (Ok(generated), false) = (&outcome.result, reused) {
            outcome.store_error = self.store.save(request, generated).await.err();
        }
        let job = self.answered(run, &mut outcome);
        let done = self.do_elsewhere(job).await;
        let placed = self.rendered(run, done);
        Ok(Finished { id: request.call(), outcome, placed })
    }
}

/// The result, when what it says was billed is counted.
fn settled(reservation: Reservation<'_>, result: Result<Generated, GenerateError>) -> Result<Generated, GenerateError> {
    reservation.settle_with(&result);
    result
}

/// What the store says of a call; `None` if the backend has to be asked.
///
/// An answer without any image is worth nothing, and asking once more often helps. Where the store cannot tell, the
/// call is not made, since it may have been paid for before.
fn looked_up(loaded: Result<Option<Generated>, StoreError>) -> Option<Result<Generated, GenerateError>> {
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

/// Something that happened in a run.
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
    /// The store and then the backend are about to be asked.
    CallStarted {
        /// Which call.
        call: CallId,
    },
    /// There is an answer. It has been handed to the store, unless it came from there.
    CallAnswered {
        /// Which call.
        call: CallId,
        /// The answer.
        generated: &'a Generated,
        /// Whether it came from the store.
        reused: bool,
    },
    /// There is no answer.
    CallFailed {
        /// Which call.
        call: CallId,
        /// Why not.
        error: &'a GenerateError,
    },
    /// An answer could not be kept.
    StoreFailed {
        /// Which call's.
        call: CallId,
        /// Why not.
        error: &'a StoreError,
    },
    /// A picture is finished, or will not be.
    Rendered {
        /// Which rendition.
        rendition: usize,
        /// Which of its variants, from 0.
        variant: usize,
        /// The picture.
        result: Result<&'a Output, &'a RenditionError>,
    },
}

/// A run that was not begun.
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
/// assert!(error.to_string().starts_with("a preset of 1152x928 exceeds what may be decoded: 1000 pixels"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The source is not the plan's.
    #[error(transparent)]
    Source(#[from] SourceMismatchError),
    /// The plan cuts a target from the source, and the bytes of that are not there.
    #[error("the plan cuts a target from the source, which has no bytes")]
    NoSourceBytes,
    /// The encoding options cannot work.
    #[error(transparent)]
    Options(#[from] EncodeError),
    /// The codec that is asked cannot read what a backend may send.
    #[error(transparent)]
    Codec(#[from] DecodeError),
    /// A picture of a preset's size could not be decoded when it comes.
    #[error("a preset of {preset} exceeds what may be decoded: {pixels} pixels, {decoded_bytes} bytes at 4 a pixel")]
    Limits {
        /// The preset's size.
        preset: Size,
        /// The most pixels, of [`DecodeLimits`].
        pixels: u64,
        /// The most decoded bytes, of [`DecodeLimits`].
        decoded_bytes: u64,
    },
}

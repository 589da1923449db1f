//! The ledger: what is known of calls that were begun, so that no call is paid for twice. Also the state that the calls
//! of one job share.
//!
//! | state in the ledger | what happens to the call |
//! |---|---|
//! | none | it is made |
//! | [`Progress::Asking`] | it may have been paid for: that is reported, and it is made again |
//! | [`Progress::Accepted`] | it is resumed; if the upstream has lost it, that is reported, and it is made again |
//!
//! A call is made again only for a new job with the same call: after a crash, or when a client repeats the request. A
//! job that has made a call and does not know its outcome fails. It does not repeat the call by itself, since it might
//! pay twice.
//!
//! A call that is known to have ended without a picture has no progress. A successful call keeps its progress until its
//! answer is stored. Only the caller knows when that is, so the code that stores the answer removes the progress.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use smart_resize::Source;
use smart_resize::generate::budget::Budget;
use smart_resize::generate::store::StoreError;
use smart_resize::generate::{BoxFuture, GenerateError, GenerateErrorKind, Generated, GenerationRequest};
use smart_resize::plan::CallId;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// What is known of a call that was begun and has no answer yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Progress {
    /// The call is being made, and there is no response yet.
    Asking,
    /// The upstream accepted the call.
    Accepted {
        /// The id that the upstream gave it.
        request_id: String,
        /// The URL of the status.
        status_url: String,
        /// The URL of the result.
        response_url: String,
        /// The URL that cancels the call.
        cancel_url: String,
    },
}

/// A store of progress, by the [fingerprint](GenerationRequest::fingerprint) of the call or by job and call.
pub trait Ledger: Send + Sync {
    /// Returns what is known of the call, or `None` if it was not begun or is over.
    ///
    /// An error means that it cannot be known. The call is then not made, since it may have been paid for.
    fn progress<'a>(&'a self, request: &'a GenerationRequest) -> BoxFuture<'a, Result<Option<Progress>, StoreError>>;

    /// Stores what is known of the call from now on; `None` if it is over. Completes when the record is on disk.
    fn note<'a>(
        &'a self,
        request: &'a GenerationRequest,
        progress: Option<Progress>,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Is called before a call is made again whose previous attempt may have been paid for.
    fn maybe_paid_twice<'a>(&'a self, request: &'a GenerationRequest) -> BoxFuture<'a, ()>;
}

/// A ledger that stores nothing, for calls that may be made again after a crash.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to add")]
pub struct NoLedger;

impl Ledger for NoLedger {
    fn progress<'a>(&'a self, _: &'a GenerationRequest) -> BoxFuture<'a, Result<Option<Progress>, StoreError>> {
        Box::pin(async { Ok(None) })
    }

    fn note<'a>(&'a self, _: &'a GenerationRequest, _: Option<Progress>) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }

    fn maybe_paid_twice<'a>(&'a self, request: &'a GenerationRequest) -> BoxFuture<'a, ()> {
        warn!(call = %request.call(), "a call may be paid for twice");
        Box::pin(async {})
    }
}

/// The state that the calls of one job share.
pub(super) struct JobState {
    ledger: Arc<dyn Ledger>,
    budget: Option<Arc<Budget>>,
    known: Mutex<Known>,
    /// Cancelled if the job is cancelled. A call that is accepted afterwards is then cancelled too.
    pub(super) cancelled: CancellationToken,
    /// The reduced source, if the original is too large for a request.
    pub(super) reduced_source: OnceCell<Source>,
}

#[derive(Default)]
struct Known {
    /// What was noted of each call in this process, whether or not the ledger could store it.
    progress: BTreeMap<CallId, Option<Progress>>,
    /// The calls that this job has made, in contrast to an earlier job with the same calls.
    made: BTreeSet<CallId>,
    /// The accepted calls whose failed attempt was already counted against the budget.
    counted: BTreeSet<CallId>,
}

impl JobState {
    pub(super) fn new(ledger: Arc<dyn Ledger>, budget: Option<Arc<Budget>>, cancelled: CancellationToken) -> Self {
        Self { ledger, budget, known: Mutex::default(), cancelled, reduced_source: OnceCell::new() }
    }

    /// Returns what is known of the call, from this process or from the ledger.
    pub(super) async fn progress(&self, request: &GenerationRequest) -> Result<Option<Progress>, GenerateError> {
        let noted = self.known().progress.get(&request.call()).cloned();
        if let Some(progress) = noted {
            return Ok(progress);
        }
        let progress = self.ledger.progress(request).await.map_err(store_error)?;
        self.known().progress.insert(request.call(), progress.clone());
        Ok(progress)
    }

    /// Notes that the call is about to be made. On an error the call must not be made.
    pub(super) async fn note_asking(&self, request: &GenerationRequest) -> Result<(), GenerateError> {
        self.ledger.note(request, Some(Progress::Asking)).await.map_err(store_error)?;
        let mut known = self.known();
        known.progress.insert(request.call(), Some(Progress::Asking));
        known.made.insert(request.call());
        Ok(())
    }

    /// Whether this job has made the call, and not an earlier job.
    pub(super) fn made_here(&self, request: &GenerationRequest) -> bool {
        self.known().made.contains(&request.call())
    }

    /// Notes that the upstream accepted the call, with the id in `progress`.
    pub(super) async fn note_accepted(&self, request: &GenerationRequest, progress: Progress) {
        self.note(request, Some(progress)).await;
    }

    /// Removes the call from the ledger: it is known to have ended without a picture, or an earlier job made it and the
    /// upstream does not know it.
    pub(super) async fn note_over(&self, request: &GenerationRequest) {
        self.note(request, None).await;
    }

    /// Notes that the outcome of the call is unknown: it may have been made and paid for.
    pub(super) async fn note_unknown(&self, request: &GenerationRequest) {
        self.note(request, Some(Progress::Asking)).await;
    }

    /// Notes what is known of a call that was made. If the ledger cannot store it, this process still knows it.
    async fn note(&self, request: &GenerationRequest, progress: Option<Progress>) {
        self.known().progress.insert(request.call(), progress.clone());
        if let Err(error) = self.ledger.note(request, progress).await {
            warn!(
                call = %request.call(),
                error = &error as &dyn std::error::Error,
                "the progress of a call could not be stored"
            );
        }
    }

    pub(super) async fn maybe_paid_twice(&self, request: &GenerationRequest) {
        self.ledger.maybe_paid_twice(request).await;
    }

    /// Whether the outcome of the call is known: it is over, or it was accepted and has an id.
    pub(super) fn is_outcome_known(&self, request: &GenerationRequest) -> bool {
        self.known().progress.get(&request.call()) != Some(&Some(Progress::Asking))
    }

    /// Whether the call was accepted and its result can still be fetched.
    pub(super) fn is_accepted(&self, request: &GenerationRequest) -> bool {
        matches!(self.known().progress.get(&request.call()), Some(Some(Progress::Accepted { .. })))
    }

    /// Runs `work`, one attempt of a call, and counts it against the budget. An accepted call whose attempt failed is
    /// counted then, and not again when it is `resumed`.
    pub(super) async fn metered(
        &self,
        request: &GenerationRequest,
        resumed: bool,
        work: impl Future<Output = Result<Generated, GenerateError>>,
    ) -> Result<Generated, GenerateError> {
        let is_counted = resumed && self.known().counted.contains(&request.call());
        let Some(budget) = self.budget.as_ref().filter(|_| !is_counted) else { return work.await };
        let reservation = budget.reserve(request)?;
        let result = work.await;
        if result.as_ref().is_err_and(|error| error.billed_images > 0) && self.is_accepted(request) {
            self.known().counted.insert(request.call());
        }
        reservation.settle_with(&result);
        result
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // No code panics while it holds the lock.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobState").field("budget", &self.budget).finish_non_exhaustive()
    }
}

fn store_error(error: StoreError) -> GenerateError {
    GenerateError::new(GenerateErrorKind::Store, "the call was not made").caused_by(error)
}

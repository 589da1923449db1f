//! What is known of calls that were begun, so that none is paid twice, and the job whose calls they are.
//!
//! | before the call | what is done |
//! |---|---|
//! | nothing | it is asked |
//! | [`Progress::Asking`] | it may have been paid for, and nobody knows: that is reported, and it is asked anew |
//! | [`Progress::Accepted`] | it is not asked, its result is waited for; where the upstream does not know the id any more, that is reported, and it is asked anew |
//!
//! It is asked anew where somebody asks for the same again: after a crash, or of his own will. A job that asked a call
//! and does not know what became of it does not ask it again by itself, since it might pay twice; it fails.
//!
//! A call that is over without a picture has no progress any more, as far as it is known to be over. One that succeeded
//! keeps it until its answer is safe, which only the caller knows: whoever keeps the answer drops the progress with it.

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
    /// It is being asked, and nothing has been heard yet.
    Asking,
    /// The upstream took it.
    Accepted {
        /// Under which id.
        request_id: String,
        /// Where its status is.
        status_url: String,
        /// Where its result is.
        response_url: String,
        /// Where it is cancelled.
        cancel_url: String,
    },
}

/// Where progress is kept, by the [fingerprint](GenerationRequest::fingerprint) of the call or by job and call.
pub trait Ledger: Send + Sync {
    /// What is known of the call.
    ///
    /// The future fails where it cannot be known: the call is then not made, since it may have been paid for.
    fn progress<'a>(&'a self, request: &'a GenerationRequest) -> BoxFuture<'a, Result<Option<Progress>, StoreError>>;

    /// Keeps what is known of the call from now on; nothing where it is over. Done when it is safe.
    fn note<'a>(
        &'a self,
        request: &'a GenerationRequest,
        progress: Option<Progress>,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Hears of a call that is about to be asked although it was asked before, and may be paid for twice.
    fn maybe_paid_twice<'a>(&'a self, request: &'a GenerationRequest) -> BoxFuture<'a, ()>;
}

/// Keeps nothing: for calls that are asked anew after a crash.
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
        warn!(call = %request.call(), "a call may be paid twice");
        Box::pin(async {})
    }
}

/// One job, with what its calls share.
pub(super) struct Job {
    ledger: Arc<dyn Ledger>,
    budget: Option<Arc<Budget>>,
    known: Mutex<Known>,
    /// Whether it was given up for good, so that a call that is accepted afterwards is given up too.
    pub(super) cancelled: CancellationToken,
    /// The source as it is sent where the original is too heavy.
    pub(super) lighter: OnceCell<Source>,
}

#[derive(Default)]
struct Known {
    /// What was noted of each call since the job began here, whether the ledger could keep it or not.
    progress: BTreeMap<CallId, Option<Progress>>,
    /// The calls that were asked by this job, and not by one before it.
    asked: BTreeSet<CallId>,
    /// The calls that go on, and were counted as billed when they were given up.
    counted: BTreeSet<CallId>,
}

impl Job {
    pub(super) fn new(ledger: Arc<dyn Ledger>, budget: Option<Arc<Budget>>, cancelled: CancellationToken) -> Self {
        Self { ledger, budget, known: Mutex::default(), cancelled, lighter: OnceCell::new() }
    }

    /// What is known of the call.
    pub(super) async fn progress(&self, request: &GenerationRequest) -> Result<Option<Progress>, GenerateError> {
        let noted = self.known().progress.get(&request.call()).cloned();
        if let Some(progress) = noted {
            return Ok(progress);
        }
        let progress = self.ledger.progress(request).await.map_err(not_made)?;
        self.known().progress.insert(request.call(), progress.clone());
        Ok(progress)
    }

    /// Notes that the call is about to be asked. It must not be asked otherwise.
    pub(super) async fn asking(&self, request: &GenerationRequest) -> Result<(), GenerateError> {
        self.ledger.note(request, Some(Progress::Asking)).await.map_err(not_made)?;
        let mut known = self.known();
        known.progress.insert(request.call(), Some(Progress::Asking));
        known.asked.insert(request.call());
        Ok(())
    }

    /// Whether it was this job that asked the call, and not one before it.
    pub(super) fn has_asked(&self, request: &GenerationRequest) -> bool {
        self.known().asked.contains(&request.call())
    }

    /// Notes what became of a call that was asked. Where the ledger cannot keep it, this process still knows.
    pub(super) async fn note(&self, request: &GenerationRequest, progress: Option<Progress>) {
        self.known().progress.insert(request.call(), progress.clone());
        if let Err(error) = self.ledger.note(request, progress).await {
            warn!(call = %request.call(), error = &error as &dyn std::error::Error, "progress cannot be kept");
        }
    }

    pub(super) async fn maybe_paid_twice(&self, request: &GenerationRequest) {
        self.ledger.maybe_paid_twice(request).await;
    }

    /// Whether it is known what became of the call: it is over, or goes on under an id.
    pub(super) fn is_certain(&self, request: &GenerationRequest) -> bool {
        self.known().progress.get(&request.call()) != Some(&Some(Progress::Asking))
    }

    /// Whether the call goes on under an id, and its result can still be had.
    pub(super) fn goes_on(&self, request: &GenerationRequest) -> bool {
        matches!(self.known().progress.get(&request.call()), Some(Some(Progress::Accepted { .. })))
    }

    /// Does `work`, one try of a call, and counts it against the budget; a call that goes on after it was given up and
    /// counted is not counted again when it is `resumed`.
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
        if result.as_ref().is_err_and(|error| error.billed_images > 0) && self.goes_on(request) {
            self.known().counted.insert(request.call());
        }
        reservation.settle_with(&result);
        result
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing panics while it is locked.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("budget", &self.budget).finish_non_exhaustive()
    }
}

fn not_made(error: StoreError) -> GenerateError {
    GenerateError::new(GenerateErrorKind::Store, "the call was not made").caused_by(error)
}

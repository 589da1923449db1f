//! Rounds: which calls of a run are tried again, and when there is no more to try.
//!
//! A call that is refused only because others in flight hold what it needs is put off until those are settled. In a
//! round each call that is left is tried once; those put off make the next one. When a round begins nothing of the run
//! is in flight, so the first call that asks for its price is made or refused for good, and there are at most as many
//! rounds as calls. Where others hold the budget, a round may put off all that it tried: then the run waits for
//! nobody, and those are refused.

use std::error::Error;
use std::iter::successors;

use super::job::{CallRun, Placed};
use crate::generate::budget::BudgetError;
use crate::generate::error::{GenerateError, GenerateErrorKind};
use crate::generate::generated::Generated;
use crate::plan::content::CallId;
use crate::run::outcome::CallOutcome;

/// A call that is to be tried in a round.
pub(super) struct Pending<'r> {
    pub(super) run: &'r CallRun<'r>,
    /// Whether this is its first round: nobody was told of it, and the store was not asked.
    pub(super) is_new: bool,
}

/// A call that is over, or one that is put off.
pub(super) type Tried<'r> = Result<Finished, PutOff<'r>>;

pub(super) struct Finished {
    pub(super) id: CallId,
    pub(super) outcome: CallOutcome,
    pub(super) placed: Vec<Placed>,
}

pub(super) struct PutOff<'r> {
    pub(super) run: &'r CallRun<'r>,
    pub(super) error: GenerateError,
}

/// What a round came to.
pub(super) struct Round<'r> {
    pub(super) finished: Vec<Finished>,
    /// Refused for good: another round would be as this one.
    pub(super) given_up: Vec<PutOff<'r>>,
    /// The next round, in the order of the plan.
    pub(super) pending: Vec<Pending<'r>>,
}

/// The first round: every call.
pub(super) fn first<'r>(calls: &'r [CallRun<'r>]) -> Vec<Pending<'r>> {
    calls.iter().map(|run| Pending { run, is_new: true }).collect()
}

/// Sorts what became of the calls of a round.
pub(super) fn next(tried: Vec<Tried<'_>>) -> Round<'_> {
    let mut finished = Vec::with_capacity(tried.len());
    let mut put_off = Vec::new();
    for one in tried {
        match one {
            Ok(done) => finished.push(done),
            Err(refused) => put_off.push(refused),
        }
    }
    if finished.is_empty() {
        return Round { finished, given_up: put_off, pending: Vec::new() };
    }
    put_off.sort_by_key(|refused| refused.run.request.call());
    let pending = put_off.into_iter().map(|PutOff { run, .. }| Pending { run, is_new: false }).collect();
    Round { finished, given_up: Vec::new(), pending }
}

/// The result of a call, unless it is a refusal that calls in flight may yet make void. Which budget refuses does not
/// matter: it may be one below the backend.
pub(super) fn unless_put_off<'r>(
    run: &'r CallRun<'r>,
    result: Result<Generated, GenerateError>,
) -> Result<Result<Generated, GenerateError>, PutOff<'r>> {
    match result {
        Err(error) if may_yet_fit(&error) => Err(PutOff { run, error }),
        result => Ok(result),
    }
}

fn may_yet_fit(error: &GenerateError) -> bool {
    let mut sources = successors(error.source(), |&error| error.source());
    let refusal = sources.find_map(|source| source.downcast_ref::<BudgetError>());
    error.kind == GenerateErrorKind::OverBudget && refusal.is_some_and(|refusal| !refusal.is_final())
}

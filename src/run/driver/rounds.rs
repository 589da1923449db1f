//! Rounds: they decide which calls of a run are tried again, and when the run ends.
//!
//! A budget may refuse a call only because calls in flight have reserved the amount that it needs. Such a call is
//! deferred until they are settled. A round tries each remaining call once, and the calls that it defers form the next
//! round.
//!
//! When a round begins, no call of the run is in flight. So the first call that reserves its price is made, or is
//! refused for good, and there are at most as many rounds as calls. If other runs share the budget, a round may defer
//! all its calls. The run does not wait for other runs: all these calls are then refused.

use super::job::{CallRun, Placed};
use crate::generate::budget::BudgetError;
use crate::generate::error::{GenerateError, GenerateErrorKind, chain};
use crate::generate::generated::Generated;
use crate::plan::content::CallId;
use crate::run::outcome::CallOutcome;

/// A call to try in a round.
pub(super) struct Pending<'r> {
    pub(super) run: &'r CallRun<'r>,
    /// Whether this is the first round of the call, so that no event was sent for it and the store was not searched.
    pub(super) is_new: bool,
}

/// The result of trying a call in a round.
pub(super) type Attempt<'r> = Result<Finished, Deferred<'r>>;

/// A call that is over, with its pictures.
pub(super) struct Finished {
    pub(super) id: CallId,
    pub(super) outcome: CallOutcome,
    pub(super) placed: Vec<Placed>,
}

/// A call that is deferred, with the refusal of the budget.
pub(super) struct Deferred<'r> {
    pub(super) run: &'r CallRun<'r>,
    pub(super) error: GenerateError,
}

/// The calls after a round.
pub(super) struct Round<'r> {
    pub(super) finished: Vec<Finished>,
    /// The calls that are refused for good, since another round would end in the same way.
    pub(super) given_up: Vec<Deferred<'r>>,
    /// The calls of the next round, in the order of the plan.
    pub(super) pending: Vec<Pending<'r>>,
}

/// Returns the first round, which has every call.
pub(super) fn first<'r>(calls: &'r [CallRun<'r>]) -> Vec<Pending<'r>> {
    calls.iter().map(|run| Pending { run, is_new: true }).collect()
}

/// Sorts the calls of a round by their results. If no call is finished, all are given up.
pub(super) fn next(tried: Vec<Attempt<'_>>) -> Round<'_> {
    let mut finished = Vec::with_capacity(tried.len());
    let mut deferred = Vec::new();
    for one in tried {
        match one {
            Ok(done) => finished.push(done),
            Err(refused) => deferred.push(refused),
        }
    }
    if finished.is_empty() {
        return Round { finished, given_up: deferred, pending: Vec::new() };
    }
    // Calls end in any order. The next round begins in the order of the plan again.
    deferred.sort_by_key(|refused| refused.run.request.call());
    let pending = deferred.into_iter().map(|Deferred { run, .. }| Pending { run, is_new: false }).collect();
    Round { finished, given_up: Vec::new(), pending }
}

/// Returns the result of a call, or defers the call if it is a refusal that may change when calls in flight are
/// settled. The refusal may come from the budget of the driver or from one inside the backend.
pub(super) fn or_defer<'r>(
    run: &'r CallRun<'r>,
    result: Result<Generated, GenerateError>,
) -> Result<Result<Generated, GenerateError>, Deferred<'r>> {
    match result {
        Err(error) if is_retryable_refusal(&error) => Err(Deferred { run, error }),
        result => Ok(result),
    }
}

/// Whether the error is a refusal by a budget that is not final.
fn is_retryable_refusal(error: &GenerateError) -> bool {
    // A refusal by a budget inside the backend can be wrapped in errors of other layers.
    let refusal = chain(error).find_map(|error| error.downcast_ref::<BudgetError>());
    error.kind == GenerateErrorKind::OverBudget && refusal.is_some_and(|refusal| !refusal.is_final())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::price::UsdMicros;
    use crate::plan::content::Plan;
    use crate::request::source::Source;
    use crate::request::valid::Request;

    fn plan() -> (Plan, Source) {
        let source = Source::from_bytes(*b"photo");
        let request = Request::builder(source.clone()).sizes(["30x20", "20x30", "9x9"]).build().unwrap();
        (Plan::new(&request).unwrap(), source)
    }

    fn runs((plan, source): &(Plan, Source)) -> Vec<CallRun<'_>> {
        let run = |(generation, request)| CallRun { plan, generation, first_variant: 0, request };
        plan.requests(source).unwrap().into_iter().enumerate().map(run).collect()
    }

    /// The refusal of a call that needs 5 and finds 1, while calls in flight hold `held`.
    fn refusal(held: u64) -> BudgetError {
        let [needed, remaining, held, max] = [5, 1, held, 9].map(UsdMicros);
        BudgetError::Cost { needed, remaining, held, max }
    }

    fn deferred<'r>(run: &'r CallRun<'r>) -> Attempt<'r> {
        Err(Deferred { run, error: refusal(4).into() })
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is one of the two kinds of attempt")]
    fn finished(run: &CallRun<'_>) -> Attempt<'static> {
        let outcome = CallOutcome::new(Err(GenerateError::new(GenerateErrorKind::Refused, "")), false);
        Ok(Finished { id: run.request.call(), outcome, placed: Vec::new() })
    }

    #[test]
    fn a_round_in_which_no_call_is_finished_gives_all_calls_up() {
        let plan = plan();
        let runs = runs(&plan);
        let round = next(runs.iter().map(deferred).collect());
        assert_eq!((round.finished.len(), round.given_up.len(), round.pending.len()), (0, 3, 0));
    }

    #[test]
    fn the_deferred_calls_are_the_next_round_in_the_order_of_the_plan_and_are_not_new() {
        let plan = plan();
        let runs = runs(&plan);
        assert!(first(&runs).iter().all(|pending| pending.is_new));
        let round = next(vec![deferred(&runs[2]), finished(&runs[1]), deferred(&runs[0])]);
        assert_eq!((round.finished.len(), round.given_up.len()), (1, 0));
        let pending = round.pending.iter().map(|pending| (pending.run.request.call().0, pending.is_new));
        assert_eq!(pending.collect::<Vec<_>>(), [(0, false), (2, false)]);
    }

    #[test]
    fn a_refusal_is_deferred_unless_it_is_final() {
        // With 4 held, the call fits when that is released. With 3 held, it does not.
        assert_eq!([3, 4].map(|held| is_retryable_refusal(&refusal(held).into())), [false, true]);
        assert!(!is_retryable_refusal(&BudgetError::Calls { max: 1 }.into()));
    }

    #[test]
    fn a_refusal_inside_the_error_of_another_layer_is_deferred_too() {
        let wrapped = |kind| GenerateError::new(kind, "").caused_by(GenerateError::from(refusal(4)));
        assert!(is_retryable_refusal(&wrapped(GenerateErrorKind::OverBudget)));
        assert!(!is_retryable_refusal(&wrapped(GenerateErrorKind::Transport)));
    }
}

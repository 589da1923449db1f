//! Limits what a run spends, and counts what it has spent.
//!
//! A [`Budget`] is an account that all calls of a run share, on any number of threads.
//!
//! Before a call its planned price is **reserved**. The call is refused if the allowed number of calls has been made,
//! or if this sum exceeds the budget:
//!
//! > spent + reserved by calls in flight + planned price + the part per request, if no image has been billed yet
//!
//! After the call the reservation is **settled** with the amount that was billed. That is zero for most failures and
//! the planned price for most answers. It is more if a backend made more images than requested, so `spent` can end
//! above the limit. Every later call is then refused.
//!
//! A reservation that is dropped without being settled counts its planned price as spent. This happens when a time-out
//! or the caller abandons a call, which may still be billed.
//!
//! ```
//! use smart_resize::{Plan, Request, Source};
//! use smart_resize::generate::budget::Budget;
//! use smart_resize::model::UsdMicros;
//!
//! let source = Source::from_url("https://example.com/a.jpg");
//! let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080", "1080x1920"]).build()?)?;
//! let requests = plan.requests(&source)?; // $0.15 each, and $0.05 once
//!
//! let budget = Budget::new().max_cost(UsdMicros(300_000));
//! budget.reserve(&requests[0])?.settle(1); // one image was billed
//! assert_eq!((budget.spent(), budget.remaining()), (UsdMicros(200_000), Some(UsdMicros(100_000))));
//!
//! let error = budget.reserve(&requests[1]).unwrap_err();
//! assert_eq!(error.to_string(), "the next call costs $0.15; expected at most $0.10, the rest of the budget of $0.30");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::mem::replace;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::{GenerateError, GenerateErrorKind};
use super::generated::Generated;
use super::request::GenerationRequest;
use crate::model::price::UsdMicros;
use crate::plan::content::Plan;

/// The limits on the cost and the calls of one request, and an account of what it has used.
///
/// A budget can outlive a run: a run that is resumed with the same budget continues its account. To raise the limit of
/// such a budget, call [`max_cost`](Self::max_cost), which leaves the account unchanged. The part per request is
/// counted once in the life of a budget. So use one budget for each request, unless the prices have no such part.
///
/// # Guarantees
///
/// If no call is billed more than its planned price, [`spent`](Self::spent) never exceeds the limit, with any number of
/// calls in flight. Amounts saturate at `u64::MAX`.
///
/// ```
/// use smart_resize::generate::budget::Budget;
/// use smart_resize::model::UsdMicros;
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
///
/// let budget = Budget::new().max_cost(UsdMicros(1_000_000));
/// budget.reserve(&request)?.settle(1); // one image was billed: $0.15, and $0.05 once
/// assert_eq!((budget.calls(), budget.spent()), (1, UsdMicros(200_000)));
/// assert_eq!(budget.remaining(), Some(UsdMicros(800_000)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Budget {
    max_cost: Option<UsdMicros>,
    max_calls: Option<u32>,
    account: Mutex<Account>,
}

#[derive(Debug, Default)]
struct Account {
    spent: UsdMicros,
    /// The planned prices of the calls in flight, without the part per request.
    reserved: UsdMicros,
    calls: u32,
    /// Whether any image was billed. The part per request was then billed too.
    billed: bool,
    /// The highest part per request of all calls so far.
    per_request: UsdMicros,
}

impl Budget {
    /// Makes a budget without limits. It only counts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a budget with the limits of `plan` and an empty account. `None` if the plan has no limits.
    pub fn of(plan: &Plan) -> Option<Self> {
        let (max_cost, max_calls) = (plan.max_cost(), plan.max_calls());
        (max_cost.is_some() || max_calls.is_some()).then(|| Self { max_cost, max_calls, ..Self::default() })
    }

    /// Sets the highest amount that may be spent.
    #[must_use]
    pub const fn max_cost(mut self, max_cost: UsdMicros) -> Self {
        self.max_cost = Some(max_cost);
        self
    }

    /// Sets the highest number of calls that may be made. Failed calls count. If each try of a call is metered, each
    /// try counts.
    #[must_use]
    pub const fn max_calls(mut self, max_calls: u32) -> Self {
        self.max_calls = Some(max_calls);
        self
    }

    /// Reserves the planned price of `request`. Make one call while you hold the reservation.
    ///
    /// # Errors
    ///
    /// [`BudgetError`] if the call does not fit. Nothing is reserved then, and the call must not be made.
    pub fn reserve(&self, request: &GenerationRequest) -> Result<Reservation<'_>, BudgetError> {
        let mut account = self.account();
        if let Some(max) = self.max_calls.filter(|max| account.calls >= *max) {
            return Err(BudgetError::Calls { max });
        }
        // Plans that share the budget can have different parts per request. The highest is assumed, since any call in
        // flight can be the one that bills it.
        let per_request = account.per_request.max(request.per_request());
        if let Some(max) = self.max_cost {
            // The part is not reserved, but each new call must leave room for it until an image is billed. It is billed
            // once, so the room of one part is enough.
            let needed = if account.billed { request.cost() } else { request.cost().plus(per_request) };
            let left = max.0.saturating_sub(account.spent.0);
            // After an overspend, calls in flight can reserve more than is left. The cap makes `remaining` plus `held`
            // the amount that a new call could have if these calls were free.
            let held = account.reserved.0.min(left);
            let remaining = UsdMicros(left - held);
            if needed > remaining {
                return Err(BudgetError::Cost { needed, remaining, held: UsdMicros(held), max });
            }
        }
        // The check and the reservation are under one lock, so two threads cannot reserve the same amount.
        account.per_request = per_request;
        account.reserved = account.reserved.plus(request.cost());
        account.calls = account.calls.saturating_add(1);
        let (per_image, planned_images) = (request.per_image(), request.variants());
        Ok(Reservation { budget: self, per_image, planned_images, billed_images: planned_images, is_made: true })
    }

    /// Returns the amount that was billed so far.
    pub fn spent(&self) -> UsdMicros {
        self.account().spent
    }

    /// Returns the amount that is neither spent nor reserved by a call in flight. `None` if there is no limit.
    pub fn remaining(&self) -> Option<UsdMicros> {
        let account = self.account();
        self.max_cost.map(|max| UsdMicros(max.0.saturating_sub(account.spent.plus(account.reserved).0)))
    }

    /// Returns the number of calls that were made, including failed calls and calls in flight.
    pub fn calls(&self) -> u32 {
        self.account().calls
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        // Nothing panics while the account is locked.
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reserved price of a call in flight. Dropping it without settling counts that price as spent.
///
/// ```
/// use smart_resize::generate::budget::Budget;
/// use smart_resize::model::UsdMicros;
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
///
/// let budget = Budget::new();
/// budget.reserve(&request)?.settle(0); // the call failed and no image was billed
/// assert_eq!(budget.spent(), UsdMicros(0));
/// drop(budget.reserve(&request)?); // the call was abandoned
/// assert_eq!(budget.spent(), UsdMicros(200_000)); // the planned $0.15, and $0.05 once
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping it counts the call as billed"]
pub struct Reservation<'a> {
    budget: &'a Budget,
    per_image: UsdMicros,
    planned_images: u32,
    billed_images: u32,
    is_made: bool,
}

impl Reservation<'_> {
    /// Releases the planned price, and counts the price of `billed_images` as spent. The first billed images of a
    /// budget also count the part per request.
    pub fn settle(mut self, billed_images: u32) {
        self.billed_images = billed_images;
    }

    /// [Settles](Self::settle) with the number of billed images that the answer or the failure states. A call that
    /// another budget further inside has refused was not made, and is not counted.
    pub fn settle_with(mut self, result: &Result<Generated, GenerateError>) {
        self.is_made = !matches!(result, Err(error) if error.kind == GenerateErrorKind::OverBudget);
        self.settle(billed_images(result));
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut account = self.budget.account();
        let planned = self.per_image.times(self.planned_images.into());
        account.reserved = UsdMicros(account.reserved.0.saturating_sub(planned.0));
        if !self.is_made {
            account.calls = account.calls.saturating_sub(1);
        }
        // Without a settlement, the number of billed images is still the planned one.
        account.spent = account.spent.plus(self.per_image.times(self.billed_images.into()));
        // The first billed image of the budget also bills the part per request.
        if self.billed_images > 0 && !replace(&mut account.billed, true) {
            account.spent = account.spent.plus(account.per_request);
        }
    }
}

/// Returns the number of images that a backend charges for, in an answer or in a failure.
pub(crate) const fn billed_images(result: &Result<Generated, GenerateError>) -> u32 {
    match result {
        Ok(generated) => generated.billed_images,
        Err(error) => error.billed_images,
    }
}

/// The error for a call that does not fit into its budget. The call was not made.
///
/// ```
/// use smart_resize::generate::budget::Budget;
/// use smart_resize::model::UsdMicros;
/// # use smart_resize::{Plan, Request, Source};
/// # let source = Source::from_bytes(*b"the bytes of a photo");
/// # let plan = Plan::new(&Request::builder(source.clone()).sizes(["1920x1080"]).build()?)?;
/// # let request = plan.requests(&source)?.remove(0);
///
/// let budget = Budget::new().max_cost(UsdMicros(300_000));
/// let in_flight = budget.reserve(&request)?; // $0.15, and $0.05 with the first image that is billed
/// let error = budget.reserve(&request).unwrap_err();
/// let text = "the next call costs $0.20; expected at most $0.15, the rest of the budget of $0.30 \
///     with $0.15 reserved by calls in flight";
/// assert_eq!((error.to_string().as_str(), error.is_final()), (text, false));
/// in_flight.settle(0);
/// assert!(budget.reserve(&request).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BudgetError {
    /// The planned price is higher than the rest of the budget.
    #[error(
        "the next call costs {needed}; expected at most {remaining}, the rest of the budget of {max}{}",
        Held(*held)
    )]
    Cost {
        /// The planned price, with the part per request if no image has been billed yet.
        needed: UsdMicros,
        /// The amount that is neither spent nor reserved.
        remaining: UsdMicros,
        /// The amount that calls in flight reserve. It may be released.
        held: UsdMicros,
        /// The budget.
        max: UsdMicros,
    },
    /// The allowed number of calls has been made.
    #[error("the next call exceeds the budget of {max} calls")]
    Calls {
        /// The allowed number of calls.
        max: u32,
    },
}

impl BudgetError {
    /// Whether the call cannot fit, whatever the calls in flight are billed. If false, it may fit when those are
    /// settled.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Cost { needed, remaining, held, .. } => needed.0 > remaining.plus(*held).0,
            Self::Calls { .. } => true,
        }
    }
}

/// The end of a message: the amount that is reserved. Empty if there is none.
struct Held(UsdMicros);

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == UsdMicros(0) { Ok(()) } else { write!(f, " with {} reserved by calls in flight", self.0) }
    }
}

impl From<BudgetError> for GenerateError {
    fn from(error: BudgetError) -> Self {
        Self::new(GenerateErrorKind::OverBudget, "the call was not made").caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::builder::RequestBuilder;
    use crate::request::source::Source;
    use crate::request::valid::Request;

    fn plan(builder: RequestBuilder) -> Plan {
        Plan::new(&builder.sizes(["30x20"]).build().unwrap()).unwrap()
    }

    /// The request for one image at $0.15, with $0.05 per plan.
    fn request() -> GenerationRequest {
        let source = Source::from_bytes(*b"photo");
        plan(Request::builder(source.clone())).requests(&source).unwrap().remove(0)
    }

    fn budget(max_cost: u64) -> Budget {
        Budget::new().max_cost(UsdMicros(max_cost))
    }

    #[test]
    fn a_plan_without_limits_has_no_budget() {
        let builder = || Request::builder(Source::from_bytes(*b"photo"));
        assert!(Budget::of(&plan(builder())).is_none());
        assert_eq!(Budget::of(&plan(builder().max_calls(3))).unwrap().max_calls, Some(3));
        let max_cost = UsdMicros(900_000);
        assert_eq!(Budget::of(&plan(builder().max_cost(max_cost))).unwrap().max_cost, Some(max_cost));
    }

    #[test]
    fn max_calls_calls_can_be_made_and_failed_calls_count() {
        let budget = Budget::new().max_calls(2);
        for _ in 0..2 {
            budget.reserve(&request()).unwrap().settle(0);
        }
        assert_eq!(budget.reserve(&request()).unwrap_err(), BudgetError::Calls { max: 2 });
        assert_eq!(budget.calls(), 2);
    }

    #[test]
    fn the_part_per_request_is_billed_once_with_the_first_billed_image() {
        let budget = Budget::new();
        let spent = [0, 1, 1].map(|billed| {
            budget.reserve(&request()).unwrap().settle(billed);
            budget.spent().0
        });
        assert_eq!(spent, [0, 200_000, 350_000]);
    }

    #[test]
    fn a_call_that_costs_exactly_the_rest_fits() {
        assert!(budget(200_000).reserve(&request()).is_ok());
        assert!(budget(199_999).reserve(&request()).is_err());
    }

    #[test]
    fn a_call_leaves_room_for_the_part_per_request_until_an_image_is_billed() {
        let needed = |billed: u32| {
            let budget = budget(200_000);
            budget.reserve(&request()).unwrap().settle(billed);
            match budget.max_cost(UsdMicros(0)).reserve(&request()) {
                Err(BudgetError::Cost { needed, .. }) => needed.0,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!([0, 1].map(needed), [200_000, 150_000]);
    }

    #[test]
    fn a_reservation_that_is_dropped_counts_its_planned_price_as_spent() {
        let budget = Budget::new();
        drop(budget.reserve(&request()).unwrap());
        assert_eq!((budget.spent(), budget.calls()), (UsdMicros(200_000), 1));
    }

    #[test]
    fn a_call_that_an_inner_budget_refused_is_not_counted() {
        let calls = |kind| {
            let budget = Budget::new();
            budget.reserve(&request()).unwrap().settle_with(&Err(GenerateError::new(kind, "")));
            budget.calls()
        };
        assert_eq!([GenerateErrorKind::OverBudget, GenerateErrorKind::Transport].map(calls), [0, 1]);
    }

    #[test]
    fn after_an_overspend_no_more_is_held_than_is_left() {
        let budget = budget(500_000);
        let (one, _in_flight) = (budget.reserve(&request()).unwrap(), budget.reserve(&request()).unwrap());
        // The rest is 0, although $0.15 is reserved.
        one.settle(3);
        let (needed, zero, max) = (UsdMicros(150_000), UsdMicros(0), UsdMicros(500_000));
        let expected = BudgetError::Cost { needed, remaining: zero, held: zero, max };
        assert_eq!(budget.reserve(&request()).unwrap_err(), expected);
    }

    #[test]
    fn a_refusal_is_final_if_the_call_needs_more_than_remains_and_is_held() {
        let is_final = |needed| {
            let [needed, remaining, held, max] = [needed, 2, 3, 9].map(UsdMicros);
            BudgetError::Cost { needed, remaining, held, max }.is_final()
        };
        assert_eq!([5, 6].map(is_final), [false, true]);
        assert!(BudgetError::Calls { max: 1 }.is_final());
    }

    #[test]
    fn a_message_names_a_held_amount_only_if_there_is_one() {
        assert_eq!(Held(UsdMicros(0)).to_string(), "");
        assert_eq!(Held(UsdMicros(10_000)).to_string(), " with $0.01 reserved by calls in flight");
    }
}

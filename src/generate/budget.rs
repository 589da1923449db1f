//! What a run may spend, counted while it runs.
//!
//! A [`Budget`] is an account that the calls of a run share, from however many threads. Before a call its planned
//! price is **reserved**, and the call is not made where
//!
//! > spent + reserved by calls in flight + planned price + the part per request, if nothing has been billed yet
//!
//! exceeds the budget, or where as many calls have been made as are allowed. Afterwards the reservation is **settled**
//! with what was billed in truth: nothing for most failures, the planned price for most answers, more where a backend
//! made more than it was asked. So the account can end above its limit, by what was billed beyond the plan of calls
//! already made, and then every call after is refused.
//!
//! A reservation that is dropped without being settled, because a time-out or its caller gave the call up, counts its
//! planned price as spent: the call may be billed.
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
//! assert_eq!(error.to_string(), "the next call costs $0.15, $0.10 of the budget of $0.30 is left");
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

/// An account of what one request may cost, and of what it has cost so far.
///
/// It outlives a run: one that stopped and is resumed with the same budget goes on where it was, and
/// [`max_cost`](Self::max_cost) raises the limit and leaves the account as it is. The part per request is
/// counted once in the life of a budget, so several requests want one each, or prices without that part.
///
/// # Guarantees
///
/// Where no call is billed more than its planned price, [`spent`](Self::spent) never exceeds the limit, however many
/// calls are in flight. Amounts beyond `u64::MAX` count as that.
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
    held: UsdMicros,
    calls: u32,
    /// Whether any image was billed, and so the part per request.
    billed: bool,
    /// The highest part per request that was asked for.
    per_request: UsdMicros,
}

impl Budget {
    /// A budget without limits, which only counts.
    pub fn new() -> Self {
        Self::default()
    }

    /// A fresh account with the bounds of `plan`; nothing where it has none.
    pub fn of(plan: &Plan) -> Option<Self> {
        let (max_cost, max_calls) = (plan.max_cost(), plan.max_calls());
        (max_cost.is_some() || max_calls.is_some()).then(|| Self { max_cost, max_calls, ..Self::default() })
    }

    /// Sets the most that may be spent.
    #[must_use]
    pub const fn max_cost(mut self, max_cost: UsdMicros) -> Self {
        self.max_cost = Some(max_cost);
        self
    }

    /// Sets the most calls that may be made. Failed ones count, and where each try is metered, each try.
    #[must_use]
    pub const fn max_calls(mut self, max_calls: u32) -> Self {
        self.max_calls = Some(max_calls);
        self
    }

    /// Sets the planned price of `request` aside. It is to be asked once, while the reservation is held.
    ///
    /// # Errors
    ///
    /// [`BudgetError`] where it does not fit: nothing is reserved then, and the call must not be made.
    pub fn reserve(&self, request: &GenerationRequest) -> Result<Reservation<'_>, BudgetError> {
        let mut account = self.account();
        if let Some(max) = self.max_calls.filter(|max| account.calls >= *max) {
            return Err(BudgetError::Calls { max });
        }
        let per_request = account.per_request.max(request.per_request());
        if let Some(max) = self.max_cost {
            let needed = if account.billed { request.cost() } else { request.cost().plus(per_request) };
            let left = max.0.saturating_sub(account.spent.0);
            let held = account.held.0.min(left);
            let remaining = UsdMicros(left - held);
            if needed > remaining {
                return Err(BudgetError::Cost { needed, remaining, held: UsdMicros(held), max });
            }
        }
        account.per_request = per_request;
        account.held = account.held.plus(request.cost());
        account.calls = account.calls.saturating_add(1);
        let (per_image, planned_images) = (request.per_image(), request.variants());
        Ok(Reservation { budget: self, per_image, planned_images, billed_images: planned_images, is_made: true })
    }

    /// What was billed so far.
    pub fn spent(&self) -> UsdMicros {
        self.account().spent
    }

    /// What is neither spent nor reserved by a call in flight; nothing where there is no limit.
    pub fn remaining(&self) -> Option<UsdMicros> {
        let account = self.account();
        self.max_cost.map(|max| UsdMicros(max.0.saturating_sub(account.spent.plus(account.held).0)))
    }

    /// How many calls were made, failed ones and those in flight included.
    pub fn calls(&self) -> u32 {
        self.account().calls
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        // Nothing panics while the account is locked.
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The planned price of a call in flight, set aside. Dropping it counts that price as spent.
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
/// budget.reserve(&request)?.settle(0); // the call failed, and no image was billed
/// assert_eq!(budget.spent(), UsdMicros(0));
/// drop(budget.reserve(&request)?); // the call was given up
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
    /// Gives the planned price back and counts `billed_images` as spent, with the part per request if they are the
    /// first.
    pub fn settle(mut self, billed_images: u32) {
        self.billed_images = billed_images;
    }

    /// [Settles](Self::settle) with what the answer or the failure says was billed. A call that another budget below
    /// has refused was not made, and is not counted.
    pub fn settle_with(mut self, result: &Result<Generated, GenerateError>) {
        self.is_made = !matches!(result, Err(error) if error.kind == GenerateErrorKind::OverBudget);
        self.settle(billed_images(result));
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut account = self.budget.account();
        let planned = self.per_image.times(self.planned_images.into());
        account.held = UsdMicros(account.held.0.saturating_sub(planned.0));
        if !self.is_made {
            account.calls = account.calls.saturating_sub(1);
        }
        account.spent = account.spent.plus(self.per_image.times(self.billed_images.into()));
        if self.billed_images > 0 && !replace(&mut account.billed, true) {
            account.spent = account.spent.plus(account.per_request);
        }
    }
}

/// For how many images a backend charges, whether it made any or not.
pub(crate) const fn billed_images(result: &Result<Generated, GenerateError>) -> u32 {
    match result {
        Ok(generated) => generated.billed_images,
        Err(error) => error.billed_images,
    }
}

/// A call that does not fit into its budget. It was not made.
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
/// let text = "the next call costs $0.20, $0.15 of the budget of $0.30 is left, and $0.15 is held for calls in flight";
/// assert_eq!((error.to_string().as_str(), error.is_final()), (text, false));
/// in_flight.settle(0);
/// assert!(budget.reserve(&request).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BudgetError {
    /// The planned price is higher than what is left.
    #[error("the next call costs {needed}, {remaining} of the budget of {max} is left{}", Held(*held))]
    Cost {
        /// The planned price, with the part per request if nothing has been billed yet.
        needed: UsdMicros,
        /// What is neither spent nor reserved.
        remaining: UsdMicros,
        /// What is reserved by calls in flight and may come back.
        held: UsdMicros,
        /// The budget.
        max: UsdMicros,
    },
    /// As many calls have been made as are allowed.
    #[error("the next call exceeds the budget of {max} calls")]
    Calls {
        /// The budget.
        max: u32,
    },
}

impl BudgetError {
    /// Whether the call does not fit whatever becomes of the calls in flight. Otherwise it may fit when those are
    /// settled.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Cost { needed, remaining, held, .. } => needed.0 > remaining.plus(*held).0,
            Self::Calls { .. } => true,
        }
    }
}

/// The end of a message: what is reserved, if anything.
struct Held(UsdMicros);

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == UsdMicros(0) { Ok(()) } else { write!(f, ", and {} is held for calls in flight", self.0) }
    }
}

impl From<BudgetError> for GenerateError {
    fn from(error: BudgetError) -> Self {
        Self::new(GenerateErrorKind::OverBudget, "the call was not made").caused_by(error)
    }
}

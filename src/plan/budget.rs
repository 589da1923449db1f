//! The budget of a plan, and the alternatives for a plan that exceeds it.

use core::fmt;

use super::share::search::{Groups, PlannedTarget, cheapest};
use crate::geometry::per_mille::PerMille;
use crate::model::price::UsdMicros;
use crate::request::sharing::Sharing;
use crate::request::valid::Request;

/// The error of a plan whose cost or number of calls exceeds the limits of its request.
///
/// The limits are [`max_cost`](crate::request::RequestBuilder::max_cost) and
/// [`max_calls`](crate::request::RequestBuilder::max_calls). They apply to the whole plan, and are checked before
/// anything is spent. The error has two alternatives that are within the limits and share generations ([`Sharing`]):
/// the one with the least loss, and the cheapest.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::model::UsdMicros;
/// use smart_resize::plan::PlanError;
///
/// let request = Request::builder(Source::from_url("https://example.com/shoe.jpg"))
///     .sizes(["1200x628", "1200x675", "1280x720", "300x250"])
///     .max_cost(UsdMicros(400_000))
///     .build()
///     .unwrap();
/// let Err(PlanError::OverBudget(error)) = Plan::new(&request) else { panic!("it costs more than $0.40") };
/// assert_eq!(
///     error.to_string(),
///     "the plan costs $0.50; expected at most $0.40: sharing generations at a loss of 6.3 % would cost $0.35, \
///      at 36.7 % $0.20",
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OverBudgetError {
    /// The cost of the plan.
    pub cost: UsdMicros,
    /// The maximum cost; `None` if there is no limit.
    pub max_cost: Option<UsdMicros>,
    /// The number of calls of the plan.
    pub calls: u32,
    /// The maximum number of calls; `None` if there is no limit.
    pub max_calls: Option<u32>,
    /// The plan with the least loss among those within the limits, and the cheapest with this loss; `None` if no plan
    /// within the limits was found.
    pub least_loss: Option<Alternative>,
    /// The cheapest plan within the limits, and the one with the least loss at this cost; `None` if no plan within the
    /// limits was found.
    pub cheapest: Option<Alternative>,
}

/// A plan of the same request with [`Sharing::Shared`], as an alternative to one that exceeds the budget.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::model::UsdMicros;
/// use smart_resize::plan::PlanError;
///
/// # let source = Source::from_url("https://example.com/shoe.jpg");
/// let sizes = ["1200x628", "1200x675", "1280x720", "300x250"]; let request =
/// Request::builder(source).sizes(sizes).max_cost(UsdMicros(400_000)).build()?; let Err(PlanError::OverBudget(error)) =
/// Plan::new(&request) else { panic!("it costs more than $0.40") }; let cheapest = error.cheapest.unwrap();
/// assert_eq!((cheapest.max_loss.to_string(), cheapest.cost, cheapest.calls), ("36.7 %".into(), UsdMicros(200_000),
/// 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alternative {
    /// The `max_loss` with which the request has this plan.
    pub max_loss: PerMille,
    /// The cost of the plan.
    pub cost: UsdMicros,
    /// The number of calls of the plan.
    pub calls: u32,
}

impl fmt::Display for OverBudgetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cost, calls, .. } = self;
        let max_cost = self.max_cost.filter(|max| cost > max);
        if let Some(max) = max_cost {
            write!(f, "the plan costs {cost}; expected at most {max}")?;
        }
        let max_calls = self.max_calls.filter(|max| calls > max);
        if let Some(max) = max_calls {
            let subject = if max_cost.is_some() { "; it" } else { "the plan" };
            write!(f, "{subject} makes {}; expected at most {max}", Calls(*calls))?;
        }
        let (Some(least), Some(cheapest)) = (self.least_loss, self.cheapest) else {
            return f.write_str(": no sharing of generations was found that would fit");
        };
        // The alternatives name their calls only if the number of calls exceeds its limit.
        let in_calls = |f: &mut fmt::Formatter<'_>, found: Alternative| {
            max_calls.map_or(Ok(()), |_| write!(f, " in {}", Calls(found.calls)))
        };
        write!(f, ": sharing generations at a loss of {} would cost {}", least.max_loss, least.cost)?;
        in_calls(f, least)?;
        if cheapest != least {
            write!(f, ", at {} {}", cheapest.max_loss, cheapest.cost)?;
            in_calls(f, cheapest)?;
        }
        Ok(())
    }
}

impl core::error::Error for OverBudgetError {}

/// A number of calls with its noun, such as `1 call` or `2 calls`.
struct Calls(u32);

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} call{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

/// Checks the cost and the calls of a plan against the limits of its request.
pub(super) fn check(
    request: &Request,
    targets: &[PlannedTarget<'_>],
    cost: UsdMicros,
    calls: u32,
) -> Result<(), OverBudgetError> {
    let (max_cost, max_calls) = (request.max_cost(), request.max_calls());
    if max_cost.is_none_or(|max| cost <= max) && max_calls.is_none_or(|max| calls <= max) {
        return Ok(());
    }
    let none = OverBudgetError { cost, max_cost, calls, max_calls, least_loss: None, cheapest: None };
    let shared = |max_loss| alternative(request, targets, max_loss);
    // At a loss of 100 % every set of generations is allowed. If the cheapest of them exceeds the limits, all do.
    let Some(most) = shared(PerMille::WHOLE).filter(|most| max_cost.is_none_or(|max| most.cost <= max)) else {
        return Err(none);
    };
    // The first alternative may cost as much as the limit allows, the second as much as the cheapest plan. One search
    // finds either.
    let within = |max: UsdMicros| least_loss(request.sharing(), max, most, &shared);
    Err(OverBudgetError {
        least_loss: Some(within(max_cost.unwrap_or(UsdMicros(u64::MAX)))),
        cheapest: Some(within(most.cost)),
        ..none
    })
}

/// Returns the plan with the least loss that costs at most `max`. `most` is such a plan, at the greatest loss.
///
/// A greater loss allows every set of generations that a smaller one allows, so the lowest cost does not increase with
/// the loss. A binary search therefore finds the least loss.
fn least_loss(
    sharing: Sharing,
    max: UsdMicros,
    most: Alternative,
    shared: &impl Fn(PerMille) -> Option<Alternative>,
) -> Alternative {
    let mut fits = most;
    // Invariant: the plan at the loss `to` fits, and no plan at a loss below `from` does, since the plan at the loss of
    // the request already exceeds the limits. Ten steps search 1000 thousandths.
    let (mut from, mut to) = (sharing.max_loss(), most.max_loss);
    while from < to {
        let middle = from.midpoint(to);
        match shared(middle).filter(|found| found.cost <= max) {
            Some(found) => (fits, to) = (found, middle),
            None => from = middle.next(),
        }
    }
    fits
}

/// Returns the cheapest plan at `max_loss` that is within the request's limit of calls; `None` if none was found.
fn alternative(request: &Request, targets: &[PlannedTarget<'_>], max_loss: PerMille) -> Option<Alternative> {
    let groups = cheapest(request, targets, max_loss, max_groups(request))?;
    let calls = u32::try_from(groups.groups.len()).unwrap_or(u32::MAX).saturating_mul(request.calls_per_generation());
    Some(Alternative { max_loss, cost: cost(request, &groups), calls })
}

/// Returns the largest number of generations that the request's limit of calls allows.
pub(super) fn max_groups(request: &Request) -> u32 {
    // A generation needs all of its calls, so a remainder is of no use.
    request.max_calls().map_or(u32::MAX, |max| max / request.calls_per_generation())
}

/// Returns the cost of a plan with these generations. There is at least one.
fn cost(request: &Request, groups: &Groups) -> UsdMicros {
    groups.sum().times(request.variants().into()).plus(request.prices().per_request)
}

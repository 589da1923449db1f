//! A plan that would exceed its budget: what it costs, and what would fit.

use core::fmt;

use super::share::search::{Asked, Groups, cheapest};
use crate::geometry::per_mille::PerMille;
use crate::model::price::UsdMicros;
use crate::request::builder::Request;
use crate::request::sharing::Sharing;

/// A plan of more cost or more calls than its request allows.
///
/// The bounds are those of the request ([`max_cost`](crate::request::RequestBuilder::max_cost) and
/// [`max_calls`](crate::request::RequestBuilder::max_calls)), and are held against the whole plan before anything is
/// spent. The error looks for what would fit among the plans that share generations ([`Sharing`]):
/// the one of the least loss, and the cheapest.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::model::UsdMicros;
/// use smart_resize::plan::PlanError;
///
/// let request = Request::builder(Source::from_url("https://example.com/shoe.jpg"))
///     .sizes(["1200x628", "1200x630", "1280x720", "300x250"])
///     .max_cost(UsdMicros(400_000))
///     .build()
///     .unwrap();
/// let Err(PlanError::OverBudget(error)) = Plan::new(&request) else { panic!("$0.65 is more than $0.40") };
/// assert_eq!(
///     error.to_string(),
///     "the plan costs $0.65, at most $0.40: sharing generations at a loss of 0 % would cost $0.35, \
///      at 16.9 % $0.20",
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OverBudgetError {
    /// What the plan would cost.
    pub cost: UsdMicros,
    /// The most that it may cost.
    pub max_cost: Option<UsdMicros>,
    /// How many calls it would make.
    pub calls: u32,
    /// The most calls that it may make.
    pub max_calls: Option<u32>,
    /// The plan of the least loss that would fit, and of those the cheapest; `None` if none was found.
    pub least_loss: Option<Alternative>,
    /// The cheapest plan that would fit, and of those the one of the least loss; `None` if none was found.
    pub cheapest: Option<Alternative>,
}

/// A plan of the same request with [`Sharing::Shared`].
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::model::UsdMicros;
/// use smart_resize::plan::PlanError;
///
/// # let source = Source::from_url("https://example.com/shoe.jpg");
/// let sizes = ["1200x628", "1200x630", "1280x720", "300x250"];
/// let request = Request::builder(source).sizes(sizes).max_cost(UsdMicros(400_000)).build()?;
/// let Err(PlanError::OverBudget(error)) = Plan::new(&request) else { panic!("$0.65 is more than $0.40") };
/// let cheapest = error.cheapest.unwrap();
/// assert_eq!((cheapest.max_loss.to_string(), cheapest.cost, cheapest.calls), ("16.9 %".into(), UsdMicros(200_000), 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alternative {
    /// The loss to allow.
    pub max_loss: PerMille,
    /// What it costs.
    pub cost: UsdMicros,
    /// How many calls it makes.
    pub calls: u32,
}

impl fmt::Display for OverBudgetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cost, calls, .. } = self;
        let max_cost = self.max_cost.filter(|max| cost > max);
        if let Some(max) = max_cost {
            write!(f, "the plan costs {cost}, at most {max}")?;
        }
        let max_calls = self.max_calls.filter(|max| calls > max);
        if let Some(max) = max_calls {
            let subject = if max_cost.is_some() { " and" } else { "the plan" };
            write!(f, "{subject} makes {}, at most {max}", Calls(*calls))?;
        }
        let (Some(least), Some(cheapest)) = (self.least_loss, self.cheapest) else {
            return f.write_str(": no sharing of generations was found that would fit");
        };
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

/// A number of calls in words.
struct Calls(u32);

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} call{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

/// The error of a plan of this cost and these calls, if it exceeds what `request` allows.
pub(super) fn check(request: &Request, asked: &[Asked], cost: UsdMicros, calls: u32) -> Result<(), OverBudgetError> {
    let (max_cost, max_calls) = (request.max_cost(), request.max_calls());
    if max_cost.is_none_or(|max| cost <= max) && max_calls.is_none_or(|max| calls <= max) {
        return Ok(());
    }
    let none = OverBudgetError { cost, max_cost, calls, max_calls, least_loss: None, cheapest: None };
    let shared = |max_loss| alternative(request, asked, max_loss);
    let Some(most) = shared(PerMille::WHOLE).filter(|most| max_cost.is_none_or(|max| most.cost <= max)) else {
        return Err(none);
    };
    let within = |max: UsdMicros| least_loss(request.sharing(), max, most, &shared);
    Err(OverBudgetError {
        least_loss: Some(within(max_cost.unwrap_or(UsdMicros(u64::MAX)))),
        cheapest: Some(within(most.cost)),
        ..none
    })
}

/// The plan of the least loss that costs at most `max`, of which `most`, at the greatest loss, is one.
///
/// A greater loss allows each set of generations that a smaller allows, so the least cost does not rise with it.
fn least_loss(
    sharing: Sharing,
    max: UsdMicros,
    most: Alternative,
    shared: &impl Fn(PerMille) -> Option<Alternative>,
) -> Alternative {
    let mut fits = most;
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

/// The cheapest plan with at most the calls that the request allows.
fn alternative(request: &Request, asked: &[Asked], max_loss: PerMille) -> Option<Alternative> {
    let groups = cheapest(request, asked, max_loss, max_groups(request))?;
    let calls = u32::try_from(groups.groups.len()).unwrap_or(u32::MAX).saturating_mul(request.calls_per_generation());
    Some(Alternative { max_loss, cost: cost(request, &groups), calls })
}

/// How many generations the calls that the request allows are enough for.
pub(super) fn max_groups(request: &Request) -> u32 {
    request.max_calls().map_or(u32::MAX, |max| max / request.calls_per_generation())
}

/// What a plan of these generations, at least one, costs.
fn cost(request: &Request, groups: &Groups) -> UsdMicros {
    groups.sum().times(request.variants().into()).plus(request.prices().per_request)
}

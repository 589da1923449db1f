//! Bounds on what a rendition keeps of its generated image, and on how much it is reduced.

use crate::geometry::per_mille::PerMille;

/// A bound, and what happens if a rendition is beyond it.
///
/// ```
/// use smart_resize::request::{Bound, BoundAction};
///
/// let bound = Bound::refuse("40 %".parse::<smart_resize::geometry::PerMille>()?);
/// assert_eq!((bound.value.get(), bound.action), (400, BoundAction::Refuse));
/// # Ok::<(), smart_resize::geometry::PerMilleError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Bound<T> {
    /// The last value that is within the bound.
    pub value: T,
    /// What happens if a rendition is beyond it.
    pub action: BoundAction,
}

impl<T> Bound<T> {
    /// Creates a bound that gives a warning.
    pub const fn warn(value: T) -> Self {
        Self { value, action: BoundAction::Warn }
    }

    /// Creates a bound that refuses the plan.
    pub const fn refuse(value: T) -> Self {
        Self { value, action: BoundAction::Refuse }
    }
}

/// What happens if a rendition is beyond a [`Bound`].
///
/// ```
/// use smart_resize::request::{BoundAction, Bounds};
///
/// assert_eq!(Bounds::default().min_kept.action, BoundAction::Warn);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum BoundAction {
    /// The plan lists the rendition in [`Plan::warnings`](crate::Plan::warnings).
    #[default]
    Warn,
    /// There is no plan, but a [`PlanError::OutOfBounds`](crate::plan::PlanError::OutOfBounds).
    Refuse,
}

/// The bounds that each rendition of a generated image is compared with. They do not apply to a target that is cut from
/// the source itself.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
///
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let plan = Plan::new(&Request::builder(source).sizes(["728x90", "1080x1080", "970x90"]).build()?)?;
/// let warnings: Vec<_> = plan.warnings().iter().map(ToString::to_string).collect();
/// assert_eq!(
///     warnings,
///     [
///         "target 2 (970x90) keeps 21.8 % of its generated image; expected at least 50 %",
///         "target 0 (728x90) keeps 29.1 % of its generated image; expected at least 50 %",
///     ],
/// );
/// # Ok::<(), smart_resize::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Bounds {
    /// The least share of the generated image that a rendition keeps. Default: a warning below 50 %, where more of the
    /// image is discarded than kept, and a subject that is not in the middle is likely to be cut.
    #[cfg_attr(feature = "serde", serde(rename = "min_kept_percent"))]
    pub min_kept: Bound<PerMille>,
    /// How many times smaller than its rectangle a rendition may be, on either side; from 1. Default: a warning above
    /// 4, where a line of four generated pixels becomes narrower than one, so that small lettering is illegible.
    pub max_scale: Bound<u32>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { min_kept: Bound::warn(PerMille::HALF), max_scale: Bound::warn(4) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_bounds_warn_below_50_percent_and_above_a_scale_of_4() {
        let Bounds { min_kept, max_scale } = Bounds::default();
        assert_eq!((min_kept.value, min_kept.action), (PerMille::HALF, BoundAction::Warn));
        assert_eq!((max_scale.value, max_scale.action), (4, BoundAction::Warn));
    }
}

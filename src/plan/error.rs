//! The error of planning.

use super::bounds::OutOfBoundsError;
use super::budget::OverBudgetError;

/// The error of a request that has no plan.
///
/// ```
/// use smart_resize::{Plan, Request, Source};
/// use smart_resize::model::Model;
/// use smart_resize::plan::PlanError;
///
/// let model = Model::default().prompt_chars(10);
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let error = Plan::new(&Request::builder(source).model(model).sizes(["300x250"]).build()?).unwrap_err();
/// assert!(matches!(error, PlanError::PromptTooLong { index: 0, max: 10, .. }));
/// assert!(error.to_string().ends_with("; expected at most 10"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The whole prompt for a target exceeds the limit of the model.
    #[error("the whole prompt of target {index} has {chars} characters; expected at most {max}")]
    PromptTooLong {
        /// The number of the target, from 0.
        index: usize,
        /// The number of characters of the whole prompt.
        chars: usize,
        /// The limit of the model.
        max: usize,
    },
    /// The plan would cost more or make more calls than the request allows.
    #[error(transparent)]
    OverBudget(#[from] OverBudgetError),
    /// Renditions are beyond a bound of the request that refuses them.
    #[error(transparent)]
    OutOfBounds(#[from] OutOfBoundsError),
}

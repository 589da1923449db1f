//! The error of values that do not make a focus.

use alloc::string::String;

use crate::geometry::per_mille::{PerMille, PerMilleError};
use crate::text::excerpt;

/// The error of values that do not make a [`Focus`](super::Focus).
///
/// ```
/// use smart_resize::geometry::{Focus, FocusError, PerMille};
///
/// let (from, to) = (PerMille::new(600)?, PerMille::new(400)?);
/// let error = Focus::region(from, PerMille::ZERO, to, PerMille::WHOLE).unwrap_err();
/// assert_eq!(error, FocusError::Order { edges: [from, to] });
/// assert_eq!(error.to_string(), "focus edges are 60 % and 40 %; expected the second at or after the first");
/// # Ok::<(), smart_resize::geometry::PerMilleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FocusError {
    /// Edges in the wrong order.
    #[error("focus edges are {} and {}; expected the second at or after the first", edges[0], edges[1])]
    Order {
        /// The left and the right edge, or the top and the bottom edge.
        edges: [PerMille; 2],
    },
    /// A text that is neither a point nor a region.
    #[error("focus is {found:?}; expected a point x,y or a region left,top,right,bottom")]
    Form {
        /// The first 40 characters of the text.
        found: String,
    },
    /// A text after the first colon, as in `50,60:nudge`, that is not a [`FocusMode`](super::FocusMode).
    #[error("focus mode is {found:?}; expected centre, nudge or nudge:MARGIN")]
    Mode {
        /// The first 40 characters of the text.
        found: String,
    },
    /// A part of the text that is not a percentage.
    #[error(transparent)]
    Share(#[from] PerMilleError),
}

impl FocusError {
    pub(super) fn form(text: &str) -> Self {
        Self::Form { found: excerpt(text) }
    }

    pub(super) fn mode(text: &str) -> Self {
        Self::Mode { found: excerpt(text) }
    }
}

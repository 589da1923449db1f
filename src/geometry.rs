//! Integer geometry: sizes, rectangles, crops, focal points, insets and shares.
//!
//! Everything here is computed from sizes, without pixels and without a plan.

pub(crate) mod fit;
pub(crate) mod focus;
pub(crate) mod insets;
pub(crate) mod nearness;
pub(crate) mod per_mille;
pub(crate) mod rect;

pub use self::fit::{Fit, TooSmallError, cover};
pub use self::focus::{Focus, FocusError, FocusMode, Reframing};
pub use self::insets::{Insets, InsetsError};
pub use self::nearness::Nearness;
pub use self::per_mille::{PerMille, PerMilleError};
pub use self::rect::Rect;
pub use crate::size::{Expected, InvalidSideError, MAX_SIDE, ParseSizeError, ParseSizeErrorKind, Side};

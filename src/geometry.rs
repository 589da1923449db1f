//! Integer geometry: rectangles, how a target is placed in a picture, and shares.
//!
//! - [`rect`]: rectangles of whole pixels, and the share of a picture that one keeps;
//! - [`fit`]: the rectangle of a picture that becomes a target;
//! - [`focus`]: the focal point that moves that rectangle off the centre.
//!
//! Everything here sees sizes alone: no pixels, no plan.

pub mod fit;
pub mod focus;
pub(crate) mod percent;
pub mod rect;

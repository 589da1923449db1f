//! The insets of a target: how far its safe area is from its edges.

use alloc::string::String;
use alloc::vec::Vec;
use core::str::FromStr;

use super::per_mille::{PerMille, PerMilleError};
use super::rect::Rect;
use crate::size::Size;
use crate::text::excerpt;

/// The distances of a target's safe area from the edges of the target, as shares of its sides or in its pixels.
/// Everything important has to be inside the safe area.
///
/// ```
/// # use smart_resize::Size;
/// # use smart_resize::geometry::Insets;
/// let story: Insets = "14,0,20,0".parse()?; // 14 % at the top, 20 % at the bottom
/// assert_eq!(story.shares().unwrap()[2].to_string(), "20 %");
///
/// let banner = Insets::from_pixels(509, 507, 508, 507);
/// assert!(banner.leave_room_in(Size::new(2560, 1440)?).is_ok());
/// assert_eq!(
///     banner.leave_room_in(Size::new(1014, 1440)?).unwrap_err().to_string(),
///     "insets are 507 px and 507 px; expected a sum below 1014 px",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "Edges"))]
#[cfg_attr(feature = "serde", serde(into = "Edges"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "Insets as shares of the sides or in pixels."))]
pub struct Insets {
    edges: Edges,
}

/// The four insets in one unit. The JSON is, for instance,
/// `{"percent": {"top": 14, "right": 0, "bottom": 20, "left": 0}}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
enum Edges {
    #[cfg_attr(feature = "serde", serde(rename = "percent"))]
    Shares(Sides<PerMille>),
    Pixels(Sides<u16>),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(inline))]
struct Sides<T> {
    top: T,
    right: T,
    bottom: T,
    left: T,
}

impl Default for Edges {
    fn default() -> Self {
        Self::Shares(Sides::default())
    }
}

impl Insets {
    /// Creates insets as shares of the height (`top`, `bottom`) and of the width (`right`, `left`).
    ///
    /// # Errors
    ///
    /// [`InsetsError::NoRoom`] if two opposite insets add up to 100 % or more.
    pub const fn new(top: PerMille, right: PerMille, bottom: PerMille, left: PerMille) -> Result<Self, InsetsError> {
        if top.get() + bottom.get() >= 1000 {
            return Err(InsetsError::NoRoom { insets: [top, bottom] });
        }
        if left.get() + right.get() >= 1000 {
            return Err(InsetsError::NoRoom { insets: [left, right] });
        }
        Ok(Self { edges: Edges::Shares(Sides { top, right, bottom, left }) })
    }

    /// Creates insets in pixels of the target. A request checks with [`leave_room_in`](Self::leave_room_in) that they
    /// leave a safe area.
    pub const fn from_pixels(top: u16, right: u16, bottom: u16, left: u16) -> Self {
        Self { edges: Edges::Pixels(Sides { top, right, bottom, left }) }
    }

    /// Creates insets from thousandths of the height (`top`, `bottom`) and of the width (`right`, `left`) in a
    /// constant. Insets that leave no room fail to compile.
    pub(crate) const fn constant(top: u16, right: u16, bottom: u16, left: u16) -> Self {
        assert!(top + bottom < 1000 && right + left < 1000, "insets without room");
        let [top, right, bottom, left] =
            [PerMille::constant(top), PerMille::constant(right), PerMille::constant(bottom), PerMille::constant(left)];
        Self { edges: Edges::Shares(Sides { top, right, bottom, left }) }
    }

    /// Creates insets of the same share on every side.
    ///
    /// # Errors
    ///
    /// [`InsetsError::NoRoom`] if `inset` is 50 % or more.
    pub const fn all(inset: PerMille) -> Result<Self, InsetsError> {
        Self::new(inset, inset, inset, inset)
    }

    /// Returns the top, right, bottom and left insets; `None` if they are in pixels.
    pub const fn shares(self) -> Option<[PerMille; 4]> {
        match self.edges {
            Edges::Shares(Sides { top, right, bottom, left }) => Some([top, right, bottom, left]),
            Edges::Pixels(_) => None,
        }
    }

    /// Returns the top, right, bottom and left insets in pixels of the target; `None` if they are shares.
    pub const fn pixels(self) -> Option<[u16; 4]> {
        match self.edges {
            Edges::Shares(_) => None,
            Edges::Pixels(Sides { top, right, bottom, left }) => Some([top, right, bottom, left]),
        }
    }

    /// Checks that the insets leave a safe area in `target`. Insets that are shares always do.
    ///
    /// # Errors
    ///
    /// [`InsetsError::NoRoomInPixels`] if two opposite insets add up to the side of the target or more.
    pub fn leave_room_in(self, target: Size) -> Result<(), InsetsError> {
        let Some([top, right, bottom, left]) = self.pixels() else {
            return Ok(());
        };
        for (insets, side) in [([top, bottom], target.height()), ([left, right], target.width())] {
            if u32::from(insets[0]) + u32::from(insets[1]) >= side {
                return Err(InsetsError::NoRoomInPixels { insets, side });
            }
        }
        Ok(())
    }

    /// Returns the safe area of `rect`, the rectangle that becomes `target`. Each inset is scaled to the rectangle and
    /// rounded up to whole pixels. The safe area has at least one pixel.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
    pub fn inside(self, rect: Rect, target: Size) -> Rect {
        // Either unit becomes a fraction: of 1000 for shares, of a side of the target for pixels. One rule then scales
        // both.
        let ([top, right, bottom, left], [columns, rows]) = match self.edges {
            Edges::Shares(Sides { top, right, bottom, left }) => {
                ([top.get(), right.get(), bottom.get(), left.get()], [1000; 2])
            }
            Edges::Pixels(Sides { top, right, bottom, left }) => {
                ([top, right, bottom, left], [target.width(), target.height()])
            }
        };
        let cut = |start: u32, length: u32, units: u32, before: u16, after: u16| {
            // An inset is rounded up, so that the safe area never extends beyond the requested one.
            let part = |inset: u16| length.saturating_mul(inset.into()).div_ceil(units);
            // Two rounded insets can take the whole length. One pixel then remains, directly after the first inset.
            let before = part(before).min(length - 1);
            (start.saturating_add(before), length.saturating_sub(before.saturating_add(part(after))).max(1))
        };
        let (x, width) = cut(rect.x(), rect.width(), columns, left, right);
        let (y, height) = cut(rect.y(), rect.height(), rows, top, bottom);
        let size = Size::new(width, height).expect("invariant: both sides are from 1 to those of `rect`");
        Rect::new(x, y, size)
    }
}

impl FromStr for Insets {
    type Err = InsetsError;

    /// Reads one percentage for all sides, such as `10`, or those of top, right, bottom and left, such as `14,0,20,0`.
    fn from_str(text: &str) -> Result<Self, InsetsError> {
        let shares = text.split(',').map(str::parse).collect::<Result<Vec<PerMille>, _>>()?;
        match *shares {
            [all] => Self::all(all),
            [top, right, bottom, left] => Self::new(top, right, bottom, left),
            _ => Err(InsetsError::form(text)),
        }
    }
}

/// The error of values that do not make [`Insets`].
///
/// ```
/// use smart_resize::geometry::{Insets, InsetsError, PerMille};
///
/// let error: InsetsError = Insets::all(PerMille::HALF).unwrap_err();
/// assert_eq!(error, InsetsError::NoRoom { insets: [PerMille::HALF; 2] });
/// assert_eq!(error.to_string(), "insets are 50 % and 50 %; expected a sum below 100 %");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InsetsError {
    /// Two opposite insets of 100 % or more together.
    #[error("insets are {} and {}; expected a sum below 100 %", insets[0], insets[1])]
    NoRoom {
        /// The two insets.
        insets: [PerMille; 2],
    },
    /// Two opposite insets in pixels that together are as long as the side of the target, or longer.
    #[error("insets are {} px and {} px; expected a sum below {side} px", insets[0], insets[1])]
    NoRoomInPixels {
        /// The two insets in pixels.
        insets: [u16; 2],
        /// The side of the target in pixels.
        side: u32,
    },
    /// A text that is neither one percentage nor four.
    #[error("insets are {found:?}; expected one percentage, or four: top,right,bottom,left")]
    Form {
        /// The first 40 characters of the text.
        found: String,
    },
    /// A part of the text that is not a percentage.
    #[error(transparent)]
    Share(#[from] PerMilleError),
}

impl InsetsError {
    fn form(text: &str) -> Self {
        Self::Form { found: excerpt(text) }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<Edges> for Insets {
    type Error = InsetsError;

    fn try_from(edges: Edges) -> Result<Self, InsetsError> {
        match edges {
            Edges::Shares(Sides { top, right, bottom, left }) => Self::new(top, right, bottom, left),
            Edges::Pixels(_) => Ok(Self { edges }),
        }
    }
}

#[cfg(feature = "serde")]
impl From<Insets> for Edges {
    fn from(insets: Insets) -> Self {
        insets.edges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_opposite_insets_add_up_to_less_than_100_percent() {
        let new = |edges: [u16; 4]| {
            let [top, right, bottom, left] = edges.map(PerMille::constant);
            Insets::new(top, right, bottom, left).is_ok()
        };
        assert!(new([500, 400, 499, 599]));
        assert!(!new([500, 0, 500, 0]) && !new([0, 400, 0, 600]));
    }

    #[test]
    fn an_inset_is_rounded_up_to_whole_pixels_and_one_pixel_always_remains() {
        let inside = |side: u32, before: u16, after: u16| {
            let rect = Rect::new(7, 0, Size::new(side, 1).unwrap());
            let safe = Insets::constant(0, after, 0, before).inside(rect, rect.size());
            (safe.x() - 7, safe.width())
        };
        // 10.1 % of 10 pixels is 1.01 pixels.
        assert_eq!((inside(10, 101, 0), inside(10, 0, 101), inside(10, 100, 100)), ((2, 8), (0, 8), (1, 8)));
        assert_eq!((inside(2, 600, 300), inside(2, 300, 600)), ((1, 1), (1, 1)));
    }
}

//! The edges of a target that have to stay free of anything important.

use alloc::string::String;
use core::str::FromStr;

use super::per_mille::{PerMille, PerMilleError};
use super::rect::Rect;
use crate::size::Size;

/// The edges of a target that have to stay free of anything important, as shares of its sides or in its pixels.
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
///     "insets are 507 px and 507 px; expected less than 1014 px together",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "Edges"))]
#[cfg_attr(feature = "serde", serde(into = "Edges"))]
pub struct Insets {
    edges: Edges,
}

/// In JSON such as `{"percent": {"top": 14, "right": 0, "bottom": 20, "left": 0}}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
enum Edges {
    #[cfg_attr(feature = "serde", serde(rename = "percent"))]
    Shares(Sides<PerMille>),
    Pixels(Sides<u16>),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
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
    /// Insets as shares of the height (`top`, `bottom`) and of the width (`right`, `left`).
    ///
    /// # Errors
    ///
    /// [`InsetsError::NoRoom`] where two opposite insets leave nothing between them.
    pub fn new(top: PerMille, right: PerMille, bottom: PerMille, left: PerMille) -> Result<Self, InsetsError> {
        for insets in [[top, bottom], [left, right]] {
            if insets[0] >= insets[1].complement() {
                return Err(InsetsError::NoRoom { insets });
            }
        }
        Ok(Self { edges: Edges::Shares(Sides { top, right, bottom, left }) })
    }

    /// Insets in pixels of the target. Whether they leave anything of it is checked with the request.
    pub const fn from_pixels(top: u16, right: u16, bottom: u16, left: u16) -> Self {
        Self { edges: Edges::Pixels(Sides { top, right, bottom, left }) }
    }

    /// The same share on every side.
    ///
    /// # Errors
    ///
    /// [`InsetsError::NoRoom`] from one half on.
    pub fn all(inset: PerMille) -> Result<Self, InsetsError> {
        Self::new(inset, inset, inset, inset)
    }

    /// Top, right, bottom and left, where they are shares.
    pub const fn shares(self) -> Option<[PerMille; 4]> {
        match self.edges {
            Edges::Shares(Sides { top, right, bottom, left }) => Some([top, right, bottom, left]),
            Edges::Pixels(_) => None,
        }
    }

    /// Top, right, bottom and left, where they are pixels of the target.
    pub const fn pixels(self) -> Option<[u16; 4]> {
        match self.edges {
            Edges::Shares(_) => None,
            Edges::Pixels(Sides { top, right, bottom, left }) => Some([top, right, bottom, left]),
        }
    }

    /// Whether anything is left of `target` between the insets.
    ///
    /// # Errors
    ///
    /// [`InsetsError::NoRoomInPixels`] where two opposite insets, in pixels, are as long as their side.
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

    /// What is left of `rect`, which becomes `target`. An inset is rounded up to whole pixels of the rectangle, and at
    /// least one pixel is left.
    #[must_use]
    pub fn inside(self, rect: Rect, target: Size) -> Rect {
        let (sides, whole) = match self.edges {
            Edges::Shares(Sides { top, right, bottom, left }) => {
                ([top.get(), right.get(), bottom.get(), left.get()], [1000; 2])
            }
            Edges::Pixels(Sides { top, right, bottom, left }) => {
                ([top, right, bottom, left], [target.width(), target.height()])
            }
        };
        let cut = |start: u32, length: u32, whole: u32, before: u16, after: u16| {
            let part = |inset: u16| length.saturating_mul(inset.into()).div_ceil(whole);
            let before = part(before).min(length - 1);
            (start.saturating_add(before), length.saturating_sub(before.saturating_add(part(after))).max(1))
        };
        let ([top, right, bottom, left], [columns, rows]) = (sides, whole);
        let (x, width) = cut(rect.x(), rect.width(), columns, left, right);
        let (y, height) = cut(rect.y(), rect.height(), rows, top, bottom);
        // Invariant: both sides are from 1 to those of `rect`.
        Size::new(width, height).map_or(rect, |size| Rect::new(x, y, size))
    }
}

impl FromStr for Insets {
    type Err = InsetsError;

    /// Reads one percentage for every side, such as `10`, or four: top, right, bottom and left, such as `14,0,20,0`.
    fn from_str(text: &str) -> Result<Self, InsetsError> {
        let mut shares = [PerMille::ZERO; 4];
        let mut count = 0;
        for part in text.split(',') {
            let share = shares.get_mut(count).ok_or_else(|| InsetsError::form(text))?;
            *share = part.parse()?;
            count += 1;
        }
        let [top, right, bottom, left] = shares;
        match count {
            1 => Self::all(top),
            4 => Self::new(top, right, bottom, left),
            _ => Err(InsetsError::form(text)),
        }
    }
}

/// Values that do not make [`Insets`].
///
/// ```
/// use smart_resize::geometry::{Insets, InsetsError, PerMille};
///
/// let error: InsetsError = Insets::all(PerMille::HALF).unwrap_err();
/// assert_eq!(error, InsetsError::NoRoom { insets: [PerMille::HALF; 2] });
/// assert_eq!(error.to_string(), "insets are 50 % and 50 %; expected less than 100 % together");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InsetsError {
    /// Two opposite insets that leave nothing between them.
    #[error("insets are {} and {}; expected less than 100 % together", insets[0], insets[1])]
    NoRoom {
        /// The two insets.
        insets: [PerMille; 2],
    },
    /// Two opposite insets in pixels that leave nothing of a target between them.
    #[error("insets are {} px and {} px; expected less than {side} px together", insets[0], insets[1])]
    NoRoomInPixels {
        /// The two insets in pixels.
        insets: [u16; 2],
        /// The side of the target in pixels.
        side: u32,
    },
    /// A text that is neither one percentage nor four.
    #[error("insets are {found:?}; expected one percentage, or four: top,right,bottom,left")]
    Form {
        /// The first 40 characters.
        found: String,
    },
    /// A percentage that cannot be read.
    #[error(transparent)]
    Share(#[from] PerMilleError),
}

impl InsetsError {
    fn form(text: &str) -> Self {
        Self::Form { found: text.chars().take(40).collect() }
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

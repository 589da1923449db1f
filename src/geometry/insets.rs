//! The edges of a target that have to stay free of anything important.

use core::fmt;

use super::rect::Rect;
use crate::size::Size;

/// The parts of a target that have to stay free of anything important, as thousandths of its sides or in its pixels.
///
/// ```
/// # use smart_resize::Size;
/// # use smart_resize::geometry::Insets;
/// let story = Insets::new(140, 0, 200, 0)?; // 14 % at the top, 20 % at the bottom
/// let banner = Insets::from_pixels(509, 507, 508, 507);
/// assert!(banner.leave_room_in(Size::new(2560, 1440)?).is_ok());
/// assert_eq!(
///     banner.leave_room_in(Size::new(1014, 1440)?).unwrap_err().to_string(),
///     "insets of 507 and 507 pixels leave nothing of 1014 between them",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "RawInsets"))]
pub struct Insets {
    top: u16,
    right: u16,
    bottom: u16,
    left: u16,
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "InsetUnit::is_thousandths"))]
    unit: InsetUnit,
}

/// What insets are counted in.
///
/// ```
/// use smart_resize::geometry::{InsetUnit, Insets};
///
/// assert_eq!(Insets::new(140, 0, 200, 0)?.unit(), InsetUnit::Thousandths);
/// assert_eq!(Insets::from_pixels(120, 0, 80, 0).unit(), InsetUnit::Pixels);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum InsetUnit {
    /// Thousandths of the side.
    #[default]
    Thousandths,
    /// Pixels of the target.
    Pixels,
}

impl InsetUnit {
    #[cfg(feature = "serde")]
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_thousandths(&self) -> bool {
        *self == Self::Thousandths
    }

    /// How many of the unit a side of `length` pixels has.
    const fn whole(self, length: u32) -> u32 {
        match self {
            Self::Thousandths => 1000,
            Self::Pixels => length,
        }
    }
}

impl Insets {
    /// Insets in thousandths of the height (`top`, `bottom`) and of the width (`right`, `left`).
    ///
    /// # Errors
    ///
    /// [`InsetsError`] where two opposite insets leave nothing between them.
    pub const fn new(top: u16, right: u16, bottom: u16, left: u16) -> Result<Self, InsetsError> {
        let insets = Self { top, right, bottom, left, unit: InsetUnit::Thousandths };
        // Any size will do: there are a thousand thousandths of each.
        match insets.check(1, 1) {
            Ok(()) => Ok(insets),
            Err(error) => Err(error),
        }
    }

    /// Insets in pixels of the target. Whether they leave anything of it is checked with the request.
    pub const fn from_pixels(top: u16, right: u16, bottom: u16, left: u16) -> Self {
        Self { top, right, bottom, left, unit: InsetUnit::Pixels }
    }

    /// The same inset, in thousandths, on every side.
    ///
    /// # Errors
    ///
    /// [`InsetsError`] from 500 on.
    pub const fn all(inset: u16) -> Result<Self, InsetsError> {
        Self::new(inset, inset, inset, inset)
    }

    /// Top, right, bottom and left, in [`unit`](Self::unit)s.
    pub const fn edges(self) -> [u16; 4] {
        [self.top, self.right, self.bottom, self.left]
    }

    /// What the edges are counted in.
    pub const fn unit(self) -> InsetUnit {
        self.unit
    }

    /// Whether anything is left of `target` between the insets.
    ///
    /// # Errors
    ///
    /// [`InsetsError`] where two opposite ones, in pixels, are as long as its side.
    pub const fn leave_room_in(self, target: Size) -> Result<(), InsetsError> {
        self.check(target.width(), target.height())
    }

    const fn check(self, width: u32, height: u32) -> Result<(), InsetsError> {
        let unit = self.unit;
        let (columns, rows) = (unit.whole(width), unit.whole(height));
        if self.top as u32 + self.bottom as u32 >= rows {
            return Err(InsetsError { insets: [self.top, self.bottom], unit, whole: rows });
        }
        if self.left as u32 + self.right as u32 >= columns {
            return Err(InsetsError { insets: [self.left, self.right], unit, whole: columns });
        }
        Ok(())
    }

    /// What is left of `rect`, which becomes `target`; an inset is rounded up to whole pixels of the rectangle, and at
    /// least one pixel is left.
    #[must_use]
    pub fn inside(self, rect: Rect, target: Size) -> Rect {
        let cut = |start: u32, length: u32, target: u32, before: u16, after: u16| {
            let part = |inset: u16| length.saturating_mul(inset.into()).div_ceil(self.unit.whole(target));
            let before = part(before).min(length - 1);
            (start.saturating_add(before), length.saturating_sub(before.saturating_add(part(after))).max(1))
        };
        let (x, width) = cut(rect.x(), rect.width(), target.width(), self.left, self.right);
        let (y, height) = cut(rect.y(), rect.height(), target.height(), self.top, self.bottom);
        // Invariant: both sides are from 1 to those of `rect`.
        Size::new(width, height).map_or(rect, |size| Rect::new(x, y, size))
    }
}

/// Two opposite insets that leave nothing between them.
///
/// ```
/// use smart_resize::geometry::{Insets, InsetsError};
///
/// let error: InsetsError = Insets::all(500).unwrap_err();
/// assert_eq!((error.insets, error.whole), ([500, 500], 1000));
/// assert_eq!(error.to_string(), "insets of 500 and 500 thousandths leave nothing between them");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InsetsError {
    /// The two insets.
    pub insets: [u16; 2],
    /// What they are counted in.
    pub unit: InsetUnit,
    /// How many of the unit there are.
    pub whole: u32,
}

impl fmt::Display for InsetsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { insets: [a, b], unit, whole } = self;
        match unit {
            InsetUnit::Thousandths => write!(f, "insets of {a} and {b} thousandths leave nothing between them"),
            InsetUnit::Pixels => write!(f, "insets of {a} and {b} pixels leave nothing of {whole} between them"),
        }
    }
}

impl core::error::Error for InsetsError {}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInsets {
    top: u16,
    right: u16,
    bottom: u16,
    left: u16,
    #[serde(default)]
    unit: InsetUnit,
}

#[cfg(feature = "serde")]
impl TryFrom<RawInsets> for Insets {
    type Error = InsetsError;

    fn try_from(raw: RawInsets) -> Result<Self, InsetsError> {
        let RawInsets { top, right, bottom, left, unit } = raw;
        match unit {
            InsetUnit::Thousandths => Self::new(top, right, bottom, left),
            InsetUnit::Pixels => Ok(Self::from_pixels(top, right, bottom, left)),
        }
    }
}

//! One picture to be made, and what of it has to stay free.

use super::fit::Rect;
use crate::size::Size;

/// The parts of a target that have to stay free of anything important, as thousandths of its sides.
///
/// ```
/// # use smart_resize::Insets;
/// let story = Insets::new(140, 0, 200, 0)?; // 14 % at the top, 20 % at the bottom
/// assert_eq!(
///     Insets::new(500, 0, 500, 0).unwrap_err().to_string(),
///     "insets of 500 and 500 thousandths leave nothing between them",
/// );
/// # Ok::<(), smart_resize::InsetsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "RawInsets"))]
pub struct Insets {
    top: u16,
    right: u16,
    bottom: u16,
    left: u16,
}

impl Insets {
    /// Insets in thousandths of the height (`top`, `bottom`) and of the width (`right`, `left`).
    ///
    /// # Errors
    ///
    /// [`InsetsError`] where two opposite insets leave nothing between them.
    pub const fn new(top: u16, right: u16, bottom: u16, left: u16) -> Result<Self, InsetsError> {
        if top as u32 + bottom as u32 >= 1000 {
            return Err(InsetsError { insets: [top, bottom] });
        }
        if left as u32 + right as u32 >= 1000 {
            return Err(InsetsError { insets: [left, right] });
        }
        Ok(Self { top, right, bottom, left })
    }

    /// The same inset, in thousandths, on every side.
    ///
    /// # Errors
    ///
    /// [`InsetsError`] from 500 on.
    pub const fn all(inset: u16) -> Result<Self, InsetsError> {
        Self::new(inset, inset, inset, inset)
    }

    /// Top, right, bottom and left, in thousandths.
    pub const fn edges(self) -> [u16; 4] {
        [self.top, self.right, self.bottom, self.left]
    }

    /// What is left of `rect`; an inset is rounded up, and at least one pixel is left.
    #[must_use]
    pub fn inside(self, rect: Rect) -> Rect {
        let cut = |start: u32, length: u32, before: u16, after: u16| {
            let part = |inset: u16| (length * u32::from(inset)).div_ceil(1000);
            let before = part(before).min(length - 1);
            (start.saturating_add(before), length.saturating_sub(before + part(after)).max(1))
        };
        let (x, width) = cut(rect.x(), rect.width(), self.left, self.right);
        let (y, height) = cut(rect.y(), rect.height(), self.top, self.bottom);
        // Invariant: both sides are from 1 to those of `rect`.
        Size::new(width, height).map_or(rect, |size| Rect::new(x, y, size))
    }
}

/// Two opposite insets that leave nothing between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("insets of {} and {} thousandths leave nothing between them", insets[0], insets[1])]
#[non_exhaustive]
pub struct InsetsError {
    /// The two insets, in thousandths.
    pub insets: [u16; 2],
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInsets {
    top: u16,
    right: u16,
    bottom: u16,
    left: u16,
}

#[cfg(feature = "serde")]
impl TryFrom<RawInsets> for Insets {
    type Error = InsetsError;

    fn try_from(raw: RawInsets) -> Result<Self, InsetsError> {
        Self::new(raw.top, raw.right, raw.bottom, raw.left)
    }
}

/// One picture to be made: its exact size, and what of it has to stay free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    size: Size,
    safe_area: Insets,
}

impl Target {
    /// A picture of exactly `size`.
    pub fn new(size: Size) -> Self {
        Self { size, safe_area: Insets::default() }
    }

    /// The same target; what matters is to be kept out of `insets`. A prompt raises the odds, it does not ensure it.
    #[must_use]
    pub const fn with_safe_area(mut self, insets: Insets) -> Self {
        self.safe_area = insets;
        self
    }

    /// The exact size in pixels.
    pub const fn size(&self) -> Size {
        self.size
    }

    /// What has to stay free of anything important.
    pub const fn safe_area(&self) -> Insets {
        self.safe_area
    }
}

impl From<Size> for Target {
    fn from(size: Size) -> Self {
        Self::new(size)
    }
}

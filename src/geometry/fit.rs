//! Which rectangle of a generated picture becomes the target: exact, centred, in integers.

use core::cmp::Ordering;

use super::focus::{Focus, around};
use super::rect::Rect;
use crate::size::Size;

/// How a target is cut from a picture that covers it.
///
/// - [`Fit::Cover`] takes the largest rectangle of the target's shape and resamples it to the target. The side that
///   is cut is rounded half up and is at least 1, so the shape is off by at most half a pixel.
/// - [`Fit::Crop`] takes the target's own pixels, without resampling.
/// - The rectangle is centred. Of an odd margin the extra pixel is at the right or at the bottom. A [`Focus`] moves it,
///   as far as needed and no farther.
/// - Where the picture covers the target, the rectangle is never smaller than the target on either side: nothing
///   is enlarged.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::Fit;
///
/// let frame = Size::new(2752, 1536)?;
/// let rect = Fit::Cover.rect(frame, Size::new(1920, 1080)?).unwrap();
/// assert_eq!((rect.x(), rect.y(), rect.size().to_string()), (10, 0, "2731x1536".into()));
/// assert_eq!(rect.kept_of(frame).to_string(), "99.2 %");
///
/// let error = Fit::Cover.rect(Size::new(1376, 768)?, Size::new(1920, 1080)?).unwrap_err();
/// assert_eq!(error.to_string(), "a picture of 1376x768 does not cover 1920x1080");
/// # Ok::<(), smart_resize::geometry::InvalidSideError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Fit {
    /// The largest rectangle of the target's shape, resampled to the target: as much of the picture as the shape
    /// allows.
    #[default]
    Cover,
    /// The target's own pixels from the centre, copied: as sharp as the picture, and the closest cut.
    Crop,
}

impl Fit {
    /// The rectangle of a picture of `frame` pixels that becomes `target`, exactly in the centre.
    ///
    /// # Errors
    ///
    /// [`TooSmallError`] where the picture does not cover the target.
    pub fn rect(self, frame: Size, target: Size) -> Result<Rect, TooSmallError> {
        self.rect_at(frame, target, Focus::CENTRE)
    }

    /// The rectangle of a picture of `frame` pixels that becomes `target`, moved for `focus`. Its size is that of
    /// [`rect`](Self::rect).
    ///
    /// # Errors
    ///
    /// [`TooSmallError`] where the picture does not cover the target.
    pub fn rect_at(self, frame: Size, target: Size, focus: Focus) -> Result<Rect, TooSmallError> {
        Ok(around(focus.pixels(frame), frame, self.size(frame, target)?))
    }

    /// The size of the rectangle of a picture of `frame` pixels that becomes `target`.
    pub(crate) fn size(self, frame: Size, target: Size) -> Result<Size, TooSmallError> {
        if !frame.covers(target) {
            return Err(TooSmallError { frame, target });
        }
        Ok(match self {
            Self::Cover => largest_inside(frame, target),
            Self::Crop => target,
        })
    }
}

/// The largest centred rectangle of `frame` with the shape of `target`, whether or not the frame covers the target.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::cover;
///
/// let rect = cover(Size::new(10, 10)?, Size::new(65_535, 1)?);
/// assert_eq!((rect.x(), rect.y(), rect.size().to_string()), (0, 4, "10x1".into()));
/// # Ok::<(), smart_resize::geometry::InvalidSideError>(())
/// ```
pub fn cover(frame: Size, target: Size) -> Rect {
    Rect::centred(frame, largest_inside(frame, target))
}

/// The largest size of the shape of `shape` inside `frame`: the side that gives way is rounded half up, and is at least
/// 1.
pub(crate) fn largest_inside(frame: Size, shape: Size) -> Size {
    let (width, height) = match frame.cmp_shape(shape) {
        Ordering::Greater => (scale(frame.height(), shape.width(), shape.height()), frame.height()),
        Ordering::Equal => return frame,
        Ordering::Less => (frame.width(), scale(frame.width(), shape.height(), shape.width())),
    };
    // Invariant: the side that gives way is shorter than the frame's before rounding, and so not longer after it.
    Size::new(width, height).unwrap_or(frame)
}

/// `length * num / den`, rounded half up, at least 1. The arguments fit 16 bits.
fn scale(length: u32, num: u32, den: u32) -> u32 {
    let (length, num, den) = (u64::from(length), u64::from(num), u64::from(den));
    let rounded = (2 * length * num + den) / (2 * den);
    u32::try_from(rounded).unwrap_or(u32::MAX).max(1)
}

/// A picture that is smaller than the target on at least one side.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::{Fit, TooSmallError};
///
/// let (frame, target) = (Size::new(1376, 768)?, Size::new(100, 800)?);
/// let error: TooSmallError = Fit::Crop.rect(frame, target).unwrap_err();
/// assert_eq!((error.frame, error.target), (frame, target));
/// assert_eq!(error.to_string(), "a picture of 1376x768 does not cover 100x800");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a picture of {frame} does not cover {target}")]
#[non_exhaustive]
pub struct TooSmallError {
    /// What came.
    pub frame: Size,
    /// What was needed.
    pub target: Size,
}

//! The rectangle of a picture that becomes a target, computed in integers.

use core::cmp::Ordering;

use super::focus::{self, Focus};
use super::per_mille::PerMille;
use super::rect::Rect;
use crate::size::Size;

/// How a target is cut from a picture that covers it.
///
/// - [`Fit::Cover`] cuts the largest rectangle of the target's shape and resamples it to the target. The shortened side
///   is rounded half up and is at least 1, so it differs from the exact shape by at most half a pixel.
/// - [`Fit::Crop`] cuts a rectangle of the target's size, without resampling.
/// - The rectangle is centred. If a margin is odd, the extra pixel is at the right or at the bottom. A [`Focus`] moves
///   the rectangle off the centre, by the rule of its [`FocusMode`](super::FocusMode).
/// - The rectangle is at least as wide and at least as high as the target, so no pixel is enlarged.
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
    /// The largest rectangle of the target's shape, resampled to the target. It keeps as much of the picture as the
    /// shape allows.
    #[default]
    Cover,
    /// A rectangle of the target's size, copied without resampling. It keeps the full sharpness, and the least of the
    /// picture.
    Crop,
}

impl Fit {
    /// Returns the rectangle to cut for `target` from a picture of `frame` pixels, in the centre of the picture.
    ///
    /// # Errors
    ///
    /// [`TooSmallError`] if the picture does not cover the target.
    pub fn rect(self, frame: Size, target: Size) -> Result<Rect, TooSmallError> {
        self.rect_at(frame, target, Focus::CENTRE)
    }

    /// Returns the rectangle to cut for `target` from a picture of `frame` pixels, moved for `focus`. It has the same
    /// size as the rectangle that [`rect`](Self::rect) returns.
    ///
    /// # Errors
    ///
    /// [`TooSmallError`] if the picture does not cover the target.
    pub fn rect_at(self, frame: Size, target: Size, focus: Focus) -> Result<Rect, TooSmallError> {
        self.rect_within(frame, target, focus, PerMille::ZERO)
    }

    /// Returns the rectangle to cut for `target`, moved for `focus`. If the picture does not cover the target, the
    /// rectangle is the largest of the target's shape, as long as it has to be enlarged by at most `max_enlargement`.
    pub(crate) fn rect_within(
        self,
        frame: Size,
        target: Size,
        focus: Focus,
        max_enlargement: PerMille,
    ) -> Result<Rect, TooSmallError> {
        Ok(focus::rect_at(focus.pixels(frame), focus.mode, frame, self.size_within(frame, target, max_enlargement)?))
    }

    /// Returns the size of the rectangle that [`rect_within`](Self::rect_within) places.
    pub(crate) fn size_within(
        self,
        frame: Size,
        target: Size,
        max_enlargement: PerMille,
    ) -> Result<Size, TooSmallError> {
        if !frame.covers(target) {
            let least = reduced(target, max_enlargement);
            let largest = largest_inside(frame, target);
            // Rounding the shorter side must not enlarge it by more than is allowed.
            return if frame.covers(least) {
                Ok(at_least(largest, least))
            } else {
                Err(TooSmallError { frame, target })
            };
        }
        // Neither fit enlarges a pixel. The full side of the largest rectangle is at least the side of the target, so
        // the scale is at least 1, and a length of n pixels or more rounds to n or more.
        Ok(match self {
            Self::Cover => largest_inside(frame, target),
            Self::Crop => target,
        })
    }
}

/// Returns the size whose sides are the larger ones of the two sizes.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
fn at_least(size: Size, least: Size) -> Size {
    let (width, height) = (size.width().max(least.width()), size.height().max(least.height()));
    Size::new(width, height).expect("invariant: both sides are those of a size")
}

/// Returns the smallest size that is enlarged to `target` by at most `max_enlargement`.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
pub(crate) fn reduced(target: Size, max_enlargement: PerMille) -> Size {
    // A side of at least 1 pixel is divided by at most 2 and rounded up.
    let side = |side: u32| (side * 1000).div_ceil(1000 + u32::from(max_enlargement.get()));
    Size::new(side(target.width()), side(target.height())).expect("invariant: both sides are from 1 to the target's")
}

/// Returns by how much `crop` is enlarged to become `target`, on the side on which it is more, rounded up.
pub(crate) fn enlargement(crop: Size, target: Size) -> PerMille {
    let by = |from: u32, to: u32| PerMille::rounded_up(to.saturating_sub(from).into(), from.into());
    by(crop.width(), target.width()).max(by(crop.height(), target.height()))
}

/// Returns the largest centred rectangle of a picture of `frame` pixels that has the shape of `target`. The picture
/// need not cover the target.
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

/// Returns the largest size inside `frame` with the shape of `shape`. The shortened side is rounded half up and is at
/// least 1.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
pub(crate) fn largest_inside(frame: Size, shape: Size) -> Size {
    // If `frame` is wider than the shape, its height is kept, and otherwise its width. The other side follows from the
    // shape.
    let (width, height) = match frame.cmp_shape(shape) {
        Ordering::Greater => (scale(frame.height(), shape.width(), shape.height()), frame.height()),
        Ordering::Equal => return frame,
        Ordering::Less => (frame.width(), scale(frame.width(), shape.height(), shape.width())),
    };
    // The exact length of the shortened side is below the frame's, so the rounded one is at most the frame's.
    Size::new(width, height).expect("invariant: both sides are from 1 to those of the frame")
}

/// Returns `length * num / den`, rounded half up, but at least 1. Each argument fits 16 bits.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
fn scale(length: u32, num: u32, den: u32) -> u32 {
    let (length, num, den) = (u64::from(length), u64::from(num), u64::from(den));
    // Half up: the floor of x + 1/2, as one fraction over 2 · den. The doubled product can have 33 bits.
    let rounded = (2 * length * num + den) / (2 * den);
    // A very long shape can round to 0 pixels.
    u32::try_from(rounded).expect("invariant: two factors of 16 bits have a product of 32 bits").max(1)
}

/// The error of a picture that is smaller than the target on at least one side.
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
    /// The size of the picture.
    pub frame: Size,
    /// The size of the target.
    pub target: Size,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size::new(width, height).unwrap()
    }

    #[test]
    fn the_shortened_side_is_rounded_half_up_and_is_at_least_1() {
        // 1.25, 1.5, 2.5, 1.75 and 0.001.
        let scaled = [scale(5, 1, 4), scale(3, 1, 2), scale(5, 1, 2), scale(7, 1, 4), scale(1, 1, 1000)];
        assert_eq!(scaled, [1, 2, 3, 2, 1]);
        assert_eq!(largest_inside(size(10, 5), size(4, 2)), size(10, 5));
        assert_eq!(largest_inside(size(10, 5), size(3, 2)), size(8, 5));
        assert_eq!(largest_inside(size(5, 10), size(2, 3)), size(5, 8));
    }

    #[test]
    fn the_least_size_that_is_enlarged_to_a_target_is_rounded_up() {
        let reduced = |side, max| reduced(size(side, 1), PerMille::constant(max)).width();
        // 1000 / 1.055 is 947.9, and 1000 / 1.25 is 800.
        assert_eq!(
            [reduced(1000, 0), reduced(1000, 55), reduced(1000, 250), reduced(1001, 250)],
            [1000, 948, 800, 801]
        );
        assert_eq!(reduced(1, 1000), 1);
    }

    #[test]
    fn an_enlargement_is_rounded_up_and_is_that_of_the_side_on_which_it_is_more() {
        assert_eq!(enlargement(size(1024, 1024), size(1080, 1080)).get(), 55); // 54.7
        assert_eq!(enlargement(size(100, 100), size(110, 120)).get(), 200);
        assert_eq!(enlargement(size(100, 100), size(120, 110)).get(), 200);
        assert_eq!(enlargement(size(100, 100), size(100, 50)), PerMille::ZERO);
    }
}

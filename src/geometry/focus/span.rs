//! A range of pixels on one axis of a picture.

use crate::geometry::per_mille::PerMille;

/// A range of pixels on one axis, from `start` to before `end`. It is empty if both are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// Creates the range between two shares of an axis of `whole` pixels, rounded outwards.
    pub(super) fn of(start: PerMille, end: PerMille, whole: u32) -> Self {
        // The centre of an odd axis becomes its middle pixel, and that of an even axis an empty range between two
        // pixels. A product is below 2²⁶.
        Self { start: whole * u32::from(start.get()) / 1000, end: (whole * u32::from(end.get())).div_ceil(1000) }
    }

    /// Scales the range from an axis of the source to the same axis of the picture, which has `whole` pixels. The `of`
    /// pixels of the source that begin at `from` become the `into` pixels of the picture that begin at `to`. The range
    /// is clipped to the pixels that are shown, and is rounded outwards.
    pub(super) fn scaled(self, [from, of]: [u32; 2], [to, into]: [u32; 2], whole: u32) -> Self {
        let (of, into) = (u64::from(of), u64::from(into));
        // The offset in the part that is shown, times `into`. A position outside the part becomes its nearest edge. The
        // division by `of` comes last, so that each end is rounded in its own direction.
        let inside = |at: u32| u64::from(at.saturating_sub(from)).min(of) * into;
        let at = |offset: u64| u32::try_from(offset).unwrap_or(u32::MAX).saturating_add(to).min(whole);
        Self { start: at(inside(self.start) / of), end: at(inside(self.end).div_ceil(of)) }
    }

    /// Adds `margin`, a share of the range's own length that is rounded up, on either side. The result is clipped to an
    /// axis of `whole` pixels.
    pub(super) fn widened(self, margin: PerMille, whole: u32) -> Self {
        // A product is below 2²⁶, since a range is no longer than an axis.
        let margin = ((self.end - self.start) * u32::from(margin.get())).div_ceil(1000);
        Self { start: self.start.saturating_sub(margin), end: (self.end + margin).min(whole) }
    }

    /// Returns the range relative to a part of the axis, clipped to that part. The part has `length` pixels and begins
    /// at `start`.
    #[cfg(feature = "pixels")]
    pub(crate) fn relative_to(self, start: u32, length: u32) -> Self {
        let at = |at: u32| at.saturating_sub(start).min(length);
        Self { start: at(self.start), end: at(self.end) }
    }
}

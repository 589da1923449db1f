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

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u32, end: u32) -> Span {
        Span { start, end }
    }

    #[test]
    fn a_span_is_rounded_outwards_to_whole_pixels() {
        let of = |start, end, whole| Span::of(PerMille::constant(start), PerMille::constant(end), whole);
        assert_eq!(of(333, 666, 100), span(33, 67));
        assert_eq!(of(300, 600, 100), span(30, 60));
        assert_eq!((of(500, 500, 5), of(500, 500, 4)), (span(2, 3), span(2, 2)));
    }

    #[test]
    fn a_scaled_span_is_rounded_outwards() {
        assert_eq!(span(1, 2).scaled([0, 3], [0, 10], 10), span(3, 7));
        assert_eq!(span(12, 13).scaled([10, 4], [100, 8], 200), span(104, 106));
    }

    #[test]
    fn a_scaled_span_is_clipped_to_the_part_that_is_shown_and_to_the_picture() {
        assert_eq!(span(0, 50).scaled([10, 20], [100, 40], 200), span(100, 140));
        assert_eq!(span(0, 5).scaled([10, 20], [100, 40], 200), span(100, 100));
        assert_eq!(span(10, 30).scaled([10, 20], [100, 40], 120), span(100, 120));
    }

    #[test]
    fn the_margin_of_a_span_is_rounded_up_and_ends_at_the_edges_of_the_axis() {
        // A tenth of 15 pixels is 1.5.
        assert_eq!(span(20, 35).widened(PerMille::constant(100), 100), span(18, 37));
        assert_eq!(span(1, 99).widened(PerMille::constant(100), 100), span(0, 100));
        assert_eq!(span(20, 20).widened(PerMille::WHOLE, 100), span(20, 20));
    }

    #[cfg(feature = "pixels")]
    #[test]
    fn a_relative_span_is_clipped_to_its_part_of_the_axis() {
        assert_eq!(span(12, 18).relative_to(10, 20), span(2, 8));
        assert_eq!(span(5, 40).relative_to(10, 20), span(0, 20));
        assert_eq!(span(40, 50).relative_to(10, 20), span(20, 20));
    }
}

//! How a focus places a rectangle: centred on it, or moved off the picture's centre as far as necessary.

use core::str::FromStr;

use super::error::FocusError;
use super::span::Span;
use crate::geometry::per_mille::PerMille;

/// How a [`Focus`](super::Focus) places a rectangle on each axis.
///
/// The focus is rounded outwards to whole pixels before. The rectangle has a fixed length and stays in the picture.
///
/// The text form is `centre`, `nudge` or `nudge:MARGIN` with the margin in percent. `nudge` alone has the
/// [default margin](Self::DEFAULT_MARGIN).
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::{Fit, Focus, FocusMode};
///
/// let (frame, square) = (Size::new(3000, 1000)?, Size::new(1000, 1000)?);
/// let x = |text: &str| text.parse::<Focus>().map(|focus| Fit::Cover.rect_at(frame, square, focus).unwrap().x());
/// assert_eq!(x("70,50")?, 1600); // 500 pixels on either side of the point at 2100
/// assert_eq!(x("70,50:nudge")?, 1100); // the point is the right edge of the rectangle
/// assert_eq!(x("60,0,70,100:nudge")?, 1130); // a margin of 30 pixels, a tenth of the region's 300
/// assert_eq!(x("60,0,70,100:nudge:0")?, 1100);
/// let mode = FocusMode::Nudge { margin: FocusMode::DEFAULT_MARGIN };
/// assert_eq!("60,0,70,100:nudge".parse::<Focus>()?.mode(mode), "60,0,70,100".parse::<Focus>()?.mode(mode));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum FocusMode {
    /// The rectangle is centred on the focus. If the centre lies half a pixel off, the rectangle begins at the lower
    /// pixel, so that the extra pixel is at its right or bottom. A rectangle that would reach over an edge of the
    /// picture is moved to that edge.
    ///
    /// A region that fits in the rectangle is kept whole. Its margin is as large as the rectangle allows, and equal on
    /// both sides unless an edge of the picture is in the way. No other place has a larger margin, so this mode has
    /// none to set.
    #[default]
    Centre,
    /// The rectangle is as near to the centre of the picture as the focus allows:
    ///
    /// - If the focus and its margin fit in the rectangle, the rectangle contains both.
    /// - Otherwise, if the focus fits, the rectangle contains it and lies inside the focus and its margin.
    /// - Otherwise the rectangle lies inside the focus.
    Nudge {
        /// The distance from the focus to the edges of the rectangle, as a share of the focal region's own width or
        /// height, rounded up to whole pixels. It ends at the edge of the picture. A focal point has no margin.
        #[cfg_attr(feature = "serde", serde(rename = "margin_percent"))]
        margin: PerMille,
    },
}

impl FocusMode {
    /// The margin of the text `nudge`: a tenth of the focal region's side.
    pub const DEFAULT_MARGIN: PerMille = PerMille::constant(100);

    /// Returns where a rectangle of `length` pixels begins on an axis of `whole` pixels. `focus` is the focus on this
    /// axis. `length` is at most `whole`.
    ///
    /// If `length` grows by 1, the result decreases by 0 or 1. A shorter rectangle therefore lies inside a longer one.
    pub(crate) fn start_of_rect(self, focus: Span, length: u32, whole: u32) -> u32 {
        let start = match self {
            // The focus ends within the picture, so the sum is at most twice the largest side. Half of the difference,
            // rounded down, decreases by 0 or 1.
            Self::Centre => (focus.start + focus.end).saturating_sub(length) / 2,
            Self::Nudge { margin } => nudged(focus, focus.widened(margin, whole), length, whole),
        };
        // The last bound keeps the rectangle in the picture. It decreases by 1, and the minimum of two values that
        // decrease by 0 or 1 does so too.
        start.min(whole - length)
    }
}

/// Returns the start that is nearest to the centre among those that [`FocusMode::Nudge`] allows. `outer` is the focus
/// with its margin.
fn nudged(focus: Span, outer: Span, length: u32, whole: u32) -> u32 {
    // For one span, a rectangle that begins at its start begins with it, and one that begins `length` before its end
    // ends with it. A start between the two contains the span if the span fits, and lies inside it otherwise. The
    // starts for the focus and those for `outer` always have one in common, since `outer` contains the focus.
    let between = |span: Span| {
        let from_end = span.end.saturating_sub(length);
        [from_end.min(span.start), from_end.max(span.start)]
    };
    let ([low, high], [outer_low, outer_high]) = (between(focus), between(outer));
    // The centred start, each bound, and with them the result decrease by 0 or 1 if `length` grows by 1.
    ((whole - length) / 2).max(low.max(outer_low)).min(high.min(outer_high))
}

impl FromStr for FocusMode {
    type Err = FocusError;

    /// Reads `centre`, `nudge` or `nudge:MARGIN` with the margin in percent.
    fn from_str(text: &str) -> Result<Self, FocusError> {
        match (text, text.strip_prefix("nudge:")) {
            ("centre", _) => Ok(Self::Centre),
            ("nudge", _) => Ok(Self::Nudge { margin: Self::DEFAULT_MARGIN }),
            (_, Some(margin)) => Ok(Self::Nudge { margin: margin.parse()? }),
            (_, None) => Err(FocusError::mode(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_margin_is_a_tenth() {
        assert_eq!("nudge".parse(), Ok(FocusMode::Nudge { margin: PerMille::constant(100) }));
        assert_eq!("nudge:10".parse(), "nudge".parse::<FocusMode>());
    }

    #[test]
    fn a_rectangle_half_a_pixel_off_begins_at_the_lower_pixel() {
        // The centre of the focus is at 5, and that of the rectangle 1.5 pixels behind its start.
        let start = |length| FocusMode::Centre.start_of_rect(Span { start: 4, end: 6 }, length, 20);
        assert_eq!([start(2), start(3), start(4)], [4, 3, 3]);
    }

    #[test]
    fn a_rectangle_that_would_reach_over_an_edge_is_moved_to_that_edge() {
        for mode in [FocusMode::Centre, FocusMode::Nudge { margin: PerMille::ZERO }] {
            let start = |at| mode.start_of_rect(Span { start: at, end: at }, 10, 20);
            assert_eq!((start(0), start(20)), (0, 10), "{mode:?}");
        }
    }

    #[test]
    fn a_nudged_rectangle_is_as_near_to_the_centre_as_the_focus_allows() {
        let mode = FocusMode::Nudge { margin: PerMille::constant(500) };
        let start = |from, to, length| mode.start_of_rect(Span { start: from, end: to }, length, 100);
        // The focus with its margin of 2 pixels is inside the central rectangle from 30 to 70.
        assert_eq!(start(40, 44, 40), 30);
        // The rectangle contains the focus and its margin, which ends at 86.
        assert_eq!(start(80, 84, 40), 46);
        // The focus fits and its margin does not: the rectangle lies inside both.
        assert_eq!(start(60, 64, 5), 59);
        // The focus does not fit, so the rectangle lies inside it.
        assert_eq!(start(60, 64, 2), 60);
    }
}

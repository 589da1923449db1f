//! The focal point or focal region of a picture, which places the rectangles that are cut from it.

mod error;
mod mode;
mod span;

use alloc::vec::Vec;
use core::str::FromStr;

pub use self::error::FocusError;
pub use self::mode::FocusMode;
pub(crate) use self::span::Span;
use super::per_mille::PerMille;
use super::rect::Rect;
use crate::size::Size;

/// A focal point or a focal region of a picture, in shares of its width and height from its upper left corner.
///
/// The focus is a position in the picture that targets are cut from: the generated image, or the source if a target is
/// cut from the source. Some backends, such as the local one, report with a [`Reframing`] where their picture shows the
/// source. For these the focus is a position in the source.
///
/// The focus is rounded outwards to whole pixels. It then determines, on each axis, where the rectangle to cut is
/// placed. By default the rectangle is centred on the focus and kept in the picture; [`FocusMode`] has the rule and the
/// alternative. In either mode these laws hold on each axis:
///
/// - A region that fits in the rectangle is kept whole. So is the region with a margin of any width around it, clipped
///   to the picture, if this fits and the mode is [`FocusMode::Centre`] or the margin is that of [`FocusMode::Nudge`].
/// - The shorter of two rectangles of one picture and one focus lies inside the longer.
///
/// The default focus is the centre, which leaves every rectangle exactly in the centre.
///
/// The text form is a point `x,y` or a region `left,top,right,bottom` in percent, optionally followed by a colon and
/// the mode: `70,50`, `10,20,30,40:nudge`.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::{Fit, Focus};
///
/// let (frame, story) = (Size::new(1000, 500)?, Size::new(200, 400)?);
/// let x = |focus| Fit::Cover.rect_at(frame, story, focus).unwrap().x();
/// assert_eq!(x(Focus::CENTRE), 375); // 250 pixels wide
/// assert_eq!(x("60,50".parse()?), 475); // 125 pixels on either side of the focus
/// assert_eq!(x("95,50".parse()?), 750); // the right edge of the picture
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "RawFocus"))]
pub struct Focus {
    left: PerMille,
    top: PerMille,
    right: PerMille,
    bottom: PerMille,
    /// How rectangles are placed. Default: [`FocusMode::Centre`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_default"))]
    pub mode: FocusMode,
}

impl Focus {
    /// The centre, which leaves every rectangle in the centre.
    pub const CENTRE: Self = Self::point(PerMille::HALF, PerMille::HALF);

    /// Creates a focal point at `x` from the left and `y` from the top.
    pub const fn point(x: PerMille, y: PerMille) -> Self {
        Self { left: x, top: y, right: x, bottom: y, mode: FocusMode::Centre }
    }

    /// Creates a focal region between these edges. `left` and `right` are distances from the left edge of the picture,
    /// `top` and `bottom` from its top edge.
    ///
    /// # Errors
    ///
    /// [`FocusError::Order`] if `right` is less than `left`, or `bottom` is less than `top`.
    pub fn region(left: PerMille, top: PerMille, right: PerMille, bottom: PerMille) -> Result<Self, FocusError> {
        match [[left, right], [top, bottom]].into_iter().find(|[from, to]| from > to) {
            Some(edges) => Err(FocusError::Order { edges }),
            None => Ok(Self { left, top, right, bottom, mode: FocusMode::Centre }),
        }
    }

    /// Sets how rectangles are placed. Default: [`FocusMode::Centre`].
    #[must_use]
    pub const fn mode(mut self, mode: FocusMode) -> Self {
        self.mode = mode;
        self
    }

    /// Returns the left, top, right and bottom edges. The left edge of a point equals its right edge, and the top edge
    /// its bottom edge.
    pub const fn edges(self) -> [PerMille; 4] {
        [self.left, self.top, self.right, self.bottom]
    }

    /// Returns the left, top, right and bottom edges in pixels of a picture of `frame` pixels, rounded outwards. The
    /// focus includes the pixels at left and top, and excludes those at right and bottom.
    ///
    /// With a `reframing`, the focus is a position in the source and is converted to the picture. [`Focus::CENTRE`] is
    /// the centre of the picture in either case.
    pub fn edges_px(self, frame: Size, reframing: Option<Reframing>) -> [u32; 4] {
        let [columns, rows] = match reframing {
            Some(reframing) => reframing.pixels(self, frame),
            None => self.pixels(frame),
        };
        [columns.start, rows.start, columns.end, rows.end]
    }

    /// Whether the focus is the centre, which leaves every rectangle in the centre in either mode.
    pub(crate) fn is_centre(self) -> bool {
        self.edges() == [PerMille::HALF; 4]
    }

    /// Returns the columns and the rows of a picture of `frame` pixels that contain the focus.
    pub(crate) fn pixels(self, frame: Size) -> [Span; 2] {
        [Span::of(self.left, self.right, frame.width()), Span::of(self.top, self.bottom, frame.height())]
    }
}

impl Default for Focus {
    /// Returns [`Focus::CENTRE`].
    fn default() -> Self {
        Self::CENTRE
    }
}

/// Where a picture shows the source: a part of the source is scaled to a part of the picture.
///
/// A backend reports it for a picture that it made from the source without a model. It converts a [`Focus`] in the
/// source to pixels of the picture.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::{Focus, Rect, Reframing};
///
/// let (source, frame) = (Size::new(200, 100)?, Size::new(400, 400)?);
/// let place = Rect::new(0, 100, Size::new(400, 200)?); // letterbox bars of 100 pixels above and below
/// let reframing = Reframing::new(source, Rect::new(0, 0, source), place);
/// let focus: Focus = "25,25".parse()?; // in the source: 50 pixels from the left, 25 from the top
/// assert_eq!(focus.edges_px(frame, Some(reframing)), [100, 150, 100, 150]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reframing {
    source: Size,
    shown: Rect,
    place: Rect,
}

impl Reframing {
    /// Creates a reframing that scales the part `shown` of a source of `source` pixels to the part `place` of the
    /// picture.
    pub const fn new(source: Size, shown: Rect, place: Rect) -> Self {
        Self { source, shown, place }
    }

    /// Returns the upright size of the source.
    pub const fn source(&self) -> Size {
        self.source
    }

    /// Returns the part of the source that the picture shows.
    pub const fn shown(&self) -> Rect {
        self.shown
    }

    /// Returns the part of the picture that shows it.
    pub const fn place(&self) -> Rect {
        self.place
    }

    /// Whether a planned crop of the picture moves to where the picture shows the focus. The plan was made without knowing
    /// that place. The crop stays if the focus is the default, or if it contains the whole source and has nothing to gain.
    #[cfg(feature = "pixels")]
    pub(crate) fn moves(&self, focus: Focus, crop: Rect) -> bool {
        let contains_all = self.shown == Rect::new(0, 0, self.source) && crop.contains(self.place);
        !focus.is_centre() && !contains_all
    }

    /// Converts a focus in the source to the columns and rows of a picture of `frame` pixels. The default focus is the
    /// centre of the picture.
    pub(crate) fn pixels(&self, focus: Focus, frame: Size) -> [Span; 2] {
        // The default requests a centred crop of the picture. The middle of the source can be elsewhere, since the
        // reframing may have moved it.
        if focus.is_centre() {
            return focus.pixels(frame);
        }
        let [columns, rows] = focus.pixels(self.source);
        let Self { shown, place, .. } = self;
        [
            columns.scaled([shown.x(), shown.width()], [place.x(), place.width()], frame.width()),
            rows.scaled([shown.y(), shown.height()], [place.y(), place.height()], frame.height()),
        ]
    }
}

/// Returns the rectangle of `size` in a picture of `frame` pixels, placed by `mode` for a focus with these columns and
/// rows. `size` is at most `frame` on both sides.
pub(crate) fn rect_at([columns, rows]: [Span; 2], mode: FocusMode, frame: Size, size: Size) -> Rect {
    Rect::new(
        mode.start_of_rect(columns, size.width(), frame.width()),
        mode.start_of_rect(rows, size.height(), frame.height()),
        size,
    )
}

impl FromStr for Focus {
    type Err = FocusError;

    /// Reads a point `x,y`, such as `70,50`, or a region `left,top,right,bottom`, in percent. A colon and a
    /// [`FocusMode`] may follow.
    fn from_str(text: &str) -> Result<Self, FocusError> {
        let (position, mode) = text.split_once(':').map_or((text, None), |(position, mode)| (position, Some(mode)));
        let shares = position.split(',').map(str::parse).collect::<Result<Vec<PerMille>, _>>()?;
        let focus = match *shares {
            [x, y] => Self::point(x, y),
            [left, top, right, bottom] => Self::region(left, top, right, bottom)?,
            _ => return Err(FocusError::form(position)),
        };
        Ok(focus.mode(mode.map(str::parse).transpose()?.unwrap_or_default()))
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFocus {
    left: PerMille,
    top: PerMille,
    right: PerMille,
    bottom: PerMille,
    #[serde(default)]
    mode: FocusMode,
}

#[cfg(feature = "serde")]
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_default(mode: &FocusMode) -> bool {
    *mode == FocusMode::default()
}

#[cfg(feature = "serde")]
impl TryFrom<RawFocus> for Focus {
    type Error = FocusError;

    fn try_from(raw: RawFocus) -> Result<Self, FocusError> {
        Ok(Self::region(raw.left, raw.top, raw.right, raw.bottom)?.mode(raw.mode))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32) -> Size {
        Size::new(width, height).unwrap()
    }

    fn share(thousandths: u16) -> PerMille {
        PerMille::new(thousandths).unwrap()
    }

    #[test]
    fn the_edges_of_a_region_are_in_order_or_equal() {
        let region = |left, top, right, bottom| Focus::region(share(left), share(top), share(right), share(bottom));
        assert_eq!(region(5, 6, 5, 6), Ok(Focus::point(share(5), share(6))));
        assert_eq!(region(5, 0, 4, 0), Err(FocusError::Order { edges: [share(5), share(4)] }));
        assert_eq!(region(0, 5, 0, 4), Err(FocusError::Order { edges: [share(5), share(4)] }));
    }

    #[test]
    fn a_reframing_leaves_the_default_focus_in_the_centre_of_the_picture() {
        // The picture shows the left half of the source in its upper half.
        let shown = Rect::new(0, 0, size(50, 100));
        let reframing = Reframing::new(size(100, 100), shown, Rect::new(0, 0, size(200, 100)));
        let edges = |focus: Focus| focus.edges_px(size(200, 200), Some(reframing));
        assert_eq!(edges(Focus::CENTRE), [100; 4]);
        assert_eq!(edges(Focus::point(share(250), share(500))), [100, 50, 100, 50]);
    }

    #[cfg(feature = "pixels")]
    #[test]
    fn a_planned_crop_moves_to_the_focus_unless_it_contains_the_whole_source() {
        let (source, corner) = (size(100, 100), Focus::point(PerMille::ZERO, PerMille::ZERO));
        let (all, place) = (Rect::new(0, 0, source), Rect::new(50, 0, size(100, 100)));
        let moves = |shown, focus, crop| Reframing::new(source, shown, place).moves(focus, crop);
        assert!(!moves(all, corner, Rect::new(40, 0, size(120, 100))));
        // The crop lacks a column of the source.
        assert!(moves(all, corner, Rect::new(51, 0, size(120, 100))));
        // The picture shows a part of the source.
        assert!(moves(Rect::new(0, 0, size(99, 100)), corner, Rect::new(40, 0, size(120, 100))));
        // The default focus leaves every crop in its place.
        assert!(!moves(all, Focus::CENTRE, Rect::new(51, 0, size(120, 100))));
    }
}

//! The focal point of a picture. A crop moves off the centre to contain it, but only as far as necessary.

use alloc::string::String;
use alloc::vec::Vec;
use core::str::FromStr;

use super::per_mille::{PerMille, PerMilleError};
use super::rect::Rect;
use crate::size::Size;

/// A focal point or a focal region of a picture, in shares of its width and height from its upper left corner.
///
/// The focus is a position in the picture that targets are cut from: the generated image, or the source if a target is
/// cut from the source. Some backends, such as the local one, report with a [`Reframing`] where their picture shows the
/// source. For these the focus is a position in the source.
///
/// The focus is rounded outwards to whole pixels. It then determines, on each axis, where the rectangle to cut is
/// placed:
///
/// - If the focus fits inside the rectangle, the rectangle is as near to the centre as possible while it contains the
///   focus.
/// - Otherwise the rectangle is as near to the centre as possible while it lies inside the focus.
///
/// It follows that, on either axis, the narrower of two rectangles of one picture lies inside the wider. The default
/// focus is the centre, which leaves every rectangle exactly in the centre.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::{Fit, Focus};
///
/// let (frame, story) = (Size::new(1000, 500)?, Size::new(200, 400)?);
/// let x = |focus| Fit::Cover.rect_at(frame, story, focus).unwrap().x();
/// assert_eq!(x(Focus::CENTRE), 375); // 250 pixels wide
/// assert_eq!(x("60,50".parse()?), 375); // the centred rectangle contains the focus
/// assert_eq!(x("70,50".parse()?), 450); // the right edge of the rectangle is at the focus
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "RawFocus"))]
pub struct Focus {
    left: PerMille,
    top: PerMille,
    right: PerMille,
    bottom: PerMille,
}

impl Focus {
    /// The centre, which leaves every rectangle in the centre.
    pub const CENTRE: Self = Self::point(PerMille::HALF, PerMille::HALF);

    /// Creates a focal point at `x` from the left and `y` from the top.
    pub const fn point(x: PerMille, y: PerMille) -> Self {
        Self { left: x, top: y, right: x, bottom: y }
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
            None => Ok(Self { left, top, right, bottom }),
        }
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

    /// Converts a focus in the source to the columns and rows of a picture of `frame` pixels. The default focus is the
    /// centre of the picture.
    pub(crate) fn pixels(&self, focus: Focus, frame: Size) -> [Span; 2] {
        // The default requests a centred crop of the picture. The middle of the source can be elsewhere, since the
        // reframing may have moved it.
        if focus == Focus::CENTRE {
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

/// A range of pixels on one axis, from `start` to before `end`. It is empty if both are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// Creates the range between two shares of an axis of `whole` pixels, rounded outwards.
    fn of(start: PerMille, end: PerMille, whole: u32) -> Self {
        // The centre of an odd axis becomes its middle pixel, and that of an even axis an empty range between two
        // pixels. A product is below 2²⁶.
        Self { start: whole * u32::from(start.get()) / 1000, end: (whole * u32::from(end.get())).div_ceil(1000) }
    }

    /// Scales the range from an axis of the source to the same axis of the picture, which has `whole` pixels. The `of`
    /// pixels of the source that begin at `from` become the `into` pixels of the picture that begin at `to`. The range
    /// is clipped to the pixels that are shown, and is rounded outwards.
    fn scaled(self, [from, of]: [u32; 2], [to, into]: [u32; 2], whole: u32) -> Self {
        let (of, into) = (u64::from(of), u64::from(into));
        // The offset in the part that is shown, times `into`. A position outside the part becomes its nearest edge. The
        // division by `of` comes last, so that each end is rounded in its own direction.
        let inside = |at: u32| u64::from(at.saturating_sub(from)).min(of) * into;
        let at = |offset: u64| u32::try_from(offset).unwrap_or(u32::MAX).saturating_add(to).min(whole);
        Self { start: at(inside(self.start) / of), end: at(inside(self.end).div_ceil(of)) }
    }

    /// Returns the range relative to a part of the axis, clipped to that part. The part has `length` pixels and begins
    /// at `start`.
    #[cfg(feature = "pixels")]
    pub(crate) fn relative_to(self, start: u32, length: u32) -> Self {
        let at = |at: u32| at.saturating_sub(start).min(length);
        Self { start: at(self.start), end: at(self.end) }
    }

    /// Returns where a rectangle of `length` pixels begins on an axis of `whole` pixels, for this range as its focus.
    /// `length` is at most `whole`.
    ///
    /// If `length` grows by 1, the centred position and each of the two bounds decrease by 0 or 1. So does the result,
    /// and therefore a shorter rectangle lies inside a longer one.
    fn start_of_rect(self, length: u32, whole: u32) -> u32 {
        let centred = (whole - length) / 2;
        // A rectangle that begins at `from_start` begins with the focus; one that begins at `from_end` ends with it.
        // Every position between the two contains the focus if it fits, and lies inside the focus if it does not.
        let (from_end, from_start) = (self.end.saturating_sub(length), self.start);
        // The last bound keeps the rectangle in the picture: near the far edge, `from_start` can be too large.
        // `from_end` cannot, since the focus ends within the picture.
        centred.max(from_end.min(from_start)).min(from_end.max(from_start)).min(whole - length)
    }
}

/// Returns the rectangle of `size` in a picture of `frame` pixels, as near to the centre as the focus allows. `focus`
/// is its columns and its rows. `size` is at most `frame` on both sides.
pub(crate) fn rect_near_centre(focus: [Span; 2], frame: Size, size: Size) -> Rect {
    let [columns, rows] = focus;
    Rect::new(
        columns.start_of_rect(size.width(), frame.width()),
        rows.start_of_rect(size.height(), frame.height()),
        size,
    )
}

impl FromStr for Focus {
    type Err = FocusError;

    /// Reads a point `x,y`, such as `70,50`, or a region `left,top,right,bottom`, in percent.
    fn from_str(text: &str) -> Result<Self, FocusError> {
        let shares = text.split(',').map(str::parse).collect::<Result<Vec<PerMille>, _>>()?;
        match *shares {
            [x, y] => Ok(Self::point(x, y)),
            [left, top, right, bottom] => Self::region(left, top, right, bottom),
            _ => Err(FocusError::form(text)),
        }
    }
}

/// The error of values that do not make a [`Focus`].
///
/// ```
/// use smart_resize::geometry::{Focus, FocusError, PerMille};
///
/// let (from, to) = (PerMille::new(600)?, PerMille::new(400)?);
/// let error = Focus::region(from, PerMille::ZERO, to, PerMille::WHOLE).unwrap_err();
/// assert_eq!(error, FocusError::Order { edges: [from, to] });
/// assert_eq!(error.to_string(), "focus edges are 60 % and 40 %; expected the second at or after the first");
/// # Ok::<(), smart_resize::geometry::PerMilleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FocusError {
    /// Edges in the wrong order.
    #[error("focus edges are {} and {}; expected the second at or after the first", edges[0], edges[1])]
    Order {
        /// The left and the right edge, or the top and the bottom edge.
        edges: [PerMille; 2],
    },
    /// A text that is neither a point nor a region.
    #[error("focus is {found:?}; expected a point x,y or a region left,top,right,bottom")]
    Form {
        /// The first 40 characters of the text.
        found: String,
    },
    /// A part of the text that is not a percentage.
    #[error(transparent)]
    Share(#[from] PerMilleError),
}

impl FocusError {
    fn form(text: &str) -> Self {
        Self::Form { found: text.chars().take(40).collect() }
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
}

#[cfg(feature = "serde")]
impl TryFrom<RawFocus> for Focus {
    type Error = FocusError;

    fn try_from(raw: RawFocus) -> Result<Self, FocusError> {
        Self::region(raw.left, raw.top, raw.right, raw.bottom)
    }
}

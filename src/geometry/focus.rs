//! Where in a frame the picture's interest lies: the rectangle that is cut moves off the centre for it, as far as
//! needed and no farther.

use super::rect::Rect;
use crate::size::Size;

/// A point or a region of a frame, in thousandths of its width and height from its upper left corner.
///
/// It is given in the frame that the target is cut from: the picture that the model makes, or the source where the
/// target is cut from that, or where the backend says how the source lies in what it made, as the local one does.
///
/// On each axis, of a frame of `w` pixels, a focus from `a` to `b` (rounded outwards to whole pixels) and a rectangle of
/// `l` pixels:
///
/// - where the focus fits, the rectangle is the one nearest to the centre that holds it;
/// - where it does not, the rectangle is the one nearest to the centre that lies in it.
///
/// So among rectangles of one frame the narrower lies inside the wider, on either axis, and the focus in the middle,
/// which is the default, leaves every rectangle exactly in the centre.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::{Fit, Focus};
///
/// let (frame, story) = (Size::new(1000, 500)?, Size::new(200, 400)?);
/// let x = |focus| Fit::Cover.rect_at(frame, story, focus).unwrap().x();
/// assert_eq!(x(Focus::CENTRE), 375); // 250 pixels wide
/// assert_eq!(x(Focus::point(600, 500)?), 375); // in it as it is
/// assert_eq!(x(Focus::point(700, 500)?), 450); // at its right edge
/// assert_eq!(Focus::point(1001, 0).unwrap_err().to_string(), "a focus at 1001 and 0 thousandths, expected 0 to 1000");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "RawFocus"))]
pub struct Focus {
    left: u16,
    top: u16,
    right: u16,
    bottom: u16,
}

impl Focus {
    /// The middle: every rectangle stays in the centre.
    pub const CENTRE: Self = Self { left: 500, top: 500, right: 500, bottom: 500 };

    /// The point `x` thousandths from the left and `y` from the top.
    ///
    /// # Errors
    ///
    /// [`FocusError::Outside`] where one of them is above 1000.
    pub const fn point(x: u16, y: u16) -> Result<Self, FocusError> {
        if x <= 1000 && y <= 1000 {
            Ok(Self { left: x, top: y, right: x, bottom: y })
        } else {
            Err(FocusError::Outside { x, y })
        }
    }

    /// The region with these edges: left, top, right, bottom, in thousandths.
    pub(crate) const fn region([left, top, right, bottom]: [u16; 4]) -> Self {
        Self { left, top, right, bottom }
    }

    /// Left, top, right and bottom, in thousandths; of a point, left is right and top is bottom.
    pub const fn edges(self) -> [u16; 4] {
        [self.left, self.top, self.right, self.bottom]
    }

    /// Left, top, right and bottom in pixels of a picture of `frame` pixels, rounded outwards: from the first that is held
    /// to before the end. Where the picture shows the source, `reframing` says how, and the focus is read in the source.
    pub fn edges_px(self, frame: Size, reframing: Option<Reframing>) -> [u32; 4] {
        let [columns, rows] = match reframing {
            Some(reframing) => reframing.pixels(self, frame),
            None => self.pixels(frame),
        };
        [columns.start, rows.start, columns.end, rows.end]
    }

    /// The whole pixels of a frame that hold the focus: those of the columns, and those of the rows.
    pub(crate) fn pixels(self, frame: Size) -> [Span; 2] {
        [Span::of(self.left, self.right, frame.width()), Span::of(self.top, self.bottom, frame.height())]
    }
}

impl Default for Focus {
    /// [`Focus::CENTRE`]
    fn default() -> Self {
        Self::CENTRE
    }
}

/// How a picture that a backend makes without a model shows the source: a part of the source is scaled to a part of the
/// picture. It converts a [`Focus`] in the source to pixels of the picture.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::{Focus, Rect, Reframing};
///
/// let (source, frame) = (Size::new(200, 100)?, Size::new(400, 400)?);
/// let place = Rect::new(0, 100, Size::new(400, 200)?); // letterbox bars of 100 pixels above and below
/// let reframing = Reframing::new(source, Rect::new(0, 0, source), place);
/// let focus = Focus::point(250, 250)?; // in the source: 50 pixels from the left, 25 from the top
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
    /// The part `shown` of a source of `source` pixels, at `place` of the picture.
    pub const fn new(source: Size, shown: Rect, place: Rect) -> Self {
        Self { source, shown, place }
    }

    /// The upright size of the source.
    pub const fn source(&self) -> Size {
        self.source
    }

    /// The part of the source that is shown.
    pub const fn shown(&self) -> Rect {
        self.shown
    }

    /// Where in the picture it is.
    pub const fn place(&self) -> Rect {
        self.place
    }

    /// The pixels of the picture, of `frame` pixels, in which the focus lies in the source.
    pub(crate) fn pixels(&self, focus: Focus, frame: Size) -> [Span; 2] {
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

/// Pixels of an axis, from the first to before the end; none where both are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// From `start` to `end` thousandths of `whole`, rounded outwards.
    fn of(start: u16, end: u16, whole: u32) -> Self {
        Self { start: whole * u32::from(start) / 1000, end: (whole * u32::from(end)).div_ceil(1000) }
    }

    /// What of the pixels is shown, each part given by start and length, at its place in `whole` pixels; rounded outwards.
    fn scaled(self, [from, of]: [u32; 2], [to, into]: [u32; 2], whole: u32) -> Self {
        let (of, into) = (u64::from(of), u64::from(into));
        let inside = |at: u32| u64::from(at.saturating_sub(from)).min(of) * into;
        let at = |offset: u64| u32::try_from(offset).unwrap_or(u32::MAX).saturating_add(to).min(whole);
        Self { start: at(inside(self.start) / of), end: at(inside(self.end).div_ceil(of)) }
    }

    /// The same pixels, counted from `start` on, of which there are `length`.
    #[cfg(feature = "pixels")]
    pub(crate) fn within(self, start: u32, length: u32) -> Self {
        let at = |at: u32| at.saturating_sub(start).min(length);
        Self { start: at(self.start), end: at(self.end) }
    }

    /// Where in `whole` pixels a rectangle of `length`, which is not more, begins.
    ///
    /// Each of the bounds moves by 0 or 1 to the left for each pixel that `length` grows by, as does the centre; so
    /// does what is made of them, and the shorter rectangle lies inside the longer.
    fn place(self, length: u32, whole: u32) -> u32 {
        let centred = (whole - length) / 2;
        let (from_end, from_start) = (self.end.saturating_sub(length), self.start);
        centred.max(from_end.min(from_start)).min(from_end.max(from_start)).min(whole - length)
    }
}

/// The rectangle of `size` in `frame`, which is not smaller, as near to the centre as the `focus`, by columns and rows,
/// allows.
pub(crate) fn around(focus: [Span; 2], frame: Size, size: Size) -> Rect {
    let [columns, rows] = focus;
    Rect::new(columns.place(size.width(), frame.width()), rows.place(size.height(), frame.height()), size)
}

/// Coordinates that do not make a [`Focus`].
///
/// ```
/// use smart_resize::geometry::{Focus, FocusError};
///
/// let error = Focus::point(500, 1200).unwrap_err();
/// assert_eq!(error, FocusError::Outside { x: 500, y: 1200 });
/// assert_eq!(error.to_string(), "a focus at 500 and 1200 thousandths, expected 0 to 1000");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FocusError {
    /// A point outside the frame, in thousandths of its width and height.
    #[error("a focus at {x} and {y} thousandths, expected 0 to 1000")]
    #[expect(missing_docs, reason = "the two coordinates")]
    Outside { x: u16, y: u16 },
    /// Edges in the wrong order, in thousandths.
    #[error("a focus from {} to {} thousandths, expected the second not below the first", edges[0], edges[1])]
    Order {
        /// The edge that comes first, and the one that does not follow it.
        edges: [u16; 2],
    },
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFocus {
    left: u16,
    top: u16,
    right: u16,
    bottom: u16,
}

#[cfg(feature = "serde")]
impl TryFrom<RawFocus> for Focus {
    type Error = FocusError;

    fn try_from(raw: RawFocus) -> Result<Self, FocusError> {
        let RawFocus { left, top, right, bottom } = raw;
        if let Some(edges) = [[left, right], [top, bottom]].into_iter().find(|[from, to]| from > to) {
            return Err(FocusError::Order { edges });
        }
        Self::point(right, bottom)?;
        Ok(Self { left, top, right, bottom })
    }
}

//! Where in a frame the picture's interest lies: the rectangle that is cut moves off the centre for it, as far as
//! needed and no farther.

use alloc::string::String;
use core::str::FromStr;

use super::per_mille::{PerMille, PerMilleError};
use super::rect::Rect;
use crate::size::Size;

/// A point or a region of a frame, in shares of its width and height from its upper left corner.
///
/// It is given in the frame that the target is cut from: the picture that the model makes, or the source where the
/// target is cut from that, or where the backend says how the source lies in what it made, as the local one does.
///
/// On each axis, of a frame of `w` pixels, a focus from `a` to `b` (rounded outwards to whole pixels) and a rectangle
/// of `l` pixels:
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
/// assert_eq!(x("60,50".parse()?), 375); // in it as it is
/// assert_eq!(x("70,50".parse()?), 450); // at its right edge
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
    /// The middle: every rectangle stays in the centre.
    pub const CENTRE: Self = Self::point(PerMille::HALF, PerMille::HALF);

    /// The point `x` from the left and `y` from the top.
    pub const fn point(x: PerMille, y: PerMille) -> Self {
        Self { left: x, top: y, right: x, bottom: y }
    }

    /// The region between these edges. `left` and `right` are distances from the left, `top` and `bottom` from the top.
    ///
    /// # Errors
    ///
    /// [`FocusError::Order`] where `right` is before `left`, or `bottom` above `top`.
    pub fn region(left: PerMille, top: PerMille, right: PerMille, bottom: PerMille) -> Result<Self, FocusError> {
        match [[left, right], [top, bottom]].into_iter().find(|[from, to]| from > to) {
            Some(edges) => Err(FocusError::Order { edges }),
            None => Ok(Self { left, top, right, bottom }),
        }
    }

    /// Left, top, right and bottom. Of a point, left is right and top is bottom.
    pub const fn edges(self) -> [PerMille; 4] {
        [self.left, self.top, self.right, self.bottom]
    }

    /// Left, top, right and bottom in pixels of a picture of `frame` pixels, rounded outwards: from the first that is
    /// held to before the end. Where the picture shows the source, `reframing` says how, and the focus is read in the
    /// source.
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
    /// From `start` to `end` of `whole`, rounded outwards.
    fn of(start: PerMille, end: PerMille, whole: u32) -> Self {
        Self { start: whole * u32::from(start.get()) / 1000, end: (whole * u32::from(end.get())).div_ceil(1000) }
    }

    /// What of the pixels is shown, each part given by start and length, at its place in `whole` pixels; rounded
    /// outwards.
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

impl FromStr for Focus {
    type Err = FocusError;

    /// Reads a point `x,y`, such as `70,50`, or a region `left,top,right,bottom`, in percent.
    fn from_str(text: &str) -> Result<Self, FocusError> {
        let mut shares = [PerMille::ZERO; 4];
        let mut count = 0;
        for part in text.split(',') {
            let share = shares.get_mut(count).ok_or_else(|| FocusError::form(text))?;
            *share = part.parse()?;
            count += 1;
        }
        let [left, top, right, bottom] = shares;
        match count {
            2 => Ok(Self::point(left, top)),
            4 => Self::region(left, top, right, bottom),
            _ => Err(FocusError::form(text)),
        }
    }
}

/// Values that do not make a [`Focus`].
///
/// ```
/// use smart_resize::geometry::{Focus, FocusError, PerMille};
///
/// let (from, to) = (PerMille::new(600)?, PerMille::new(400)?);
/// let error = Focus::region(from, PerMille::ZERO, to, PerMille::WHOLE).unwrap_err();
/// assert_eq!(error, FocusError::Order { edges: [from, to] });
/// assert_eq!(error.to_string(), "focus is from 60 % to 40 %; expected the second not below the first");
/// # Ok::<(), smart_resize::geometry::PerMilleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FocusError {
    /// Edges in the wrong order.
    #[error("focus is from {} to {}; expected the second not below the first", edges[0], edges[1])]
    Order {
        /// The edge that comes first, and the one that does not follow it.
        edges: [PerMille; 2],
    },
    /// A text that is neither a point nor a region.
    #[error("focus is {found:?}; expected a point x,y or a region left,top,right,bottom")]
    Form {
        /// The first 40 characters.
        found: String,
    },
    /// A percentage that cannot be read.
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

//! What came back: baked-in frames and bars, and pictures that show nothing.
//!
//! Colours are compared as red, green and blue multiplied by alpha, with alpha as the fourth channel: a clear bar is
//! a bar, and what is hidden under zero alpha does not count. Where something is decided there are integers only.
//!
//! - A **bar** is a run of lines (rows or columns) along a side, all of one colour but for noise, that ends at a
//!   straight, sharp edge: within a few lines most of what lies behind it differs clearly. A sky fades into another
//!   colour, and a backdrop ends raggedly where its subject begins, so neither has such an edge.
//! - A line is read in blocks, since noise averages out in their means. The bar's colour is the median of the blocks
//!   of the outermost line; its noise there tells how far a block may be off.
//! - The edge is the line at which the difference grows the most. Up to three lines behind it that are blends with
//!   the bar, as a resize leaves them, belong to the bar.
//! - Where bars of one colour meet at a corner, each edge is judged between the others only.
//! - Opposite bars of like colour and width vouch for each other: an edge over a dark scene need show on one side
//!   only. They must show better where bars of one colour meet at a corner, since a subject in front of a backdrop has
//!   such bars around it too.
//! - A bar without a twin must be thin and of one colour from end to end, must differ clearly along the whole edge and
//!   lie in front of something varied, and what follows must not fall back to its colour. So a flat wall above a
//!   table edge, a plain strip of ground and a plank before a gap are no bars; nor is, at times, a real one beside
//!   a plain sky.
//! - What lies within the bars is looked at again, so nested bars add up.
//! - A picture is **blank** where all but 1 cell in 200 of a grid keep within 8 levels of one colour, on average. What
//!   a frame leaves of a picture is judged in the same way.
//!
//! What no rule on pixels can tell apart counts as a frame: a flag of three stripes, a poster flat on a white table.
//! A logo or text on a bar hides the bar. Not found are one bar alone that takes more than an eighth of the picture or
//! fades along its length, anything along a side under 32 pixels, and, in a JPEG, most bars of one or two pixels.
//!
//! ```
//! use smart_resize::Size;
//! use smart_resize::geometry::Rect;
//! use smart_resize::pixels::Picture;
//! use smart_resize::pixels::inspect::inspect;
//!
//! // A letterbox: 12 black rows above and below a picture of stripes.
//! let size = Size::new(96, 96)?;
//! let stripe = |x: u32, y: u32| if y < 12 || y >= 84 { 0 } else { 60 + (x as u8 / 6 % 4) * 60 };
//! let pixels = (0..96).flat_map(|y| (0..96).flat_map(move |x| [stripe(x, y); 3])).collect();
//! let frame = inspect(&Picture::from_rgb(size, pixels)?).frame.unwrap();
//! assert_eq!(frame.to_string(), "a frame: 12 px at the top, 12 px at the bottom");
//! assert_eq!(frame.interior(size), Some(Rect::new(0, 12, Size::new(96, 72)?)));
//!
//! let white = inspect(&Picture::from_rgb(size, vec![255; 96 * 96 * 3])?).blank.unwrap();
//! assert_eq!(white.to_string(), "a blank picture: #ffffff throughout");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bars;
mod blank;
mod blocks;

use std::fmt;

use self::blocks::Pixels;
use super::picture::Picture;
use crate::geometry::rect::Rect;
use crate::size::Size;

/// The result of [`inspect`]: the bars along the sides, and whether the picture is blank.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::Picture;
/// use smart_resize::pixels::inspect::{Findings, inspect};
///
/// let grey = Picture::from_rgb(Size::new(64, 64)?, vec![90; 64 * 64 * 3])?;
/// let findings = inspect(&grey);
/// assert!(findings.frame.is_none() && findings.blank.is_some() && !findings.is_empty());
/// assert!(Findings::default().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Findings {
    /// Bars along the sides.
    pub frame: Option<Frame>,
    /// The picture, or what its frame leaves of it, shows nothing.
    pub blank: Option<Blank>,
}

/// The bars along the sides of a picture, at least one of them.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::Rect;
/// use smart_resize::pixels::inspect::Frame;
///
/// let mut frame = Frame::default();
/// (frame.top.width, frame.left.width) = (12, 4);
/// assert_eq!(frame.to_string(), "a frame: 12 px at the top, 4 px at the left");
/// assert_eq!(frame.interior(Size::new(100, 80)?), Some(Rect::new(4, 12, Size::new(96, 68)?)));
/// assert_eq!(frame.interior(Size::new(4, 80)?), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Frame {
    /// The bar along the upper side.
    pub top: Bar,
    /// The bar along the right side.
    pub right: Bar,
    /// The bar along the lower side.
    pub bottom: Bar,
    /// The bar along the left side.
    pub left: Bar,
}

/// A bar along one side of a picture.
///
/// ```
/// use smart_resize::pixels::inspect::{Bar, inspect};
///
/// # use smart_resize::Size;
/// # use smart_resize::pixels::Picture;
/// # let size = Size::new(96, 96)?;
/// # let stripe = |x: u32, y: u32| if y < 12 || y >= 84 { 0 } else { 60 + (x as u8 / 6 % 4) * 60 };
/// # let pixels = (0..96).flat_map(|y| (0..96).flat_map(move |x| [stripe(x, y); 3])).collect();
/// # let letterbox = Picture::from_rgb(size, pixels)?;
/// // Twelve black rows above and below a picture of stripes.
/// let frame = inspect(&letterbox).frame.unwrap();
/// assert_eq!((frame.top.width, frame.top.colour), (12, [0, 0, 0, 255]));
/// assert_eq!(frame.left, Bar::default());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Bar {
    /// Its width in pixels, soft lines included; 0 where the side has none.
    pub width: u32,
    /// Red, green, blue, and alpha that they are not multiplied by; of nested bars the outermost's.
    pub colour: [u8; 4],
}

/// A picture of one colour.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::Picture;
/// use smart_resize::pixels::inspect::inspect;
///
/// let grey = Picture::from_rgb(Size::new(64, 64)?, vec![90; 64 * 64 * 3])?;
/// let blank = inspect(&grey).blank.unwrap();
/// assert_eq!(blank.colour, [90, 90, 90, 255]);
/// assert_eq!(blank.to_string(), "a blank picture: #5a5a5a throughout");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Blank {
    /// Red, green, blue, and alpha that they are not multiplied by.
    pub colour: [u8; 4],
}

impl Findings {
    /// Whether there is nothing to report.
    pub const fn is_empty(&self) -> bool {
        self.frame.is_none() && self.blank.is_none()
    }
}

impl Frame {
    /// The rectangle within the bars of a picture of `size`, if they leave any.
    pub fn interior(&self, size: Size) -> Option<Rect> {
        let within = |whole: u32, a: Bar, b: Bar| whole.checked_sub(a.width)?.checked_sub(b.width);
        let width = within(size.width(), self.left, self.right)?;
        let height = within(size.height(), self.top, self.bottom)?;
        Some(Rect::new(self.left.width, self.top.width, Size::new(width, height).ok()?))
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bars = [
            (self.top, "at the top"),
            (self.right, "at the right"),
            (self.bottom, "at the bottom"),
            (self.left, "at the left"),
        ];
        let mut before = "a frame: ";
        for (bar, place) in bars.iter().filter(|(bar, _)| bar.width > 0) {
            write!(f, "{before}{} px {place}", bar.width)?;
            before = ", ";
        }
        Ok(())
    }
}

impl fmt::Display for Blank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b, alpha] = self.colour;
        match alpha {
            0 => f.write_str("a blank picture: clear throughout"),
            255 => write!(f, "a blank picture: #{r:02x}{g:02x}{b:02x} throughout"),
            _ => write!(f, "a blank picture: #{r:02x}{g:02x}{b:02x}{alpha:02x} throughout"),
        }
    }
}

/// Looks for bars along the sides of a picture, and whether it is blank. The same pixels give the same findings
/// everywhere.
///
/// Of a usual photograph only a few lines at each side and some hundred cells are read.
///
/// ```
/// use smart_resize::pixels::inspect::inspect;
///
/// # use smart_resize::Size;
/// # use smart_resize::pixels::Picture;
/// # let size = Size::new(96, 96)?;
/// # let stripe = |x: u32, y: u32| if y < 12 || y >= 84 { 0 } else { 60 + (x as u8 / 6 % 4) * 60 };
/// # let pixels = (0..96).flat_map(|y| (0..96).flat_map(move |x| [stripe(x, y); 3])).collect();
/// # let letterbox = Picture::from_rgb(size, pixels)?;
/// // Twelve black rows above and below a picture of stripes.
/// let findings = inspect(&letterbox);
/// assert!(findings.blank.is_none());
/// assert_eq!(findings.frame.unwrap().to_string(), "a frame: 12 px at the top, 12 px at the bottom");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn inspect(picture: &Picture) -> Findings {
    let pixels = Pixels { picture };
    let whole = pixels.whole();
    if let Some(blank) = pixels.blank(whole) {
        return Findings { frame: None, blank: Some(blank) };
    }
    let ([top, bottom, left, right], inside) = pixels.bars(whole);
    if inside == whole {
        return Findings::default();
    }
    Findings { frame: Some(Frame { top, right, bottom, left }), blank: pixels.blank(inside) }
}

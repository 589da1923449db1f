//! Finds borders and bars that an image model drew into a picture, and pictures that are blank.
//!
//! Colours are compared as red, green and blue multiplied by alpha, with alpha as the fourth channel. So a transparent
//! bar is found, and colours under zero alpha have no effect. All decisions are made with integers, so that every
//! machine gives the same findings.
//!
//! # Bars
//!
//! A **bar** is a run of lines (rows or columns) along a side. All its lines have one colour, apart from noise, and it
//! ends at a straight, sharp edge: within a few lines, most pixels differ clearly from the bar. A sky fades into
//! another colour and a backdrop ends at the ragged outline of its subject, so neither has such an edge.
//!
//! - Lines are compared in blocks, since noise averages out in the mean of a block. The colour of the bar is the median
//!   of the blocks in the outermost line. The noise in that line sets the tolerance for the other blocks.
//! - The edge is the line at which the difference from the bar grows the most. A resize leaves lines that are blends of
//!   the bar and the picture; up to three of them behind the edge belong to the bar.
//! - Where bars of one colour meet at a corner, each edge is judged only between the adjacent bars.
//! - Opposite bars of similar colour and width (twins) confirm each other. The edge of one may be weak, for instance
//!   above a dark scene, if the other's is clear. If bars of one colour also meet at a corner, the thresholds are
//!   higher, since a subject in front of a backdrop has such bars around it too.
//! - A bar without a twin must meet stricter rules. It must be thin and have one colour from end to end. Its whole edge
//!   must be clear, what follows must vary, and must not return to the colour of the bar. So a flat wall above the edge
//!   of a table, a plain strip of ground, and a plank before a gap are not bars. A real bar next to a plain sky is
//!   sometimes missed.
//! - The area inside the bars is searched again, so that the widths of nested bars are added up.
//!
//! # Blank pictures
//!
//! A picture is **blank** if the pixels of nearly all cells of a grid differ from one colour by at most 8 levels on
//! average. One cell in 200 may differ more. The area inside a border is judged in the same way.
//!
//! # Limits
//!
//! Some content cannot be told from a border by its pixels and counts as one, such as a flag of three stripes, or a
//! poster that lies flat on a white table. A logo or text on a bar hides the bar. These bars are not found: a single
//! bar that takes more than an eighth of the picture or fades along its length; any bar of a picture with a side under
//! 32 pixels; and, in a JPEG, most bars of one or two pixels.
//!
//! ```
//! use smart_resize::Size;
//! use smart_resize::geometry::Rect;
//! use smart_resize::pixels::Picture;
//! use smart_resize::pixels::inspect::inspect;
//!
//! // Letterbox bars: 12 black rows above and below a picture of stripes.
//! let size = Size::new(96, 96)?;
//! let stripe = |x: u32, y: u32| if y < 12 || y >= 84 { 0 } else { 60 + (x as u8 / 6 % 4) * 60 };
//! let pixels = (0..96).flat_map(|y| (0..96).flat_map(move |x| [stripe(x, y); 3])).collect();
//! let border = inspect(&Picture::from_rgb(size, pixels)?).border.unwrap();
//! assert_eq!(border.to_string(), "a border: 12 px at the top, 12 px at the bottom");
//! assert_eq!(border.interior(size), Some(Rect::new(0, 12, Size::new(96, 72)?)));
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
/// assert!(findings.border.is_none() && findings.blank.is_some() && !findings.is_empty());
/// assert!(Findings::default().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Findings {
    /// The bars along the sides. `None` if there are none.
    pub border: Option<Border>,
    /// The colour of a picture that is blank, as a whole or inside its bars. `None` if it is not blank.
    pub blank: Option<Blank>,
}

/// The bars along the sides of a picture.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::Rect;
/// use smart_resize::pixels::inspect::Border;
///
/// let mut border = Border::default();
/// (border.top.width, border.left.width) = (12, 4);
/// assert_eq!(border.to_string(), "a border: 12 px at the top, 4 px at the left");
/// assert_eq!(border.interior(Size::new(100, 80)?), Some(Rect::new(4, 12, Size::new(96, 68)?)));
/// assert_eq!(border.interior(Size::new(4, 80)?), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Border {
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
/// let border = inspect(&letterbox).border.unwrap();
/// assert_eq!((border.top.width, border.top.colour), (12, [0, 0, 0, 255]));
/// assert_eq!(border.left, Bar::default());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Bar {
    /// The width in pixels, blended lines included. 0 if the side has no bar.
    pub width: u32,
    /// The colour: red, green, blue and straight alpha. For nested bars it is the colour of the outermost bar.
    pub colour: [u8; 4],
}

/// The colour of a blank picture.
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
    /// The colour: red, green, blue and straight alpha.
    pub colour: [u8; 4],
}

impl Findings {
    /// Whether the picture has no bars and is not blank.
    pub const fn is_empty(&self) -> bool {
        self.border.is_none() && self.blank.is_none()
    }
}

impl Border {
    /// Returns the rectangle inside the bars of a picture of `size`. `None` if the bars cover the whole picture.
    pub fn interior(&self, size: Size) -> Option<Rect> {
        // A border from `inspect` always leaves an interior. One that a caller made, or took from another picture, may
        // not.
        let within = |whole: u32, a: Bar, b: Bar| whole.checked_sub(a.width)?.checked_sub(b.width);
        let width = within(size.width(), self.left, self.right)?;
        let height = within(size.height(), self.top, self.bottom)?;
        Some(Rect::new(self.left.width, self.top.width, Size::new(width, height).ok()?))
    }
}

impl fmt::Display for Border {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bars = [
            (self.top, "at the top"),
            (self.right, "at the right"),
            (self.bottom, "at the bottom"),
            (self.left, "at the left"),
        ];
        let mut before = "a border: ";
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
            0 => f.write_str("a blank picture: transparent throughout"),
            255 => write!(f, "a blank picture: #{r:02x}{g:02x}{b:02x} throughout"),
            _ => write!(f, "a blank picture: #{r:02x}{g:02x}{b:02x}{alpha:02x} throughout"),
        }
    }
}

/// Finds bars along the sides of a picture, and checks whether it is blank.
///
/// The same pixels give the same findings on every machine. For a usual photograph only a few lines at each side and
/// some hundred cells are read.
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
/// assert_eq!(findings.border.unwrap().to_string(), "a border: 12 px at the top, 12 px at the bottom");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn inspect(picture: &Picture) -> Findings {
    let pixels = Pixels { picture };
    // A picture that is blank as a whole is reported as that only, even if a faint bar could be found in it.
    let whole = pixels.whole();
    if let Some(blank) = pixels.blank(whole) {
        return Findings { border: None, blank: Some(blank) };
    }
    let ([top, bottom, left, right], inside) = pixels.bars(whole);
    if inside == whole {
        return Findings::default();
    }
    // The area inside is checked separately, since the bars keep the whole picture from being blank.
    Findings { border: Some(Border { top, right, bottom, left }), blank: pixels.blank(inside) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_border_that_covers_the_whole_picture_has_no_interior() {
        let size = Size::new(10, 20).unwrap();
        let bar = |width| Bar { width, ..Bar::default() };
        let sides = |left, right| Border { left: bar(left), right: bar(right), ..Border::default() }.interior(size);
        assert_eq!(sides(4, 5), Some(Rect::new(4, 0, Size::new(1, 20).unwrap())));
        assert_eq!([sides(5, 5), sides(11, 0), sides(6, 5)], [None; 3]);
        let rows = Border { top: bar(3), bottom: bar(7), ..Border::default() }.interior(size);
        assert_eq!(rows, Some(Rect::new(0, 3, Size::new(10, 10).unwrap())));
    }

    #[test]
    fn a_border_names_its_bars_clockwise_from_the_top_and_a_blank_colour_its_alpha() {
        let bar = |width| Bar { width, ..Bar::default() };
        let border = Border { top: bar(1), right: bar(2), bottom: bar(3), left: bar(4) };
        let text = "a border: 1 px at the top, 2 px at the right, 3 px at the bottom, 4 px at the left";
        assert_eq!(border.to_string(), text);
        let blank = |alpha| Blank { colour: [1, 2, 254, alpha] }.to_string();
        assert_eq!(blank(255), "a blank picture: #0102fe throughout");
        assert_eq!(blank(128), "a blank picture: #0102fe80 throughout");
        assert_eq!(blank(0), "a blank picture: transparent throughout");
    }
}

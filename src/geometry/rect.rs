//! Rectangles of whole pixels, and the share of a picture that a rectangle keeps.

use super::per_mille::PerMille;
use crate::size::Size;

/// A rectangle of whole pixels. x counts columns from the left edge of the picture, and y counts rows from its top
/// edge.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::geometry::Rect;
///
/// let (frame, quarter) = (Size::new(1000, 800)?, Size::new(250, 800)?);
/// let right = Rect::new(750, 0, quarter);
/// assert!(right.is_inside(frame));
/// assert_eq!(right.kept_of(frame).to_string(), "25 %");
/// assert!(!Rect::new(751, 0, quarter).is_inside(frame));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rect {
    x: u32,
    y: u32,
    size: Size,
}

impl Rect {
    /// Creates the rectangle of `size` whose upper left pixel is (`x`, `y`).
    pub const fn new(x: u32, y: u32, size: Size) -> Self {
        Self { x, y, size }
    }

    /// Creates the rectangle of `size` in the centre of a picture of `frame` pixels. `size` is at most `frame` on both
    /// sides. If a margin is odd, the extra pixel is at the right or at the bottom.
    pub(crate) fn centred(frame: Size, size: Size) -> Self {
        let margin = |outer: u32, inner: u32| outer.saturating_sub(inner) / 2;
        Self { x: margin(frame.width(), size.width()), y: margin(frame.height(), size.height()), size }
    }

    /// Returns the part of the rectangle that is inside a picture of `frame` pixels. On an axis on which no part is
    /// inside, it returns the last pixel of the picture, which is the nearest.
    #[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
    pub(crate) fn clipped_to(self, frame: Size) -> Self {
        let clip = |start: u32, length: u32, whole: u32| {
            // The start becomes a pixel of the picture, so at least one pixel of the length remains.
            let start = start.min(whole - 1);
            (start, length.min(whole - start))
        };
        let (x, width) = clip(self.x, self.width(), frame.width());
        let (y, height) = clip(self.y, self.height(), frame.height());
        let size = Size::new(width, height).expect("invariant: both sides are from 1 to those of the frame");
        Self { x, y, size }
    }

    /// Returns the part of a picture of `to` pixels that this rectangle is of a picture of `from` pixels. Edges are
    /// rounded outwards, so no side becomes 0.
    #[cfg(feature = "pixels")]
    #[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
    pub(crate) fn scaled(self, from: Size, to: Size) -> Self {
        let axis = |start: u32, length: u32, from: u32, to: u32| {
            let at = |edge: u32| u64::from(edge) * u64::from(to);
            let (start, end) = (at(start) / u64::from(from), at(start + length).div_ceil(u64::from(from)));
            [start, end - start].map(|pixels| u32::try_from(pixels).expect("invariant: a part of a side fits"))
        };
        let [x, width] = axis(self.x, self.width(), from.width(), to.width());
        let [y, height] = axis(self.y, self.height(), from.height(), to.height());
        Self::new(x, y, Size::new(width, height).expect("invariant: a part that has pixels keeps at least one"))
    }

    /// Returns the leftmost column.
    pub const fn x(self) -> u32 {
        self.x
    }

    /// Returns the topmost row.
    pub const fn y(self) -> u32 {
        self.y
    }

    /// Returns the width in pixels.
    pub const fn width(self) -> u32 {
        self.size.width()
    }

    /// Returns the height in pixels.
    pub const fn height(self) -> u32 {
        self.size.height()
    }

    /// Returns the width and the height.
    pub const fn size(self) -> Size {
        self.size
    }

    /// Whether every pixel of the rectangle is inside a picture of `frame` pixels.
    pub const fn is_inside(self, frame: Size) -> bool {
        // The position comes from the caller and can have 32 bits, so the sum needs more.
        self.x as u64 + self.width() as u64 <= frame.width() as u64
            && self.y as u64 + self.height() as u64 <= frame.height() as u64
    }

    /// Whether every pixel of `other` is inside this rectangle.
    #[cfg(feature = "pixels")]
    pub(crate) fn contains(self, other: Self) -> bool {
        let within = |[from, length]: [u32; 2], [start, whole]: [u32; 2]| {
            // The positions can have 32 bits.
            from >= start && u64::from(from) + u64::from(length) <= u64::from(start) + u64::from(whole)
        };
        within([other.x, other.width()], [self.x, self.width()])
            && within([other.y, other.height()], [self.y, self.height()])
    }

    /// Returns the share of a picture of `frame` pixels that the rectangle keeps, rounded down. 100 % means the whole
    /// picture.
    pub const fn kept_of(self, frame: Size) -> PerMille {
        PerMille::rounded_down(self.size.area() as u128, frame.area() as u128)
    }
}

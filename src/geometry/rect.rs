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

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
        Rect::new(x, y, Size::new(width, height).unwrap())
    }

    #[test]
    fn the_extra_pixel_of_an_odd_margin_is_at_the_right_or_at_the_bottom() {
        assert_eq!(Rect::centred(rect(0, 0, 10, 7).size(), rect(0, 0, 7, 4).size()), rect(1, 1, 7, 4));
    }

    #[test]
    fn a_rectangle_is_clipped_to_the_picture_and_keeps_at_least_its_nearest_pixel() {
        let frame = rect(0, 0, 10, 20).size();
        assert_eq!(rect(3, 4, 7, 16).clipped_to(frame), rect(3, 4, 7, 16));
        assert_eq!(rect(3, 4, 8, 17).clipped_to(frame), rect(3, 4, 7, 16));
        assert_eq!(rect(10, 99, 5, 5).clipped_to(frame), rect(9, 19, 1, 1));
    }

    #[test]
    fn a_position_of_32_bits_does_not_wrap_into_the_picture() {
        assert!(!rect(u32::MAX, 0, 1, 1).is_inside(rect(0, 0, 10, 10).size()));
        assert!(!rect(0, u32::MAX, 1, 1).is_inside(rect(0, 0, 10, 10).size()));
    }

    #[test]
    fn the_share_that_a_rectangle_keeps_is_rounded_down() {
        assert_eq!(rect(0, 0, 2, 1).kept_of(rect(0, 0, 3, 1).size()).get(), 666);
        assert_eq!(rect(0, 0, 3, 1).kept_of(rect(0, 0, 3, 1).size()), PerMille::WHOLE);
    }

    #[cfg(feature = "pixels")]
    #[test]
    fn a_scaled_rectangle_is_rounded_outwards_and_keeps_at_least_a_pixel() {
        let scaled = |part: Rect, from: Rect, to: Rect| part.scaled(from.size(), to.size());
        assert_eq!(scaled(rect(1, 1, 1, 1), rect(0, 0, 3, 3), rect(0, 0, 10, 2)), rect(3, 0, 4, 2));
        assert_eq!(scaled(rect(50, 0, 1, 100), rect(0, 0, 100, 100), rect(0, 0, 10, 10)), rect(5, 0, 1, 10));
    }

    #[cfg(feature = "pixels")]
    #[test]
    fn a_rectangle_contains_itself_and_no_rectangle_that_is_a_pixel_off() {
        let outer = rect(5, 5, 10, 10);
        assert!(outer.contains(outer) && outer.contains(rect(6, 6, 9, 9)));
        let off = [rect(4, 5, 10, 10), rect(5, 4, 10, 10), rect(5, 5, 11, 10), rect(5, 5, 10, 11)];
        assert!(off.iter().all(|rect| !outer.contains(*rect)));
    }
}

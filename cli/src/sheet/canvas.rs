//! An RGB picture to draw on: pictures, filled and outlined rectangles, rings, and single pixels blended by a coverage.
//!
//! What lies outside the canvas is not drawn.

use smart_resize::Size;
use smart_resize::geometry::Rect;
use smart_resize::pixels::{Layout, Picture};

/// Red, green and blue.
pub(super) type Colour = [u8; 3];

/// The colour of an empty canvas.
pub(super) const PAPER: Colour = [0xff; 3];

pub(super) struct Canvas {
    size: Size,
    pixels: Vec<u8>,
}

impl Canvas {
    pub(super) fn new(size: Size) -> Self {
        Self { size, pixels: PAPER.repeat(size.width() as usize * size.height() as usize) }
    }

    pub(super) const fn size(&self) -> Size {
        self.size
    }

    #[cfg(test)]
    pub(super) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    pub(super) fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    fn pixel_mut(&mut self, x: u32, y: u32) -> Option<&mut [u8]> {
        if x >= self.size.width() || y >= self.size.height() {
            return None;
        }
        let index = (y as usize * self.size.width() as usize + x as usize) * 3;
        self.pixels.get_mut(index..index + 3)
    }

    /// Lays `colour` over a pixel, with a coverage from 0 to 1. A coordinate that is `None` is outside.
    pub(super) fn blend(&mut self, (x, y): (Option<u32>, Option<u32>), colour: Colour, coverage: f32) {
        let (Some(x), Some(y)) = (x, y) else { return };
        let Some(place) = self.pixel_mut(x, y) else { return };
        for (out, colour) in place.iter_mut().zip(colour) {
            let mixed = f32::from(*out) + (f32::from(colour) - f32::from(*out)) * coverage.clamp(0.0, 1.0);
            *out = level(mixed);
        }
    }

    /// Fills a rectangle.
    pub(super) fn fill(&mut self, rect: Rect, colour: Colour) {
        for y in rect.y()..rect.y() + rect.height() {
            for x in rect.x()..rect.x() + rect.width() {
                if let Some(place) = self.pixel_mut(x, y) {
                    place.copy_from_slice(&colour);
                }
            }
        }
    }

    /// Outlines a rectangle with a line of `line` pixels inside it.
    pub(super) fn outline(&mut self, rect: Rect, colour: Colour, line: u32) {
        let (width, height) = (rect.width(), rect.height());
        for y in 0..height {
            for x in 0..width {
                let edge = x.min(y).min(width - 1 - x).min(height - 1 - y);
                if edge < line
                    && let Some(place) = self.pixel_mut(rect.x() + x, rect.y() + y)
                {
                    place.copy_from_slice(&colour);
                }
            }
        }
    }

    /// Draws a ring of `radius` pixels around a pixel, two pixels wide, with smooth edges.
    pub(super) fn ring(&mut self, (x, y): (u32, u32), radius: u16, colour: Colour) {
        let reach = u32::from(radius) + 3;
        for dy in 0..=2 * reach {
            for dx in 0..=2 * reach {
                let from_middle = |step: u32| f64::from(step) - f64::from(reach);
                let distance = from_middle(dx).hypot(from_middle(dy));
                #[expect(clippy::cast_possible_truncation, reason = "a coverage from 0 to 1")]
                let coverage = (1.5 - (distance - f64::from(radius)).abs()).clamp(0.0, 1.0) as f32;
                self.blend(((x + dx).checked_sub(reach), (y + dy).checked_sub(reach)), colour, coverage);
            }
        }
    }

    /// Draws `picture` at `corner`. With `bright`, a rectangle of the picture, the part outside it fades towards white.
    /// Transparent pixels show a chequered background.
    pub(super) fn paste(&mut self, corner: (u32, u32), picture: &Picture, bright: Option<Rect>) {
        let channels = match picture.layout() {
            Layout::Rgb => 3,
            _ => 4,
        };
        let width = picture.size().width();
        for (index, pixel) in (0_u32..).zip(picture.pixels().chunks_exact(channels)) {
            let (x, y) = (index % width, index / width);
            let alpha = pixel.get(3).map_or(255, |alpha| u32::from(*alpha));
            let ground = if (x / 8 + y / 8) % 2 == 0 { 255 } else { 208 };
            let is_bright = bright.is_none_or(|rect| {
                (rect.x()..rect.x() + rect.width()).contains(&x) && (rect.y()..rect.y() + rect.height()).contains(&y)
            });
            let Some(place) = self.pixel_mut(corner.0 + x, corner.1 + y) else { continue };
            for (out, colour) in place.iter_mut().zip(pixel) {
                let mixed = (u32::from(*colour) * alpha + ground * (255 - alpha)) / 255;
                let shown = if is_bright { mixed } else { (mixed + 2 * 255) / 3 };
                *out = u8::try_from(shown).unwrap_or(u8::MAX);
            }
        }
    }
}

/// Rounds a level from 0 to 255.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the level is from 0 to 255")]
fn level(level: f32) -> u8 {
    level.round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canvas(width: u32, height: u32) -> Canvas {
        Canvas::new(Size::new(width, height).unwrap())
    }

    fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
        Rect::new(x, y, Size::new(width, height).unwrap())
    }

    /// The red levels of a row.
    fn row(canvas: &Canvas, y: usize) -> Vec<u8> {
        let width = canvas.size().width() as usize;
        canvas.pixels().chunks(3).skip(y * width).take(width).map(|pixel| pixel[0]).collect()
    }

    #[test]
    fn an_outline_lies_inside_its_rectangle() {
        let mut canvas = canvas(8, 7);
        canvas.outline(rect(1, 1, 6, 5), [0; 3], 2);
        assert_eq!(row(&canvas, 0), [255; 8]);
        assert_eq!([row(&canvas, 1), row(&canvas, 2)].concat(), [255, 0, 0, 0, 0, 0, 0, 255].repeat(2));
        assert_eq!(row(&canvas, 3), [255, 0, 0, 255, 255, 0, 0, 255]);
        assert_eq!([row(&canvas, 4), row(&canvas, 5)].concat(), [255, 0, 0, 0, 0, 0, 0, 255].repeat(2));
        assert_eq!(row(&canvas, 6), [255; 8]);
    }

    #[test]
    fn what_lies_outside_the_canvas_is_not_drawn() {
        let mut canvas = canvas(3, 2);
        canvas.fill(rect(2, 1, 9, 9), [0; 3]);
        canvas.blend((None, Some(0)), [0; 3], 1.0);
        canvas.blend((Some(3), Some(0)), [0; 3], 1.0);
        assert_eq!([row(&canvas, 0), row(&canvas, 1)].concat(), [255, 255, 255, 255, 255, 0]);
    }

    #[test]
    fn a_pixel_is_blended_by_its_coverage_and_rounded_to_the_nearest_level() {
        let mut canvas = canvas(4, 1);
        for (x, coverage) in [(0, 0.0), (1, 0.5), (2, 1.0), (3, 2.0)] {
            canvas.blend((Some(x), Some(0)), [0; 3], coverage);
        }
        assert_eq!(row(&canvas, 0), [255, 128, 0, 0]);
    }

    #[test]
    fn a_ring_is_two_pixels_wide_with_smooth_edges_around_its_pixel() {
        let mut canvas = canvas(21, 21);
        canvas.ring((10, 10), 4, [0; 3]);
        let expected =
            [255, 255, 255, 255, 255, 128, 0, 128, 255, 255, 255, 255, 255, 128, 0, 128, 255, 255, 255, 255, 255];
        assert_eq!(row(&canvas, 10), expected);
    }

    #[test]
    fn the_part_of_a_picture_outside_its_bright_rectangle_fades_towards_white() {
        let mut canvas = canvas(4, 1);
        let picture = Picture::from_rgb(Size::new(4, 1).unwrap(), vec![30; 12]).unwrap();
        canvas.paste((0, 0), &picture, Some(rect(1, 0, 2, 1)));
        assert_eq!(row(&canvas, 0), [180, 30, 30, 180]);
    }

    #[test]
    fn transparent_pixels_show_a_chequered_background() {
        let mut canvas = canvas(17, 9);
        let pixels = [100, 100, 100, 0].repeat(17 * 9);
        let picture = Picture::from_rgba(Size::new(17, 9).unwrap(), pixels).unwrap();
        canvas.paste((0, 0), &picture, None);
        assert_eq!(row(&canvas, 7), [[255; 8], [208; 8]].concat().into_iter().chain([255]).collect::<Vec<_>>());
        assert_eq!(row(&canvas, 8)[7..9], [208, 255]);
    }
}

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

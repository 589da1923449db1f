//! Anti-aliased text in one typeface, Ubuntu Light, which the crate `epaint_default_fonts` contains.
//!
//! A line is as long as the sum of its advances, with kerning. A line that is too long loses its middle, since the ends
//! of labels tell them apart.

use ab_glyph::{Font, FontRef, InvalidFont, PxScale, ScaleFont, point};

use super::canvas::{Canvas, Colour};

/// The mark in the middle of a shortened line.
const ELLIPSIS: char = '…';

/// A typeface.
pub(super) struct Typeface(FontRef<'static>);

/// How a line of text looks.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// The height from the lowest to the highest edge of the letters, in pixels.
    pub(super) px: u16,
    pub(super) colour: Colour,
    /// Whether the strokes are thickened. The typeface has no bold letters of its own.
    pub(super) is_bold: bool,
}

impl Typeface {
    /// Reads the typeface that the program contains.
    pub(super) fn new() -> Result<Self, InvalidFont> {
        FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT).map(Self)
    }

    /// Returns the length of a line in pixels, rounded up.
    pub(super) fn length(&self, text: &str, style: Style) -> u32 {
        let font = self.0.as_scaled(PxScale::from(f32::from(style.px)));
        let mut length = 0.0;
        let mut last = None;
        for glyph in text.chars().map(|letter| font.glyph_id(letter)) {
            length += last.map_or(0.0, |last| font.kern(last, glyph)) + font.h_advance(glyph);
            last = Some(glyph);
        }
        whole(length.ceil())
    }

    /// Returns the text if it is at most `width` pixels long. Otherwise returns as many letters of its beginning and of
    /// its end as fit, with an ellipsis between them.
    pub(super) fn shortened(&self, text: &str, style: Style, width: u32) -> String {
        if self.length(text, style) <= width {
            return text.to_owned();
        }
        let letters: Vec<char> = text.chars().collect();
        let kept = |kept: usize| {
            let (start, end) = (letters.iter().take(kept.div_ceil(2)), letters.iter().skip(letters.len() - kept / 2));
            start.chain([&ELLIPSIS]).chain(end).collect::<String>()
        };
        let mut lines = (0..letters.len()).rev().map(kept);
        lines.find(|line| self.length(line, style) <= width).unwrap_or_else(|| ELLIPSIS.to_string())
    }

    /// Draws a line whose letters stand at `x` on the line `base`.
    pub(super) fn draw(&self, canvas: &mut Canvas, (x, base): (u32, u32), text: &str, style: Style) {
        let font = self.0.as_scaled(PxScale::from(f32::from(style.px)));
        let mut pen = 0.0;
        let mut last = None;
        for letter in text.chars() {
            let glyph = font.glyph_id(letter);
            pen += last.map_or(0.0, |last| font.kern(last, glyph));
            // A second stroke beside the first one makes letters bold.
            for shift in if style.is_bold { &[0.0, 0.45][..] } else { &[0.0] } {
                let placed = glyph.with_scale_and_position(font.scale(), point(pen + shift, 0.0));
                let Some(outline) = self.0.outline_glyph(placed) else { continue };
                let corner = outline.px_bounds().min;
                outline.draw(|dx, dy, coverage| {
                    let at = (offset(x, dx, corner.x), offset(base, dy, corner.y));
                    canvas.blend(at, style.colour, coverage);
                });
            }
            pen += font.h_advance(glyph);
            last = Some(glyph);
        }
    }
}

/// Returns `start + step + corner`, where `corner` is a whole number of pixels and may be negative.
fn offset(start: u32, step: u32, corner: f32) -> Option<u32> {
    let moved = start.checked_add(step)?.checked_add(whole(corner.max(0.0)))?;
    moved.checked_sub(whole((-corner).max(0.0)))
}

/// Returns a whole number that is not negative as an integer.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a coordinate of a sheet")]
const fn whole(number: f32) -> u32 {
    number as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style { px: 16, colour: [0; 3], is_bold: false };

    #[test]
    fn a_line_that_is_too_long_keeps_its_ends_and_fits() {
        let face = Typeface::new().unwrap();
        let text = "google-performance-landscape";
        let whole = face.length(text, STYLE);
        assert_eq!(face.shortened(text, STYLE, whole), text);
        for width in 20..whole {
            let line = face.shortened(text, STYLE, width);
            let (start, end) = line.split_once(ELLIPSIS).unwrap();
            assert!(text.starts_with(start) && text.ends_with(end), "{width}: {line}");
            assert!(start.len().abs_diff(end.len()) <= 1 && face.length(&line, STYLE) <= width, "{width}: {line}");
        }
        assert_eq!(face.shortened(text, STYLE, 0), "…");
    }

    #[test]
    fn letters_have_grey_edges() {
        let face = Typeface::new().unwrap();
        let mut canvas = Canvas::new(smart_resize::Size::new(60, 30).unwrap());
        face.draw(&mut canvas, (4, 22), "Ag", STYLE);
        let levels: std::collections::BTreeSet<u8> = canvas.pixels().iter().copied().collect();
        assert!(levels.len() > 20, "{levels:?}");
    }
}

//! A contact sheet: every result in its real proportions, with its label, size, format, what it keeps, and its cost.
//!
//! Results are placed in rows, in the order of their targets. All have about the same area, so that a banner and a
//! square are equally prominent, and none is enlarged. Beside each caption a small diagram shows the image that the
//! result is cut from: the part outside the crop is paler, and the crop, the safe area and the focus are outlined. The
//! head has the source and the plan. A sheet ends where the next row would exceed its limits, and says how many results
//! it omits.

mod canvas;
mod text;

use std::error::Error;
use std::path::Path;

use smart_resize::geometry::{Focus, Insets, PerMille, Rect, Reframing};
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeLimits, probe};
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::pixels::render::{RenderOptions, RenderTarget, render_picture};
use smart_resize::plan::Generation;
use smart_resize::run::{Output, Provenance};
use smart_resize::{Format, Outcome, Plan, Size, Source};

use self::canvas::{Canvas, Colour};
use self::text::{Style, Typeface};
use crate::args::Purpose;

/// The most results on a sheet.
const MAX_RESULTS: usize = 80;
/// The most pixels of the sheet's height. A WebP has at most 16,383.
const MAX_HEIGHT: u32 = 16_000;
/// The space around the results, in pixels.
const MARGIN: u32 = 48;
/// The space between two results of a row, and between two rows.
const GAP: (u32, u32) = (36, 44);
/// The longest row, and the least width of the head.
const ROW: (u32, u32) = (1500, 880);
/// About how many pixels of the sheet a result covers.
const AREA: u64 = 300 * 300;
/// The largest width and height of a result.
const LARGEST: (u32, u32) = (728, 400);
/// The largest width and height of the diagram beside a caption, and the space between the two.
const DIAGRAM: (u32, u32) = (96, 80);
const BESIDE: u32 = 14;
/// The least width of a caption's text, and the space between a result and its caption.
const CAPTION: u32 = 215;
const BELOW: u32 = 16;
/// The height of a caption, with the space above it.
const CAPTION_HEIGHT: u32 = BELOW + 4 * LEADING;
/// The largest width and height of the source in the head, and the height of the head with the space below it.
const SOURCE: (u32, u32) = (240, 120);
const HEAD: u32 = 168;

const INK: Colour = [0x1d, 0x1f, 0x24];
const GREY: Colour = [0x50, 0x55, 0x5e];
const LINE: Colour = [0xe3, 0xe5, 0xe8];
const CROP: Colour = [0xf2, 0x4b, 0x16];
const SAFE: Colour = [0x1e, 0xa6, 0x4b];
const FOCUS: Colour = [0x0b, 0x84, 0xf3];

const HEADLINE: Style = Style { px: 34, colour: INK, is_bold: true };
const LABEL: Style = Style { px: 19, colour: INK, is_bold: true };
const BODY: Style = Style { px: 17, colour: GREY, is_bold: false };
/// The space from one line of a caption to the next.
const LEADING: u32 = 22;

/// Returns the format for the extension of the sheet's file name.
pub(crate) fn format(path: &Path) -> Result<Format, String> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    extension.to_ascii_lowercase().parse().map_err(|error| format!("{}: {error}", path.display()))
}

/// Draws the sheet of an outcome, and returns the encoded file.
pub(crate) fn draw(
    (plan, source): (&Plan, &Source),
    purposes: &[Purpose],
    outcome: &Outcome,
    format: Format,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let face = Typeface::new()?;
    let items: Vec<Item<'_>> = items(plan, source, purposes, outcome)?;
    let layout = Layout::of(&items.iter().map(|item| (item.width(), item.shown.height())).collect::<Vec<_>>());
    let omitted = items.len() - layout.places.len();

    let mut sheet = Canvas::new(layout.size(omitted > 0)?);
    draw_head(&mut sheet, &face, (plan, source), (items.len(), outcome))?;
    for (item, place) in items.iter().zip(&layout.places) {
        item.draw(&mut sheet, &face, *place)?;
    }
    if omitted > 0 {
        let at = (MARGIN, sheet.size().height() - MARGIN);
        face.draw(&mut sheet, at, &format!("{} not shown", count(omitted, "more result")), LABEL, ROW.1);
    }
    let picture = Picture::from_rgb(sheet.size(), sheet.into_pixels())?;
    Ok(encode(&picture, format, &EncodeOptions::default())?.bytes)
}

/// The positions of the results.
struct Layout {
    /// The lower left corners of the pictures of the results that fit.
    places: Vec<(u32, u32)>,
    /// The length of the longest row.
    width: u32,
    /// The lower edge of the last row.
    bottom: u32,
}

impl Layout {
    /// Places results with these widths and heights of their pictures. It fills rows from left to right, from the top.
    /// The pictures of a row stand on one line, so that their captions are level.
    fn of(items: &[(u32, u32)]) -> Self {
        let mut layout = Self { places: Vec::new(), width: ROW.1, bottom: MARGIN + HEAD };
        let mut rest = items.get(..MAX_RESULTS).unwrap_or(items);
        while !rest.is_empty() {
            let mut length = 0;
            let fits = |(width, _): &&(u32, u32)| {
                length += width + if length > 0 { GAP.0 } else { 0 };
                length <= ROW.0
            };
            // A row has at least one result.
            let (row, later) = rest.split_at(rest.iter().take_while(fits).count().max(1));
            let gap = if layout.places.is_empty() { 0 } else { GAP.1 };
            let line = layout.bottom + gap + row.iter().map(|(_, height)| *height).max().unwrap_or(0);
            if line + CAPTION_HEIGHT + 2 * MARGIN > MAX_HEIGHT {
                break;
            }
            let mut x = 0;
            for (width, _) in row {
                layout.places.push((MARGIN + x, line));
                layout.width = layout.width.max(x + width);
                x += width + GAP.0;
            }
            layout.bottom = line + CAPTION_HEIGHT;
            rest = later;
        }
        layout
    }

    /// Returns the size of the sheet, with a line at its end if results are omitted.
    fn size(&self, has_end: bool) -> Result<Size, Box<dyn Error>> {
        let end = if has_end { MARGIN } else { 0 };
        Ok(Size::new(self.width + 2 * MARGIN, self.bottom + MARGIN + end)?)
    }
}

/// A result, as it is shown.
struct Item<'a> {
    output: &'a Output,
    /// The size in which it is shown.
    shown: Size,
    /// The encoded image that it is cut from, and how that image shows the source.
    image: &'a [u8],
    reframing: Option<Reframing>,
    caption: [String; 4],
}

/// Returns the results of an outcome, in the order of the targets and their variants.
fn items<'a>(
    plan: &'a Plan,
    source: &'a Source,
    purposes: &[Purpose],
    outcome: &'a Outcome,
) -> Result<Vec<Item<'a>>, Box<dyn Error>> {
    let mut items = Vec::new();
    for (purpose, rendition) in purposes.iter().zip(&outcome.renditions) {
        for (variant, output) in (1_usize..).zip(&rendition.variants) {
            let Ok(output) = output else { continue };
            let record = &output.provenance;
            let file = format!("{} · {}", record.format, bytes(output.bytes.len()));
            // A result without a name is called by its size.
            let (label, facts) = match &purpose.placement {
                Some(placement) => (placement.id.to_string(), format!("{} · {file}", size(record.target))),
                None => (size(record.target), file),
            };
            let label = if rendition.variants.len() > 1 { format!("{label}, variant {variant}") } else { label };
            items.push(Item::new(plan, source, outcome, output, [label, facts])?);
        }
    }
    Ok(items)
}

impl<'a> Item<'a> {
    fn new(
        plan: &Plan,
        source: &'a Source,
        outcome: &'a Outcome,
        output: &'a Output,
        [label, facts]: [String; 2],
    ) -> Result<Self, Box<dyn Error>> {
        let record = &output.provenance;
        let missing = || format!("the image that {label} is cut from is missing");
        let Some(made) = &record.generation else {
            let image = source.bytes().ok_or_else(missing)?;
            let caption = [label, facts, format!("keeps {} of the picture", record.kept), "no cost".into()];
            return Ok(Self { output, shown: shown(record.target)?, image, reframing: None, caption });
        };
        let generated = outcome.calls.get(made.call.0 as usize).and_then(|call| call.result.as_ref().ok());
        let generated = generated.ok_or_else(missing)?;
        let image = generated.images.get(made.image as usize).ok_or_else(missing)?;
        let (index, _) = plan.calls().find(|(_, call)| call.id() == made.call).ok_or_else(missing)?;
        let generation = plan.generations().get(index).ok_or_else(missing)?;
        let sharing = plan.renditions().iter().filter(|rendition| rendition.generation() == Some(index)).count();
        let loss = match record.loss {
            PerMille::ZERO => String::new(),
            loss => format!(", loses {loss}"),
        };
        let kept = format!("keeps {} of {}{loss}", record.kept, generation.preset());
        let cost = cost(generation, generated.billed_images > 0, sharing);
        let caption = [label, facts, kept, cost];
        Ok(Self { output, shown: shown(record.target)?, image, reframing: generated.reframing, caption })
    }

    fn width(&self) -> u32 {
        self.shown.width().max(DIAGRAM.0 + BESIDE + CAPTION)
    }

    /// Draws the picture, whose lower left corner is at `(x, line)`, and the caption below it.
    fn draw(&self, sheet: &mut Canvas, face: &Typeface, (x, line): (u32, u32)) -> Result<(), Box<dyn Error>> {
        let record = &self.output.provenance;
        let y = line - self.shown.height();
        sheet.paste((x, y), &thumbnail(&self.output.bytes, self.shown)?, None);
        if record.safe_area != Insets::default() {
            let safe = record.safe_area.inside(Rect::new(0, 0, record.target), record.target);
            sheet.outline(scaled(safe, record.target, (x, y), self.shown)?, SAFE, 1);
        }
        let top = line + BELOW;
        let beside = fitted(record.frame, DIAGRAM)?.width() + BESIDE;
        self.draw_diagram(sheet, (x, top))?;
        for (row, text) in (0_u32..).zip(&self.caption) {
            let style = if row == 0 { LABEL } else { BODY };
            let at = (x + beside, top + 15 + row * LEADING);
            face.draw(sheet, at, text, style, self.width() - beside);
        }
        Ok(())
    }

    /// Draws the image that the result is cut from, with the crop, the safe area and the focus.
    fn draw_diagram(&self, sheet: &mut Canvas, corner: (u32, u32)) -> Result<(), Box<dyn Error>> {
        let record = &self.output.provenance;
        let small = fitted(record.frame, DIAGRAM)?;
        let whole = Rect::new(0, 0, record.frame);
        let crop = scaled(record.crop, record.frame, (0, 0), small)?;
        sheet.paste(corner, &thumbnail(self.image, small)?, Some(crop));
        sheet.outline(scaled(whole, record.frame, corner, small)?, LINE, 1);
        if record.safe_area != Insets::default() {
            let safe = record.safe_area.inside(record.crop, record.target);
            sheet.outline(scaled(safe, record.frame, corner, small)?, SAFE, 1);
        }
        sheet.outline(scaled(record.crop, record.frame, corner, small)?, CROP, 2);
        if record.focus != Focus::CENTRE {
            self.draw_focus(sheet, record, corner, small)?;
        }
        Ok(())
    }

    /// Draws a focal region as an outline, and a focal point as a ring.
    fn draw_focus(
        &self,
        sheet: &mut Canvas,
        record: &Provenance,
        corner: (u32, u32),
        small: Size,
    ) -> Result<(), Box<dyn Error>> {
        let [left, top, right, bottom] = record.focus.edges_px(record.frame, self.reframing);
        let edges = record.focus.edges();
        let region = Size::new((right - left).max(1), (bottom - top).max(1))?;
        let place = scaled(Rect::new(left, top, region), record.frame, corner, small)?;
        if (edges[0], edges[1]) == (edges[2], edges[3]) {
            sheet.ring((place.x(), place.y()), 4, FOCUS);
        } else {
            sheet.outline(place, FOCUS, 2);
        }
        Ok(())
    }
}

/// Draws the head: what the sheet has, the plan, the legend, and the source at the right.
fn draw_head(
    sheet: &mut Canvas,
    face: &Typeface,
    (plan, source): (&Plan, &Source),
    (shown, outcome): (usize, &Outcome),
) -> Result<(), Box<dyn Error>> {
    let mut width = sheet.size().width() - 2 * MARGIN;
    if let Some(bytes) = source.bytes() {
        let whole = source.size.map_or_else(|| picture_size(bytes), Ok)?;
        let small = fitted(whole, SOURCE)?;
        let x = MARGIN + width - small.width();
        sheet.paste((x, MARGIN), &thumbnail(bytes, small)?, None);
        width -= SOURCE.0 + GAP.0;
    }
    let mut y = MARGIN + 28;
    face.draw(sheet, (MARGIN, y), &format!("{} of one picture", count(shown, "result")), HEADLINE, width);
    y += 34;
    let failed = outcome.renditions.iter().flat_map(|rendition| &rendition.variants).filter(|made| made.is_err());
    let failed = match failed.count() {
        0 => String::new(),
        failed => format!(" · {failed} failed"),
    };
    let facts = format!(
        "{} · {} · planned {} · spent {}{failed}",
        plan.model(),
        count(plan.generations().len(), "generation"),
        plan.cost(),
        outcome.cost(plan),
    );
    face.draw(sheet, (MARGIN, y), &facts, BODY, width);
    y += 40;
    let mut x = MARGIN;
    for (colour, meaning) in [(CROP, "cut out"), (SAFE, "safe area"), (FOCUS, "focus")] {
        sheet.outline(Rect::new(x, y - 12, Size::new(16, 13)?), colour, 2);
        face.draw(sheet, (x + 24, y), meaning, BODY, width);
        x += 24 + face.length(meaning, BODY) + 28;
    }
    let rule = Rect::new(MARGIN, MARGIN + HEAD - 30, Size::new(sheet.size().width() - 2 * MARGIN, 1)?);
    sheet.fill(rule, LINE);
    Ok(())
}

/// Says what the image of a result costs: its price, divided among the results that share it.
fn cost(generation: &Generation, is_billed: bool, sharing: usize) -> String {
    match (is_billed, sharing) {
        (false, _) => "no cost".into(),
        (true, ..2) => generation.per_image().to_string(),
        (true, sharing) => format!("{} for {sharing} sizes", generation.per_image()),
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn size(size: Size) -> String {
    format!("{} × {}", size.width(), size.height())
}

/// Returns a number of bytes in the unit in which people read file sizes.
fn bytes(bytes: usize) -> String {
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

/// Returns the size in which a result of `target` is shown: about [`AREA`] pixels, at most [`LARGEST`], and never
/// enlarged.
fn shown(target: Size) -> Result<Size, Box<dyn Error>> {
    let (width, height) = (u64::from(target.width()), u64::from(target.height()));
    let wide = u32::try_from((AREA * width / height).isqrt())?.max(1);
    let high = u32::try_from((AREA * height / width).isqrt())?.max(1);
    fitted(target, (wide.min(LARGEST.0), high.min(LARGEST.1)))
}

/// Returns the largest size of the shape of `size` within `(width, height)`. A picture is not enlarged.
fn fitted(size: Size, (width, height): (u32, u32)) -> Result<Size, Box<dyn Error>> {
    let (whole_width, whole_height) = (u64::from(size.width()), u64::from(size.height()));
    let (wide, high) = (u64::from(width).min(whole_width), u64::from(height).min(whole_height));
    // The side that is used up first decides.
    let (wide, high) = if wide * whole_height <= high * whole_width {
        (wide, (wide * whole_height / whole_width).max(1))
    } else {
        ((high * whole_width / whole_height).max(1), high)
    };
    Ok(Size::new(u32::try_from(wide)?, u32::try_from(high)?)?)
}

/// Decodes a picture and scales it to `size`.
fn thumbnail(bytes: &[u8], size: Size) -> Result<Picture, Box<dyn Error>> {
    Ok(render_picture(bytes, &RenderTarget::new(size), &RenderOptions::default())?.picture)
}

fn picture_size(bytes: &[u8]) -> Result<Size, Box<dyn Error>> {
    Ok(probe(bytes, &DecodeLimits::default())?.size)
}

/// Scales `rect`, a rectangle of `frame`, to the thumbnail of size `small` whose upper left corner is `corner`.
fn scaled(rect: Rect, frame: Size, corner: (u32, u32), small: Size) -> Result<Rect, Box<dyn Error>> {
    let scale = |start: u32, length: u32, whole: u32, small: u32| -> Result<(u32, u32), Box<dyn Error>> {
        let place = |at: u32| u32::try_from(u64::from(at) * u64::from(small) / u64::from(whole));
        let (start, end) = (place(start)?.min(small - 1), place(start + length)?);
        Ok((start, end.saturating_sub(start).max(1)))
    };
    let (x, width) = scale(rect.x(), rect.width(), frame.width(), small.width())?;
    let (y, height) = scale(rect.y(), rect.height(), frame.height(), small.height())?;
    Ok(Rect::new(corner.0 + x, corner.1 + y, Size::new(width, height)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_overlap_nowhere_and_the_sheet_keeps_its_limits() {
        let sizes = [(300, 300), (728, 90), (325, 400), (400, 225), (325, 110)];
        for count in [0, 1, 5, 79, 80, 81, 400] {
            for step in 1..sizes.len() {
                let items: Vec<(u32, u32)> = (0..count).map(|at| sizes[at * step % sizes.len()]).collect();
                let layout = Layout::of(&items);
                let boxes = layout.places.iter().zip(&items).map(|(&(x, line), &(width, height))| {
                    assert!(line - height >= MARGIN + HEAD);
                    (x, line - height, x + width, line + CAPTION_HEIGHT)
                });
                let boxes: Vec<_> = boxes.collect();
                for (at, a) in boxes.iter().enumerate() {
                    let apart = |b: &(u32, u32, u32, u32)| a.2 <= b.0 || b.2 <= a.0 || a.3 <= b.1 || b.3 <= a.1;
                    assert!(boxes[..at].iter().all(apart), "result {at} of {count} overlaps another");
                }
                let sheet = layout.size(boxes.len() < count).unwrap();
                assert!(sheet.height() <= MAX_HEIGHT && sheet.width() <= ROW.0 + 2 * MARGIN, "{sheet}");
                assert!(boxes.iter().all(|b| b.2 <= sheet.width() - MARGIN && b.3 <= sheet.height() - MARGIN));
                assert!(boxes.len() == count.min(MAX_RESULTS) || sheet.height() > MAX_HEIGHT - 700);
            }
        }
    }

    #[test]
    fn results_have_their_shape_and_none_is_enlarged() {
        for (target, expected) in [
            ("300x250", "300x250"),
            ("728x90", "728x90"),
            ("1080x1080", "300x300"),
            ("1080x1920", "225x400"),
            ("1920x1080", "400x225"),
            ("3000x100", "728x24"),
            ("1x65535", "1x400"),
        ] {
            assert_eq!(shown(target.parse().unwrap()).unwrap().to_string(), expected, "{target}");
        }
    }
}

//! A contact sheet: every result in its real proportions, with its label, size, format, what it keeps, and its cost.
//!
//! Beside each caption a small diagram shows the image that the result is cut from: the part outside the crop is paler,
//! and the crop, the safe area and the focus are outlined. The head has the source, the plan, and the meaning of the
//! outlines that the sheet has. A sheet ends where the next row would exceed its limits, and its head says how many
//! results it shows.
//!
//! The sheet of a plan that was not run shows previews. Each is marked as one.

mod canvas;
mod item;
mod layout;
mod text;
mod words;

use std::error::Error;
use std::path::Path;

use smart_resize::generate::local::LocalGenerator;
use smart_resize::geometry::Rect;
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeLimits, probe};
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::run::Output;
use smart_resize::{Format, Outcome, Plan, Size, Source};

use self::canvas::{Canvas, Colour};
use self::item::{Item, Legend, thumbnail};
use self::layout::{GAP, Layout, MARGIN, fitted};
use self::text::{Style, Typeface};
use self::words::count;
use crate::args::Purpose;

/// The longest side of a preview, in pixels.
const PREVIEW: u32 = 640;
/// The largest width and height of the source in the head, and the height of the head with the space below it.
const SOURCE: (u32, u32) = (240, 120);
const HEAD: u32 = 168;

const INK: Colour = [0x1d, 0x1f, 0x24];
const GREY: Colour = [0x50, 0x55, 0x5e];
const LINE: Colour = [0xe3, 0xe5, 0xe8];
const WARNING: Colour = [0xb3, 0x26, 0x0e];
const CROP: Colour = [0xf2, 0x4b, 0x16];
const SAFE: Colour = [0x1e, 0xa6, 0x4b];
const FOCUS: Colour = [0x0b, 0x84, 0xf3];

const HEADLINE: Style = Style { px: 34, colour: INK, is_bold: true };
const BODY: Style = Style { px: 17, colour: GREY, is_bold: false };

/// Returns the format for the extension of the sheet's file name.
pub(crate) fn format(path: &Path) -> Result<Format, String> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    extension.to_ascii_lowercase().parse().map_err(|error| format!("{}: {error}", path.display()))
}

/// Draws the sheet of an outcome, and returns the encoded file. `local` is the generator that the run had.
pub(crate) fn draw(
    (plan, source): (&Plan, &Source),
    purposes: &[Purpose],
    (outcome, local): (&Outcome, &LocalGenerator),
    format: Format,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let items = item::results((plan, source), purposes, outcome, local)?;
    let made = outcome.renditions.iter().flat_map(|rendition| &rendition.variants);
    let failed = made.clone().filter(|made| made.is_err()).count();
    let mut title = format!("{} of one picture", count(items.len(), "result"));
    if failed > 0 {
        title = format!("{title}, {failed} failed");
    }
    let facts = [
        maker(made.filter_map(|made| made.as_ref().ok())).to_owned(),
        format!("{} · {} planned · {} spent", planned(plan), plan.cost(), outcome.cost(plan)),
    ];
    sheet(&items, source, (title, facts), format)
}

/// Draws the sheet of a plan that was not run, and returns the encoded file. `local` makes the previews.
pub(crate) fn draw_plan(
    (plan, source): (&Plan, &Source),
    purposes: &[Purpose],
    local: &LocalGenerator,
    format: Format,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let previews = plan.preview_with(source, PREVIEW, local)?;
    let items = item::previews(plan, purposes, &previews, local)?;
    let title = format!("{} of a plan", count(items.len(), "preview"));
    let facts = [
        "Small drafts by the built-in generator. The results of a model differ.".to_owned(),
        format!("{} · {} planned · nothing is generated yet", planned(plan), plan.cost()),
    ];
    sheet(&items, source, (title, facts), format)
}

/// Says what made the images that the results are cut from.
fn maker<'a>(outputs: impl Iterator<Item = &'a Output>) -> &'static str {
    let (mut is_local, mut is_model) = (false, false);
    for made in outputs.filter_map(|output| output.provenance.generation.as_ref()) {
        // A model does not estimate how plausible its image is.
        is_local |= made.plausibility.is_some();
        is_model |= made.plausibility.is_none();
    }
    match (is_local, is_model) {
        (true, _) => "Made by the built-in generator. No model was called.",
        (false, true) => "Cut from an image that a model returned.",
        (false, false) => "Cut from the picture itself.",
    }
}

fn planned(plan: &Plan) -> String {
    format!("Plan for {}: {}", plan.model(), count(plan.generations().len(), "generation"))
}

/// Draws the head and the items, and returns the encoded file.
fn sheet(
    items: &[Item<'_>],
    source: &Source,
    (mut title, facts): (String, [String; 2]),
    format: Format,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let face = Typeface::new()?;
    let shapes = items.iter().map(|item| item.shape(&face)).collect::<Result<Vec<_>, _>>()?;
    let lines = facts.iter().map(|fact| face.length(fact, BODY)).chain([face.length(&title, HEADLINE)]);
    let width = lines.max().unwrap_or(0) + GAP.0 + SOURCE.0;
    let layout = Layout::of(&shapes, (width, HEAD))?;
    if layout.places.len() < items.len() {
        title = format!("{title}, {} shown", layout.places.len());
    }

    let mut sheet = Canvas::new(layout.size()?);
    draw_head(&mut sheet, &face, source, (&title, &facts))?;
    let shown = layout.places.iter().filter_map(|place| Some((items.get(place.index)?, place)));
    let mut legend = Legend::default();
    for (item, place) in shown {
        item.draw(&mut sheet, &face, place)?;
        let own = item.legend();
        legend.has_crop |= own.has_crop;
        legend.has_safe_area |= own.has_safe_area;
        legend.has_focus |= own.has_focus;
    }
    draw_legend(&mut sheet, &face, legend)?;
    let picture = Picture::from_rgb(sheet.size(), sheet.into_pixels())?;
    Ok(encode(&picture, format, &EncodeOptions::default())?.bytes)
}

/// Draws the head: the title, two lines of facts, and the source at the right.
fn draw_head(
    sheet: &mut Canvas,
    face: &Typeface,
    source: &Source,
    (title, facts): (&str, &[String; 2]),
) -> Result<(), Box<dyn Error>> {
    let width = sheet.size().width() - 2 * MARGIN;
    if let Some(bytes) = source.bytes() {
        let whole = source.size.map_or_else(|| picture_size(bytes), Ok)?;
        let small = fitted(whole, SOURCE)?;
        sheet.paste((MARGIN + width - small.width(), MARGIN), &thumbnail(bytes, small)?, None);
    }
    face.draw(sheet, (MARGIN, MARGIN + 28), title, HEADLINE);
    for (base, fact) in [60, 83].into_iter().zip(facts) {
        face.draw(sheet, (MARGIN, MARGIN + base), fact, BODY);
    }
    sheet.fill(Rect::new(MARGIN, MARGIN + HEAD - 30, Size::new(width, 1)?), LINE);
    Ok(())
}

/// Draws the meaning of the outlines below the facts of the head.
fn draw_legend(sheet: &mut Canvas, face: &Typeface, legend: Legend) -> Result<(), Box<dyn Error>> {
    let (mut x, y) = (MARGIN, MARGIN + 116);
    let entries = [
        (legend.has_crop, CROP, "crop"),
        (legend.has_safe_area, SAFE, "safe area"),
        (legend.has_focus, FOCUS, "focus"),
    ];
    for (_, colour, meaning) in entries.into_iter().filter(|(is_there, ..)| *is_there) {
        sheet.outline(Rect::new(x, y - 12, Size::new(16, 13)?), colour, 2);
        face.draw(sheet, (x + 24, y), meaning, BODY);
        x += 24 + face.length(meaning, BODY) + 28;
    }
    Ok(())
}

fn picture_size(bytes: &[u8]) -> Result<Size, Box<dyn Error>> {
    Ok(probe(bytes, &DecodeLimits::default())?.size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_a_sheet_is_that_of_its_extension_in_any_case() {
        let formats = ["a.png", "a.b.JPG", "a.Jpeg", "a.webp"].map(|path| format(Path::new(path)).unwrap());
        assert_eq!(formats, [Format::Png, Format::Jpeg, Format::Jpeg, Format::WebP]);
        assert!(["a.gif", "png"].iter().all(|path| format(Path::new(path)).is_err()));
    }
}

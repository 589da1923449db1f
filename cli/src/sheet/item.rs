//! A result or a preview, as a sheet shows it: its picture, a diagram of its crop, and its caption.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Display;

use smart_resize::generate::local::{Fallback, LocalGenerator};
use smart_resize::geometry::{Focus, Insets, PerMille, Rect, Reframing};
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::Damaged;
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::pixels::render::{RenderOptions, RenderTarget, render_picture};
use smart_resize::run::{Output, Preview};
use smart_resize::{Format, Outcome, Plan, Size, Source};

use super::canvas::{Canvas, Colour, PAPER};
use super::layout::{Place, Shape, fitted};
use super::text::{Style, Typeface};
use super::words::{bytes, cost, size};
use super::{BODY, CROP, FOCUS, INK, LINE, SAFE, WARNING};
use crate::args::Purpose;

/// The largest width and height of the diagram beside a caption, and the space between the two.
const DIAGRAM: (u32, u32) = (96, 80);
const BESIDE: u32 = 14;
/// The most pixels of a line of a caption. A longer label is shortened.
const LONGEST_LINE: u32 = 260;
/// The space between a picture and its caption, and from one line to the next.
const BELOW: u32 = 16;
const LEADING: u32 = 22;
/// The mark on the picture of a preview, and the space around its text.
const MARK: &str = "PREVIEW";
const AROUND: u32 = 6;

const LABEL: Style = Style { px: 19, colour: INK, is_bold: true };
const TAG: Style = Style { px: 14, colour: PAPER, is_bold: true };

/// A result or a preview.
pub(super) struct Item<'a> {
    /// The encoded picture, and its size in pixels.
    picture: Cow<'a, [u8]>,
    size: Size,
    /// The size of the target. The insets of the safe area refer to it.
    target: Size,
    safe_area: Insets,
    is_preview: bool,
    diagram: Option<Diagram<'a>>,
    label: String,
    /// Which variant it is, if there are several. It follows the label.
    variant: Option<String>,
    /// The lines below the label.
    lines: Vec<(String, Colour)>,
}

/// The image that a result is cut from, with the crop.
struct Diagram<'a> {
    image: &'a [u8],
    frame: Size,
    crop: Rect,
    focus: Focus,
    reframing: Option<Reframing>,
}

/// What the outlines of a sheet mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Legend {
    pub(super) has_crop: bool,
    pub(super) has_safe_area: bool,
    pub(super) has_focus: bool,
}

/// Returns the results of an outcome, in the order of the targets and their variants. `local` is the generator that the
/// run had.
pub(super) fn results<'a>(
    (plan, source): (&'a Plan, &'a Source),
    purposes: &[Purpose],
    outcome: &'a Outcome,
    local: &LocalGenerator,
) -> Result<Vec<Item<'a>>, Box<dyn Error>> {
    let mut items = Vec::new();
    for (purpose, rendition) in purposes.iter().zip(&outcome.renditions) {
        let variants = rendition.variants.len();
        for (variant, output) in (1_usize..).zip(&rendition.variants) {
            let Ok(output) = output else { continue };
            let mut item = Item::result((plan, source), purpose, outcome, output, local)?;
            item.variant = (variants > 1).then(|| format!("{variant} of {variants}"));
            items.push(item);
        }
    }
    Ok(items)
}

/// Returns the previews of a plan, in the order of its targets. `local` is the generator that made them.
pub(super) fn previews(
    plan: &Plan,
    purposes: &[Purpose],
    previews: &[Preview],
    local: &LocalGenerator,
) -> Result<Vec<Item<'static>>, Box<dyn Error>> {
    let items = purposes.iter().zip(plan.renditions()).zip(previews);
    items
        .map(|((purpose, rendition), preview)| {
            let generation = rendition.generation().and_then(|index| Some((index, plan.generations().get(index)?)));
            let price = generation.map_or("no cost".into(), |(index, made)| cost(made, sharing(plan, index)));
            let mut lines = vec![fact(purpose, rendition.target(), format!("{} · {price}", rendition.format()))];
            if let Some((_, generation)) = generation {
                lines.push(kept(rendition.kept(), generation.preset()));
                lines.extend(loss(rendition.loss()));
                lines.extend(preview.plausibility.map(|plausibility| plausible("preview", plausibility, local)));
            } else {
                lines.push(kept(rendition.kept(), "the picture itself"));
            }
            Ok(Item {
                picture: encode(&preview.picture, Format::Png, &EncodeOptions::default())?.bytes.into(),
                size: preview.picture.size(),
                target: rendition.target(),
                safe_area: rendition.safe_area(),
                is_preview: true,
                diagram: None,
                label: label(purpose, rendition.target()),
                variant: None,
                lines,
            })
        })
        .collect()
}

/// Returns the label of a target: the id of its placement, and otherwise its size.
fn label(purpose: &Purpose, target: Size) -> String {
    purpose.placement.as_ref().map_or_else(|| size(target), |placement| placement.id.to_string())
}

/// Returns the line with what a file is. It has the size if the label has not.
fn fact(purpose: &Purpose, target: Size, file: String) -> (String, Colour) {
    let text = if purpose.placement.is_some() { format!("{} · {file}", size(target)) } else { file };
    (text, BODY.colour)
}

/// Returns the line with the share of its image that a target keeps.
fn kept(kept: PerMille, image: impl Display) -> (String, Colour) {
    let share = if kept == PerMille::WHOLE { "all".to_owned() } else { kept.to_string() };
    (format!("keeps {share} of {image}"), BODY.colour)
}

/// Returns the line with the loss of a target that shares its generation. Without a loss there is none.
fn loss(loss: PerMille) -> Option<(String, Colour)> {
    (loss > PerMille::ZERO).then(|| (format!("loses {loss} by sharing"), BODY.colour))
}

/// Returns the line with the plausibility of what the built-in generator makes. `made` says what that is.
fn plausible(made: &str, plausibility: PerMille, local: &LocalGenerator) -> (String, Colour) {
    match (plausibility < LocalGenerator::PLAUSIBLE, local.fallback) {
        (false, _) => (format!("{made}, {plausibility} plausible"), BODY.colour),
        (true, Fallback::Anyway) => (format!("{made}, only {plausibility} plausible"), WARNING),
        (true, _) => (format!("backdrop (reframing: {plausibility} plausible)"), WARNING),
    }
}

/// Returns how many targets are cut from a generation.
fn sharing(plan: &Plan, generation: usize) -> usize {
    plan.renditions().iter().filter(|rendition| rendition.generation() == Some(generation)).count()
}

impl<'a> Item<'a> {
    fn result(
        (plan, source): (&'a Plan, &'a Source),
        purpose: &Purpose,
        outcome: &'a Outcome,
        output: &'a Output,
        local: &LocalGenerator,
    ) -> Result<Self, Box<dyn Error>> {
        let record = &output.provenance;
        let label = label(purpose, record.target);
        let missing = || format!("the image that {label} is cut from is missing");
        let file = format!("{} · {}", record.format, bytes(output.bytes.len() as u64, record.max_bytes));
        let mut lines = vec![fact(purpose, record.target, file)];
        let (image, reframing) = if let Some(made) = &record.generation {
            let generated = outcome.calls.get(made.call.0 as usize).and_then(|call| call.result.as_ref().ok());
            let generated = generated.ok_or_else(missing)?;
            let file = generated.images.get(made.image as usize).ok_or_else(missing)?;
            let (index, _) = plan.calls().find(|(_, call)| call.id() == made.call).ok_or_else(missing)?;
            let generation = plan.generations().get(index).ok_or_else(missing)?;
            // The built-in generator makes the size of a preset, but is not the model that the preset belongs to.
            // A backend that does not estimate a plausibility is a model.
            lines.extend(made.plausibility.map(|plausibility| plausible("reframed", plausibility, local)));
            let is_preset = made.plausibility.is_none() && record.frame == generation.size();
            let image = if is_preset { generation.preset().to_string() } else { size(record.frame) };
            lines.push(kept(record.kept, image));
            lines.extend(loss(record.loss));
            if generated.billed_images > 0 {
                lines.push((cost(generation, sharing(plan, index)), BODY.colour));
            }
            (&**file, generated.reframing)
        } else {
            lines.push(kept(record.kept, "the picture itself"));
            (&**source.bytes().ok_or_else(missing)?, None)
        };
        let diagram = Diagram { image, frame: record.frame, crop: record.crop, focus: record.focus, reframing };
        Ok(Self {
            picture: output.bytes.as_slice().into(),
            size: record.target,
            target: record.target,
            safe_area: record.safe_area,
            is_preview: false,
            diagram: Some(diagram),
            label,
            variant: None,
            lines,
        })
    }

    /// Returns what the layout needs to know.
    pub(super) fn shape(&self, face: &Typeface) -> Result<Shape, Box<dyn Error>> {
        let lines = self.lines.iter().map(|(line, _)| face.length(line, BODY));
        let label = face.length(&self.label, LABEL) + self.variant_length(face);
        let text = lines.chain([label]).max().unwrap_or(0).min(LONGEST_LINE);
        let high = (LEADING * (1 + u32::try_from(self.lines.len())?)).max(self.diagram_size()?.map_or(0, Size::height));
        let caption = (self.beside()? + text, BELOW + high);
        Ok(Shape { size: self.size, target: self.target, caption })
    }

    /// Returns which outlines the item has.
    pub(super) fn legend(&self) -> Legend {
        let diagram = self.diagram.as_ref();
        Legend {
            has_crop: diagram.is_some_and(Diagram::is_cut),
            has_safe_area: self.safe_area != Insets::default(),
            has_focus: diagram.is_some_and(|diagram| diagram.focus != Focus::CENTRE),
        }
    }

    /// Returns the width of the diagram, with the space between it and the caption.
    fn beside(&self) -> Result<u32, Box<dyn Error>> {
        Ok(self.diagram_size()?.map_or(0, |small| small.width() + BESIDE))
    }

    fn diagram_size(&self) -> Result<Option<Size>, Box<dyn Error>> {
        self.diagram.as_ref().map(|diagram| fitted(diagram.frame, DIAGRAM)).transpose()
    }

    fn variant_length(&self, face: &Typeface) -> u32 {
        self.variant.as_ref().map_or(0, |variant| BESIDE + face.length(variant, BODY))
    }

    /// Draws the picture and the caption below it.
    pub(super) fn draw(&self, sheet: &mut Canvas, face: &Typeface, place: &Place) -> Result<(), Box<dyn Error>> {
        let ((x, line), shown) = (place.corner, place.shown);
        let corner = (x, line - shown.height());
        sheet.paste(corner, &thumbnail(&self.picture, shown)?, None);
        if self.safe_area != Insets::default() {
            let safe = self.safe_area.inside(Rect::new(0, 0, self.target), self.target);
            sheet.outline(scaled(safe, self.target, corner, shown)?, SAFE, 1);
        }
        if self.is_preview {
            mark(sheet, face, corner, shown)?;
        }
        let top = line + BELOW;
        if let Some(diagram) = &self.diagram {
            diagram.draw(sheet, (x, top), (self.safe_area, self.target))?;
        }
        let (x, mut base) = (x + self.beside()?, top + 15);
        let width = place.width - self.beside()?;
        let label = face.shortened(&self.label, LABEL, width.saturating_sub(self.variant_length(face)));
        face.draw(sheet, (x, base), &label, LABEL);
        if let Some(variant) = &self.variant {
            face.draw(sheet, (x + face.length(&label, LABEL) + BESIDE, base), variant, BODY);
        }
        for (text, colour) in &self.lines {
            base += LEADING;
            face.draw(sheet, (x, base), &face.shortened(text, BODY, width), Style { colour: *colour, ..BODY });
        }
        Ok(())
    }
}

/// Marks a picture as a preview, in its upper left corner. A picture that is too small has no mark.
fn mark(sheet: &mut Canvas, face: &Typeface, corner: (u32, u32), shown: Size) -> Result<(), Box<dyn Error>> {
    let tag = Size::new(face.length(MARK, TAG) + 2 * AROUND, u32::from(TAG.px) + AROUND)?;
    if shown.covers(tag) {
        sheet.fill(Rect::new(corner.0, corner.1, tag), INK);
        face.draw(sheet, (corner.0 + AROUND, corner.1 + u32::from(TAG.px)), MARK, TAG);
    }
    Ok(())
}

impl Diagram<'_> {
    /// Whether the result shows less than the whole image.
    fn is_cut(&self) -> bool {
        self.crop != Rect::new(0, 0, self.frame)
    }

    /// Draws the image with the crop, the safe area and the focus.
    fn draw(
        &self,
        sheet: &mut Canvas,
        corner: (u32, u32),
        (safe_area, target): (Insets, Size),
    ) -> Result<(), Box<dyn Error>> {
        let small = fitted(self.frame, DIAGRAM)?;
        let crop = scaled(self.crop, self.frame, (0, 0), small)?;
        sheet.paste(corner, &thumbnail(self.image, small)?, Some(crop));
        sheet.outline(Rect::new(corner.0, corner.1, small), LINE, 1);
        if safe_area != Insets::default() {
            let safe = safe_area.inside(self.crop, target);
            sheet.outline(scaled(safe, self.frame, corner, small)?, SAFE, 1);
        }
        if self.is_cut() {
            sheet.outline(scaled(self.crop, self.frame, corner, small)?, CROP, 2);
        }
        if self.focus != Focus::CENTRE {
            self.draw_focus(sheet, corner, small)?;
        }
        Ok(())
    }

    /// Draws a focal region as an outline, and a focal point as a ring.
    fn draw_focus(&self, sheet: &mut Canvas, corner: (u32, u32), small: Size) -> Result<(), Box<dyn Error>> {
        let [left, top, right, bottom] = self.focus.edges_px(self.frame, self.reframing);
        let edges = self.focus.edges();
        let region = Size::new((right - left).max(1), (bottom - top).max(1))?;
        let place = scaled(Rect::new(left, top, region), self.frame, corner, small)?;
        if (edges[0], edges[1]) == (edges[2], edges[3]) {
            sheet.ring((place.x(), place.y()), 4, FOCUS);
        } else {
            sheet.outline(place, FOCUS, 2);
        }
        Ok(())
    }
}

/// Decodes a picture and scales it to `size`.
pub(super) fn thumbnail(bytes: &[u8], size: Size) -> Result<Picture, Box<dyn Error>> {
    let mut options = RenderOptions::default();
    // A damaged picture is drawn only if it was read before.
    options.decode.damaged = Damaged::Report;
    Ok(render_picture(bytes, &RenderTarget::new(size), &options)?.picture)
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
    use smart_resize::run::Driver;
    use smart_resize::{Request, Target};

    use super::*;

    /// Runs a plan for one target with the built-in generator, and returns what is read of its items.
    fn items(target: Target, focus: Focus) -> Vec<(String, Option<String>, Vec<String>, Legend)> {
        let grey = Picture::from_rgb("96x64".parse().unwrap(), vec![90; 96 * 64 * 3]).unwrap();
        let source = Source::from_picture(&grey).unwrap();
        let request = Request::builder(source.clone()).targets([target]).focus(focus).variants(2).build().unwrap();
        let (plan, local) = (Plan::new(&request).unwrap(), LocalGenerator::default());
        let outcome = Driver::new(&plan, &source).run(&local).unwrap();
        let purposes = [Purpose { name: String::new(), placement: None }];
        let items = results((&plan, &source), &purposes, &outcome, &local).unwrap();
        let read = |item: &Item<'_>| {
            let lines = item.lines.iter().map(|(line, _)| line.clone()).collect();
            (item.label.clone(), item.variant.clone(), lines, item.legend())
        };
        items.iter().map(read).collect()
    }

    #[test]
    fn a_result_of_the_built_in_generator_says_so_and_names_no_model() {
        let items = items(Target::new("300x250".parse().unwrap()), Focus::CENTRE);
        for ((label, variant, lines, _), expected) in items.iter().zip(["1 of 2", "2 of 2"]) {
            assert_eq!((label.as_str(), variant.as_deref()), ("300 × 250", Some(expected)));
            assert!(lines[0].starts_with("png · ") && lines[0].ends_with(" B"), "{lines:?}");
            assert!(lines[1].starts_with("reframed, ") && lines[1].ends_with(" % plausible"), "{lines:?}");
            assert_eq!((lines[2].as_str(), lines.len()), ("keeps 96.7 % of 1152 × 928", 3));
        }
        assert_eq!(items.len(), 2);
    }

    #[test]
    fn the_legend_has_only_the_outlines_that_are_there() {
        let legend = |target: Target, focus: &str| items(target, focus.parse().unwrap()).remove(0).3;
        let none = Legend::default();
        let target = |size: &str| Target::new(size.parse().unwrap());
        assert_eq!(legend(target("1024x1024"), "50,50"), none);
        assert_eq!(legend(target("300x250"), "50,50"), Legend { has_crop: true, ..none });
        assert_eq!(legend(target("1024x1024"), "40,50"), Legend { has_focus: true, ..none });
        let safe = target("1024x1024").safe_area("10".parse().unwrap());
        assert_eq!(legend(safe, "50,50"), Legend { has_safe_area: true, ..none });
    }

    #[test]
    fn a_backdrop_and_a_reframing_that_is_not_plausible_are_warnings() {
        let line = |plausibility: &str, fallback| {
            plausible("reframed", plausibility.parse().unwrap(), &LocalGenerator::default().fallback(fallback))
        };
        let (good, bad) = ("50 %", "49.9 %");
        assert_eq!(line(good, Fallback::Backdrop), ("reframed, 50 % plausible".into(), BODY.colour));
        assert_eq!(line(bad, Fallback::Backdrop), ("backdrop (reframing: 49.9 % plausible)".into(), WARNING));
        assert_eq!(line(good, Fallback::Anyway), ("reframed, 50 % plausible".into(), BODY.colour));
        assert_eq!(line(bad, Fallback::Anyway), ("reframed, only 49.9 % plausible".into(), WARNING));
    }

    #[test]
    fn a_picture_that_is_kept_completely_keeps_all_and_without_a_loss_there_is_no_line() {
        assert_eq!(kept(PerMille::WHOLE, "it").0, "keeps all of it");
        assert_eq!(kept("99.9 %".parse().unwrap(), "it").0, "keeps 99.9 % of it");
        assert_eq!(loss(PerMille::ZERO), None);
        assert_eq!(loss("0.1 %".parse().unwrap()).unwrap().0, "loses 0.1 % by sharing");
    }

    #[test]
    fn a_scaled_rectangle_lies_in_its_thumbnail_and_has_at_least_a_pixel() {
        let size = |text: &str| text.parse::<Size>().unwrap();
        let of =
            |x, y, rect: &str| scaled(Rect::new(x, y, size(rect)), size("1000x500"), (7, 9), size("100x50")).unwrap();
        assert_eq!(of(0, 0, "1000x500"), Rect::new(7, 9, size("100x50")));
        assert_eq!(of(105, 55, "500x300"), Rect::new(17, 14, size("50x30")));
        assert_eq!(of(5, 5, "1x1"), Rect::new(7, 9, size("1x1")));
        assert_eq!(of(999, 499, "1x1"), Rect::new(106, 58, size("1x1")));
        assert_eq!(of(1000, 500, "1x1"), Rect::new(106, 58, size("1x1")));
    }

    #[test]
    fn a_preview_that_is_too_small_for_its_mark_has_none() {
        let face = Typeface::new().unwrap();
        let (width, height) = (face.length(MARK, TAG) + 12, 20);
        for (width, height, is_marked) in
            [(width, height, true), (width - 1, height, false), (width, height - 1, false)]
        {
            let size = Size::new(width, height).unwrap();
            let mut sheet = Canvas::new(size);
            mark(&mut sheet, &face, (0, 0), size).unwrap();
            assert_eq!(sheet.pixels()[..3] == INK, is_marked, "{size}");
        }
    }
}

//! A contact sheet. It shows each result to the right of the generated image or the source that it is cut from.
//!
//! In that image, the parts outside the crop are dimmed, and the crop, the safe area and the focus are outlined.

use std::convert::Infallible;
use std::error::Error;
use std::path::Path;

use embedded_graphics::Pixel;
use embedded_graphics::mono_font::{MonoTextStyle, ascii::FONT_9X18, ascii::FONT_9X18_BOLD};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor, WebColors};
use embedded_graphics::prelude::{Dimensions, DrawTarget, Drawable, OriginDimensions, Point, Primitive};
use embedded_graphics::primitives::{Circle, PrimitiveStyle, Rectangle};
use embedded_graphics::text::Text;
use smart_resize::geometry::{Focus, Insets, PerMille, Rect, Reframing};
use smart_resize::pixels::decode::{DecodeOptions, decode};
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::pixels::render::{RenderOptions, RenderTarget, render};
use smart_resize::pixels::{Layout, Picture};
use smart_resize::run::{Output, Provenance};
use smart_resize::{Format, Outcome, Plan, Size, Source};

use crate::args::Purpose;

/// The maximum side of a thumbnail, in pixels.
const THUMBNAIL: u32 = 320;
/// The space around the thumbnails and between them, in pixels.
const GAP: u32 = 24;
/// The height of the two lines of text below a pair of thumbnails, in pixels.
const CAPTION: u32 = 52;
/// The height of the legend, in pixels.
const HEAD: u32 = 20;
const CROP: Rgb888 = Rgb888::CSS_ORANGE_RED;
const SAFE: Rgb888 = Rgb888::CSS_LIME_GREEN;
const FOCUS: Rgb888 = Rgb888::CSS_DEEP_SKY_BLUE;
/// The width and the height of a pair of thumbnails with its caption and the space to the next pair, in pixels.
const CELL: (u32, u32) = (2 * THUMBNAIL + 2 * GAP, THUMBNAIL + CAPTION + GAP);
/// The maximum number of results on a sheet. In two columns they are 40 rows, whose height is below the maximum side of
/// a WebP.
const MAX_RESULTS: usize = 80;

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
    let outputs = purposes.iter().zip(&outcome.renditions);
    let outputs =
        outputs.flat_map(|(purpose, rendition)| rendition.variants.iter().flatten().map(move |o| (purpose, o)));
    let outputs: Vec<(&Purpose, &Output)> = outputs.take(MAX_RESULTS).collect();
    let columns = u32::try_from(outputs.len().clamp(1, 2))?;
    let rows = u32::try_from(outputs.len())?.div_ceil(columns).max(1);
    let mut sheet = Canvas::new(Size::new(columns * CELL.0 + GAP, HEAD + rows * CELL.1 + GAP)?);
    draw_head(&mut sheet)?;
    for (place, (purpose, output)) in (0_u32..).zip(outputs) {
        let corner = point(GAP + place % columns * CELL.0, HEAD + GAP + place / columns * CELL.1)?;
        draw_pair(&mut sheet, corner, (plan, source), purpose, outcome, output)?;
    }
    let picture = Picture::from_rgb(sheet.size, sheet.pixels)?;
    Ok(encode(&picture, format, &EncodeOptions::default())?.bytes)
}

/// Draws the legend: the colours of the outlines.
fn draw_head(sheet: &mut Canvas) -> Result<(), Box<dyn Error>> {
    let mut at = point(GAP, 26)?;
    for (colour, meaning) in [(CROP, "cut out"), (SAFE, "safe area"), (FOCUS, "focus")] {
        Rectangle::new(at - Point::new(0, 11), extent(Size::new(14, 12)?))
            .into_styled(PrimitiveStyle::with_stroke(colour, 2))
            .draw(sheet)?;
        at = Text::new(meaning, at + Point::new(20, 0), MonoTextStyle::new(&FONT_9X18, Rgb888::CSS_DIM_GRAY))
            .draw(sheet)?
            + Point::new(24, 0);
    }
    Ok(())
}

/// Draws the generated image or the source with its crop, safe area and focus, the result, and their caption.
fn draw_pair(
    sheet: &mut Canvas,
    corner: Point,
    (plan, source): (&Plan, &Source),
    purpose: &Purpose,
    outcome: &Outcome,
    output: &Output,
) -> Result<(), Box<dyn Error>> {
    let record = &output.provenance;
    let (bytes, reframing) = match &record.generation {
        None => (source.bytes().cloned(), None),
        Some(made) => {
            let generated = outcome.calls.get(made.call.0 as usize).and_then(|call| call.result.as_ref().ok());
            let image = generated.and_then(|generated| generated.images.get(made.image as usize));
            (image.cloned(), generated.and_then(|generated| generated.reframing))
        }
    };
    let bytes = bytes.ok_or_else(|| format!("the image that {} is cut from is missing", purpose.name))?;
    let small = fitted(record.frame);
    let frame = centred(corner, small)?;
    let crop = scaled(record.crop, record.frame, small);
    sheet.paste(frame, &thumbnail(&bytes, small)?, Some(crop));
    if record.safe_area != Insets::default() {
        let safe = record.safe_area.inside(record.crop, record.target);
        outline(sheet, frame, scaled(safe, record.frame, small), SAFE)?;
    }
    outline(sheet, frame, crop, CROP)?;
    if record.focus != Focus::CENTRE {
        draw_focus(sheet, frame, record, reframing, small)?;
    }

    let small = fitted(record.target);
    let place = centred(corner + point(THUMBNAIL + GAP, 0)?, small)?;
    sheet.paste(place, &thumbnail(&output.bytes, small)?, None);
    if record.safe_area != Insets::default() {
        let safe = record.safe_area.inside(Rect::new(0, 0, record.target), record.target);
        outline(sheet, place, scaled(safe, record.target, small), SAFE)?;
    }

    let preset = record.generation.as_ref().and_then(|made| plan.calls().find(|(_, call)| call.id() == made.call));
    let preset = preset.and_then(|(index, _)| plan.generations().get(index));
    let origin = preset.map_or_else(|| "the picture itself".into(), |generation| generation.preset().to_string());
    let title = format!("{} of {origin} ({})", purpose.name, record.frame);
    let below = corner + point(0, THUMBNAIL + 22)?;
    Text::new(&title, below, MonoTextStyle::new(&FONT_9X18_BOLD, Rgb888::BLACK)).draw(sheet)?;
    let loss = match record.loss {
        PerMille::ZERO => String::new(),
        loss => format!("loss {loss}   "),
    };
    let facts = format!("kept {}   {loss}{}   {} bytes", record.kept, record.format, output.bytes.len());
    Text::new(&facts, below + Point::new(0, 20), MonoTextStyle::new(&FONT_9X18, Rgb888::CSS_DIM_GRAY)).draw(sheet)?;
    Ok(())
}

/// Outlines `rect` of the thumbnail whose upper left corner is `corner`.
fn outline(sheet: &mut Canvas, corner: Point, rect: Rect, colour: Rgb888) -> Result<(), Box<dyn Error>> {
    Rectangle::new(corner + offset(rect)?, extent(rect.size()))
        .into_styled(PrimitiveStyle::with_stroke(colour, 2))
        .draw(sheet)?;
    Ok(())
}

/// Draws a focal region as an outline, and a focal point as a ring.
fn draw_focus(
    sheet: &mut Canvas,
    corner: Point,
    record: &Provenance,
    reframing: Option<Reframing>,
    small: Size,
) -> Result<(), Box<dyn Error>> {
    let [left, top, right, bottom] = record.focus.edges_px(record.frame, reframing);
    let asked = record.focus.edges();
    if (asked[0], asked[1]) == (asked[2], asked[3]) {
        let (x, y) = (left * small.width() / record.frame.width(), top * small.height() / record.frame.height());
        let ring = Circle::with_center(corner + point(x, y)?, 13).into_styled(PrimitiveStyle::with_stroke(FOCUS, 3));
        return Ok(ring.draw(sheet)?);
    }
    let region = Size::new((right - left).max(1), (bottom - top).max(1))?;
    outline(sheet, corner, scaled(Rect::new(left, top, region), record.frame, small), FOCUS)
}

/// Returns the size of the thumbnail of a picture of `size`. A picture is not enlarged.
fn fitted(size: Size) -> Size {
    let long = size.width().max(size.height()).max(THUMBNAIL);
    let shown = |pixels: u32| (pixels * THUMBNAIL / long).max(1);
    Size::new(shown(size.width()), shown(size.height())).unwrap_or(size)
}

/// Decodes a picture and scales it to `size`.
fn thumbnail(bytes: &[u8], size: Size) -> Result<Picture, Box<dyn Error>> {
    let rendered = render(bytes, &RenderTarget::new(size), &RenderOptions::default())?;
    Ok(decode(&rendered.bytes, &DecodeOptions::default())?.picture)
}

/// Scales `rect`, a rectangle of `frame`, to the thumbnail size `small`.
fn scaled(rect: Rect, frame: Size, small: Size) -> Rect {
    let x = |x: u32| x * small.width() / frame.width();
    let y = |y: u32| y * small.height() / frame.height();
    let (left, top) = (x(rect.x()), y(rect.y()));
    let (right, bottom) = (x(rect.x() + rect.width()), y(rect.y() + rect.height()));
    Size::new((right - left).max(1), (bottom - top).max(1)).map_or(rect, |size| Rect::new(left, top, size))
}

/// Returns the upper left corner of a thumbnail that is centred in the square at `corner`.
fn centred(corner: Point, size: Size) -> Result<Point, Box<dyn Error>> {
    Ok(corner + point((THUMBNAIL - size.width()) / 2, (THUMBNAIL - size.height()) / 2)?)
}

fn point(x: u32, y: u32) -> Result<Point, Box<dyn Error>> {
    Ok(Point::new(x.try_into()?, y.try_into()?))
}

fn offset(rect: Rect) -> Result<Point, Box<dyn Error>> {
    point(rect.x(), rect.y())
}

fn extent(size: Size) -> embedded_graphics::prelude::Size {
    embedded_graphics::prelude::Size::new(size.width(), size.height())
}

/// An RGB picture with a light background to draw on.
struct Canvas {
    size: Size,
    pixels: Vec<u8>,
}

impl Canvas {
    fn new(size: Size) -> Self {
        Self { size, pixels: vec![0xf4; size.area() as usize * 3] }
    }

    fn pixel_mut(&mut self, at: Point) -> Option<&mut [u8]> {
        let (x, y) = (u32::try_from(at.x).ok()?, u32::try_from(at.y).ok()?);
        if x >= self.size.width() || y >= self.size.height() {
            return None;
        }
        let index = (y * self.size.width() + x) as usize * 3;
        self.pixels.get_mut(index..index + 3)
    }

    /// Draws `picture` at `corner`, and dims it outside `bright`. Transparent pixels show a chequered background.
    fn paste(&mut self, corner: Point, picture: &Picture, bright: Option<Rect>) {
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
            let (Ok(dx), Ok(dy)) = (i32::try_from(x), i32::try_from(y)) else { continue };
            let Some(place) = self.pixel_mut(corner + Point::new(dx, dy)) else { continue };
            for (out, colour) in place.iter_mut().zip(pixel) {
                let mixed = (u32::from(*colour) * alpha + ground * (255 - alpha)) / 255;
                let shown = if is_bright { mixed } else { (mixed + 2 * 0xf4) / 3 };
                *out = u8::try_from(shown).unwrap_or(u8::MAX);
            }
        }
    }
}

impl OriginDimensions for Canvas {
    fn size(&self) -> embedded_graphics::prelude::Size {
        embedded_graphics::prelude::Size::new(self.size.width(), self.size.height())
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        let bounds = self.bounding_box();
        for Pixel(at, colour) in pixels.into_iter().filter(|Pixel(at, _)| bounds.contains(*at)) {
            if let Some(place) = self.pixel_mut(at) {
                place.copy_from_slice(&[colour.r(), colour.g(), colour.b()]);
            }
        }
        Ok(())
    }
}

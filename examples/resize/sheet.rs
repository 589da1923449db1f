//! A contact sheet: of each picture the generated frame with what is cut away dimmed, and beside it the result.

use std::convert::Infallible;
use std::error::Error;
use std::path::Path;

use embedded_graphics::Pixel;
use embedded_graphics::mono_font::{MonoTextStyle, ascii::FONT_9X18, ascii::FONT_9X18_BOLD};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor, WebColors};
use embedded_graphics::prelude::{Dimensions, DrawTarget, Drawable, OriginDimensions, Point, Primitive};
use embedded_graphics::primitives::{PrimitiveStyle, Rectangle};
use embedded_graphics::text::Text;
use smart_resize::{
    DecodeLimits, EncodeOptions, Format, Layout, Outcome, Output, Picture, Plan, Rect, RenderOptions, RenderTarget,
    Size, decode, encode, render,
};

/// The largest side of a thumbnail, in pixels.
const THUMBNAIL: u32 = 320;
/// The space around and between, in pixels.
const GAP: u32 = 24;
/// The height of the two lines of text below a pair.
const CAPTION: u32 = 52;
const CELL: (u32, u32) = (2 * THUMBNAIL + 2 * GAP, THUMBNAIL + CAPTION + GAP);
/// The most pictures on a sheet, in two columns: 40 rows stay below the longest side of a WebP.
const MOST: usize = 80;

/// The format that a sheet's file name asks for.
pub(crate) fn format(path: &Path) -> Result<Format, String> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    extension.to_ascii_lowercase().parse().map_err(|error| format!("{}: {error}", path.display()))
}

/// The sheet of an outcome, encoded.
pub(crate) fn draw(plan: &Plan, outcome: &Outcome, format: Format) -> Result<Vec<u8>, Box<dyn Error>> {
    let outputs: Vec<&Output> =
        outcome.renditions.iter().flat_map(|rendition| &rendition.variants).flatten().take(MOST).collect();
    let columns = u32::try_from(outputs.len().clamp(1, 2))?;
    let rows = u32::try_from(outputs.len())?.div_ceil(columns).max(1);
    let mut sheet = Canvas::new(Size::new(columns * CELL.0 + GAP, rows * CELL.1 + GAP)?);
    for (place, output) in (0_u32..).zip(outputs) {
        let corner = point(GAP + place % columns * CELL.0, GAP + place / columns * CELL.1)?;
        draw_pair(&mut sheet, corner, plan, outcome, output)?;
    }
    let picture = Picture::from_rgb(sheet.size, sheet.pixels)?;
    Ok(encode(&picture, format, &EncodeOptions::default())?.bytes)
}

/// One generated frame, its crop, and the result of it, with their caption.
fn draw_pair(
    sheet: &mut Canvas,
    corner: Point,
    plan: &Plan,
    outcome: &Outcome,
    output: &Output,
) -> Result<(), Box<dyn Error>> {
    let record = &output.provenance;
    let generated = outcome.calls.get(record.call.0 as usize).and_then(|call| call.as_ref().ok());
    let Some(bytes) = generated.and_then(|generated| generated.images().get(record.image as usize)) else {
        return Err(format!("call {} has no image {}", record.call, record.image).into());
    };
    let small = fitted(record.frame);
    let frame = centred(corner, small)?;
    sheet.paste(frame, &thumbnail(bytes, small)?, Some(scaled(record.crop, record.frame, small)));
    Rectangle::new(
        frame + offset(scaled(record.crop, record.frame, small))?,
        extent(scaled(record.crop, record.frame, small)),
    )
    .into_styled(PrimitiveStyle::with_stroke(Rgb888::CSS_ORANGE_RED, 2))
    .draw(sheet)?;

    let small = fitted(record.target);
    let beside = corner + point(THUMBNAIL + GAP, 0)?;
    sheet.paste(centred(beside, small)?, &thumbnail(&output.bytes, small)?, None);

    let preset =
        plan.calls().find(|(_, call)| call.id() == record.call).and_then(|(index, _)| plan.generations().get(index));
    let preset = preset.map_or_else(String::new, |generation| generation.preset().to_string());
    let title = format!("{} of {preset} ({})", record.target, record.frame);
    let below = corner + point(0, THUMBNAIL + 22)?;
    Text::new(&title, below, MonoTextStyle::new(&FONT_9X18_BOLD, Rgb888::BLACK)).draw(sheet)?;
    let kept = format!("kept {} %   {}   {} bytes", record.kept_percent, record.format, output.bytes.len());
    Text::new(&kept, below + Point::new(0, 20), MonoTextStyle::new(&FONT_9X18, Rgb888::CSS_DIM_GRAY)).draw(sheet)?;
    Ok(())
}

/// The size at which something of `size` is shown: never enlarged.
fn fitted(size: Size) -> Size {
    let long = size.width().max(size.height()).max(THUMBNAIL);
    let shown = |pixels: u32| (pixels * THUMBNAIL / long).max(1);
    Size::new(shown(size.width()), shown(size.height())).unwrap_or(size)
}

fn thumbnail(bytes: &[u8], size: Size) -> Result<Picture, Box<dyn Error>> {
    let rendered = render(bytes, &RenderTarget::new(size), &RenderOptions::default())?;
    Ok(decode(&rendered.bytes, &DecodeLimits::default())?.picture)
}

/// `rect` of `frame`, where the frame is shown at `small`.
fn scaled(rect: Rect, frame: Size, small: Size) -> Rect {
    let x = |x: u32| x * small.width() / frame.width();
    let y = |y: u32| y * small.height() / frame.height();
    let (left, top) = (x(rect.x()), y(rect.y()));
    let (right, bottom) = (x(rect.x() + rect.width()), y(rect.y() + rect.height()));
    Size::new((right - left).max(1), (bottom - top).max(1)).map_or(rect, |size| Rect::new(left, top, size))
}

fn centred(corner: Point, size: Size) -> Result<Point, Box<dyn Error>> {
    Ok(corner + point((THUMBNAIL - size.width()) / 2, (THUMBNAIL - size.height()) / 2)?)
}

fn point(x: u32, y: u32) -> Result<Point, Box<dyn Error>> {
    Ok(Point::new(x.try_into()?, y.try_into()?))
}

fn offset(rect: Rect) -> Result<Point, Box<dyn Error>> {
    point(rect.x(), rect.y())
}

fn extent(rect: Rect) -> embedded_graphics::prelude::Size {
    embedded_graphics::prelude::Size::new(rect.width(), rect.height())
}

/// A light sheet to draw on, in RGB.
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

    /// Draws `picture` over a chequered ground, dimmed outside `bright`.
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

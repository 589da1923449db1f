//! Interoperation with the `image` crate: its types as sources, and results as its types.
//!
//! ```text
//! cargo run --release --example image
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use image::{DynamicImage, Rgb, RgbImage};
use smart_resize::pixels::Picture;
use smart_resize::pixels::render::{RenderOptions, RenderTarget, render_picture};
use smart_resize::{Size, Source};

fn main() -> Result<(), Box<dyn Error>> {
    // A source from pixels that are already decoded.
    let level = |at: u32| u8::try_from(at / 2).unwrap_or(u8::MAX);
    let photo = RgbImage::from_fn(400, 300, |x, y| Rgb([level(x), level(y), 90]));
    let source = Source::from_image(photo.clone())?;
    let bytes = source.bytes().ok_or("a source made of an image has bytes")?;

    // A result as pixels instead of a file.
    let target = RenderTarget::new(Size::new(160, 90)?);
    let rendered = render_picture(bytes, &target, &RenderOptions::default())?;
    let image = DynamicImage::from(rendered.picture);
    println!("{}x{} from {:?}", image.width(), image.height(), rendered.rect);

    // Both conversions move the pixels without a copy.
    let back = RgbImage::try_from(Picture::try_from(photo.clone())?)?;
    assert_eq!(back, photo);
    Ok(())
}

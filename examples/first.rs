//! The whole job in one call: it turns a photo into one picture of exactly each size.
//!
//! ```text
//! cargo run --release --example first -- photo.jpg
//! ```
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "an example reads and writes files")]

use std::env;
use std::error::Error;
use std::fs;

use smart_resize::generate::local::LocalGenerator;
use smart_resize::pixels::Picture;
use smart_resize::{Size, Source, resize};

fn main() -> Result<(), Box<dyn Error>> {
    let photo = match env::args().nth(1) {
        Some(path) => fs::read(path)?,
        None => gradient()?,
    };
    let folder = env::temp_dir();
    let outcome = resize(photo, ["1080x1080", "728x90"], &LocalGenerator::default())?;
    for (target, output) in outcome.outputs() {
        let path = folder.join(format!("first_{target}.png"));
        fs::write(&path, &output?.bytes)?;
        println!("{}", path.display());
    }
    Ok(())
}

/// Returns a picture for a run without a photo.
fn gradient() -> Result<Vec<u8>, Box<dyn Error>> {
    let size = Size::new(256, 256)?;
    let pixels = (0..=255).flat_map(|y| (0..=255).flat_map(move |x| [x, y, 128])).collect();
    let source = Source::from_picture(&Picture::from_rgb(size, pixels)?)?;
    Ok(source.bytes().ok_or("a source made of a picture has bytes")?.to_vec())
}

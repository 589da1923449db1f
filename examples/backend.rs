//! A custom backend: the request that it receives, the answer that it returns, and the kinds of its errors.
//!
//! ```text
//! cargo run --release --example backend
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest};
use smart_resize::pixels::Picture;
use smart_resize::run::Driver;
use smart_resize::{Generator, Plan, Request, Size, Source};

/// A backend that fills every image with one colour. A real backend sends the request to a service.
struct Painter {
    colour: [u8; 3],
}

impl Generator for Painter {
    fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
        let preset = request.preset();
        println!("asked for {} x {preset}, {} characters", request.variants(), request.prompt().chars().count());
        if request.prompt().contains("forbidden") {
            // The kind says that the user has to change the request and that a retry does not help.
            return Err(GenerateError::new(GenerateErrorKind::Refused, "the prompt is forbidden"));
        }
        let size = preset.size;
        let picture = Picture::from_rgb(size, self.colour.repeat(size.area() as usize));
        let failed = |error: Box<dyn Error + Send + Sync>| {
            GenerateError::new(GenerateErrorKind::InvalidAnswer, "the image is invalid").caused_by(error)
        };
        let picture = picture.map_err(|error| failed(error.into()))?;
        let images = (0..request.variants()).map(|_| &picture);
        Generated::from_pictures("painter", images).map_err(|error| failed(error.into()))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let photo = Picture::from_rgb(Size::new(300, 200)?, vec![90; 300 * 200 * 3])?;
    let source = Source::from_picture(&photo)?;
    let request = Request::builder(source.clone()).sizes(["300x250", "160x600"]).variants(2).build()?;
    let plan = Plan::new(&request)?;
    let outcome = Driver::new(&plan, &source).run(&Painter { colour: [200, 60, 40] })?;
    for (target, output) in outcome.outputs() {
        println!("{target}: {} bytes", output?.bytes.len());
    }
    println!("{} was planned, {} paid", plan.cost(), outcome.cost(&plan));
    Ok(())
}

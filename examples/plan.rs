//! Plans show the cost of a request before anything is spent, and can be stored as JSON.
//!
//! ```text
//! cargo run --example plan
//! ```
#![expect(clippy::print_stdout, clippy::indexing_slicing, reason = "an example shows what it does")]

use std::error::Error;

use smart_resize::model::{Model, Tier};
use smart_resize::{Plan, Request, Size, Source, Target};

fn main() -> Result<(), Box<dyn Error>> {
    // A backend can read the picture from the URL. The digest identifies the picture, so stored answers can be reused.
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".parse()?;
    let source = Source::from_digest(digest).url("https://example.com/shoe.jpg").size(Size::new(4000, 3000)?);
    let story = Target::new(Size::new(1080, 1920)?).safe_area("14,0,20,0".parse()?);

    for model in Model::all() {
        let request = Request::builder(source.clone())
            .sizes(["1080x1080", "1200x628"])
            .targets([story.clone()])
            .model(model)
            .variants(2)
            .build();
        // nano-banana and nano-banana-2-lite have one tier, which does not cover 1080x1920.
        match request {
            Ok(request) => show(&Plan::new(&request)?)?,
            Err(errors) => println!("not possible: {errors}\n"),
        }
    }

    // A floor raises the size of the generated image. It does not change the final size.
    let request = Request::builder(source).sizes(["1080x1080"]).floor(Tier::K4).build()?;
    show(&Plan::new(&request)?)
}

fn show(plan: &Plan) -> Result<(), Box<dyn Error>> {
    println!("{}: {}", plan.model(), plan.cost());
    for rendition in plan.renditions() {
        let origin = match rendition.generation() {
            Some(generation) => plan.generations()[generation].preset().to_string(),
            None => "the source itself".to_owned(),
        };
        println!("  {} from {origin}, {} % of it", rendition.target(), rendition.kept());
    }
    // A plan is verified completely when it is read. An altered price or rectangle would be rejected.
    let json = serde_json::to_string(plan)?;
    assert_eq!(serde_json::from_str::<Plan>(&json)?, *plan);
    println!("  as JSON: {} bytes\n", json.len());
    Ok(())
}

//! What a request would cost, known before anything is spent, and a plan that outlives the process.
//!
//! ```text
//! cargo run --example plan
//! ```
#![expect(clippy::print_stdout, clippy::indexing_slicing, reason = "an example shows what it does")]

use std::error::Error;

use smart_resize::model::{Model, Tier};
use smart_resize::{Plan, Request, Size, Source, Target};

fn main() -> Result<(), Box<dyn Error>> {
    // A backend can read the picture from a URL; with its digest, answers can be found again.
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".parse()?;
    let source = Source::from_digest(digest).url("https://example.com/shoe.jpg").size(Size::new(4000, 3000)?);
    let story = Target::new(Size::new(1080, 1920)?).safe_area("14,0,20,0".parse()?);

    for model in Model::all() {
        let request = Request::builder(source.clone())
            .sizes(["1080x1080", "1200x628"])
            .targets([story])
            .model(model)
            .variants(2)
            .build();
        // nano-banana and nano-banana-2-lite have one tier, which does not cover a story.
        match request {
            Ok(request) => show(&Plan::new(&request)?)?,
            Err(errors) => println!("not possible: {errors}\n"),
        }
    }

    // A floor is a matter of quality, never of the final size.
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
    // Read back, it is checked in full: an altered price or rectangle would be refused.
    let json = serde_json::to_string(plan)?;
    assert_eq!(serde_json::from_str::<Plan>(&json)?, *plan);
    println!("  as JSON: {} bytes\n", json.len());
    Ok(())
}

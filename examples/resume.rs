//! A run whose backend fails midway. A second run resumes it and pays for no call twice.
//!
//! ```text
//! cargo run --release --example resume
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::cell::Cell;
use std::error::Error;

use smart_resize::generate::local::LocalGenerator;
use smart_resize::generate::store::MemoryStore;
use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest, from_fn};
use smart_resize::pixels::Picture;
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::run::Driver;
use smart_resize::{Format, Generator, Outcome, Plan, Request, Size, Source};

fn main() -> Result<(), Box<dyn Error>> {
    let picture = Picture::from_rgb(Size::new(300, 200)?, vec![120; 300 * 200 * 3])?;
    let source = Source::from_bytes(encode(&picture, Format::Png, &EncodeOptions::default())?.bytes);
    let request = Request::builder(source.clone()).sizes(["1024x1024", "728x90", "160x600"]).build()?;
    let plan = Plan::new(&request)?;

    // This backend answers once, bills the answer, and then fails.
    let answered = Cell::new(0);
    let failing = from_fn(|request: &GenerationRequest| {
        if answered.replace(answered.get() + 1) > 0 {
            return Err(GenerateError::new(GenerateErrorKind::Transport, "connection reset"));
        }
        paid(request)
    });
    let store = MemoryStore::default();
    let first = Driver::new(&plan, &source).store(&store).run(&failing)?;
    report("the backend fails", &plan, &first);

    // A later run has the same plan, source and store.
    let second = Driver::new(&plan, &source).store(&store).run(&from_fn(paid))?;
    report("it is back", &plan, &second);
    assert!(second.is_complete());
    Ok(())
}

/// Generates locally, and bills every variant as a paid backend would.
fn paid(request: &GenerationRequest) -> Result<Generated, GenerateError> {
    Ok(Generator::generate(&LocalGenerator::default(), request)?.billed_images(request.variants()))
}

fn report(title: &str, plan: &Plan, outcome: &Outcome) {
    println!("{title}: {} of {}", outcome.cost(plan), plan.cost());
    for call in &outcome.calls {
        match &call.result {
            Ok(_) if call.reused => println!("  from the store"),
            Ok(generated) => println!("  made, {} billed", generated.billed_images),
            Err(error) => println!("  failed: {error}"),
        }
    }
}

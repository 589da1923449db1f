//! A run whose backend bills failed calls too. Calls are retried, and a budget limits the cost of all tries.
//!
//! ```text
//! cargo run --release --example budget --features tower
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use smart_resize::generate::budget::Budget;
use smart_resize::generate::local::LocalGenerator;
use smart_resize::generate::tower::{GeneratorService, MeterLayer, ServiceGenerator};
use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest, from_async_fn};
use smart_resize::model::UsdMicros;
use smart_resize::pixels::Picture;
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::run::Driver;
use smart_resize::{Format, Generator, Plan, Request, Size, Source};
use tower::ServiceBuilder;
use tower::retry::Policy;

/// Retries a failed call up to this number of times, if a retry can help.
#[derive(Clone)]
struct Tries(u32);

impl Policy<GenerationRequest, Generated, GenerateError> for Tries {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut GenerationRequest, result: &mut Result<Generated, GenerateError>) -> Option<Ready<()>> {
        let kind = result.as_ref().err()?.kind;
        self.0 = self.0.checked_sub(1)?;
        // An exhausted budget is not retried, since it would reject every further try too.
        (kind == GenerateErrorKind::NothingMade).then(|| ready(()))
    }

    fn clone_request(&mut self, request: &GenerationRequest) -> Option<GenerationRequest> {
        Some(request.clone())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let picture = Picture::from_rgb(Size::new(300, 200)?, vec![120; 300 * 200 * 3])?;
    let source = Source::from_bytes(encode(&picture, Format::Png, &EncodeOptions::default())?.bytes);
    let request = Request::builder(source.clone()).sizes(["1024x1024", "728x90", "160x600"]).build()?;
    let plan = Plan::new(&request)?;

    // Every second answer is a text without an image, and is billed.
    let asked = AtomicU32::new(0);
    let backend = from_async_fn(move |request: GenerationRequest| {
        let made = Generator::generate(&LocalGenerator::default(), &request);
        let fails = asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        ready(match made {
            Ok(_) if fails => Err(GenerateError::new(GenerateErrorKind::NothingMade, "text").billed_images(1)),
            made => made.map(|generated| generated.billed_images(1)),
        })
    });
    let budget = Arc::new(Budget::new().max_cost(UsdMicros(700_000)));
    let meter = MeterLayer::new(budget.clone());
    let stack = ServiceBuilder::new().retry(Tries(3)).layer(meter).service(GeneratorService::new(backend));

    let run = Driver::new(&plan, &source);
    let outcome = pollster::block_on(run.run_async(&ServiceGenerator::new(stack), 1.try_into()?))?;
    println!("{} was planned, {} spent in {} tries", plan.cost(), budget.spent(), budget.calls());
    for (id, call) in outcome.calls.iter().enumerate() {
        match &call.result {
            Ok(_) => println!("  call {id}: made"),
            Err(error) => {
                println!("  call {id}: {error}; {}", error.source().map(ToString::to_string).unwrap_or_default());
            }
        }
    }
    Ok(())
}

//! Runs several calls concurrently on tokio, and moves the work on pixels to tokio's blocking threads.
//!
//! ```text
//! cargo run --release --example async
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::num::NonZeroUsize;
use std::time::Duration;

use smart_resize::generate::local::LocalGenerator;
use smart_resize::generate::{BoxFuture, GenerateError, Generated, GenerationRequest};
use smart_resize::pixels::Picture;
use smart_resize::run::{Driver, RenderDone, RenderJob};
use smart_resize::{AsyncGenerator, Generator, Plan, Request, Size, Source};

/// A backend that answers after a delay, like a service over a network.
struct Slow;

impl AsyncGenerator for Slow {
    async fn generate(&self, request: &GenerationRequest) -> Result<Generated, GenerateError> {
        tokio::time::sleep(Duration::from_millis(200)).await;
        Generator::generate(&LocalGenerator::default(), request)
    }
}

/// Runs a render job on a blocking thread.
fn offload(job: RenderJob) -> BoxFuture<'static, Option<RenderDone>> {
    Box::pin(async { tokio::task::spawn_blocking(|| job.run()).await.ok() })
}

fn main() -> Result<(), Box<dyn Error>> {
    let photo = Picture::from_rgb(Size::new(300, 200)?, vec![90; 300 * 200 * 3])?;
    let source = Source::from_picture(&photo)?;
    let request = Request::builder(source.clone()).sizes(["300x250", "728x90", "160x600", "320x50"]).build()?;
    let plan = Plan::new(&request)?;
    let four = NonZeroUsize::new(4).ok_or("4 is not zero")?;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let outcome = runtime.block_on(Driver::new(&plan, &source).offload(&offload).run_async(&Slow, four))?;
    for (target, output) in outcome.outputs() {
        println!("{target}: {} bytes", output?.bytes.len());
    }
    Ok(())
}

//! Measures the overhead of the service: the same request, alternately with the crate alone and over HTTP.
//!
//! ```text
//! cargo run --release -p smart-resize-service --example overhead
//! ```
#![allow(clippy::print_stdout, clippy::indexing_slicing, clippy::unwrap_used, reason = "it prints measurements")]

use std::time::{Duration, Instant};

use clap::Parser as _;
use serde_json::{Value, json};
use smart_resize::generate::local::LocalGenerator;
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::DecodeLimits;
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::run::Driver;
use smart_resize::wire::data_uri::DataUri;
use smart_resize::{Format, Plan, Request, Size, Source};
use smart_resize_service::api;
use smart_resize_service::config::Config;
use smart_resize_service::server::serve;
use smart_resize_service::service::Service;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const ROUNDS: usize = 15;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let config = Config::try_parse_from(["service", "--data", folder.path().to_str().unwrap_or_default()])?;
    let limits = config.limits.clone();
    let service = Service::start(config, &url).await?;
    let router = api::router(service);
    tokio::spawn(async move { serve(listener, router, &limits, CancellationToken::new()).await });
    let client = reqwest::Client::builder().no_proxy().build()?;

    for (source, sizes) in [((640, 400), vec!["300x250"]), ((2400, 1600), vec!["1080x1080", "1920x1080", "1080x1920"])]
    {
        let bytes = picture(source.0, source.1)?;
        let body = json!({"image_url": DataUri::new(Format::Jpeg, bytes.clone()).to_string(), "target_sizes": sizes});
        let (mut bare, mut served) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (bytes, asked) = (bytes.clone(), sizes.clone());
            let begun = Instant::now();
            tokio::task::spawn_blocking(move || alone(bytes, asked)).await?.map_err(|error| error.to_string())?;
            bare.push(begun.elapsed());

            let begun = Instant::now();
            let answer = client.post(format!("{url}/fal-ai/smart-resize")).json(&body).send().await?;
            let output: Value = serde_json::from_slice(&answer.error_for_status()?.bytes().await?)?;
            served.push(begun.elapsed());
            assert_eq!(output["images"].as_array().map(Vec::len), Some(sizes.len()));
        }
        let (bare, served) = (median(bare), median(served));
        println!(
            "{}x{} to {}: the crate alone {bare:.1?}, the service {served:.1?}, overhead {:.1?}",
            source.0,
            source.1,
            sizes.join(", "),
            served.saturating_sub(bare),
        );
    }
    Ok(())
}

/// Runs the request with the crate alone, on two threads: as many calls as the service runs at once on a machine of two
/// cores.
fn alone(bytes: Vec<u8>, sizes: Vec<&str>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let source = Source::read(bytes, &DecodeLimits::default())?;
    let plan = Plan::new(&Request::builder(source.clone()).sizes(sizes).build()?)?;
    let outcome = Driver::new(&plan, &source).run_on_threads(&LocalGenerator::default(), 2.try_into()?)?;
    assert!(outcome.is_complete());
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[expect(clippy::cast_possible_truncation, reason = "levels of a gradient")]
fn picture(width: u32, height: u32) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let pixels = (0..height)
        .flat_map(|y| (0..width).flat_map(move |x| [(x * 255 / width) as u8, (y * 255 / height) as u8, (x ^ y) as u8]));
    let picture = Picture::from_rgb(Size::new(width, height)?, pixels.collect())?;
    Ok(encode(&picture, Format::Jpeg, &EncodeOptions::default())?.bytes)
}

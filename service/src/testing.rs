//! Helpers of the unit tests: a store, a service, an upstream, and the requests of a plan.

use axum::Router;
use axum::response::Response;
use clap::Parser;
use serde_json::Value;
use smart_resize::generate::GenerationRequest;
use smart_resize::model::{Model, Tier};
use smart_resize::pixels::Picture;
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::{Format, Plan, Request, Size, Source};
use tempfile::TempDir;

use crate::api::answer::Refusal;
use crate::backend::BackendArgs;
use crate::config::Config;
use crate::service::Service;
use crate::store::Store;
use crate::store::local::LocalStore;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    backend: BackendArgs,
}

/// Returns the status and the JSON of an answer or a refusal. The JSON of an empty body is null.
pub(crate) async fn answered(response: Result<Response, Refusal>) -> (u16, Value) {
    let response = response.unwrap_or_else(|refusal| *refusal.0);
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let json = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    (status, json)
}

/// Parses the flags of a backend.
pub(crate) fn backend_args(flags: &[&str]) -> BackendArgs {
    Cli::parse_from([&["test"], flags].concat()).backend
}

/// A folder in memory if the system has one, where nothing waits for a disk.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A store in a folder of its own.
pub(crate) fn store() -> (TempDir, Store) {
    let folder = folder();
    let store = Store::Local(LocalStore::open(folder.path()).unwrap());
    (folder, store)
}

/// A service at `http://here` with these flags, and its folder.
pub(crate) async fn service(flags: &[&str]) -> (TempDir, Service) {
    let folder = folder();
    let own = ["test", "--data", folder.path().to_str().unwrap()];
    let config = Config::try_parse_from(own.iter().chain(flags)).unwrap();
    let service = Service::start(config, "http://here").await.unwrap();
    (folder, service)
}

/// Serves the router at a free port and returns its URL.
pub(crate) async fn server(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    base
}

/// A PNG of one colour.
pub(crate) fn picture(width: u32, height: u32) -> Vec<u8> {
    let size = Size::new(width, height).unwrap();
    let pixels = std::iter::repeat_n([90, 120, 150], (width * height) as usize).flatten().collect();
    encode(&Picture::from_rgb(size, pixels).unwrap(), Format::Png, &EncodeOptions::default()).unwrap().bytes
}

/// A source of 120x90 pixels.
pub(crate) fn source() -> Source {
    Source::from_bytes(picture(120, 90)).size(Size::new(120, 90).unwrap())
}

/// A plan for these sizes. Each size has a call of its own, of one picture.
pub(crate) fn plan(sizes: &[&str]) -> Plan {
    let request = Request::builder(source()).model(Model::nano_banana_2()).floor(Tier::HALF_K);
    Plan::new(&request.sizes(sizes.iter().copied()).seed(7).build().unwrap()).unwrap()
}

/// The request of a call for one picture.
pub(crate) fn request() -> GenerationRequest {
    plan(&["300x250"]).requests(&source()).unwrap().remove(0)
}

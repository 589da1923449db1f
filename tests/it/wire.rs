//! The services' JSON: what is accepted, which errors refuse the rest, and the values that result.

mod data_uri;
mod edit;
mod fal;
mod gemini;
mod oracle;
#[cfg(feature = "pixels")]
mod output;
mod scene;
#[cfg(feature = "schemars")]
mod schemas;

use std::error::Error;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use smart_resize::generate::GenerationRequest;
use smart_resize::model::Model;
use smart_resize::request::RequestBuilder;
use smart_resize::{Plan, Request, Source};

/// Reads `json` and checks that the value is written as the same JSON.
fn both_ways<T: Serialize + DeserializeOwned>(json: &Value) -> T {
    let read: T = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&read).unwrap(), json);
    read
}

fn png() -> Vec<u8> {
    b"\x89PNG\r\n\x1a\n and so on".to_vec()
}

fn request(source: &Source, change: impl FnOnce(RequestBuilder) -> RequestBuilder) -> GenerationRequest {
    let builder = Request::builder(source.clone()).sizes(["1920x1080"]).seed(7);
    let plan = Plan::new(&change(builder).build().unwrap()).unwrap();
    plan.requests(source).unwrap().remove(0)
}

fn table(model: &str) -> Model {
    Model::all().into_iter().find(|table| table.name() == model).unwrap()
}

/// The messages of an error and its sources, separated by slashes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text} / {source}");
        next = source.source();
    }
    text
}

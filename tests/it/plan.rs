//! Requests, prompts and plans.

mod bounds;
mod cut_from_source;
mod enlargement;
mod fingerprint;
#[cfg(feature = "serde")]
mod json;
mod over_budget;
mod placement;
mod prompt;
mod request;
mod share;
mod target_options;
#[cfg(all(feature = "wire", feature = "serde"))]
mod unlabelled;

use smart_resize::request::RequestBuilder;
use smart_resize::{Plan, Request, Source};

use crate::any::size;

/// A request for a photograph of 2000x1000 pixels, without targets.
fn builder() -> RequestBuilder {
    Request::builder(Source::from_bytes(*b"a photo").size(size(2000, 1000)))
}

fn plan(builder: RequestBuilder) -> Plan {
    Plan::new(&builder.build().unwrap()).unwrap()
}

/// The generation that each rendition is cut from; `None` for the source.
fn cut_from(plan: &Plan) -> Vec<Option<usize>> {
    plan.renditions().iter().map(smart_resize::plan::Rendition::generation).collect()
}

//! Requests: what is refused, and the plan of a valid request.

mod all_mistakes;
mod calls;
mod cost;
mod limits;
mod options;
mod plan_of_a_request;
mod prompt_length;

use smart_resize::request::{RequestBuilder, RequestError};
use smart_resize::{Plan, Request, Source};

fn source() -> Source {
    Source::from_digest(smart_resize::plan::Digest::of(b"a shoe")).url("https://example.com/shoe.jpg")
}

fn builder() -> RequestBuilder {
    Request::builder(source())
}

fn one() -> RequestBuilder {
    builder().sizes(["64x64"])
}

fn plan(builder: RequestBuilder) -> Plan {
    Plan::new(&builder.build().unwrap()).unwrap()
}

/// The messages of a request's errors.
fn refused(builder: RequestBuilder) -> Vec<String> {
    builder.build().map_or_else(|errors| errors.iter().map(RequestError::to_string).collect(), |_| Vec::new())
}

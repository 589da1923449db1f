//! Responses in the form that fal's clients read.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use smart_resize::wire::fal::ErrorBody;

use crate::id::Id;
use crate::queue::SubmitError;
use crate::run::JobError;
use crate::store::StoreFailure;

/// The response header with the request id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-fal-request-id");

/// Adds the request id to a response.
pub fn with_id(mut response: Response, id: Id) -> Response {
    // Invariant: an id consists of hexadecimal digits and hyphens, which are valid in a header.
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Builds an error response with a single text.
pub fn detail(status: StatusCode, text: impl Into<String>) -> Response {
    (status, Json(ErrorBody::text(text))).into_response()
}

/// Builds an error response with the entries of `body`.
pub fn error(body: &ErrorBody) -> Response {
    json(body.status(), &serde_json::to_value(body).unwrap_or_default())
}

/// Builds a JSON response.
pub fn json(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(body)).into_response()
}

/// Builds the response to an overload, which asks the client to retry after `seconds`.
pub fn overloaded(status: StatusCode, text: impl Into<String>, seconds: u32) -> Response {
    let mut response = detail(status, text);
    response.headers_mut().insert("retry-after", seconds.into());
    response
}

/// An error response of a handler. Boxed, since a response is large.
#[derive(Debug)]
pub struct Refusal(pub Box<Response>);

impl From<Response> for Refusal {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl From<ErrorBody> for Refusal {
    fn from(body: ErrorBody) -> Self {
        error(&body).into()
    }
}

impl From<StoreFailure> for Refusal {
    fn from(failure: StoreFailure) -> Self {
        tracing::error!(error = &failure as &dyn std::error::Error, "the store failed");
        let text = "Requests cannot be stored at the moment; try again later";
        overloaded(StatusCode::SERVICE_UNAVAILABLE, text, 5).into()
    }
}

impl From<JobError> for Refusal {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Answer(body) => body.into(),
            JobError::Store(failure) => failure.into(),
        }
    }
}

impl From<SubmitError> for Refusal {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Full { .. } => overloaded(StatusCode::TOO_MANY_REQUESTS, error.to_string(), 5).into(),
            SubmitError::Store(failure) => failure.into(),
        }
    }
}

impl axum::response::IntoResponse for Refusal {
    fn into_response(self) -> Response {
        *self.0
    }
}

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

#[cfg(test)]
mod tests {
    use serde_json::json;
    use smart_resize::wire::fal::{DetailEntry, ErrorType, Loc};

    use super::*;

    /// Returns the status, the `retry-after` and the body of a refusal.
    async fn told(refusal: impl Into<Refusal>) -> (u16, Option<String>, Value) {
        let response = *refusal.into().0;
        let wait = response.headers().get("retry-after").map(|wait| wait.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, wait, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_full_queue_is_answered_with_429_and_a_wait_of_5_seconds() {
        let text = "the queue has 7 waiting requests; expected fewer than 7, try again later";
        let expected = (429, Some("5".to_owned()), json!({"detail": text}));
        assert_eq!(told(SubmitError::Full { waiting: 7, max: 7 }).await, expected);
    }

    #[tokio::test]
    async fn a_failure_of_the_store_is_answered_with_503_and_its_cause_is_not_revealed() {
        let failure = || StoreFailure::new("the job a could not be written", "no space on /dev/sda1");
        let text = "Requests cannot be stored at the moment; try again later";
        let expected = (503, Some("5".to_owned()), json!({"detail": text}));
        assert_eq!(told(failure()).await, expected);
        assert_eq!(told(SubmitError::Store(failure())).await, expected);
        assert_eq!(told(JobError::Store(failure())).await, expected);
    }

    #[tokio::test]
    async fn an_error_body_is_answered_with_its_own_status() {
        let entry = DetailEntry::new(ErrorType::GenerationTimeout, [Loc::from("body")], "late", &Value::Null);
        let (status, wait, body) = told(JobError::from(entry)).await;
        assert_eq!((status, wait, &body["detail"][0]["msg"]), (504, None, &json!("late")));
        assert_eq!(told(ErrorBody::text("no")).await, (400, None, json!({"detail": "no"})));
    }

    #[test]
    fn an_invalid_status_becomes_500() {
        for (status, expected) in [(99, 500), (100, 100), (999, 999), (1000, 500)] {
            assert_eq!(json(status, &Value::Null).status().as_u16(), expected);
        }
    }

    #[test]
    fn a_response_has_the_id_of_its_request_in_a_header() {
        let id = Id::new();
        assert_eq!(with_id(detail(StatusCode::OK, ""), id).headers()["x-fal-request-id"], id.to_string());
    }
}

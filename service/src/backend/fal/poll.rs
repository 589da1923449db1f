//! One request for the status or the result of an accepted call, and what it means for the call.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde::Deserialize;
use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest};
use smart_resize::wire::MAX_IMAGE_BYTES;
use smart_resize::wire::fal::{EditOutput, ErrorBody, QueueState, edit_error};

use super::super::http::{self, MAX_ANSWER_BYTES, NoResponse};
use super::accepted::AcceptedCall;
use super::{Failure, Fal, MAX_STATUS_BYTES};
use crate::fetch::FetchError;

/// The longest time of one status request.
const STATUS_TIMEOUT: Duration = Duration::from_secs(30);

/// What one request for the status or the result tells.
pub(super) enum Step {
    /// There will be no other result.
    Done(Result<Generated, Failure>),
    /// The call runs. The upstream may say how long to wait before the next request.
    Wait(Option<Duration>),
    /// The request failed in a way that may pass.
    Failed(GenerateError),
    /// The upstream does not know the id, or not yet.
    Unknown,
}

#[derive(Deserialize)]
struct Status {
    status: QueueState,
}

impl Fal {
    /// Requests the status, and the result if the call is completed.
    pub(super) async fn poll(&self, accepted: &AcceptedCall, request: &GenerationRequest) -> Step {
        match self.status(accepted).await {
            Ok(()) => self.result(accepted, request).await,
            Err(step) => step,
        }
    }

    /// Requests the status. `Ok` means that the result is ready to be fetched.
    async fn status(&self, accepted: &AcceptedCall) -> Result<(), Step> {
        let answer = http::send(self.get(&accepted.status).timeout(STATUS_TIMEOUT), MAX_STATUS_BYTES)
            .await
            .map_err(|error| Step::Failed(error.into()))?;
        Err(match answer.status {
            200..=299 => match serde_json::from_slice(&answer.body) {
                Ok(Status { status: QueueState::Completed }) => return Ok(()),
                Ok(_) => Step::Wait(None),
                Err(error) => Step::Failed(invalid("the status cannot be parsed").caused_by(error)),
            },
            404 => Step::Unknown,
            429 => Step::Wait(answer.retry_after),
            408 | 500..=599 => Step::Failed(answer.with_wait(edit_error(answer.status, &answer.body))),
            _ => Step::Done(Err(Failure::open(edit_error(answer.status, &answer.body)))),
        })
    }

    async fn result(&self, accepted: &AcceptedCall, request: &GenerationRequest) -> Step {
        let answer = match http::send(self.get(&accepted.response), MAX_ANSWER_BYTES).await {
            Ok(answer) => answer,
            Err(error @ NoResponse::TooLong { .. }) => {
                let error = GenerateError::from(error).billed_images(request.variants());
                return Step::Done(Err(Failure::over(error)));
            }
            Err(error) => return Step::Failed(error.into()),
        };
        let error = || answer.with_wait(edit_error(answer.status, &answer.body));
        let is_json = serde_json::from_slice::<ErrorBody>(&answer.body).is_ok();
        match answer.status {
            200..=299 => match serde_json::from_slice(&answer.body) {
                Ok(output) => Step::Done(self.pictures(&output, request).await),
                Err(error) => Step::Failed(invalid("the result cannot be parsed").caused_by(error)),
            },
            400 if error().message.contains("still in progress") => Step::Wait(None),
            429 => Step::Wait(answer.retry_after),
            // The key is refused, which says nothing about the call.
            401 | 403 => Step::Done(Err(Failure::open(error()))),
            408 | 502 | 503 => Step::Failed(error()),
            500..=599 if !is_json => Step::Failed(error()),
            _ => Step::Done(Err(Failure::over(error()))),
        }
    }

    /// Fetches the pictures of a result. A picture that may be available later leaves the call open. If it never will
    /// be, the call is over: a resumed call would only get the same failure.
    async fn pictures(&self, output: &EditOutput, request: &GenerationRequest) -> Result<Generated, Failure> {
        let fetched = output.images.iter().enumerate().map(async |(index, image)| match image.data(MAX_IMAGE_BYTES) {
            Some(data) => data.map(|data| data.bytes().clone()).map_err(|error| {
                invalid(format!("image {index} of the result has an invalid data URI")).caused_by(error)
            }),
            None => self.fetcher.get(&image.url).await.map(|bytes| Arc::from(&*bytes)).map_err(|error| {
                let is_gone = matches!(error, FetchError::Status { status: 404 | 410 });
                let may_come = error.is_transient() && !is_gone;
                let kind = if may_come { GenerateErrorKind::Transport } else { GenerateErrorKind::InvalidAnswer };
                GenerateError::new(kind, format!("image {index} of the result: {error}")).caused_by(error)
            }),
        });
        let made = u32::try_from(output.images.len()).unwrap_or(u32::MAX);
        let generated = match try_join_all(fetched).await {
            Ok(bytes) => output.generated(format!("fal:{}", self.endpoint(request).map_err(Failure::open)?), bytes),
            Err(error) => Err(error.billed_images(made)),
        };
        generated.map_err(|error| Failure { is_over: error.kind != GenerateErrorKind::Transport, error })
    }
}

/// An error of an answer that cannot be understood.
pub(super) fn invalid(message: impl Into<String>) -> GenerateError {
    GenerateError::new(GenerateErrorKind::InvalidAnswer, message)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::get;
    use url::Url;

    use super::*;
    use crate::testing;

    /// Polls a call whose status request and result request have these answers. Returns what that means.
    async fn polled(status: (u16, &'static str), result: (u16, &'static str)) -> String {
        let answer = |(status, body): (u16, &'static str)| {
            get(async move || (StatusCode::from_u16(status).unwrap(), [("retry-after", "9")], body))
        };
        let router = Router::new().route("/status", answer(status)).route("/result", answer(result));
        let upstream = Url::parse(&testing::server(router).await).unwrap();
        let url = |path: &str| upstream.join(path).unwrap();
        let call =
            AcceptedCall { id: "7".to_owned(), status: url("status"), response: url("result"), cancel: url("x") };
        let fal = Fal::new(&testing::backend_args(&[]), upstream, None, Arc::default()).unwrap();
        match fal.poll(&call, &testing::request()).await {
            Step::Done(Ok(generated)) => format!("done with {}", generated.images.len()),
            Step::Done(Err(Failure { error, is_over })) => {
                format!("{}, {}, {} billed", if is_over { "over" } else { "open" }, error.kind, error.billed_images)
            }
            Step::Wait(wait) => format!("wait {:?}", wait.map(|wait| wait.as_secs())),
            Step::Failed(error) => format!("failed, {}", error.kind),
            Step::Unknown => "unknown".to_owned(),
        }
    }

    const COMPLETED: (u16, &str) = (200, "{\"status\": \"COMPLETED\"}");

    #[tokio::test]
    async fn each_answer_to_a_status_request_waits_fails_or_ends_the_call() {
        let case = async |status: u16, body: &'static str, expected: &str| {
            assert_eq!(polled((status, body), (500, "not requested")).await, expected, "{status} {body}");
        };
        case(202, "{\"status\": \"IN_QUEUE\"}", "wait None").await;
        case(200, "{\"status\": \"IN_PROGRESS\"}", "wait None").await;
        case(200, "<html>", "failed, the backend's answer is invalid").await;
        case(404, "", "unknown").await;
        case(429, "", "wait Some(9)").await;
        case(408, "", "failed, timed out").await;
        case(500, "", "failed, the backend was not reached").await;
        case(599, "", "failed, the backend was not reached").await;
        for status in [400, 401, 403, 422] {
            case(status, "", "open, the backend cannot serve the request, 0 billed").await;
        }
    }

    #[tokio::test]
    async fn each_answer_to_a_result_request_waits_fails_or_ends_the_call() {
        let case = async |status: u16, body: &'static str, expected: &str| {
            assert_eq!(polled(COMPLETED, (status, body)).await, expected, "{status} {body}");
        };
        let (down, unreached) = ("{\"detail\": \"down\"}", "failed, the backend was not reached");
        case(200, "{\"images\": [{\"url\": \"data:image/png;base64,YWJj\"}]}", "done with 1").await;
        case(200, "<html>", "failed, the backend's answer is invalid").await;
        case(400, "{\"detail\": \"Request is still in progress\"}", "wait None").await;
        case(400, down, "over, the backend cannot serve the request, 0 billed").await;
        case(429, "", "wait Some(9)").await;
        // The key is refused, which says nothing about the call.
        case(401, down, "open, the backend cannot serve the request, 0 billed").await;
        case(403, down, "open, the backend cannot serve the request, 0 billed").await;
        case(408, "", "failed, timed out").await;
        case(502, down, unreached).await;
        case(503, down, unreached).await;
        // An error of the endpoint is JSON, one of a gateway is not.
        case(500, "<html>", unreached).await;
        case(500, down, "over, the backend was not reached, 0 billed").await;
        case(504, down, "over, timed out, 0 billed").await;
        case(404, "", "over, the backend cannot serve the request, 0 billed").await;
    }

    #[tokio::test]
    async fn a_picture_that_is_gone_ends_the_call_and_one_that_may_come_leaves_it_open() {
        for (status, expected) in [
            (404, "over, the backend's answer is invalid, 2 billed"),
            (410, "over, the backend's answer is invalid, 2 billed"),
            (403, "open, the backend was not reached, 2 billed"),
            (500, "open, the backend was not reached, 2 billed"),
        ] {
            let pictures = testing::server(Router::new().fallback(async move || StatusCode::from_u16(status).unwrap()));
            let url = pictures.await;
            let fal = Fal::new(&testing::backend_args(&[]), Url::parse(&url).unwrap(), None, Arc::default()).unwrap();
            let images = ["a", "b"].map(|name| smart_resize::wire::fal::ImageFile::at(format!("{url}/{name}")));
            let failure = fal.pictures(&EditOutput::new(images.to_vec(), ""), &testing::request()).await.err().unwrap();
            let is_over = if failure.is_over { "over" } else { "open" };
            let found = format!("{is_over}, {}, {} billed", failure.error.kind, failure.error.billed_images);
            assert_eq!(found, expected, "{status}");
        }
    }

    #[tokio::test]
    async fn a_picture_may_be_at_a_private_address_only_of_the_upstreams_own_origin() {
        let picture = || Router::new().fallback(async || "a picture");
        let (own, other) = (testing::server(picture()).await, testing::server(picture()).await);
        let fal = Fal::new(&testing::backend_args(&[]), Url::parse(&own).unwrap(), None, Arc::default()).unwrap();
        let fetched = async |url: &str| {
            let output = EditOutput::new(vec![smart_resize::wire::fal::ImageFile::at(format!("{url}/a"))], "");
            fal.pictures(&output, &testing::request()).await.map(|generated| generated.backend)
        };
        assert_eq!(fetched(&own).await.ok().as_deref(), Some("fal:fal-ai/nano-banana-2/edit"));
        assert_eq!(fetched(&other).await.err().unwrap().error.kind, GenerateErrorKind::InvalidAnswer);
    }
}

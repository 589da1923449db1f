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

//! Submitted requests: their status, their result, their provenance, and their cancellation.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use smart_resize::wire::fal::{CancelAnswer, CancelStatus, QueueState, QueueStatus};

use super::KeyName;
use super::answer::{Refusal, detail, json, with_id};
use super::submit::parameter;
use crate::id::Id;
use crate::job::Job;
use crate::service::Service;
use crate::store::{Kind, StoreFailure};

/// The interval at which a status stream checks the position in the queue.
const POSITION_PAUSE: Duration = Duration::from_secs(1);

/// Whether the client requests the log.
fn wants_logs(uri: &Uri) -> bool {
    matches!(parameter(uri, "logs").as_deref(), Some("1" | "true" | "True"))
}

/// Returns the request `id` of the app if it exists and belongs to the client. Both failures give the same 404, so that
/// a client learns nothing about the requests of others.
async fn find(service: &Service, app: &str, id: &str, KeyName(owner): &KeyName) -> Result<Job, Refusal> {
    let missing = || Refusal::from(detail(StatusCode::NOT_FOUND, "Request not found"));
    let id: Id = id.parse().map_err(|_| missing())?;
    let job = service.store.get::<Job>(Kind::Job, &id.to_string()).await?.ok_or_else(missing)?;
    let is_there = job.owner == *owner && job.app.base().strip_prefix("fal-ai/") == Some(app);
    if is_there { Ok(job) } else { Err(missing()) }
}

async fn status_of(service: &Service, job: &Job, with_logs: bool) -> QueueStatus {
    let position = if job.started_ms.is_none() { service.queue.position(job).await } else { 0 };
    job.status(service.urls.public_url(), position, with_logs)
}

/// `GET …/requests/<id>/status`: the current status.
///
/// # Errors
///
/// [`Refusal`]: the error response.
pub async fn status(
    State(service): State<Service>,
    Path((app, id)): Path<(String, String)>,
    uri: Uri,
    Extension(owner): Extension<KeyName>,
) -> Result<Response, Refusal> {
    let job = find(&service, &app, &id, &owner).await?;
    let status = status_of(&service, &job, wants_logs(&uri)).await;
    let body = serde_json::to_value(&status).unwrap_or_default();
    Ok(with_id(json(status.http_status(), &body), job.id))
}

/// `GET …/requests/<id>/status/stream`: the current status, and every later change until the request is completed, as
/// server-sent events. Each event has only the log lines that no earlier event had; the clients join them.
///
/// # Errors
///
/// [`Refusal`]: the error response.
pub async fn stream(
    State(service): State<Service>,
    Path((app, id)): Path<(String, String)>,
    uri: Uri,
    Extension(owner): Extension<KeyName>,
) -> Result<Response, Refusal> {
    let job = find(&service, &app, &id, &owner).await?;
    let (id, with_logs) = (job.id, wants_logs(&uri));
    let watch = service.store.watch(Kind::Job, &id.to_string()).await?;
    let follow = Follow { service, watch, id, with_logs, said: 0, last: None, is_completed: false };
    let events = stream::unfold(follow, |mut follow| async move {
        let event = follow.next().await?;
        Some((Ok::<_, Infallible>(event), follow))
    });
    Ok(with_id(Sse::new(events).keep_alive(KeepAlive::default()).into_response(), id))
}

/// The state of one status stream.
struct Follow {
    service: Service,
    watch: crate::store::Watch,
    id: Id,
    with_logs: bool,
    /// The number of log lines that were sent.
    said: usize,
    last: Option<QueueStatus>,
    is_completed: bool,
}

impl Follow {
    async fn next(&mut self) -> Option<Event> {
        if self.is_completed {
            return None;
        }
        loop {
            let status = match self.status().await {
                Ok(status) => status?,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the store failed; a status stream ends");
                    return None;
                }
            };
            if self.last.as_ref() != Some(&status) {
                let text = serde_json::to_string(&status).unwrap_or_default();
                self.last = Some(status);
                return Some(Event::default().data(text));
            }
            let is_waiting = self.last.as_ref().is_some_and(|status| status.status == QueueState::InQueue);
            tokio::select! {
                () = self.watch.changed() => {}
                // A waiting request continues only after the next start, so the stream ends at a shutdown.
                () = self.service.stopping.cancelled(), if is_waiting => return None,
                // The position changes when requests before it start.
                () = tokio::time::sleep(POSITION_PAUSE), if is_waiting => {}
            }
        }
    }

    async fn status(&mut self) -> Result<Option<QueueStatus>, StoreFailure> {
        let found = self.service.store.get::<Job>(Kind::Job, &self.id.to_string()).await?;
        let Some(mut job) = found else { return Ok(None) };
        let all = job.logs.len();
        job.logs.drain(..self.said.min(all));
        self.said = all;
        self.is_completed = job.is_completed();
        Ok(Some(status_of(&self.service, &job, self.with_logs).await))
    }
}

/// `GET …/requests/<id>`: the output, or the error.
///
/// # Errors
///
/// [`Refusal`]: the error response.
pub async fn result(
    State(service): State<Service>,
    Path((app, id)): Path<(String, String)>,
    Extension(owner): Extension<KeyName>,
) -> Result<Response, Refusal> {
    let job = find(&service, &app, &id, &owner).await?;
    result_of(&service, &job).await
}

/// Builds the response with the output or the error of a request, or with status 400 while it is unfinished.
///
/// # Errors
///
/// [`Refusal`] if the store cannot be read.
pub async fn result_of(service: &Service, job: &Job) -> Result<Response, Refusal> {
    let response = match &job.answer {
        None => detail(StatusCode::BAD_REQUEST, "Request is still in progress"),
        Some(answer) => json(answer.status, &service.urls.resolve(&service.store, job, answer).await?),
    };
    Ok(with_id(response, job.id))
}

/// `GET …/requests/<id>/provenance`: how each picture was made, in the order of the images.
///
/// # Errors
///
/// [`Refusal`]: the error response.
pub async fn provenance(
    State(service): State<Service>,
    Path((app, id)): Path<(String, String)>,
    Extension(owner): Extension<KeyName>,
) -> Result<Response, Refusal> {
    let job = find(&service, &app, &id, &owner).await?;
    let records = match &job.provenance {
        Some(blob) => service.store.blob(blob).await?,
        None => None,
    };
    let response = match records {
        Some(records) => ([("content-type", "application/json")], records).into_response(),
        None => detail(StatusCode::NOT_FOUND, "There is no provenance for this request"),
    };
    Ok(with_id(response, job.id))
}

/// `PUT …/requests/<id>/cancel`: cancels the request.
///
/// # Errors
///
/// [`Refusal`]: the error response.
pub async fn cancel(
    State(service): State<Service>,
    Path((app, id)): Path<(String, String)>,
    Extension(owner): Extension<KeyName>,
) -> Result<Response, Refusal> {
    let (status, id) = match find(&service, &app, &id, &owner).await {
        Ok(job) => (service.queue.cancel(job.id).await?, Some(job.id)),
        Err(refusal) if refusal.0.status() == StatusCode::NOT_FOUND => (CancelStatus::NotFound, None),
        Err(refusal) => return Err(refusal),
    };
    let answer = CancelAnswer::from(status);
    let response = json(answer.http_status(), &serde_json::to_value(answer).unwrap_or_default());
    Ok(match id {
        Some(id) => with_id(response, id),
        None => response,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::job::{Answer, App};
    use crate::testing;

    #[test]
    fn the_logs_are_wanted_with_1_true_or_capital_true() {
        for (query, expected) in [
            ("logs=1", true),
            ("logs=true", true),
            ("a=b&logs=True", true),
            ("logs=0", false),
            ("logs=false", false),
            ("logs=TRUE", false),
            ("logs", false),
            ("log=1", false),
        ] {
            assert_eq!(wants_logs(&format!("/status?{query}").parse().unwrap()), expected, "{query}");
        }
        assert!(!wants_logs(&"/status".parse().unwrap()));
    }

    #[tokio::test]
    async fn a_request_of_another_owner_or_app_is_not_found_like_one_that_does_not_exist() {
        let (_folder, service) = testing::service(&[]).await;
        let job = Job::new(App::SmartResize, Some("ann".to_owned()), json!({}));
        service.store.put(Kind::Job, &job.id.to_string(), &job).await.unwrap();
        let (id, unknown) = (job.id.to_string(), Id::new().to_string());
        let owner = |name: Option<&str>| KeyName(name.map(str::to_owned));
        assert_eq!(find(&service, "smart-resize", &id, &owner(Some("ann"))).await.unwrap().id, job.id);
        for (app, id, name) in [
            ("smart-resize", &id, Some("bob")),
            ("smart-resize", &id, None),
            ("nano-banana-pro", &id, Some("ann")),
            ("smart-resize", &unknown, Some("ann")),
            ("smart-resize", &"x".to_owned(), Some("ann")),
        ] {
            let refusal = find(&service, app, id, &owner(name)).await.unwrap_err();
            assert_eq!(
                testing::answered(Err(refusal)).await,
                (404, json!({"detail": "Request not found"})),
                "{app} {id} {name:?}"
            );
        }
    }

    #[tokio::test]
    async fn the_result_of_an_unfinished_request_is_400() {
        let (_folder, service) = testing::service(&[]).await;
        let mut job = Job::new(App::SmartResize, None, json!({}));
        let expected = (400, json!({"detail": "Request is still in progress"}));
        assert_eq!(testing::answered(result_of(&service, &job).await).await, expected);
        job.finish(Answer { status: 422, body: json!({"url": "blob:ab/0.png"}) });
        let expected = (422, json!({"url": "http://here/files/ab/0.png"}));
        assert_eq!(testing::answered(result_of(&service, &job).await).await, expected);
    }

    #[tokio::test]
    async fn a_request_without_provenance_has_404() {
        let (_folder, service) = testing::service(&[]).await;
        let mut job = Job::new(App::SmartResize, None, json!({}));
        let records = service.store.put_blob("[7]".into()).await.unwrap();
        let deleted = smart_resize::plan::Digest::of(b"deleted");
        for (blob, expected) in [
            (None, (404, json!({"detail": "There is no provenance for this request"}))),
            (Some(deleted), (404, json!({"detail": "There is no provenance for this request"}))),
            (Some(records), (200, json!([7]))),
        ] {
            job.provenance = blob;
            service.store.put(Kind::Job, &job.id.to_string(), &job).await.unwrap();
            let path = Path(("smart-resize".to_owned(), job.id.to_string()));
            let found = provenance(State(service.clone()), path, Extension(KeyName(None))).await;
            assert_eq!(testing::answered(found).await, expected);
        }
    }

    /// A status stream of a request in the store that no worker runs.
    async fn follow(service: &Service, job: &Job, with_logs: bool) -> Follow {
        let (key, id) = (job.id.to_string(), job.id);
        service.store.put(Kind::Job, &key, job).await.unwrap();
        let watch = service.store.watch(Kind::Job, &key).await.unwrap();
        Follow { service: service.clone(), watch, id, with_logs, said: 0, last: None, is_completed: false }
    }

    #[tokio::test]
    async fn each_event_of_a_stream_has_only_the_log_lines_that_no_earlier_event_had() {
        use smart_resize::wire::fal::Log;

        let (_folder, service) = testing::service(&[]).await;
        let mut job = Job::new(App::SmartResize, None, json!({}));
        job.logs = vec![Log::info("a", "1970-01-01T00:00:00Z"), Log::info("b", "1970-01-01T00:00:00Z")];
        let mut follow = follow(&service, &job, true).await;
        let lines = |status: QueueStatus| status.logs.unwrap().into_iter().map(|log| log.message).collect::<Vec<_>>();
        assert_eq!(lines(follow.status().await.unwrap().unwrap()), ["a", "b"]);
        job.logs.push(Log::info("c", "1970-01-01T00:00:00Z"));
        service.store.put(Kind::Job, &job.id.to_string(), &job).await.unwrap();
        assert_eq!(lines(follow.status().await.unwrap().unwrap()), ["c"]);
        assert!(lines(follow.status().await.unwrap().unwrap()).is_empty());
    }

    #[tokio::test]
    async fn a_stream_ends_after_the_completed_status() {
        let (_folder, service) = testing::service(&[]).await;
        let mut job = Job::new(App::SmartResize, None, json!({}));
        job.finish(Answer::output(json!({})));
        let mut follow = follow(&service, &job, false).await;
        assert!(follow.next().await.is_some());
        let after = tokio::time::timeout(Duration::from_secs(10), follow.next()).await;
        assert!(after.unwrap().is_none());
    }

    #[tokio::test]
    async fn the_stream_of_a_waiting_request_ends_when_the_service_is_stopping() {
        let (_folder, service) = testing::service(&[]).await;
        let waiting = Job::new(App::SmartResize, None, json!({}));
        let mut running = waiting.clone();
        running.id = Id::new();
        running.start();
        let (mut waits, mut runs) = (follow(&service, &waiting, false).await, follow(&service, &running, false).await);
        assert!(waits.next().await.is_some() && runs.next().await.is_some());
        service.stopping.cancel();
        assert!(waits.next().await.is_none());
        let runs = tokio::time::timeout(Duration::from_millis(50), runs.next()).await;
        assert!(runs.is_err(), "a running request is followed to its end");
    }
}

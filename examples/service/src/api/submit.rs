//! Requests come in.
//!
//! On fal's hosts a POST to an endpoint is answered with the output at `fal.run`, and queued at `queue.fal.run`. Here it is
//! queued where one of these holds: it came to `--queue-listen`; its path begins with `/queue`; its host begins with `queue.`;
//! it has `fal_webhook`; it has the header `x-fal-queue-priority`, which the JavaScript client sends with each submission.
//!
//! As on fal, a submission is taken whatever its input is, and a wrong input is the request's result.

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::{Extension, http};
use serde::Deserialize;
use serde_json::{Value, json};
use smart_resize::wire::fal::{DetailEntry, ErrorBody, ErrorType, ImageUrl, Loc, SmartResizeInput};

use super::answer::{Refusal, detail, json, with_id};
use super::requests::result_of;
use super::{IsQueue, Owner, body};
use crate::backend::BackendKind;
use crate::config::Reuse;
use crate::job::{Answer, App, Hook, Job};
use crate::run::{BLOB, EXTRA_FIELDS};
use crate::service::Service;

/// What a submission has in its query.
#[derive(Debug, Deserialize)]
pub struct SubmitQuery {
    fal_webhook: Option<String>,
}

/// Everything of a request but its path.
type Parts = (http::Method, Uri, HeaderMap);

/// `POST /fal-ai/smart-resize`.
///
/// # Errors
///
/// The refusal.
pub async fn smart_resize(
    State(service): State<Service>,
    Extension(owner): Extension<Owner>,
    is_queue: Option<Extension<IsQueue>>,
    Query(query): Query<SubmitQuery>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    Box::pin(submit(service, App::SmartResize, owner, is_queue.is_some(), query, parts, body)).await
}

/// `POST /fal-ai/<model>/edit`, where the backend is the built-in generator.
///
/// # Errors
///
/// The refusal.
pub async fn edit(
    State(service): State<Service>,
    Path(model): Path<String>,
    Extension(owner): Extension<Owner>,
    is_queue: Option<Extension<IsQueue>>,
    Query(query): Query<SubmitQuery>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let app = App::at(&format!("fal-ai/{model}/edit"));
    let app = app.filter(|_| service.config.backend.backend == BackendKind::Local);
    let Some(app) = app else { return Ok(detail(StatusCode::NOT_FOUND, "Application not found")) };
    Box::pin(submit(service, app, owner, is_queue.is_some(), query, parts, body)).await
}

async fn submit(
    service: Service,
    app: App,
    Owner(owner): Owner,
    is_queue: bool,
    query: SubmitQuery,
    (_, uri, headers): Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let is_queue = is_queue || query.fal_webhook.is_some() || is_queued(&uri, &headers);
    if let Some(url) = &query.fal_webhook
        && let Err(error) = service.runner.fetcher.check(url)
    {
        let msg = format!("fal_webhook cannot be told: {error}");
        let loc = [Loc::from("query"), Loc::from("fal_webhook")];
        return Err(ErrorBody::from(DetailEntry::new(ErrorType::ValueError, loc, msg, &url.as_str().into())).into());
    }
    let body = body::read(&service, &headers, body, service.config.limits.max_body_bytes).await?;
    let read = read_input(&service, app, body).await;
    let (mut job, is_new) = match read {
        Ok(Read { input, is_alone }) => {
            let mut job = Job::new(app, owner, input);
            job.is_alone = is_alone;
            (job, true)
        }
        // A wrong input is over before it waits.
        Err(Refused::Input(errors)) if is_queue => {
            let mut job = Job::new(app, owner, json!({}));
            job.start();
            job.finish(Answer::from(&errors));
            (job, false)
        }
        Err(Refused::Input(errors)) => return Err(errors.into()),
        Err(Refused::Other(refusal)) => return Err(refusal),
    };
    job.hook = query.fal_webhook.map(|url| Hook { url, attempts: 0, settled: false });
    let id = job.id;
    let job = if is_new {
        service.queue.submit(job).await.inspect_err(|_| service.metrics.refused())?
    } else {
        service.store.put(crate::store::Kind::Job, &id.to_string(), &job).await?;
        service.hooks.tell(job.clone());
        service.metrics.ended(&job);
        job
    };
    service.metrics.submitted();
    if is_queue {
        let position = service.queue.position(&job).await;
        // As fal does, it says of every request that it is in the queue; the first look at its status says more.
        let mut status = Job { state: smart_resize::wire::fal::QueueState::InQueue, ..job }.status(
            service.urls.public_url(),
            position,
            false,
        );
        status.metrics.clear();
        let body = serde_json::to_value(&status).unwrap_or_default();
        return Ok(with_id(json(200, &body), id));
    }
    match service.queue.wait(&service.store, id).await? {
        Some(job) => result_of(&service, &job).await,
        None => Ok(detail(StatusCode::NOT_FOUND, "Request not found")),
    }
}

fn is_queued(uri: &Uri, headers: &HeaderMap) -> bool {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).or_else(|| uri.host());
    headers.contains_key("x-fal-queue-priority") || host.is_some_and(|host| host.starts_with("queue."))
}

/// An input that was read.
struct Read {
    input: Value,
    is_alone: bool,
}

/// An input that was not.
enum Refused {
    Input(ErrorBody),
    Other(Refusal),
}

async fn read_input(service: &Service, app: App, body: body::ReadBody) -> Result<Read, Refused> {
    let body::ReadBody { bytes, room: _room } = body;
    let (runner, limits) = (service.runner.clone(), service.runner.input_limits());
    // A data URI of 50 MiB takes its time.
    let read = crate::run::work(move || -> Result<_, ErrorBody> {
        let value: Value = match serde_json::from_slice(&bytes) {
            Ok(value) => value,
            // Told as fal tells it.
            Err(_) => return Err(SmartResizeInput::from_json(&bytes, &limits).err().unwrap_or_else(broken)),
        };
        drop(bytes);
        match app {
            App::SmartResize => {
                let (input, _) = runner.input(&value)?;
                let mut kept = serde_json::to_value(&input).unwrap_or_default();
                if let Some(fields) = kept.as_object_mut() {
                    let extras = EXTRA_FIELDS.into_iter().filter_map(|name| Some((name, value.get(name)?.clone())));
                    fields.extend(extras.map(|(name, extra)| (name.to_owned(), extra)));
                }
                let picture = match &input.image_url {
                    ImageUrl::Data(data) => Some(data.bytes().clone()),
                    _ => None,
                };
                Ok((kept, picture, input.seed.is_some()))
            }
            App::Edit(_) => {
                // It works from the first picture.
                let mut input = crate::run::edit_input(&value)?;
                input.image_urls.truncate(1);
                let kept = serde_json::to_value(&input).unwrap_or_default();
                let Some(url) = input.image_urls.first() else { return Ok((kept, None, false)) };
                let picture = match ImageUrl::parse(url, limits.image_bytes).map_err(|entry| ErrorBody::from(*entry))? {
                    ImageUrl::Data(data) => Some(data.bytes().clone()),
                    _ => None,
                };
                Ok((kept, picture, input.seed.is_some()))
            }
        }
    });
    let read = read.await.map_err(|lost| Refused::Other(crate::run::internal("a body was not read", &lost).into()))?;
    let (mut input, picture, is_seeded) = read.map_err(Refused::Input)?;
    if let Some(picture) = picture {
        let blob = service.store.put_blob(bytes::Bytes::from_owner(picture)).await;
        let blob = blob.map_err(|failure| Refused::Other(failure.into()))?;
        let place =
            if app == App::SmartResize { input.pointer_mut("/image_url") } else { input.pointer_mut("/image_urls/0") };
        if let Some(place) = place {
            *place = format!("{BLOB}{blob}").into();
        }
    }
    let is_alone = match service.config.reuse {
        Reuse::Never => true,
        Reuse::Seeded => !is_seeded,
        Reuse::Always => false,
    };
    Ok(Read { input, is_alone })
}

fn broken() -> ErrorBody {
    ErrorBody::text("the body cannot be read")
}

//! The endpoints: reading an input and submitting it.
//!
//! On fal's hosts, a POST to an endpoint returns the output at `fal.run`, and is queued at `queue.fal.run`. Here it is
//! queued if one of these holds: it came to `--queue-listen`; its path begins with `/queue`; its host begins with
//! `queue.`; it has the query parameter `fal_webhook`; it has the header `x-fal-queue-priority`, which the JavaScript
//! client sends with each submission.
//!
//! As on fal, a submission is accepted whatever its input is. The error of an invalid input is the request's result.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::{Extension, http};
use serde_json::{Value, json};
use smart_resize::wire::fal::{DetailEntry, ErrorBody, ErrorType, ImageUrl, Loc, SmartResizeInput};

use super::answer::{Refusal, detail, json, overloaded, with_id};
use super::requests::result_of;
use super::{AtQueueAddress, KeyName, body, input};
use crate::backend::BackendKind;
use crate::config::Reuse;
use crate::job::{Answer, App, Hook, Job};
use crate::queue::SubmitError;
use crate::run::{BLOB, EXTRA_FIELDS};
use crate::service::Service;
use crate::store::Kind;

/// The method, the URI and the headers of a request.
type Parts = (http::Method, Uri, HeaderMap);

/// `POST /fal-ai/smart-resize`: the endpoint.
///
/// # Errors
///
/// [`Refusal`]: the error response.
pub async fn smart_resize(
    State(service): State<Service>,
    Extension(owner): Extension<KeyName>,
    is_queue: Option<Extension<AtQueueAddress>>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    Box::pin(submit(service, App::SmartResize, owner, is_queue.is_some(), parts, body)).await
}

/// `POST /fal-ai/<model>/edit`: an edit endpoint. It exists only if the backend is the built-in generator.
///
/// # Errors
///
/// [`Refusal`]: the error response.
pub async fn edit(
    State(service): State<Service>,
    Path(model): Path<String>,
    Extension(owner): Extension<KeyName>,
    is_queue: Option<Extension<AtQueueAddress>>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let app = App::at(&format!("fal-ai/{model}/edit"));
    let app = app.filter(|_| service.config.backend.backend == BackendKind::Local);
    let Some(app) = app else { return Ok(detail(StatusCode::NOT_FOUND, "Application not found")) };
    Box::pin(submit(service, app, owner, is_queue.is_some(), parts, body)).await
}

async fn submit(
    service: Service,
    app: App,
    KeyName(owner): KeyName,
    is_queue: bool,
    (_, uri, headers): Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let webhook = parameter(&uri, "fal_webhook");
    let is_queue = is_queue || webhook.is_some() || is_queued(&uri, &headers);
    if let Some(url) = &webhook
        && let Err(error) = service.runner.fetcher.check(url)
    {
        let msg = format!("fal_webhook cannot be called: {error}");
        let loc = [Loc::from("query"), Loc::from("fal_webhook")];
        return Err(ErrorBody::from(DetailEntry::new(ErrorType::ValueError, loc, msg, &url.as_str().into())).into());
    }
    let body = body::read(&service, &headers, body, service.config.limits.max_body_bytes).await?;
    let read = read_input(&service, app, body).await;
    let (mut job, is_new) = match read {
        Ok(Read { input, has_private_answers }) => {
            let mut job = Job::new(app, owner, input);
            job.has_private_answers = has_private_answers;
            (job, true)
        }
        // A submission with an invalid input is completed before it enters the queue.
        Err(InputError::Input(errors)) if is_queue => {
            let mut job = Job::new(app, owner, json!({}));
            job.start();
            job.finish(Answer::from(&errors));
            (job, false)
        }
        Err(InputError::Input(errors)) => return Err(errors.into()),
        Err(InputError::Other(refusal)) => return Err(refusal),
    };
    job.hook = webhook.map(|url| Hook { url, attempts: 0, is_settled: false });
    let id = job.id;
    // A task of its own runs to its end even if the client disconnects. Otherwise the request could be stored but not
    // queued.
    let enqueued = tokio::spawn({
        let service = service.clone();
        async move { enqueue(&service, job, is_new).await }
    });
    let job = enqueued.await.map_err(|lost| Refusal::from(crate::run::internal("a submission panicked", &lost)))??;
    service.metrics.submitted();
    if is_queue {
        let position = service.queue.position(&job).await;
        // As on fal, the response to every submission says IN_QUEUE. The first status request tells the actual state.
        let mut status = Job { state: smart_resize::wire::fal::QueueState::InQueue, ..job }.status(
            service.urls.public_url(),
            position,
            false,
        );
        status.metrics.clear();
        let body = serde_json::to_value(&status).unwrap_or_default();
        return Ok(with_id(json(200, &body), id));
    }
    match service.wait(id).await? {
        Some(job) if job.is_completed() => result_of(&service, &job).await,
        Some(_) => {
            let text = format!("the service is shutting down; request {id} continues after the next start");
            Ok(with_id(overloaded(StatusCode::SERVICE_UNAVAILABLE, text, 5), id))
        }
        None => Ok(detail(StatusCode::NOT_FOUND, "Request not found")),
    }
}

/// Queues a request. One that is already completed is only stored and counted, and its webhook is sent.
async fn enqueue(service: &Service, job: Job, is_new: bool) -> Result<Job, SubmitError> {
    if is_new {
        return service.queue.submit(job).await.inspect_err(|error| {
            if matches!(error, SubmitError::Full { .. }) {
                service.metrics.refused();
            }
        });
    }
    service.store.put(Kind::Job, &job.id.to_string(), &job).await?;
    service.queue.send_hook(&job).await?;
    service.metrics.ended(&job);
    Ok(job)
}

/// Returns the first value of a query parameter.
pub(super) fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.into_iter().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

fn is_queued(uri: &Uri, headers: &HeaderMap) -> bool {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).or_else(|| uri.host());
    headers.contains_key("x-fal-queue-priority") || host.is_some_and(|host| host.starts_with("queue."))
}

/// A valid input.
struct Read {
    input: Value,
    has_private_answers: bool,
}

/// Why an input was not read.
enum InputError {
    Input(ErrorBody),
    Other(Refusal),
}

impl From<Refusal> for InputError {
    fn from(refusal: Refusal) -> Self {
        Self::Other(refusal)
    }
}

async fn read_input(service: &Service, app: App, body: body::ReadBody) -> Result<Read, InputError> {
    let body::ReadBody { bytes, reservation: _reservation } = body;
    let (runner, limits) = (service.runner.clone(), service.runner.input_limits());
    let read = move || -> Result<_, ErrorBody> {
        let fields = if app == App::SmartResize { smart_resize_fields() } else { EDIT_FIELDS.to_vec() };
        let value = input::read(&bytes, &fields)?;
        drop(bytes);
        match app {
            App::SmartResize => {
                let (input, extras) = runner.input(&value)?;
                let mut kept = serde_json::to_value(&input).unwrap_or_default();
                if let Some(fields) = kept.as_object_mut() {
                    fields.extend(extras.fields());
                }
                let picture = match &input.image_url {
                    ImageUrl::Data(data) => Some(data.bytes().clone()),
                    _ => None,
                };
                Ok((kept, picture, input.seed.is_some()))
            }
            App::Edit(_) => {
                // The built-in generator uses only the first picture.
                let mut input = crate::run::edit_input(&value)?;
                input.image_urls.truncate(1);
                let kept = serde_json::to_value(&input).unwrap_or_default();
                let Some(url) = input.image_urls.first() else { return Ok((kept, None, false)) };
                let picture = match ImageUrl::parse(url, limits.image_bytes).map_err(|entry| at_image_urls(*entry))? {
                    ImageUrl::Data(data) => Some(data.bytes().clone()),
                    _ => None,
                };
                Ok((kept, picture, input.seed.is_some()))
            }
        }
    };
    let (mut input, picture, is_seeded) = read_blocking(read).await?.map_err(InputError::Input)?;
    if let Some(picture) = picture {
        let blob = service.store.put_blob(bytes::Bytes::from_owner(picture)).await;
        let blob = blob.map_err(|failure| InputError::Other(failure.into()))?;
        let place = if app == App::SmartResize { "/image_url" } else { "/image_urls/0" };
        if let Some(place) = input.pointer_mut(place) {
            *place = format!("{BLOB}{blob}").into();
        }
    }
    let has_private_answers = match service.config.reuse {
        Reuse::Never => true,
        Reuse::Seeded => !is_seeded,
        Reuse::Always => false,
    };
    Ok(Read { input, has_private_answers })
}

/// Locates an error at the first picture of an edit endpoint.
fn at_image_urls(mut entry: DetailEntry) -> ErrorBody {
    entry.loc = vec!["body".into(), "image_urls".into(), 0.into()];
    entry.into()
}

/// Reads an input on a blocking thread. Decoding a data URI of 50 MiB would delay every other request of the runtime
/// thread.
pub(super) async fn read_blocking<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(|lost| crate::run::internal("the reading of a body panicked", &lost).into())
}

/// Returns the fields of the endpoint: fal's, and the service's own.
pub(super) fn smart_resize_fields() -> Vec<&'static str> {
    [&SmartResizeInput::FIELDS[..], &EXTRA_FIELDS[..]].concat()
}

const EDIT_FIELDS: [&str; 11] = [
    "prompt",
    "image_urls",
    "num_images",
    "aspect_ratio",
    "resolution",
    "output_format",
    "safety_tolerance",
    "seed",
    "sync_mode",
    "limit_generations",
    "enable_web_search",
];

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_value_of_a_query_parameter_counts_and_is_unescaped() {
        assert_eq!(parameter(&uri("/a?b=c%3Ad&b=e"), "b").as_deref(), Some("c:d"));
        assert_eq!(parameter(&uri("/a?b=c"), "B"), None);
        assert_eq!(parameter(&uri("/a"), "b"), None);
        assert_eq!(parameter(&uri("/a?b"), "b").as_deref(), Some(""));
    }

    #[test]
    fn a_post_is_queued_if_its_host_begins_with_queue_or_it_has_a_queue_priority() {
        let case = |target: &str, headers: &[(&'static str, &str)], expected: bool| {
            let headers =
                headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
            assert_eq!(is_queued(&uri(target), &headers.collect()), expected, "{target}");
        };
        case("/a", &[], false);
        case("/a", &[("host", "queue.example.com")], true);
        case("/a", &[("host", "example.com")], false);
        case("/a", &[("host", "example.queue.com")], false);
        case("/a", &[("host", "queue")], false);
        case("http://queue.example.com/a", &[], true);
        // The header comes before the URI.
        case("http://queue.example.com/a", &[("host", "example.com")], false);
        case("/a", &[("host", "example.com"), ("x-fal-queue-priority", "low")], true);
    }

    #[tokio::test]
    async fn answers_are_reused_never_with_a_seed_or_always() {
        for (flags, expected) in [
            (&[][..], [true, false]),
            (&["--reuse", "seeded"], [true, false]),
            (&["--reuse", "never"], [true, true]),
            (&["--reuse", "always"], [false, false]),
        ] {
            let (_folder, service) = testing::service(flags).await;
            for (seed, expected) in [Value::Null, json!(7)].into_iter().zip(expected) {
                for (app, body) in [
                    (App::SmartResize, json!({"image_url": "https://a/b", "target_sizes": ["1x1"], "seed": seed})),
                    (App::ALL[1], json!({"image_urls": ["https://a/b"], "prompt": "wider", "seed": seed})),
                ] {
                    let body = body::ReadBody { bytes: body.to_string().into(), reservation: None };
                    let read = read_input(&service, app, body).await.ok().unwrap();
                    assert_eq!(read.has_private_answers, expected, "{flags:?}, {seed}, {}", app.endpoint());
                }
            }
        }
    }

    #[tokio::test]
    async fn the_picture_of_a_data_uri_is_stored_as_a_blob_and_not_in_the_input() {
        let (_folder, service) = testing::service(&[]).await;
        let picture = testing::picture(3, 2);
        let uri = smart_resize::wire::data_uri::DataUri::new(smart_resize::Format::Png, picture.clone()).to_string();
        let blob = format!("blob:{}", smart_resize::plan::Digest::of(&picture));
        for (app, body, place) in [
            (App::SmartResize, json!({"image_url": uri, "target_sizes": ["1x1"]}), "/image_url"),
            (App::ALL[1], json!({"image_urls": [uri, "https://a/second"], "prompt": "wider"}), "/image_urls/0"),
        ] {
            let body = body::ReadBody { bytes: body.to_string().into(), reservation: None };
            let input = read_input(&service, app, body).await.ok().unwrap().input;
            assert_eq!(input.pointer(place), Some(&json!(blob)), "{input}");
            // An edit uses only the first picture.
            assert_eq!(input.pointer("/image_urls/1"), None);
        }
        assert_eq!(service.store.blob(&smart_resize::plan::Digest::of(&picture)).await.unwrap(), Some(picture.into()));
    }

    /// Submits a body to an endpoint and returns the status and the body of the response.
    async fn submitted(service: &Service, app: App, target: &str, body: &Value) -> (u16, Value) {
        let parts = (http::Method::POST, uri(target), HeaderMap::new());
        let response = submit(service.clone(), app, KeyName(None), true, parts, Body::from(body.to_string())).await;
        let response = response.unwrap_or_else(|refusal| *refusal.0);
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn a_webhook_that_cannot_be_called_is_refused_before_the_body_is_read() {
        let (_folder, service) = testing::service(&[]).await;
        for url in ["http://127.0.0.1/hook", "ftp://example.com/", "hook"] {
            let (status, answer) =
                submitted(&service, App::SmartResize, &format!("/a?fal_webhook={url}"), &json!("?")).await;
            assert_eq!((status, &answer["detail"][0]["loc"]), (422, &json!(["query", "fal_webhook"])), "{url}");
            assert_eq!(answer["detail"][0]["input"], url);
        }
        assert!(service.metrics.text(0, 0).contains("submitted_total 0\n"));
    }

    #[tokio::test]
    async fn a_submission_with_an_invalid_input_is_accepted_and_completed_at_once() {
        let (_folder, service) = testing::service(&[]).await;
        let (status, answer) = submitted(&service, App::SmartResize, "/a", &json!({"target_sizes": []})).await;
        // As on fal, every submission is said to be in the queue.
        assert_eq!((status, &answer["status"], &answer["metrics"]), (200, &json!("IN_QUEUE"), &json!({})));
        let job: Job = service.store.get(Kind::Job, answer["request_id"].as_str().unwrap()).await.unwrap().unwrap();
        assert_eq!((job.is_completed(), job.answer.unwrap().status, job.input), (true, 422, json!({})));
        let counted = service.metrics.text(0, 0);
        assert!(counted.contains("submitted_total 1\n") && counted.contains("error_total 1\n"), "{counted}");
    }

    #[tokio::test]
    async fn an_invalid_picture_of_an_edit_is_located_at_the_first_of_its_pictures() {
        let (_folder, service) = testing::service(&[]).await;
        let body = json!({"image_urls": ["ftp://a/b"], "prompt": "wider"});
        let (_, answer) = submitted(&service, App::ALL[1], "/a", &body).await;
        let job: Job = service.store.get(Kind::Job, answer["request_id"].as_str().unwrap()).await.unwrap().unwrap();
        assert_eq!(job.answer.unwrap().body["detail"][0]["loc"], json!(["body", "image_urls", 0]));
    }

    #[tokio::test]
    async fn an_edit_endpoint_exists_only_with_the_built_in_generator() {
        let call = async |flags: &[&str], model: &str| {
            let (_folder, service) = testing::service(flags).await;
            let parts = (http::Method::POST, uri("/a"), HeaderMap::new());
            let (model, owner) = (Path(model.to_owned()), Extension(KeyName(None)));
            let response = edit(State(service), model, owner, None, parts, Body::from("{}")).await;
            response.unwrap_or_else(|refusal| *refusal.0).status().as_u16()
        };
        assert_eq!(call(&[], "nano-banana-2").await, 422);
        assert_eq!(call(&[], "nano-banana-7").await, 404);
        assert_eq!(call(&["--backend", "fal", "--upstream", "http://a"], "nano-banana-2").await, 404);
    }
}

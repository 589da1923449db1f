//! A stand-in for fal's queue with the edit endpoints.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post, put};
use serde_json::json;
use smart_resize::Format;
use smart_resize::pixels::decode::{DecodeLimits, probe};
use smart_resize::wire::data_uri::DataUri;
use smart_resize::wire::fal::{CancelAnswer, CancelStatus, EditInput, EditOutput, ImageFile, QueueState, QueueStatus};
use tokio::sync::Semaphore;

use super::{KEY, Script, Trick, broken_off, json as answer, page, picture, preset, serve, too_long};

/// A slow call is completed after this many polls, which take longer than one attempt of the tests.
const SLOW_POLLS: usize = 20;

#[derive(Clone)]
pub(crate) struct FalStandIn {
    pub(crate) url: String,
    pub(crate) queue: Arc<Queue>,
}

#[derive(Default)]
pub(crate) struct Queue {
    pub(crate) script: Script,
    pub(crate) cancelled: AtomicUsize,
    pub(crate) polls: AtomicUsize,
    /// Whether cancellations are never answered.
    pub(crate) is_deaf: AtomicBool,
    /// If set, each submission waits for a permit.
    pub(crate) gate: OnceLock<Semaphore>,
    /// The base of the URLs under [`Trick::ElsewhereUrls`].
    pub(crate) elsewhere: OnceLock<String>,
    /// The URL of the last source.
    pub(crate) last_source: Mutex<String>,
    calls: Mutex<BTreeMap<String, Call>>,
    url: OnceLock<String>,
}

struct Call {
    trick: Trick,
    input: EditInput,
    model: &'static str,
    polls: usize,
    pages: usize,
    files: Option<Vec<Bytes>>,
    downloads: BTreeMap<usize, usize>,
}

impl FalStandIn {
    pub(crate) async fn start() -> Self {
        let queue = Arc::new(Queue::default());
        let router = Router::new()
            .route("/fal-ai/{app}/edit", post(submit))
            .route("/fal-ai/{app}/requests/{id}/status", get(status))
            .route("/fal-ai/{app}/requests/{id}/cancel", put(cancel))
            .route("/fal-ai/{app}/requests/{id}", get(result))
            .route("/files/{id}/{index}", get(file))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&queue));
        let url = serve(router).await;
        queue.url.set(url.clone()).unwrap();
        Self { url, queue }
    }
}

impl Queue {
    fn calls(&self) -> MutexGuard<'_, BTreeMap<String, Call>> {
        self.calls.lock().unwrap()
    }

    /// Forgets all calls, as a restart without a disk would.
    pub(crate) fn forget(&self) {
        self.calls().clear();
    }
}

fn is_keyed(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| *value == format!("Key {KEY}"))
}

fn unauthorized() -> Response {
    answer(401, &json!({"detail": "Authentication is required"}))
}

fn mistake(kind: &str, field: &str, msg: &str) -> Response {
    answer(422, &json!({"detail": [{"loc": ["body", field], "msg": msg, "type": kind, "input": null}]}))
}

async fn submit(State(queue): State<Arc<Queue>>, Path(app): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_keyed(&headers) {
        return unauthorized();
    }
    let Ok(input) = serde_json::from_slice::<EditInput>(&body) else {
        return mistake("json_invalid", "body", "no input");
    };
    let Some(model) = ["nano-banana-pro", "nano-banana-2", "nano-banana"].into_iter().find(|name| *name == app) else {
        return answer(404, &json!({"detail": "Application not found"}));
    };
    let tier = input.resolution.map(|tier| tier.to_string());
    if preset(model, &input.aspect_ratio, tier.as_deref()).is_none() || !(1..=4).contains(&input.num_images) {
        return mistake("literal_error", "aspect_ratio", "none of the presets");
    }
    let source = input.image_urls.first().cloned().unwrap_or_default();
    let is_readable = match DataUri::parse(&source, 50 << 20) {
        Ok(data) => probe(data.bytes(), &DecodeLimits::default()).is_ok(),
        Err(_) => source.starts_with("https://"),
    };
    if !is_readable {
        return mistake("image_load_error", "image_urls", "no picture");
    }
    *queue.last_source.lock().unwrap() = source;
    if let Some(gate) = queue.gate.get() {
        gate.acquire().await.unwrap().forget();
    }
    let trick = queue.script.next();
    match trick {
        Trick::RateLimited | Trick::RateLimitedForLong => {
            let seconds = if trick == Trick::RateLimited { "1" } else { "3600" };
            let mut refused = answer(429, &json!({"detail": "Too many requests"}));
            refused.headers_mut().insert("retry-after", seconds.parse().unwrap());
            return refused;
        }
        Trick::Broken => return answer(500, &json!({"detail": "Internal Server Error"})),
        _ => {}
    }
    let id = format!("0190-{}", queue.script.calls());
    let call = Call { trick, input, model, polls: 0, pages: 0, files: None, downloads: BTreeMap::new() };
    if trick == Trick::Forgotten {
        // The picture was made and billed all the same.
        queue.script.bill(1);
    } else {
        queue.calls().insert(id.clone(), call);
    }
    if let Trick::Gateway(status) = trick {
        make(&queue, &id);
        return Response::builder().status(status).body(Body::from("<html>Bad Gateway</html>")).unwrap();
    }
    if trick == Trick::Lost {
        make(&queue, &id);
        return broken_off(1000);
    }
    let base = match (trick, queue.elsewhere.get()) {
        (Trick::ElsewhereUrls, Some(elsewhere)) => elsewhere,
        _ => queue.url.get().unwrap(),
    };
    let status = QueueStatus::new(QueueState::InQueue, &id, &format!("{base}/fal-ai/{app}"));
    let mut accepted = answer(200, &serde_json::to_value(status).unwrap());
    accepted.headers_mut().insert("x-fal-request-id", id.parse().unwrap());
    accepted
}

/// Makes and bills the pictures of a call, once.
fn make(queue: &Queue, id: &str) {
    let mut calls = queue.calls();
    let Some(call) = calls.get_mut(id).filter(|call| call.files.is_none()) else { return };
    let tier = call.input.resolution.map(|tier| tier.to_string());
    let size = preset(call.model, &call.input.aspect_ratio, tier.as_deref()).unwrap();
    let asked = call.input.num_images as usize;
    let made = match call.trick {
        Trick::More => asked + 1,
        Trick::Fewer => asked - 1,
        Trick::TextOnly | Trick::Refused | Trick::ModelFails => 0,
        _ => asked,
    };
    call.files = Some(vec![picture(size, call.trick); made]);
    queue.script.bill(made);
}

async fn status(
    State(queue): State<Arc<Queue>>,
    Path((app, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if !is_keyed(&headers) {
        return unauthorized();
    }
    queue.polls.fetch_add(1, Ordering::SeqCst);
    let state = {
        let mut calls = queue.calls();
        let Some(call) = calls.get_mut(&id) else { return answer(404, &json!({"detail": "Request not found"})) };
        call.polls += 1;
        if call.trick == Trick::HtmlOnce && call.polls == 1 {
            return page();
        }
        let needed = if call.trick == Trick::Slow { SLOW_POLLS } else { 2 };
        if call.polls < needed { QueueState::InProgress } else { QueueState::Completed }
    };
    if state == QueueState::Completed {
        make(&queue, &id);
    }
    let status = QueueStatus::new(state, id, &format!("{}/fal-ai/{app}", queue.url.get().unwrap()));
    answer(status.http_status(), &serde_json::to_value(&status).unwrap())
}

async fn result(
    State(queue): State<Arc<Queue>>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if !is_keyed(&headers) {
        return unauthorized();
    }
    let mut calls = queue.calls();
    let Some(call) = calls.get_mut(&id) else { return answer(404, &json!({"detail": "Request not found"})) };
    let Some(files) = &call.files else { return answer(400, &json!({"detail": "Request is still in progress"})) };
    match call.trick {
        Trick::Refused => return mistake("content_policy_violation", "prompt", "The content could not be processed."),
        Trick::ModelFails => {
            let entry = json!({"loc": ["body"], "msg": "Failed", "type": "internal_server_error", "input": null});
            return answer(500, &json!({"detail": [entry]}));
        }
        Trick::Html => return page(),
        Trick::HtmlOnce if call.pages == 0 => {
            call.pages += 1;
            return page();
        }
        Trick::Huge => return too_long(200 << 20),
        _ => {}
    }
    let base = match call.trick {
        Trick::ElsewherePrivate => "http://127.0.0.2:9",
        _ => queue.url.get().unwrap(),
    };
    let image = |(index, bytes): (usize, &Bytes)| match call.trick {
        Trick::Embedded => ImageFile::at(DataUri::new(Format::Png, bytes.to_vec()).to_string()),
        _ => ImageFile::at(format!("{base}/files/{id}/{index}")),
    };
    let output = EditOutput::new(files.iter().enumerate().map(image).collect(), "As you wish.");
    answer(200, &serde_json::to_value(&output).unwrap())
}

async fn file(
    State(queue): State<Arc<Queue>>,
    Path((id, index)): Path<(String, usize)>,
    headers: HeaderMap,
) -> Response {
    // Downloads must not carry the key.
    if headers.contains_key("authorization") {
        return unauthorized();
    }
    let mut calls = queue.calls();
    let Some(call) = calls.get_mut(&id) else { return answer(404, &json!({})) };
    let Some(bytes) = call.files.as_ref().and_then(|files| files.get(index)).cloned() else {
        return answer(404, &json!({}));
    };
    let downloads = call.downloads.entry(index).or_default();
    *downloads += 1;
    match call.trick {
        Trick::NoDownload if *downloads == 1 => answer(503, &json!({})),
        Trick::Gone(status) => answer(status, &json!({})),
        Trick::RedirectsPrivate => {
            let builder = Response::builder().status(302).header("location", "http://127.0.0.2:9/0");
            builder.body(Body::empty()).unwrap()
        }
        Trick::HugePicture => too_long(60 << 20),
        _ => Response::builder().header("content-type", "image/png").body(Body::from(bytes)).unwrap(),
    }
}

async fn cancel(
    State(queue): State<Arc<Queue>>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if !is_keyed(&headers) {
        return unauthorized();
    }
    if queue.is_deaf.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    let status = match queue.calls().get(&id) {
        None => CancelStatus::NotFound,
        Some(call) if call.files.is_some() => CancelStatus::AlreadyCompleted,
        Some(_) => {
            queue.cancelled.fetch_add(1, Ordering::SeqCst);
            CancelStatus::CancellationRequested
        }
    };
    let cancel = CancelAnswer::from(status);
    answer(cancel.http_status(), &serde_json::to_value(cancel).unwrap())
}

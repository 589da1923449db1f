//! The HTTP API of the service.
//!
//! | path | what it serves |
//! |---|---|
//! | `POST /fal-ai/smart-resize` | the output once it is there, or a submission to the queue; see [`submit`] |
//! | `POST /fal-ai/<model>/edit` | the same for an edit endpoint |
//! | `/fal-ai/<app>/requests/<id>…` | the result, status, provenance and cancellation of a request, see [`requests`] |
//! | `/storage/…`, `/files/…`, `/uploads/…` | files, see [`storage`] |
//! | `/`, `/plan`, `/plan/previews`, `/config.json`, `/placements` | the page, see [`page`] |
//! | `/api/fal/proxy` | every path above, for clients with a proxy URL; see [`proxy`] |
//! | `/healthz`, `/metrics`, `/.well-known/jwks.json` | the health of the store, counters, the public key of webhooks |

pub mod answer;
pub mod body;
pub mod input;
pub mod page;
pub mod proxy;
pub mod requests;
pub mod storage;
pub mod submit;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use tower_http::cors::{Any, CorsLayer};

use self::answer::{REQUEST_ID, detail, with_id};
use crate::id::Id;
use crate::service::Service;

/// The name of the API key that a request was sent with; `None` if no key is required.
#[derive(Clone, Debug)]
pub struct KeyName(pub Option<String>);

/// Marks an HTTP request that came in at a queue address, where a POST to an endpoint is always a submission.
#[derive(Clone, Copy, Debug)]
pub struct AtQueueAddress;

/// Builds the router with every path of the service.
pub fn router(service: Service) -> Router {
    let origins = service.config.allow_origin.clone();
    let with_key = Router::new()
        .route("/fal-ai/smart-resize", post(submit::smart_resize))
        .route("/fal-ai/{model}/edit", post(submit::edit))
        .route("/fal-ai/{app}/requests/{id}", get(requests::result))
        .route("/fal-ai/{app}/requests/{id}/status", get(requests::status))
        .route("/fal-ai/{app}/requests/{id}/status/stream", get(requests::stream))
        .route("/fal-ai/{app}/requests/{id}/cancel", put(requests::cancel))
        .route("/fal-ai/{app}/requests/{id}/provenance", get(requests::provenance))
        .route("/plan", post(page::plan))
        .route("/plan/previews", post(page::previews))
        .route("/storage/auth/token", post(storage::token))
        .route("/storage/upload/initiate", post(storage::initiate))
        .route("/storage/upload/initiate-multipart", post(storage::initiate))
        .route("/files/upload", post(storage::upload))
        .layer(from_fn_with_state(service.clone(), check_key));
    // These paths need no key. The ids in them are random and serve as secrets: the upload URL permits writing, the
    // file URL permits reading.
    let open = Router::new()
        .route("/storage/upload/{id}", put(storage::fill))
        .route("/storage/upload/{id}/{part}", put(storage::fill_part).post(storage::complete))
        .route("/uploads/{id}/{name}", get(storage::file_of_upload))
        .route("/files/{digest}/{name}", get(storage::file))
        .route("/files/{digest}", get(storage::file))
        .route("/", get(page::index))
        .route("/config.json", get(page::config))
        .route("/placements", get(page::placements))
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .route("/.well-known/jwks.json", get(key_set));
    let direct = with_key.merge(open).fallback(not_found).method_not_allowed_fallback(wrong_method);
    let queue = direct.clone().layer(axum::Extension(AtQueueAddress));
    Router::new()
        .nest("/queue", queue.with_state(service.clone()))
        .merge(direct.clone().with_state(service.clone()))
        .route("/api/fal/proxy", axum::routing::any(proxy::forward))
        .with_state(proxy::Proxy { router: direct.with_state(service) })
        .layer(from_fn(identify))
        .layer(cors(&origins))
}

/// Builds the CORS layer that admits pages of the given origins. An empty list admits none.
fn cors(origins: &[HeaderValue]) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST, Method::PUT])
        .allow_headers(Any)
        .expose_headers([REQUEST_ID, RETRY_AFTER]);
    if origins.iter().any(|origin| origin == "*") {
        layer.allow_origin(Any)
    } else {
        layer.allow_origin(origins.to_vec())
    }
}

/// Builds the router of a worker, which serves no clients.
pub fn watch_router(service: Service) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .fallback(not_found)
        .with_state(service)
        .layer(from_fn(identify))
}

/// Adds a request id to each response that has none, and the header `x-content-type-options`.
async fn identify(request: Request, next: Next) -> Response {
    let mut response = in_json(next.run(request).await).await;
    if !response.headers().contains_key(REQUEST_ID) {
        response = with_id(response, Id::new());
    }
    response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

/// Turns a plain-text client error that axum itself produced into fal's JSON form.
async fn in_json(response: Response) -> Response {
    let is_text = response.headers().get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !(response.status().is_client_error() && is_text) {
        return response;
    }
    let status = response.status();
    let text = axum::body::to_bytes(response.into_body(), 4096).await.unwrap_or_default();
    detail(status, String::from_utf8_lossy(&text))
}

async fn check_key(State(service): State<Service>, mut request: Request, next: Next) -> Response {
    let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let Ok(owner) = service.keys.owner(authorization).map(|owner| owner.map(str::to_owned)) else {
        let mut response = detail(StatusCode::UNAUTHORIZED, "Authentication is required to access this application");
        response.headers_mut().insert("www-authenticate", HeaderValue::from_static("Key"));
        return response;
    };
    request.extensions_mut().insert(KeyName(owner));
    next.run(request).await
}

async fn not_found() -> Response {
    detail(StatusCode::NOT_FOUND, "Not Found")
}

async fn wrong_method() -> Response {
    detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}

/// Answers 200 if the store can be written, and 503 otherwise.
async fn health(State(service): State<Service>) -> Response {
    if service.store.is_healthy() {
        "ok\n".into_response()
    } else {
        detail(StatusCode::SERVICE_UNAVAILABLE, "the store cannot be written")
    }
}

async fn metrics(State(service): State<Service>) -> Response {
    let text = service.metrics.text(service.queue.waiting().await, service.runner.backend.calls());
    ([("content-type", "text/plain; version=0.0.4")], text).into_response()
}

async fn key_set(State(service): State<Service>) -> Response {
    axum::Json(service.hooks.key_set()).into_response()
}

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

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use serde_json::{Value, json};
    use tower::ServiceExt as _;

    use super::*;
    use crate::testing;

    async fn sent(router: &Router, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn body(response: Response) -> Value {
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[tokio::test]
    async fn only_the_pages_of_allowed_origins_may_call_the_service() {
        let allowed = async |origins: &[&'static str], origin: &str| {
            let origins: Vec<_> = origins.iter().map(|origin| HeaderValue::from_static(origin)).collect();
            let router = Router::new().fallback(not_found).layer(cors(&origins));
            let response = sent(&router, "GET", "/", &[("origin", origin)]).await;
            let allowed = response.headers().get("access-control-allow-origin");
            allowed.map(|origin| origin.to_str().unwrap().to_owned())
        };
        let (own, other) = ("https://app.example.com", "https://example.com");
        assert_eq!(allowed(&[], own).await, None);
        assert_eq!(allowed(&[own, "https://b.example"], own).await.as_deref(), Some(own));
        assert_eq!(allowed(&[own], other).await, None);
        assert_eq!(allowed(&[own, "*"], other).await.as_deref(), Some("*"));
    }

    #[tokio::test]
    async fn pages_may_read_the_request_id_and_the_retry_after() {
        let router = Router::new().fallback(not_found).layer(cors(&[HeaderValue::from_static("*")]));
        let response = sent(&router, "GET", "/", &[("origin", "https://a")]).await;
        assert_eq!(response.headers()["access-control-expose-headers"], "x-fal-request-id,retry-after");
        let asked = [("origin", "https://a"), ("access-control-request-method", "PUT")];
        let response = sent(&router, "OPTIONS", "/", &asked).await;
        assert_eq!(response.headers()["access-control-allow-methods"], "GET,POST,PUT");
    }

    #[tokio::test]
    async fn each_response_has_a_request_id_and_may_not_be_sniffed() {
        let (_folder, service) = testing::service(&[]).await;
        let router = router(service);
        for path in ["/", "/none", "/fal-ai/smart-resize", "/api/fal/proxy"] {
            let response = sent(&router, "GET", path, &[]).await;
            assert!(response.headers()["x-fal-request-id"].to_str().unwrap().parse::<Id>().is_ok(), "{path}");
            assert_eq!(response.headers()["x-content-type-options"], "nosniff", "{path}");
        }
    }

    #[tokio::test]
    async fn an_unknown_path_is_404_and_a_wrong_method_405_in_json() {
        let (_folder, service) = testing::service(&[]).await;
        let router = router(service);
        for (method, path, status, text) in [
            ("GET", "/none", 404, "Not Found"),
            ("DELETE", "/healthz", 405, "Method Not Allowed"),
            ("GET", "/fal-ai/smart-resize", 405, "Method Not Allowed"),
        ] {
            let response = sent(&router, method, path, &[]).await;
            assert_eq!(response.status(), status, "{path}");
            assert_eq!(body(response).await, json!({"detail": text}), "{path}");
        }
    }

    #[tokio::test]
    async fn a_client_error_in_plain_text_becomes_json_and_every_other_text_stays() {
        let answer = |status: u16, kind: &'static str| {
            let response = Response::builder().status(status).header("content-type", kind);
            in_json(response.body(Body::from("a text")).unwrap())
        };
        let changed = answer(499, "text/plain; charset=utf-8").await;
        assert_eq!((changed.status().as_u16(), body(changed).await), (499, json!({"detail": "a text"})));
        for (status, kind) in [(200, "text/plain"), (500, "text/plain"), (400, "text/html")] {
            let kept = answer(status, kind).await;
            assert_eq!(kept.headers()["content-type"], kind, "{status}");
        }
    }

    #[tokio::test]
    async fn a_request_without_a_key_is_401_with_the_scheme_key() {
        let folder = testing::folder();
        let keys = folder.path().join("keys");
        std::fs::write(&keys, "ann:secret-of-ann").unwrap();
        let (_folder, service) = testing::service(&["--keys", keys.to_str().unwrap()]).await;
        let router = router(service);
        let response = sent(&router, "POST", "/storage/auth/token", &[]).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["www-authenticate"]),
            (401, &"Key".parse().unwrap())
        );
        let response = sent(&router, "POST", "/storage/auth/token", &[("authorization", "Key secret-of-ann")]).await;
        assert_eq!(response.status(), 200);
    }

    #[tokio::test]
    async fn a_worker_serves_only_its_health_and_its_metrics() {
        let (_folder, service) = testing::service(&[]).await;
        let router = watch_router(service);
        for (path, status) in
            [("/healthz", 200), ("/metrics", 200), ("/", 404), ("/config.json", 404), ("/files/a", 404)]
        {
            assert_eq!(sent(&router, "GET", path, &[]).await.status(), status, "{path}");
        }
        assert_eq!(sent(&router, "POST", "/fal-ai/smart-resize", &[]).await.status(), 404);
    }

    #[tokio::test]
    async fn the_health_is_503_once_the_store_cannot_be_written() {
        let (_folder, service) = testing::service(&[]).await;
        let router = router(service.clone());
        assert_eq!(sent(&router, "GET", "/healthz", &[]).await.status(), 200);
        // The writing thread ends.
        let panics = |_: &mut Option<u32>| -> u32 { panic!("on purpose") };
        service.store.update(crate::store::Kind::Internal, "a", panics).await.unwrap_err();
        while service.store.is_healthy() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        let response = sent(&router, "GET", "/healthz", &[]).await;
        assert_eq!(response.status(), 503);
        assert_eq!(body(response).await, json!({"detail": "the store cannot be written"}));
    }
}

//! A single path in front of all others, for the JavaScript client with `proxyUrl`: a header has the fal URL that the
//! client means.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use tower::ServiceExt as _;
use url::Url;

use super::AtQueueAddress;
use super::answer::detail;

/// The router of every other path.
#[derive(Clone, Debug)]
pub struct Proxy {
    pub(super) router: Router,
}

/// The request header with the URL that the client means.
const TARGET: &str = "x-fal-target-url";

/// Any method at `/api/fal/proxy`: handles the request as if it had been sent to the path of the URL in
/// `x-fal-target-url`. The host of that URL must belong to fal; nothing is sent to it.
pub async fn forward(State(proxy): State<Proxy>, mut request: Request) -> Response {
    let target =
        request.headers().get(TARGET).and_then(|value| value.to_str().ok()).and_then(|url| Url::parse(url).ok());
    let host = target.as_ref().and_then(Url::host_str).unwrap_or_default();
    let is_fals = ["fal.run", "fal.ai", "fal.media"]
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    let Some(target) = target.as_ref().filter(|_| is_fals) else {
        return detail(
            StatusCode::BAD_REQUEST,
            format!("{TARGET} is not a URL of fal; expected a host of fal.run, fal.ai or fal.media"),
        );
    };
    let query = target.query().map(|query| format!("?{query}")).unwrap_or_default();
    let Ok(uri) = format!("{}{query}", target.path()).parse::<Uri>() else {
        return detail(StatusCode::BAD_REQUEST, format!("{TARGET} has an invalid path"));
    };
    if host.starts_with("queue.") {
        request.extensions_mut().insert(AtQueueAddress);
    }
    *request.uri_mut() = uri;
    match proxy.router.oneshot(request).await {
        Ok(response) => response.into_response(),
        Err(never) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use axum::Extension;
    use axum::body::Body;

    use super::*;

    /// Forwards a request with this target. Returns the path and the query that it was handled at, and whether that was
    /// at the queue address; `None` if it was refused.
    async fn forwarded(target: Option<&str>) -> Option<String> {
        let seen = |uri: Uri, at_queue: Option<Extension<AtQueueAddress>>| async move {
            format!("{uri}{}", if at_queue.is_some() { " at the queue" } else { "" })
        };
        let mut request = Request::builder().uri("/api/fal/proxy?ignored=1");
        if let Some(target) = target {
            request = request.header("x-fal-target-url", target);
        }
        let proxy = Proxy { router: Router::new().fallback(seen) };
        let response = forward(State(proxy), request.body(Body::empty()).unwrap()).await;
        if response.status() == StatusCode::BAD_REQUEST {
            return None;
        }
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Some(String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn only_a_host_of_fal_is_forwarded() {
        for host in ["fal.run", "a.fal.run", "rest.alpha.fal.ai", "fal.ai", "v3.fal.media"] {
            assert_eq!(forwarded(Some(&format!("https://{host}/a"))).await.as_deref(), Some("/a"), "{host}");
        }
        for host in ["notfal.run", "fal.run.example.com", "example.com", "fal.com", "127.0.0.1"] {
            assert_eq!(forwarded(Some(&format!("https://{host}/a"))).await, None, "{host}");
        }
        assert_eq!(forwarded(Some("/a")).await, None);
        assert_eq!(forwarded(None).await, None);
    }

    #[tokio::test]
    async fn a_forwarded_request_has_the_path_and_the_query_of_its_target() {
        assert_eq!(forwarded(Some("https://fal.run/a/b?c=d&e")).await.as_deref(), Some("/a/b?c=d&e"));
        assert_eq!(forwarded(Some("https://fal.run")).await.as_deref(), Some("/"));
    }

    #[tokio::test]
    async fn a_target_at_a_queue_host_is_forwarded_to_the_queue_address() {
        assert_eq!(forwarded(Some("https://queue.fal.run/a")).await.as_deref(), Some("/a at the queue"));
        assert_eq!(forwarded(Some("https://a.queue.fal.run/a")).await.as_deref(), Some("/a"));
    }
}

//! One path for all of fal's, as the JavaScript client asks with `proxyUrl`: the URL that it means is in a header.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use tower::ServiceExt as _;
use url::Url;

use super::IsQueue;
use super::answer::detail;

/// Every path but the proxy's own.
#[derive(Clone, Debug)]
pub struct Proxy {
    pub(super) router: Router,
}

/// The header with the URL that is meant.
const TARGET: &str = "x-fal-target-url";

/// Any method at `/api/fal/proxy`: the same as at the path of the URL in `x-fal-target-url`, whose host has to be one
/// of fal's; nothing is sent there.
pub async fn forward(State(proxy): State<Proxy>, mut request: Request) -> Response {
    let target =
        request.headers().get(TARGET).and_then(|value| value.to_str().ok()).and_then(|url| Url::parse(url).ok());
    let host = target.as_ref().and_then(Url::host_str).unwrap_or_default();
    let is_fals = ["fal.run", "fal.ai", "fal.media"]
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    let Some(target) = target.as_ref().filter(|_| is_fals) else {
        return detail(StatusCode::BAD_REQUEST, format!("{TARGET} has to be a URL of fal's"));
    };
    let query = target.query().map(|query| format!("?{query}")).unwrap_or_default();
    let Ok(uri) = format!("{}{query}", target.path()).parse::<Uri>() else {
        return detail(StatusCode::BAD_REQUEST, format!("{TARGET} has a path that is none"));
    };
    if host.starts_with("queue.") {
        request.extensions_mut().insert(IsQueue);
    }
    *request.uri_mut() = uri;
    match proxy.router.oneshot(request).await {
        Ok(response) => response.into_response(),
        Err(never) => match never {},
    }
}

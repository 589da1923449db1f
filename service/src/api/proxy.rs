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

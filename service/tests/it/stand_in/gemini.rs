//! A stand-in for Gemini's `generateContent`, which returns pictures, or texts about them.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use smart_resize::Size;
use smart_resize::pixels::decode::{DecodeLimits, probe};
use smart_resize::wire::gemini::{GenerateContentRequest, MAX_INLINE_BYTES};
use tokio::time::sleep;

use super::{KEY, Script, Trick, broken_off, json as answer, page, picture, preset, serve, too_long};

#[derive(Clone)]
pub(crate) struct GeminiStandIn {
    pub(crate) url: String,
    pub(crate) model: Arc<Model>,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) script: Script,
    /// The answer to requests for a text.
    pub(crate) text: Mutex<String>,
    /// The duration of each call.
    pub(crate) hold: Mutex<Duration>,
    pub(crate) most_at_a_time: AtomicUsize,
    /// The size of the last source, in pixels and in bytes.
    pub(crate) last_source: Mutex<Option<(Size, usize)>>,
    at_a_time: AtomicUsize,
}

impl GeminiStandIn {
    pub(crate) async fn start() -> Self {
        let model = Arc::new(Model::default());
        let router = Router::new()
            .route("/v1beta/models/{call}", post(generate))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&model));
        Self { url: serve(router).await, model }
    }
}

fn error(code: u16, status: &str, details: &Value) -> Response {
    answer(code, &json!({"error": {"code": code, "message": "It failed.", "status": status, "details": details}}))
}

/// An answer with one candidate that has these parts.
fn parts(parts: &Value, reason: &str) -> Response {
    answer(200, &json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": reason}]}))
}

fn image(bytes: &[u8]) -> Value {
    json!({"inlineData": {"mimeType": "image/png", "data": BASE64.encode(bytes)}})
}

async fn generate(
    State(model): State<Arc<Model>>,
    Path(call): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if headers.get("x-goog-api-key").is_none_or(|value| value != KEY) {
        return error(403, "PERMISSION_DENIED", &json!([]));
    }
    let Some(id) = call.strip_suffix(":generateContent") else { return error(404, "NOT_FOUND", &json!([])) };
    let Some((request, source)) = read(&body) else { return error(400, "INVALID_ARGUMENT", &json!([])) };
    *model.last_source.lock().unwrap() = Some(source);
    let config = &request.generation_config;
    if config.response_mime_type.as_deref() == Some("application/json") {
        model.script.next();
        return parts(&json!([{"text": *model.text.lock().unwrap()}]), "STOP");
    }
    let table = match id {
        "gemini-3-pro-image" => "nano-banana-pro",
        "gemini-3.1-flash-image" => "nano-banana-2",
        _ => return error(404, "NOT_FOUND", &json!([])),
    };
    let size = config.image_config.as_ref().and_then(|config| {
        let tier = config.image_size.as_deref().map(|tier| if tier == "512" { "0.5K" } else { tier });
        preset(table, &config.aspect_ratio, tier)
    });
    let Some(size) = size else { return error(400, "INVALID_ARGUMENT", &json!([])) };
    let trick = model.script.next();
    let now = model.at_a_time.fetch_add(1, Ordering::SeqCst) + 1;
    model.most_at_a_time.fetch_max(now, Ordering::SeqCst);
    let hold = *model.hold.lock().unwrap();
    if !hold.is_zero() {
        sleep(hold).await;
    }
    model.at_a_time.fetch_sub(1, Ordering::SeqCst);
    behave(&model.script, size, trick).await
}

/// The request, and the size of its source in pixels and in bytes. `None` if the request is invalid for the API.
fn read(body: &[u8]) -> Option<(GenerateContentRequest, (Size, usize))> {
    let request: GenerateContentRequest = serde_json::from_slice(body).ok()?;
    let [content] = request.contents.as_slice() else { return None };
    let [picture, text] = content.parts.as_slice() else { return None };
    let source = BASE64.decode(&picture.inline_data.as_ref()?.data).ok()?;
    text.text.as_ref().filter(|text| !text.is_empty())?;
    let size = probe(&source, &DecodeLimits::default()).ok()?.size;
    let is_light = source.len() as u64 <= MAX_INLINE_BYTES;
    is_light.then_some((request, (size, source.len())))
}

async fn behave(script: &Script, size: Size, trick: Trick) -> Response {
    match trick {
        Trick::RateLimited => {
            let info = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}]);
            return error(429, "RESOURCE_EXHAUSTED", &info);
        }
        Trick::RateLimitedForLong => {
            let info = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3600s"}]);
            return error(429, "RESOURCE_EXHAUSTED", &info);
        }
        Trick::Broken => return error(500, "INTERNAL", &json!([])),
        Trick::ModelFails => return error(504, "DEADLINE_EXCEEDED", &json!([])),
        Trick::TextOnly => return parts(&json!([{"text": "I would rather not."}]), "STOP"),
        Trick::Refused => return parts(&json!([]), "IMAGE_SAFETY"),
        Trick::Blocked => return answer(200, &json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})),
        _ => {}
    }
    script.bill(1);
    match trick {
        Trick::Slow => pending().await,
        Trick::Lost => broken_off(1000),
        Trick::Gateway(status) => {
            let mut gateway = page();
            *gateway.status_mut() = status.try_into().unwrap();
            gateway
        }
        Trick::Html => page(),
        Trick::Huge => too_long(200 << 20),
        Trick::ThoughtFirst => {
            let mut thought = image(&picture(size, Trick::TooSmall));
            thought["thought"] = true.into();
            parts(&json!([thought, {"text": "As you wish."}, image(&picture(size, Trick::Well))]), "STOP")
        }
        trick => parts(&json!([{"text": "As you wish."}, image(&picture(size, trick))]), "STOP"),
    }
}

//! The page, and the paths that only the page uses.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use smart_resize::Format;
use smart_resize::generate::local::LocalGenerator;
use smart_resize::plan::placement::{Placement, Platform};
use smart_resize::wire::data_uri::DataUri;
use smart_resize::wire::fal::MAX_IMAGES_PER_SIZE;
use tokio::sync::OwnedSemaphorePermit;

use super::answer::{Refusal, json, overloaded};
use super::submit::{read_blocking, smart_resize_fields};
use super::{body, input};
use crate::run::{Preview, PreviewPicture};
use crate::service::Service;

/// How long a preview waits until fewer others run.
const PREVIEW_PATIENCE: Duration = Duration::from_secs(10);
const PAGE: &str = include_str!("../../page/index.html");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /`: the page.
pub async fn index() -> Response {
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", POLICY),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-cache"),
    ];
    (headers, PAGE).into_response()
}

/// `GET /config.json`: the settings that the page needs.
pub async fn config(State(service): State<Service>) -> Response {
    let answer = json!({
        "model": service.runner.planned_model().name(),
        "backend": service.runner.backend.name(),
        "max_target_sizes": service.config.limits.max_target_sizes,
        "max_images_per_size": MAX_IMAGES_PER_SIZE,
        "max_image_bytes": service.config.limits.max_image_bytes,
        "plausible_percent": LocalGenerator::PLAUSIBLE,
        "needs_key": service.keys.are_needed(),
        "vision": service.runner.backend.has_vision(),
    });
    json(200, &answer)
}

/// `GET /placements`: the placements of ads and posts, and the names of their platforms.
pub async fn placements() -> Response {
    let platforms = Platform::ALL.map(|platform| json!({"id": platform, "name": platform.name()}));
    json(200, &json!({"platforms": platforms, "placements": Placement::all()}))
}

/// `POST /plan`: the plan and the price of the request in the body. Nothing is generated.
///
/// # Errors
///
/// [`Refusal`] as the endpoint itself would answer.
pub async fn plan(State(service): State<Service>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let planned = Planned::read(&service, &headers, body).await?;
    Ok(json(200, &planned.answer()))
}

/// `POST /plan/previews`: the answer of `POST /plan`, with a small picture of each target by the built-in generator. No
/// backend is called.
///
/// # Errors
///
/// [`Refusal`] as the endpoint itself would answer.
#[expect(clippy::indexing_slicing, reason = "the answer is an object, which gets a field")]
pub async fn previews(State(service): State<Service>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let planned = Planned::read(&service, &headers, body).await?;
    let pictures = service.runner.preview_pictures(&planned.preview).await?;
    let previews = pictures.into_iter().map(|PreviewPicture { target, size, plausibility, jpeg }| {
        json!({
            "target": target,
            "width": size.width(),
            "height": size.height(),
            "plausibility_percent": plausibility,
            "url": DataUri::new(Format::Jpeg, jpeg).to_string(),
        })
    });
    let mut answer = planned.answer();
    answer["previews"] = previews.collect();
    Ok(json(200, &answer))
}

/// The plan of a body, with its share of the memory.
struct Planned {
    preview: Preview,
    _body_memory: Option<OwnedSemaphorePermit>,
    _place: OwnedSemaphorePermit,
}

impl Planned {
    /// Reads a body and makes its plan. It waits until fewer others do.
    async fn read(service: &Service, headers: &HeaderMap, body: Body) -> Result<Self, Refusal> {
        let body = body::read(service, headers, body, service.config.limits.max_body_bytes).await?;
        let body::ReadBody { bytes, reservation } = body;
        let value = read_blocking(move || input::read(&bytes, &smart_resize_fields())).await??;
        let place = tokio::time::timeout(PREVIEW_PATIENCE, service.memory_permits.clone().acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            let text = "too many plans are being computed; try again later";
            return Err(overloaded(StatusCode::SERVICE_UNAVAILABLE, text, 5).into());
        };
        Ok(Self { preview: service.runner.preview(&value).await?, _body_memory: reservation, _place: place })
    }

    fn answer(&self) -> Value {
        let Preview { source, plan } = &self.preview;
        let cost = plan.cost();
        let size = source.size.map(|size| json!({"width": size.width(), "height": size.height()}));
        json!({
            "source": size,
            "cost_usd": cost.to_string().trim_start_matches('$'),
            "cost_usd_micros": cost.0,
            "calls": plan.calls().count(),
            "plan": plan,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn the_page_may_load_nothing_from_other_origins_and_be_framed_by_none() {
        let page = index().await;
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        for part in [
            "default-src 'none';",
            "img-src 'self' blob: data:;",
            "connect-src 'self';",
            "base-uri 'none';",
            "form-action 'none';",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{part}");
        }
        assert_eq!(page.headers()["referrer-policy"], "no-referrer");
        assert_eq!(page.headers()["cache-control"], "no-cache");
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    }

    #[tokio::test]
    async fn the_config_of_the_page_has_the_limits_of_the_service() {
        let flags = ["--max-target-sizes", "12", "--max-image-bytes", "345", "--model", "nano-banana-2"];
        let (_folder, service) = testing::service(&flags).await;
        let body = axum::body::to_bytes(config(State(service)).await.into_body(), 1 << 20).await.unwrap();
        let expected = json!({
            "model": "nano-banana-2",
            "backend": "local",
            "max_target_sizes": 12,
            "max_images_per_size": 4,
            "max_image_bytes": 345,
            "plausible_percent": LocalGenerator::PLAUSIBLE,
            "needs_key": false,
            "vision": false,
        });
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected);
    }

    #[tokio::test]
    async fn a_plan_waits_10_seconds_for_a_place_in_the_memory() {
        let (_folder, service) = testing::service(&["--concurrency", "1"]).await;
        let _place = service.memory_permits.clone().acquire_owned().await.unwrap();
        tokio::time::pause();
        let begun = tokio::time::Instant::now();
        let refusal = Planned::read(&service, &HeaderMap::new(), Body::from("{}")).await.err().unwrap();
        assert_eq!((refusal.0.status().as_u16(), begun.elapsed().as_secs()), (503, 10));
        assert_eq!(refusal.0.headers()["retry-after"], "5");
    }
}

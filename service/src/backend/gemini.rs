//! Gemini's `generateContent`: one picture per call, or one description of the source.
//!
//! A call has no id, so it cannot be resumed. A call whose connection is lost may have been paid for: it stays noted,
//! and is reported when it is made again. A source that is too large for a request is reduced first.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use smart_resize::generate::{GenerateError, GenerateErrorKind, Generated, GenerationRequest};
use smart_resize::model::Tier;
use smart_resize::pixels::decode::{DecodeLimits, probe};
use smart_resize::pixels::render::{Inspect, RenderOptions, RenderTarget, render};
use smart_resize::scene::Scene;
use smart_resize::wire::gemini::{GenerateContentRequest, MAX_INLINE_BYTES, path, read_answer};
use smart_resize::wire::{MAX_IMAGE_BYTES, scene};
use smart_resize::{Format, Size, Source};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use url::Url;

use super::args::{BackendArgs, BackendError, Key};
use super::http::{self, Answer, MAX_ANSWER_BYTES, NoResponse};
use super::ledger::JobState;

/// The most bytes of a response with a text.
const MAX_TEXT_BYTES: u64 = 4 << 20;
/// The longer side of a reduced source, in pixels. Models look at fewer pixels than that.
const MAX_SIDE: u32 = 4096;

/// The HTTP interface of Gemini.
#[derive(Debug)]
struct Api {
    client: Client,
    upstream: Url,
    headers: HeaderMap,
}

impl Api {
    fn new(upstream: Url, key: Option<&Key>) -> Result<Self, BackendError> {
        let headers = http::key_headers(HeaderName::from_static("x-goog-api-key"), key.map(Key::plain));
        Ok(Self { client: http::client()?, upstream, headers })
    }

    async fn post(&self, model: &str, body: Vec<u8>, max: u64) -> Result<Answer, NoResponse> {
        let url = format!("{}/{}", self.upstream.as_str().trim_end_matches('/'), path(model));
        let post = self.client.post(url).headers(self.headers.clone()).header(CONTENT_TYPE, "application/json");
        http::send(post.body(body), max).await
    }
}

#[derive(Debug)]
pub(super) struct Gemini {
    api: Api,
    model: Option<String>,
    begun: Arc<AtomicU64>,
}

impl Gemini {
    pub(super) fn new(
        args: &BackendArgs,
        upstream: Url,
        key: Option<&Key>,
        begun: Arc<AtomicU64>,
    ) -> Result<Self, BackendError> {
        Ok(Self { api: Api::new(upstream, key)?, model: args.model_id.clone(), begun })
    }

    pub(super) async fn call(&self, request: &GenerationRequest, job: &JobState) -> Result<Generated, GenerateError> {
        let model = self.model(request)?;
        let source = job.reduced_source.get_or_try_init(|| reduced(request.source())).await?.clone();
        let body = body(request, source).await?;
        job.note_asking(request).await?;
        self.begun.fetch_add(1, Ordering::Relaxed);
        let answer = match self.api.post(model, body, MAX_ANSWER_BYTES).await {
            Ok(answer) => answer,
            Err(error) => {
                if matches!(error, NoResponse::Unsent(_)) {
                    job.note_over(request).await;
                }
                return Err(error.into());
            }
        };
        let result = read_answer(format!("gemini:{model}"), answer.status, &answer.body, MAX_IMAGE_BYTES);
        let is_over = match &result {
            Ok(_) => false,
            Err(error) => !answer.is_from_gateway() && error.kind != GenerateErrorKind::InvalidAnswer,
        };
        if is_over {
            job.note_over(request).await;
        }
        result.map_err(|error| answer.with_wait(error))
    }

    /// Returns Gemini's name of the planned model, or the configured one.
    fn model(&self, request: &GenerationRequest) -> Result<&str, GenerateError> {
        match (&self.model, &**request.model()) {
            (Some(model), _) => Ok(model),
            (None, "nano-banana-pro") => Ok("gemini-3-pro-image"),
            (None, "nano-banana-2.1") => Ok("gemini-nano-banana-2.1"),
            (None, "nano-banana-2") => Ok("gemini-3.1-flash-image"),
            (None, "nano-banana") => Ok("gemini-2.5-flash-image"),
            (None, other) => Err(GenerateError::new(
                GenerateErrorKind::InvalidRequest,
                format!("the model is {other}; expected one that Gemini has"),
            )),
        }
    }
}

/// Gemini as the vision model, which describes sources.
#[derive(Debug)]
pub(super) struct Vision {
    api: Api,
    model: String,
    timeout: std::time::Duration,
    calls: Semaphore,
}

impl Vision {
    pub(super) fn new(args: &BackendArgs) -> Result<Option<Self>, BackendError> {
        let Some((upstream, key, model)) = args.vision()? else { return Ok(None) };
        let calls = Semaphore::new(args.upstream_concurrency.get().min(Semaphore::MAX_PERMITS));
        Ok(Some(Self { api: Api::new(upstream, key.as_ref())?, model, timeout: args.upstream_timeout, calls }))
    }

    pub(super) async fn scene(&self, source: &Source) -> Result<Scene, GenerateError> {
        let source = reduced(source).await?;
        let body = in_background(move || written(&scene::request(&source)?)).await?;
        let Ok(_permit) = self.calls.acquire().await else {
            return Err(GenerateError::new(GenerateErrorKind::Transport, "the service is shutting down"));
        };
        let Ok(answer) = timeout(self.timeout, self.api.post(&self.model, body, MAX_TEXT_BYTES)).await else {
            return Err(GenerateError::new(GenerateErrorKind::TimedOut, "the vision model did not answer in time"));
        };
        let answer = answer?;
        scene::read_answer(answer.status, &answer.body).map_err(|error| answer.with_wait(error))
    }
}

/// Encodes the request as JSON, with `source` in place of its own source.
async fn body(request: &GenerationRequest, source: Source) -> Result<Vec<u8>, GenerateError> {
    let request = request.clone();
    in_background(move || {
        let is_own = source.digest() == request.source().digest();
        let content = if is_own { GenerateContentRequest::new(&request)? } else { with_source(&request, &source)? };
        written(&content)
    })
    .await
}

/// Builds what [`GenerateContentRequest::new`] builds, but with another source.
fn with_source(request: &GenerationRequest, source: &Source) -> Result<GenerateContentRequest, GenerateError> {
    let mut content = GenerateContentRequest::for_json(source, request.prompt(), serde_json::Value::Null)?;
    let size = request.preset().tier.map(|tier| match tier {
        Tier::HALF_K => "512".to_owned(),
        tier => tier.to_string(),
    });
    let config = serde_json::json!({
        "responseModalities": ["TEXT", "IMAGE"],
        "seed": request.seed().map(|seed| seed % (1 << 31)),
        "imageConfig": {"aspectRatio": request.preset().ratio, "imageSize": size},
    });
    content.generation_config = serde_json::from_value(config).map_err(|error| {
        GenerateError::new(GenerateErrorKind::InvalidRequest, "the request cannot be encoded").caused_by(error)
    })?;
    Ok(content)
}

fn written(content: &GenerateContentRequest) -> Result<Vec<u8>, GenerateError> {
    serde_json::to_vec(content).map_err(|error| {
        GenerateError::new(GenerateErrorKind::InvalidRequest, "the request cannot be encoded").caused_by(error)
    })
}

/// Returns the source, or a JPEG of it that fits into a request if the source does not.
async fn reduced(source: &Source) -> Result<Source, GenerateError> {
    let heavy = source.bytes().filter(|bytes| bytes.len() as u64 > MAX_INLINE_BYTES).cloned();
    let Some(bytes) = heavy else { return Ok(source.clone()) };
    in_background(move || reduce(&bytes)).await
}

/// Encodes a picture as a JPEG of at most [`MAX_INLINE_BYTES`]. If no quality fits, both sides are reduced by a
/// quarter, again and again, until the longer side is at most 512 pixels.
fn reduce(bytes: &[u8]) -> Result<Source, GenerateError> {
    let fail = |message: &str| GenerateError::new(GenerateErrorKind::InvalidRequest, message);
    let upright = probe(bytes, &DecodeLimits::default())
        .map_err(|error| fail("the source cannot be read").caused_by(error))?
        .size;
    let mut options = RenderOptions::default();
    options.inspect = Inspect::Off;
    let mut longest = upright.width().max(upright.height()).min(MAX_SIDE);
    loop {
        let Some(size) = scaled(upright, longest) else { return Err(fail("the source has no size")) };
        let target = RenderTarget::new(size).format(Format::Jpeg).max_bytes(MAX_INLINE_BYTES);
        match render(bytes, &target, &options) {
            Ok(rendered) => return Ok(Source::from_bytes(rendered.bytes).size(size)),
            Err(smart_resize::pixels::render::RenderError::Encode(_)) if longest > 512 => longest = longest / 4 * 3,
            Err(error) => return Err(fail("the source cannot be made smaller").caused_by(error)),
        }
    }
}

/// Returns the size of the same aspect ratio whose longer side is `longest`. No side is below 1.
fn scaled(size: Size, longest: u32) -> Option<Size> {
    let whole = u64::from(size.width().max(size.height()));
    let scale = |side: u32| u32::try_from(u64::from(side) * u64::from(longest) / whole).unwrap_or(longest).max(1);
    Size::new(scale(size.width()), scale(size.height())).ok()
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, GenerateError> + Send + 'static,
) -> Result<T, GenerateError> {
    spawn_blocking(work).await.map_err(|error| {
        GenerateError::new(GenerateErrorKind::InvalidRequest, "the source cannot be prepared").caused_by(error)
    })?
}

#[cfg(test)]
mod tests {
    use smart_resize::model::Model;
    use smart_resize::pixels::Picture;
    use smart_resize::pixels::encode::{EncodeOptions, encode};
    use smart_resize::{Plan, Request};

    use super::*;

    #[test]
    fn a_request_with_another_source_is_the_request_with_that_source() {
        let size = Size::new(40, 30).unwrap();
        let picture = Picture::from_rgb(size, vec![90; 40 * 30 * 3]).unwrap();
        let source = Source::from_bytes(encode(&picture, Format::Png, &EncodeOptions::default()).unwrap().bytes);
        for (table, floor) in Model::all().into_iter().zip([Tier::K2, Tier::K4, Tier::HALF_K, Tier::K1, Tier::K1]) {
            for seed in [None, Some(7), Some(u64::MAX)] {
                let mut builder = Request::builder(source.clone()).model(table.clone()).sizes(["300x250"]);
                if table.has(floor) {
                    builder = builder.floor(floor);
                }
                if let Some(seed) = seed {
                    builder = builder.seed(seed);
                }
                let request = Plan::new(&builder.build().unwrap()).unwrap().requests(&source).unwrap().remove(0);
                let expected = GenerateContentRequest::new(&request).unwrap();
                assert_eq!(with_source(&request, &source).unwrap(), expected, "{}", table.name());
            }
        }
    }

    #[test]
    fn a_size_is_scaled_to_its_longer_side_and_has_no_side_of_nothing() {
        let case = |width, height, longest, expected: (u32, u32)| {
            let scaled = scaled(Size::new(width, height).unwrap(), longest).unwrap();
            assert_eq!((scaled.width(), scaled.height()), expected);
        };
        case(8000, 6000, 4096, (4096, 3072));
        case(6000, 8000, 4096, (3072, 4096));
        case(4096, 4096, 4096, (4096, 4096));
        case(65_535, 1, 4096, (4096, 1));
    }

    #[test]
    fn each_planned_model_has_its_name_at_gemini_unless_another_is_configured() {
        let name = |model: Model, flags: &[&str]| {
            let source = crate::testing::source();
            let builder = Request::builder(source.clone()).model(model.clone()).sizes(["300x250"]);
            let floor = model.presets()[0].tier.unwrap_or(Tier::K1);
            let builder = if model.has(floor) { builder.floor(floor) } else { builder };
            let request = Plan::new(&builder.build().unwrap()).unwrap().requests(&source).unwrap().remove(0);
            let args = crate::testing::backend_args(flags);
            let gemini = Gemini::new(&args, Url::parse("http://a").unwrap(), None, Arc::default()).unwrap();
            gemini.model(&request).map(str::to_owned).map_err(|error| error.message)
        };
        assert_eq!(name(Model::nano_banana_pro(), &[]).as_deref(), Ok("gemini-3-pro-image"));
        assert_eq!(name(Model::nano_banana_2(), &[]).as_deref(), Ok("gemini-3.1-flash-image"));
        assert_eq!(name(Model::nano_banana(), &[]).as_deref(), Ok("gemini-2.5-flash-image"));
        assert_eq!(name(Model::nano_banana(), &["--model-id", "another"]).as_deref(), Ok("another"));
        let lite = name("nano-banana-2-lite".parse().unwrap(), &[]);
        assert_eq!(lite, Err("the model is nano-banana-2-lite; expected one that Gemini has".to_owned()));
        assert_eq!(name("nano-banana-2.1".parse().unwrap(), &[]).as_deref(), Ok("gemini-nano-banana-2.1"));
    }

    #[test]
    fn a_reduced_source_is_a_jpeg_whose_longer_side_is_at_most_4096() {
        for ((width, height), expected) in [((4100, 2), (4096, 1)), ((1, 4096), (1, 4096)), ((30, 20), (30, 20))] {
            let reduced = reduce(&crate::testing::picture(width, height)).unwrap();
            let size = reduced.size.unwrap();
            assert_eq!((size.width(), size.height()), expected);
            assert_eq!(Format::sniff(reduced.bytes().unwrap()), Some(Format::Jpeg));
        }
    }

    #[tokio::test]
    async fn a_source_that_fits_into_a_request_is_not_reduced() {
        let fits = Source::from_bytes(vec![0; usize::try_from(MAX_INLINE_BYTES).unwrap()]);
        assert_eq!(reduced(&fits).await.unwrap().digest(), fits.digest());
        // One byte more is too large, and this is no picture.
        let heavy = Source::from_bytes(vec![0; usize::try_from(MAX_INLINE_BYTES).unwrap() + 1]);
        assert!(reduced(&heavy).await.is_err());
    }

    #[test]
    fn descriptions_run_at_most_as_many_at_once_as_calls_may() {
        let flags =
            ["--vision", "--vision-model-id", "a", "--vision-upstream", "http://a", "--upstream-concurrency", "3"];
        let vision = Vision::new(&crate::testing::backend_args(&flags)).unwrap().unwrap();
        assert_eq!(vision.calls.available_permits(), 3);
        assert!(Vision::new(&crate::testing::backend_args(&[])).unwrap().is_none());
    }
}

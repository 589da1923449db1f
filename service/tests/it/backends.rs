//! The backends obey their configuration and the rules of a generator: limits, keys, endpoints, the source that is
//! sent, and the vision model.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use smart_resize::generate::GenerateErrorKind;
use smart_resize::generate::budget::Budget;
use smart_resize::generate::testing::check_async_generator;
use smart_resize::model::{Model, UsdMicros};
use smart_resize::pixels::Picture;
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::{Format, Size, Source};
use smart_resize_service::backend::{Backend, BackendError, NoLedger};
use tokio::time::Instant;

use super::stand_in::fal::FalStandIn;
use super::stand_in::gemini::GeminiStandIn;
use super::stand_in::run::{Job, args, args_at, told};
use super::stand_in::{self, KEY, Trick};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_backend_passes_the_checks_of_a_generator() {
    let (fal, gemini) = (FalStandIn::start().await, GeminiStandIn::start().await);
    for (name, url) in [("local", &fal.url), ("fal", &fal.url), ("gemini", &gemini.url)] {
        let backend = Backend::new(&args_at(name, url)).unwrap();
        let per_call = backend.variants_per_call().try_into().unwrap();
        for model in [Model::nano_banana_2(), Model::nano_banana_pro()] {
            let model = model.variants_per_call(per_call);
            let generator = backend.for_job(Arc::new(NoLedger), None);
            let checked = check_async_generator(&generator, &stand_in::run::source(), &model).await;
            assert_eq!(checked, Ok(()), "{name}, {}", model.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_beyond_the_budget_is_neither_made_nor_retried() {
    let (gemini, mut job) = (GeminiStandIn::start().await, Job::new(&["300x250"], 1, 1));
    job.budget = Arc::new(Budget::new().max_cost(UsdMicros(1)));
    let backend = Backend::new(&args_at("gemini", &gemini.url)).unwrap();
    assert_eq!(told(&job.run(&backend).await), "the call does not fit the budget");
    assert_eq!((gemini.model.script.calls(), backend.calls()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_source_is_sent_as_bytes_if_fal_cannot_reach_its_url() {
    let fal = FalStandIn::start().await;
    let backend = Backend::new(&args_at("fal", &fal.url)).unwrap();
    for (url, expected) in [
        ("https://example.com/shoe.png", "https://example.com/shoe.png"),
        ("http://127.0.0.1:8080/files/shoe.png", "data:image/png;base64,"),
        ("http://[fd00::1]/shoe.png", "data:image/png;base64,"),
    ] {
        let mut job = Job::new(&["300x250"], 1, 4);
        job.source = job.source.url(url);
        assert_eq!(told(&job.run(&backend).await), "a picture");
        assert!(fal.queue.last_source.lock().unwrap().starts_with(expected), "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_waits_as_long_as_the_upstream_requests() {
    let (fal, gemini) = (FalStandIn::start().await, GeminiStandIn::start().await);
    let wait = async |backend: &str, url: &str| {
        let backend = Backend::new(&args_at(backend, url)).unwrap();
        let (job, begun) = (Job::new(&["300x250"], 1, backend.variants_per_call()), Instant::now());
        assert_eq!(told(&job.run(&backend).await), "a picture");
        assert!(begun.elapsed() >= Duration::from_secs(1), "{}: {:?}", backend.name(), begun.elapsed());
    };
    fal.queue.script.play(&[Trick::RateLimited]);
    gemini.model.script.play(&[Trick::RateLimited]);
    tokio::join!(wait("fal", &fal.url), wait("gemini", &gemini.url));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_endpoint_or_model_can_be_configured() {
    let (fal, gemini) = (FalStandIn::start().await, GeminiStandIn::start().await);
    for (backend, url, id, wrong) in [
        ("fal", &fal.url, "fal-ai/nano-banana-2/edit", "fal-ai/another/edit"),
        ("gemini", &gemini.url, "gemini-3.1-flash-image", "gemini-0"),
    ] {
        let mut args = args_at(backend, url);
        for (id, expected) in [(id, "a picture"), (wrong, "the backend cannot serve the request")] {
            args.model_id = Some(id.to_owned());
            let backend = Backend::new(&args).unwrap();
            let job = Job::new(&["300x250"], 1, backend.variants_per_call());
            assert_eq!(told(&job.run(&backend).await), expected, "{id}");
            // A permanent refusal removes the entry.
            assert_eq!(job.ledger.all().is_empty(), id == wrong);
        }
    }
}

const MANY: [&str; 4] = ["300x250", "320x100", "250x300", "200x200"];

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_on_concurrent_calls_holds_for_all_jobs_together() {
    let gemini = GeminiStandIn::start().await;
    *gemini.model.hold.lock().unwrap() = Duration::from_millis(40);
    let mut args = args_at("gemini", &gemini.url);
    args.upstream_concurrency = 2.try_into().unwrap();
    let backend = Backend::new(&args).unwrap();
    let (first, second) = (Job::new(&MANY, 1, 1), Job::new(&MANY, 1, 1));
    let (first, second) = tokio::join!(first.run(&backend), second.run(&backend));
    assert!(first.is_complete() && second.is_complete());
    assert_eq!((gemini.model.script.calls(), gemini.model.most_at_a_time.load(Ordering::SeqCst)), (8, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_on_calls_per_minute_is_kept() {
    let gemini = GeminiStandIn::start().await;
    let mut args = args_at("gemini", &gemini.url);
    args.upstream_per_minute = 4;
    args.timings.minute = Duration::from_secs(1);
    let backend = Backend::new(&args).unwrap();
    let (first, second) = (Job::new(&MANY, 1, 1), Job::new(&MANY, 1, 1));
    let begun = Instant::now();
    let (first, second) = tokio::join!(first.run(&backend), second.run(&backend));
    assert!(first.is_complete() && second.is_complete());
    let fifth = gemini.model.script.arrivals.lock().unwrap()[4];
    assert!(fifth >= begun + Duration::from_secs(1), "the fifth call came after {:?}", fifth - begun);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_backend_makes_all_requested_pictures() {
    let backend = Backend::new(&args(&[])).unwrap();
    let job = Job::new(&MANY, 2, backend.variants_per_call());
    let outcome = job.run(&backend).await;
    assert!(outcome.is_complete());
    assert_eq!((backend.name(), backend.calls(), job.counted()), ("local", 4, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_too_large_for_gemini_is_reduced() {
    let gemini = GeminiStandIn::start().await;
    let size = Size::new(2200, 1400).unwrap();
    let mut state = 7_u64;
    let mut next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    let noise = (0..size.area() * 3).map(&mut next).collect();
    let photo = encode(&Picture::from_rgb(size, noise).unwrap(), Format::Png, &EncodeOptions::default()).unwrap().bytes;
    assert!(photo.len() > 7_000_000);
    let mut job = Job::new(&["300x250"], 1, 1);
    job.source = Source::from_bytes(photo).size(size);
    job.plan = stand_in::run::plan(&job.source, &["300x250", "250x300"], 1, 1);
    let backend = Backend::new(&args_at("gemini", &gemini.url)).unwrap();
    assert_eq!(told(&job.run(&backend).await), "a picture + a picture");
    let (sent, bytes) = gemini.model.last_source.lock().unwrap().unwrap();
    assert_eq!(sent, size);
    assert!(bytes <= 7_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vision_model_is_asked_if_configured() {
    let gemini = GeminiStandIn::start().await;
    let source = stand_in::run::source();
    assert!(Backend::new(&args(&[])).unwrap().scene(&source).await.is_none());

    let flags = ["--vision", "--vision-model-id", "gemini-3-flash", "--vision-upstream", &gemini.url];
    let backend = Backend::new(&args(&flags)).unwrap();
    *gemini.model.text.lock().unwrap() = r#"{"summary": "a bottle", "subjects": [], "texts": []}"#.to_owned();
    assert_eq!(backend.scene(&source).await.unwrap().unwrap().summary(), "a bottle");
    *gemini.model.text.lock().unwrap() = "I see a bottle.".to_owned();
    let error = backend.scene(&source).await.unwrap().unwrap_err();
    assert_eq!(error.kind, GenerateErrorKind::InvalidAnswer);
}

#[tokio::test]
async fn keys_are_required_by_the_public_services_and_never_shown() {
    let shown = format!("{:?} {:?}", args_at("fal", "http://a"), Backend::new(&args_at("fal", "http://a")).unwrap());
    assert!(!shown.contains(KEY));

    let mut args = args(&["--backend", "fal"]);
    assert!(Backend::new(&args).is_ok());
    args.upstream_key_file = Some("/dev/null".into());
    assert_eq!(
        Backend::new(&args).unwrap_err().to_string(),
        "the key in /dev/null is empty or malformed; expected visible ASCII characters"
    );
    args.upstream_key_file = Some("/nowhere".into());
    assert!(matches!(Backend::new(&args), Err(BackendError::KeyFile { .. })));
    args.upstream_key_file = None;
    if std::env::var_os("FAL_KEY").is_none() {
        let error = Backend::new(&args).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the backend fal has no key; expected one in the environment variable FAL_KEY or in a key file"
        );
    }
}

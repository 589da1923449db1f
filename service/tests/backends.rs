//! The backends with stand-ins for the upstream services: the result and the cost of each misbehaviour. No call is paid
//! twice without a report.
//!
//! `tests/misbehaviour.md` is the table. `cargo xtask bless` writes it after a change.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::disallowed_methods, reason = "tests")]

mod stand_in;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use smart_resize::generate::GenerateErrorKind;
use smart_resize::generate::budget::Budget;
use smart_resize::generate::testing::check_async_generator;
use smart_resize::model::{Model, UsdMicros};
use smart_resize::pixels::Picture;
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::{Format, Size, Source};
use smart_resize_service::backend::{Backend, BackendError, NoLedger, Progress};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use self::stand_in::fal::FalStandIn;
use self::stand_in::gemini::GeminiStandIn;
use self::stand_in::run::{Job, args, args_at, told};
use self::stand_in::table::{CASES, Case, markdown};
use self::stand_in::{KEY, Trick};

/// Waits until `is_so` returns true, for at most 30 seconds.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(timeout(Duration::from_secs(30), waiting).await.is_ok(), "{what}");
}

/// Runs the case. Returns the difference from what was expected, or `None`.
async fn run(case: &Case) -> Option<String> {
    let (fal, gemini) = (FalStandIn::start().await, GeminiStandIn::start().await);
    let elsewhere = FalStandIn::start().await;
    fal.queue.elsewhere.set(elsewhere.url.clone()).unwrap();
    let (url, script) = match case.backend {
        "gemini" => (&gemini.url, &gemini.model.script),
        _ => (&fal.url, &fal.queue.script),
    };
    script.play(case.tricks);
    let mut args = args_at(case.backend, url);
    if case.tricks.contains(&Trick::Slow) {
        args.upstream_timeout = Duration::from_millis(250);
        args.upstream_tries = 50.try_into().unwrap();
    }
    let backend = Backend::new(&args).unwrap();
    let job = Job::new(&["300x250"], case.variants, backend.variants_per_call());
    let mut outcome = job.run(&backend).await;
    if case.is_asked_again {
        assert!(!outcome.is_complete(), "{}: {}", case.backend, case.what);
        outcome = job.run(&backend).await;
    }
    let found = (told(&outcome), script.calls(), script.billed(), job.counted(), job.ledger.twice());
    let expected = (case.gives.to_owned(), case.calls, case.billed, case.counted, case.twice);
    let is_told = elsewhere.queue.polls.load(Ordering::SeqCst) > 0;
    let key = if is_told { ", and the key was sent to another host" } else { "" };
    (found != expected || is_told)
        .then(|| format!("{}: {}:\n    found {found:?}{key}\n expected {expected:?}", case.backend, case.what))
}

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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_misbehaviour_has_the_result_and_cost_of_the_table() {
    let wrong: Vec<_> =
        stream::iter(CASES).map(run).buffer_unordered(8).filter_map(async |wrong| wrong).collect().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_counts_at_least_what_is_billed() {
    for case in CASES {
        assert!(case.counted >= case.billed as u64, "{}: {}", case.backend, case.what);
    }
}

#[test]
fn the_committed_table_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/misbehaviour.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, markdown()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(committed, markdown(), "cargo xtask bless writes the table");
}

/// Drops a job after its call has been accepted, as a crash of the process would.
async fn crash_after_acceptance(fal: &FalStandIn, job: &Arc<Job>) {
    let backend = Backend::new(&args_at("fal", &fal.url)).unwrap();
    let running = tokio::spawn({
        let job = Arc::clone(job);
        async move { job.run(&backend).await }
    });
    until("the call is accepted", || matches!(job.ledger.all()[..], [Progress::Accepted { .. }])).await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_call_is_resumed_after_a_crash() {
    let (fal, job) = (FalStandIn::start().await, Arc::new(Job::new(&["300x250"], 1, 4)));
    fal.queue.script.play(&[Trick::Slow]);
    crash_after_acceptance(&fal, &job).await;

    let backend = Backend::new(&args_at("fal", &fal.url)).unwrap();
    assert_eq!(told(&job.run(&backend).await), "a picture");
    assert_eq!((fal.queue.script.calls(), fal.queue.script.billed(), job.ledger.twice()), (1, 1, 0));
    assert_eq!(backend.calls(), 0, "a resumed call must not count as a new one");
    // The ledger keeps the entry. The caller removes it once the answer is stored.
    assert_eq!(job.ledger.all().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_call_that_the_upstream_forgot_is_repeated_and_reported() {
    let (fal, job) = (FalStandIn::start().await, Arc::new(Job::new(&["300x250"], 1, 4)));
    fal.queue.script.play(&[Trick::Slow]);
    crash_after_acceptance(&fal, &job).await;
    fal.queue.forget();

    let mut args = args_at("fal", &fal.url);
    args.upstream_tries = 1.try_into().unwrap();
    assert_eq!(told(&job.run(&Backend::new(&args).unwrap()).await), "a picture");
    assert_eq!((fal.queue.script.calls(), job.ledger.twice()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_may_have_been_submitted_is_repeated_and_reported() {
    let (fal, gemini) = (FalStandIn::start().await, GeminiStandIn::start().await);
    for (backend, url) in [("fal", &fal.url), ("gemini", &gemini.url)] {
        let backend = Backend::new(&args_at(backend, url)).unwrap();
        let job = Job::new(&["300x250"], 1, backend.variants_per_call());
        job.ledger.set(&job.requests()[0], Progress::Asking);
        assert_eq!(told(&job.run(&backend).await), "a picture");
        assert_eq!((backend.calls(), job.ledger.twice()), (1, 1), "{}", backend.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_is_kept_even_if_the_job_is_dropped_during_submission() {
    let (fal, job) = (FalStandIn::start().await, Arc::new(Job::new(&["300x250"], 1, 4)));
    fal.queue.gate.set(tokio::sync::Semaphore::new(0)).unwrap();
    let backend = Backend::new(&args_at("fal", &fal.url)).unwrap();
    let running = tokio::spawn({
        let (job, backend) = (Arc::clone(&job), backend.clone());
        async move { job.run(&backend).await }
    });
    until("the call is submitted", || job.ledger.all() == [Progress::Asking] && backend.calls() == 1).await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    // `settle` returns after its timeout, although the submission is still running.
    timeout(Duration::from_secs(20), backend.settle(Duration::from_millis(20))).await.unwrap();
    assert_eq!(job.ledger.all(), [Progress::Asking]);
    let (settled, ()) = tokio::join!(timeout(Duration::from_secs(30), backend.settle(Duration::MAX)), async {
        sleep(Duration::from_millis(20)).await;
        fal.queue.gate.get().unwrap().add_permits(1);
    });
    settled.unwrap();
    assert!(matches!(job.ledger.all()[..], [Progress::Accepted { .. }]), "{:?}", job.ledger.all());

    assert_eq!(told(&job.run(&backend).await), "a picture");
    assert_eq!((fal.queue.script.calls(), job.ledger.twice()), (1, 0));
    assert_eq!(fal.queue.cancelled.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_accepted_after_its_job_was_cancelled_is_cancelled() {
    let (fal, job) = (FalStandIn::start().await, Arc::new(Job::new(&["300x250"], 1, 4)));
    fal.queue.gate.set(tokio::sync::Semaphore::new(0)).unwrap();
    let (backend, cancelled) = (Backend::new(&args_at("fal", &fal.url)).unwrap(), CancellationToken::new());
    let running = tokio::spawn({
        let (job, backend, cancelled) = (Arc::clone(&job), backend.clone(), cancelled.clone());
        async move { job.run_until(&backend, cancelled).await }
    });
    until("the call is submitted", || job.ledger.all() == [Progress::Asking] && backend.calls() == 1).await;
    cancelled.cancel();
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    fal.queue.gate.get().unwrap().add_permits(1);
    timeout(Duration::from_secs(30), backend.settle(Duration::MAX)).await.unwrap();
    assert_eq!(fal.queue.cancelled.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_that_is_not_answered_times_out() {
    let (fal, job) = (FalStandIn::start().await, Arc::new(Job::new(&["300x250"], 1, 4)));
    fal.queue.script.play(&[Trick::Slow]);
    crash_after_acceptance(&fal, &job).await;
    fal.queue.is_deaf.store(true, Ordering::SeqCst);
    let mut args = args_at("fal", &fal.url);
    assert_eq!(args.timings.cancel, Duration::from_secs(10));
    args.timings.cancel = Duration::from_millis(50);
    let backend = Backend::new(&args).unwrap();
    backend.cancel(&job.ledger.all()[0]);
    timeout(Duration::from_secs(9), backend.settle(Duration::MAX)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_with_an_unknown_outcome_is_not_retried() {
    let (fal, gemini) = (FalStandIn::start().await, GeminiStandIn::start().await);
    for trick in [Trick::Lost, Trick::Gateway(503)] {
        for (backend, url, script) in
            [("fal", &fal.url, &fal.queue.script), ("gemini", &gemini.url, &gemini.model.script)]
        {
            script.play(&[trick]);
            let (backend, before) = (Backend::new(&args_at(backend, url)).unwrap(), script.calls());
            let job = Job::new(&["300x250"], 1, backend.variants_per_call());
            let outcome = job.run(&backend).await;
            let error = outcome.calls[0].result.as_ref().unwrap_err();
            assert_eq!((error.kind, error.billed_images), (GenerateErrorKind::Transport, 1), "{trick:?}");
            assert!(error.message.ends_with("; the call may have been made and paid for"), "{error}");
            assert_eq!(job.ledger.all(), [Progress::Asking], "{trick:?}");
            assert_eq!((script.calls() - before, job.ledger.twice()), (1, 0), "{trick:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_call_of_a_running_job_is_not_retried() {
    let (fal, job) = (FalStandIn::start().await, Job::new(&["300x250"], 1, 4));
    fal.queue.script.play(&[Trick::Slow]);
    let mut args = args_at("fal", &fal.url);
    args.upstream_timeout = Duration::from_millis(250);
    args.upstream_tries = 1.try_into().unwrap();
    let backend = Backend::new(&args).unwrap();
    let generator = backend.for_job(job.ledger.clone(), Some(job.budget.clone()));
    let request = &job.requests()[0];
    let ask = async || smart_resize::AsyncGenerator::generate(&generator, request).await.map_err(|error| error.kind);
    assert_eq!(ask().await.unwrap_err(), GenerateErrorKind::TimedOut);
    until("the call is accepted", || matches!(job.ledger.all()[..], [Progress::Accepted { .. }])).await;
    fal.queue.forget();
    let told = loop {
        match ask().await.unwrap_err() {
            // The status was not received within the timeout.
            GenerateErrorKind::TimedOut => {}
            other => break other,
        }
    };
    assert_eq!(told, GenerateErrorKind::Transport);
    assert_eq!((fal.queue.script.calls(), job.ledger.twice(), job.ledger.all()), (1, 0, vec![Progress::Asking]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_cancelled_only_when_the_service_requests_it() {
    let (fal, job) = (FalStandIn::start().await, Arc::new(Job::new(&["300x250"], 1, 4)));
    fal.queue.script.play(&[Trick::Slow]);
    crash_after_acceptance(&fal, &job).await;
    sleep(Duration::from_millis(50)).await;
    assert_eq!(fal.queue.cancelled.load(Ordering::SeqCst), 0);

    let backend = Backend::new(&args_at("fal", &fal.url)).unwrap();
    backend.cancel(&Progress::Asking);
    backend.cancel(&job.ledger.all()[0]);
    until("the call is cancelled", || fal.queue.cancelled.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_counted_once_however_often_it_is_resumed() {
    let (fal, job) = (FalStandIn::start().await, Job::new(&["300x250"], 1, 4));
    fal.queue.script.play(&[Trick::Slow]);
    let mut args = args_at("fal", &fal.url);
    args.upstream_timeout = Duration::from_millis(250);
    args.upstream_tries = 1.try_into().unwrap();
    let backend = Backend::new(&args).unwrap();
    let generator = backend.for_job(job.ledger.clone(), Some(job.budget.clone()));
    let mut tries = 0;
    loop {
        tries += 1;
        assert!(tries < 50, "the call is not completed after {tries} attempts");
        match smart_resize::AsyncGenerator::generate(&generator, &job.requests()[0]).await {
            Ok(generated) => break assert_eq!(generated.billed_images, 1),
            Err(error) => assert_eq!((error.kind, error.billed_images), (GenerateErrorKind::TimedOut, 1)),
        }
    }
    assert!(tries > 1, "the call was completed at the first attempt");
    assert_eq!((job.counted(), job.budget.calls(), fal.queue.script.calls()), (1, 1, 1));
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
async fn a_call_is_not_made_if_the_ledger_cannot_record_it() {
    let (fal, gemini) = (FalStandIn::start().await, GeminiStandIn::start().await);
    for (backend, url, script) in [("fal", &fal.url, &fal.queue.script), ("gemini", &gemini.url, &gemini.model.script)]
    {
        let backend = Backend::new(&args_at(backend, url)).unwrap();
        let job = Job::new(&["300x250"], 1, backend.variants_per_call());
        job.ledger.is_full.store(true, Ordering::SeqCst);
        assert_eq!(told(&job.run(&backend).await), "the store failed");
        assert_eq!((script.calls(), job.counted()), (0, 0), "{}", backend.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_the_ledger_cannot_record_is_known_to_this_process() {
    let (fal, job) = (FalStandIn::start().await, Job::new(&["300x250"], 1, 4));
    fal.queue.script.play(&[Trick::NoDownload]);
    job.ledger.is_full_for_ids.store(true, Ordering::SeqCst);
    let backend = Backend::new(&args_at("fal", &fal.url)).unwrap();
    assert_eq!(told(&job.run(&backend).await), "a picture");
    assert_eq!((fal.queue.script.calls(), job.ledger.twice()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_call_without_a_possible_result_is_removed_from_the_ledger() {
    for (trick, is_over) in [
        (Trick::Huge, true),
        (Trick::HugePicture, true),
        (Trick::ElsewherePrivate, true),
        (Trick::Gone(404), true),
        (Trick::Gone(410), true),
        (Trick::TextOnly, true),
        (Trick::Refused, true),
        (Trick::Html, false),
        (Trick::NoDownload, false),
    ] {
        let fal = FalStandIn::start().await;
        fal.queue.script.play(&[trick]);
        let mut args = args_at("fal", &fal.url);
        args.upstream_tries = 1.try_into().unwrap();
        let (backend, job) = (Backend::new(&args).unwrap(), Job::new(&["300x250"], 1, 4));
        assert_ne!(told(&job.run(&backend).await), "a picture", "{trick:?}");
        assert_eq!(job.ledger.all().is_empty(), is_over, "{trick:?}");
        job.run(&backend).await;
        let calls = if is_over { 2 } else { 1 };
        assert_eq!((fal.queue.script.calls(), job.ledger.twice()), (calls, 0), "{trick:?}");
    }
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

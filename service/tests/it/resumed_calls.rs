//! No call is paid for twice without a report: an accepted call is resumed after a crash, a call with an unknown
//! outcome is not repeated by its job, and the ledger keeps each call until its outcome is known. A call is cancelled
//! only on request.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use smart_resize::generate::GenerateErrorKind;
use smart_resize_service::backend::{Backend, Progress};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::stand_in::Trick;
use super::stand_in::fal::FalStandIn;
use super::stand_in::gemini::GeminiStandIn;
use super::stand_in::run::{Job, args_at, told};

/// Waits until `is_so` returns true, for at most 30 seconds.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(timeout(Duration::from_secs(30), waiting).await.is_ok(), "{what}");
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

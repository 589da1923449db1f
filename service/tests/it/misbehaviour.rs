//! Stand-ins for the upstream services misbehave: each misbehaviour has the result and the cost of the table.
//!
//! The cases are in `stand_in/table.rs`, and `misbehaviour.md` shows them. `cargo xtask bless` writes it after a
//! change.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use smart_resize_service::backend::Backend;

use super::stand_in::Trick;
use super::stand_in::fal::FalStandIn;
use super::stand_in::gemini::GeminiStandIn;
use super::stand_in::run::{Job, args_at, told};
use super::stand_in::table::{CASES, Case, markdown};

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
        args.upstream_timeout = Duration::from_secs(1);
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

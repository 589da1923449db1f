//! Helpers to run a plan with a backend: flags, a ledger in memory, and a summary of the outcome.

use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroUsize};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use clap::Parser;
use smart_resize::generate::budget::Budget;
use smart_resize::generate::store::StoreError;
use smart_resize::generate::{BoxFuture, GenerationRequest};
use smart_resize::model::{Model, Tier, UsdMicros};
use smart_resize::pixels::Picture;
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::plan::Fingerprint;
use smart_resize::run::{Driver, RenditionError};
use smart_resize::{Format, Outcome, Plan, Request, Size, Source};
use smart_resize_service::backend::{Backend, BackendArgs, Ledger, Progress};
use tokio_util::sync::CancellationToken;

use super::KEY;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    backend: BackendArgs,
}

/// The path of a file with [`KEY`], written once per process.
static KEY_FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("key-{}", std::process::id()));
    std::fs::write(&file, format!("{KEY}\n")).unwrap();
    file
});

/// Parses the flags and shortens the waiting times.
pub(crate) fn args(flags: &[&str]) -> BackendArgs {
    let mut args = Cli::parse_from([&["test"], flags].concat()).backend;
    args.timings.first_poll = Duration::from_millis(2);
    args.timings.longest_poll = Duration::from_millis(20);
    args.timings.first_retry = Duration::from_millis(1);
    args.timings.longest_retry = Duration::from_secs(5);
    args.upstream_key_file = Some(KEY_FILE.clone());
    args.vision_key_file = Some(KEY_FILE.clone());
    args
}

/// The flags of a backend whose upstream is at `url`.
pub(crate) fn args_at(backend: &str, url: &str) -> BackendArgs {
    args(&["--backend", backend, "--upstream", url, "--upstream-timeout", "30"])
}

/// A ledger in memory instead of on disk.
#[derive(Debug, Default)]
pub(crate) struct MemoryLedger {
    /// Whether every note fails.
    pub(crate) is_full: AtomicBool,
    /// Whether notes of accepted calls fail.
    pub(crate) is_full_for_ids: AtomicBool,
    calls: Mutex<BTreeMap<Fingerprint, Progress>>,
    pub(crate) twice: AtomicUsize,
}

impl MemoryLedger {
    pub(crate) fn all(&self) -> Vec<Progress> {
        self.calls.lock().unwrap().values().cloned().collect()
    }

    pub(crate) fn set(&self, request: &GenerationRequest, progress: Progress) {
        self.calls.lock().unwrap().insert(request.fingerprint().unwrap(), progress);
    }

    pub(crate) fn twice(&self) -> usize {
        self.twice.load(Ordering::SeqCst)
    }
}

impl Ledger for MemoryLedger {
    fn progress<'a>(&'a self, request: &'a GenerationRequest) -> BoxFuture<'a, Result<Option<Progress>, StoreError>> {
        let progress = self.calls.lock().unwrap().get(&request.fingerprint().unwrap()).cloned();
        Box::pin(async { Ok(progress) })
    }

    fn note<'a>(
        &'a self,
        request: &'a GenerationRequest,
        progress: Option<Progress>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let is_id = matches!(progress, Some(Progress::Accepted { .. }));
        if self.is_full.load(Ordering::SeqCst) || is_id && self.is_full_for_ids.load(Ordering::SeqCst) {
            return Box::pin(async { Err(StoreError::new("the disk is full")) });
        }
        let mut calls = self.calls.lock().unwrap();
        match progress {
            Some(progress) => calls.insert(request.fingerprint().unwrap(), progress),
            None => calls.remove(&request.fingerprint().unwrap()),
        };
        Box::pin(async { Ok(()) })
    }

    fn maybe_paid_twice<'a>(&'a self, _: &'a GenerationRequest) -> BoxFuture<'a, ()> {
        self.twice.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {})
    }
}

/// A source picture of 120x90 pixels.
pub(crate) fn source() -> Source {
    let size = Size::new(120, 90).unwrap();
    let picture = Picture::from_rgb(size, (0..120 * 90 * 3).map(|at: u32| at.to_be_bytes()[3]).collect()).unwrap();
    Source::from_bytes(encode(&picture, Format::Png, &EncodeOptions::default()).unwrap().bytes).size(size)
}

/// A plan for these sizes with a floor of 0.5K, for a backend that makes `per_call` images per call.
pub(crate) fn plan(source: &Source, sizes: &[&str], variants: u32, per_call: u16) -> Plan {
    let table = Model::nano_banana_2().variants_per_call(NonZeroU16::new(per_call).unwrap());
    let request = Request::builder(source.clone())
        .model(table)
        .floor(Tier::HALF_K)
        .sizes(sizes.iter().copied())
        .variants(variants)
        .seed(7);
    Plan::new(&request.build().unwrap()).unwrap()
}

/// A plan with what a driver needs to run it.
pub(crate) struct Job {
    pub(crate) source: Source,
    pub(crate) plan: Plan,
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) budget: Arc<Budget>,
}

impl Job {
    pub(crate) fn new(sizes: &[&str], variants: u32, per_call: u16) -> Self {
        let source = source();
        let plan = plan(&source, sizes, variants, per_call);
        Self { source, plan, ledger: Arc::default(), budget: Arc::default() }
    }

    /// The requests of the plan's calls.
    pub(crate) fn requests(&self) -> Vec<GenerationRequest> {
        self.plan.requests(&self.source).unwrap()
    }

    pub(crate) async fn run(&self, backend: &Backend) -> Outcome {
        self.run_until(backend, CancellationToken::new()).await
    }

    pub(crate) async fn run_until(&self, backend: &Backend, cancelled: CancellationToken) -> Outcome {
        let generator = backend.for_job_until(self.ledger.clone(), Some(self.budget.clone()), cancelled);
        let driver = Driver::new(&self.plan, &self.source);
        driver.run_async(&generator, NonZeroUsize::new(8).unwrap()).await.unwrap()
    }

    /// The number of images charged to the budget.
    pub(crate) fn counted(&self) -> u64 {
        let UsdMicros(spent) = self.budget.spent();
        let request = self.requests().remove(0);
        spent.saturating_sub(request.per_request().0) / request.per_image().0
    }
}

/// Summarises a run, with one text for each requested picture.
pub(crate) fn told(outcome: &Outcome) -> String {
    let failure = outcome.calls.iter().find_map(|call| call.result.as_ref().err());
    let pictures = outcome.renditions.iter().flat_map(|rendition| &rendition.variants).map(|picture| match picture {
        Ok(output) => {
            let warnings = output.provenance.warnings.iter().map(|warning| format!("; {warning}"));
            format!("a picture{}", warnings.collect::<String>())
        }
        Err(RenditionError::Generation { .. }) => failure.unwrap().kind.to_string(),
        Err(error) => error.to_string(),
    });
    pictures.collect::<Vec<_>>().join(" + ")
}

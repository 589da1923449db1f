//! Panic handling for the fuzz targets.
//!
//! The crate catches panics inside a decoder, which are no findings. So a panic must not end the process before it is
//! known whether the crate catches it. A panic in the crate's own code is always a finding.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{PanicHookInfo, catch_unwind, set_hook};
use std::process::abort;
use std::sync::Mutex;

static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Installs a panic hook that remembers the last panic instead of printing each.
pub(crate) fn install() {
    set_hook(Box::new(remember));
}

fn remember(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
    if place.starts_with("src/") {
        eprintln!("{panic}");
        abort();
    }
    LAST.set(panic.to_string());
    let is_law = place.contains("laws");
    if !is_law && SEEN.lock().is_ok_and(|mut seen| seen.insert(place)) {
        eprintln!("caught by the crate: {panic}");
    }
}

/// Runs `law` on `data`, and aborts the process if it panics.
pub(crate) fn hold(law: fn(&[u8]), data: &[u8]) {
    if catch_unwind(|| law(data)).is_err() {
        eprintln!("{}", LAST.take());
        abort();
    }
}

//! Panics inside a decoder are caught by the crate and are no finding, so a panic must not end the process before
//! it is known who caught it. A panic of the crate's own code is always a finding.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{PanicHookInfo, catch_unwind, set_hook};
use std::process::abort;
use std::sync::Mutex;

static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Remembers panics in place of printing each.
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

/// Holds `law` against `data`; ends the process where it is broken.
pub(crate) fn hold(law: fn(&[u8]), data: &[u8]) {
    if catch_unwind(|| law(data)).is_err() {
        eprintln!("{}", LAST.take());
        abort();
    }
}

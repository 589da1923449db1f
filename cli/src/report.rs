//! The report of the command: a line for each picture, the calls that failed, and the plan in one line.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fmt::{Display, Write as _};
use std::io::{self, Write as _};
use std::time::Instant;

use smart_resize::model::Preset;
use smart_resize::plan::placement::{Breach, FileFacts, lint};
use smart_resize::plan::{CallId, Optimality};
use smart_resize::request::Sharing;
use smart_resize::run::Provenance;
use smart_resize::{Format, Outcome, Plan, Size};

use crate::args::Purpose;
use crate::files::Written;

/// Writes a line to standard error. It is lost if standard error is closed.
pub(crate) fn print_error(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Returns what the report says after the name of a file.
pub(crate) const fn replaced_suffix(written: Written) -> &'static str {
    match written {
        Written::Created | Written::Unchanged => "",
        Written::Replaced => " (replaced)",
    }
}

/// The events of the run so far.
#[derive(Default)]
pub(crate) struct Log {
    /// The start of each call.
    pub(crate) started: BTreeMap<CallId, Instant>,
    /// The lines of the report by rendition and variant.
    pub(crate) lines: BTreeMap<(usize, usize), Line>,
}

impl Log {
    /// Describes a picture that was written: where it comes from, what it keeps, its file, and how it was encoded.
    pub(crate) fn picture(&self, record: &Provenance, sharing: Sharing, file: &str) -> String {
        let (preset, seconds) = match &record.generation {
            None => ("source".into(), 0.0),
            Some(made) => {
                let seconds = self.started.get(&made.call).map_or(0.0, |start| start.elapsed().as_secs_f64());
                let mut preset = Preset::new(made.size);
                (preset.ratio, preset.tier) = (made.ratio, made.tier);
                (preset.to_string(), seconds)
            }
        };
        let mut line = format!("{preset:<7}  kept {:>6}", record.kept);
        // Writing to a `String` cannot fail, so the results are ignored.
        if sharing != Sharing::PerTarget {
            let _ = write!(line, "  loss {:>6}", record.loss);
        }
        let _ = write!(line, "  {file}  {seconds:.2} s");
        if let Some(description) = record.generation.as_ref().and_then(|made| made.description.as_ref()) {
            let _ = write!(line, "  ({description})");
        }
        if let (Some(encoder), Some(_)) = (record.encoder, record.max_bytes) {
            let _ = write!(line, "  ({encoder})");
        }
        for warning in &record.warnings {
            let _ = write!(line, "  ({warning})");
        }
        line
    }
}

/// A line of the report.
pub(crate) enum Line {
    /// The picture was written.
    Made(String),
    /// The picture was written, but its placement would reject it.
    Rejected { line: String, reasons: String },
    /// There is no picture.
    Failed(String),
}

impl Line {
    /// Creates the line of a file that was written, after a check against its placement.
    pub(crate) fn new(line: String, purpose: &Purpose, size: Size, format: Format, bytes: usize) -> Self {
        let Some(placement) = &purpose.placement else { return Self::Made(line) };
        let breaches = lint(placement, &FileFacts::new(size, format, bytes as u64));
        if breaches.is_empty() {
            return Self::Made(line);
        }
        let reasons: Vec<_> = breaches.iter().map(Breach::to_string).collect();
        Self::Rejected { line, reasons: format!("{}: {}", placement.id, reasons.join("; ")) }
    }
}

/// Reports why calls failed. Each call is reported once, however many pictures depend on it.
pub(crate) fn print_failed_calls(outcome: &Outcome) {
    for (call, error) in
        outcome.calls.iter().enumerate().filter_map(|(id, call)| Some((id, call.result.as_ref().err()?)))
    {
        let mut line = format!("call {call}: {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            // Writing to a `String` cannot fail, so the result is ignored.
            let _ = write!(line, ": {cause}");
            source = cause.source();
        }
        print_error(line);
    }
}

/// Describes the plan in one line: its generations and calls, and its cost with and without sharing.
pub(crate) fn summary(plan: &Plan) -> String {
    let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let mut parts =
        vec![many(plan.generations().len(), "generation"), many(plan.calls().count(), "call"), plan.cost().to_string()];
    if plan.cost_unshared() != plan.cost() {
        parts.push(format!("without sharing {}", plan.cost_unshared()));
    }
    if let Optimality::BestFound { lower_bound } = plan.optimality() {
        parts.push(format!("lower bound {lower_bound}"));
    }
    let of_source = plan.renditions().iter().filter(|rendition| rendition.generation().is_none()).count();
    if of_source > 0 {
        parts.push(format!("{of_source} cut from the picture itself"));
    }
    format!("plan: {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_replaced_file_is_reported_as_replaced() {
        let texts = [Written::Created, Written::Unchanged, Written::Replaced].map(replaced_suffix);
        assert_eq!(texts, ["", "", " (replaced)"]);
    }
}

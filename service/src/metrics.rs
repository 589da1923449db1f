//! Counters for Prometheus.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::job::Job;

/// The counters of this process since its start.
#[derive(Debug, Default)]
pub struct Metrics {
    submitted: AtomicU64,
    outputs: AtomicU64,
    errors: AtomicU64,
    refused: AtomicU64,
    cost_usd_micros: AtomicU64,
    maybe_paid_twice: AtomicU64,
}

impl Metrics {
    /// Counts a request that was accepted.
    pub fn submitted(&self) {
        self.submitted.fetch_add(1, Relaxed);
    }

    /// Counts a request that was refused because of overload.
    pub fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    /// Counts a completed request, with its cost.
    pub fn ended(&self, job: &Job) {
        let is_output = job.answer.as_ref().is_some_and(crate::job::Answer::is_output);
        let counter = if is_output { &self.outputs } else { &self.errors };
        counter.fetch_add(1, Relaxed);
        self.cost_usd_micros.fetch_add(job.cost_usd_micros, Relaxed);
        self.maybe_paid_twice.fetch_add(job.maybe_paid_twice.into(), Relaxed);
    }

    /// Formats all counters in Prometheus's text format, together with the number of waiting requests and the number of
    /// calls to the backend.
    pub fn text(&self, waiting: usize, calls: u64) -> String {
        let mut text = String::new();
        let lines = [
            ("requests_submitted_total", "counter", self.submitted.load(Relaxed)),
            ("requests_output_total", "counter", self.outputs.load(Relaxed)),
            ("requests_error_total", "counter", self.errors.load(Relaxed)),
            ("requests_refused_total", "counter", self.refused.load(Relaxed)),
            ("requests_waiting", "gauge", waiting as u64),
            ("upstream_calls_total", "counter", calls),
            ("cost_usd_micros_total", "counter", self.cost_usd_micros.load(Relaxed)),
            ("calls_maybe_paid_twice_total", "counter", self.maybe_paid_twice.load(Relaxed)),
        ];
        for (name, kind, value) in lines {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# TYPE smart_resize_{name} {kind}\nsmart_resize_{name} {value}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::job::{Answer, App};

    #[test]
    fn outputs_errors_and_costs_of_ended_requests_are_counted_apart() {
        let metrics = Metrics::default();
        let mut job = Job::new(App::SmartResize, None, json!({}));
        (job.cost_usd_micros, job.maybe_paid_twice) = (70, 1);
        metrics.ended(&job);
        for status in [200, 200, 422, 500] {
            job.answer = Some(Answer { status, body: json!({}) });
            metrics.ended(&job);
        }
        for _ in 0..6 {
            metrics.submitted();
        }
        metrics.refused();
        assert_eq!(
            metrics.text(8, 9),
            "# TYPE smart_resize_requests_submitted_total counter\nsmart_resize_requests_submitted_total 6\n\
             # TYPE smart_resize_requests_output_total counter\nsmart_resize_requests_output_total 2\n\
             # TYPE smart_resize_requests_error_total counter\nsmart_resize_requests_error_total 3\n\
             # TYPE smart_resize_requests_refused_total counter\nsmart_resize_requests_refused_total 1\n\
             # TYPE smart_resize_requests_waiting gauge\nsmart_resize_requests_waiting 8\n\
             # TYPE smart_resize_upstream_calls_total counter\nsmart_resize_upstream_calls_total 9\n\
             # TYPE smart_resize_cost_usd_micros_total counter\nsmart_resize_cost_usd_micros_total 350\n\
             # TYPE smart_resize_calls_maybe_paid_twice_total counter\nsmart_resize_calls_maybe_paid_twice_total 5\n"
        );
    }
}

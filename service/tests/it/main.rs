//! Tests of the service as its clients see it, and of its backends against stand-ins for their services.

#![allow(
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::items_after_statements,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test may fail, and says what it skips"
)]

mod backends;
mod endpoint;
mod fetch;
mod misbehaviour;
mod nats;
mod plans;
mod refusals;
mod restarts;
mod resumed_calls;
mod stand_in;
mod store;
mod support;

//! The smart-resize service: an HTTP endpoint that speaks fal's protocol, a store that survives restarts,
//! interchangeable backends, and a queue for one machine or several.
#![allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "the library only makes the program's modules visible to its tests; it has no stable API"
)]

pub mod answers;
pub mod api;
pub mod backend;
pub mod config;
pub mod fetch;
pub mod files;
pub mod hooks;
pub mod id;
pub mod job;
pub mod keys;
pub mod metrics;
pub mod queue;
pub mod run;
pub mod server;
pub mod service;
pub mod store;
pub mod sweep;
#[cfg(test)]
mod testing;
pub mod time;
pub mod uploads;

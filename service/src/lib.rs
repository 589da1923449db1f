//! A complete smart-resize endpoint around the crate: fal's protocol, a store that survives restarts, any backend, one
//! machine or many.
#![allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "a program in parts, so that its tests see them; nobody builds on it"
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
pub mod time;
pub mod uploads;

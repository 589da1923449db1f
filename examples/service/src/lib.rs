//! A complete smart-resize endpoint around the crate.

pub mod backend;
pub mod fetch;

//! Requests, prompts and plans.

mod bounds;
mod fingerprint;
#[cfg(feature = "serde")]
mod json;
mod prompt;
mod request;
mod saving;
mod share;
#[cfg(all(feature = "wire", feature = "serde"))]
mod unlabelled;

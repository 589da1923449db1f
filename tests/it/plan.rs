//! Requests, prompts and plans.

mod bounds;
mod enlargement;
mod fingerprint;
#[cfg(feature = "serde")]
mod json;
mod placement;
mod prompt;
mod prompt_v1;
mod request;
mod saving;
mod share;
mod target_options;
#[cfg(all(feature = "wire", feature = "serde"))]
mod unlabelled;

//! Requests, prompts and plans.

mod bounds;
mod cut_from_source;
mod enlargement;
mod fingerprint;
#[cfg(feature = "serde")]
mod json;
mod over_budget;
mod placement;
mod prompt;
mod request;
mod share;
mod target_options;
#[cfg(all(feature = "wire", feature = "serde"))]
mod unlabelled;

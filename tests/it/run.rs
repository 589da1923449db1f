//! Runs of plans, with backends, stores and budgets.

mod budget;
#[cfg(feature = "testing")]
mod conformance;
mod cut_from_source;
mod drive;
mod local;
mod source;
mod stored_answers;
#[cfg(feature = "tower")]
mod tower;

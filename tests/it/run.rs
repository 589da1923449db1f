//! Runs of plans, with backends, stores and budgets.

mod band;
mod brief;
mod budget;
#[cfg(feature = "testing")]
mod conformance;
mod cut_from_source;
mod drive;
mod local;
mod marks;
mod preview;
mod source;
mod stored_answers;
mod threads;
#[cfg(feature = "tower")]
mod tower;

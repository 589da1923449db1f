//! Runs a plan on a backend, and what comes of it.

pub(crate) mod driver;
pub(crate) mod outcome;

pub use self::driver::{Driver, Event, RenderDone, RenderJob, RunError};
pub use self::outcome::{CallOutcome, GenerationRecord, Output, Provenance, RenditionError, RenditionOutcome};

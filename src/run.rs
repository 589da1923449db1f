//! Runs a plan on a backend, and what comes of it.

pub(crate) mod driver;
pub(crate) mod outcome;
pub(crate) mod resize;

pub use self::driver::{Driver, Event, RenderDone, RenderJob, RunError};
pub use self::outcome::{CallReport, GenerationRecord, Output, Provenance, RenditionError, RenditionOutcome};

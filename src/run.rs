//! Runs a plan on a backend, and returns its outcome.

pub(crate) mod driver;
mod facts;
pub(crate) mod outcome;
mod preview;

pub use self::driver::{Driver, Event, RenderDone, RenderJob, RunError};
pub use self::outcome::{CallOutcome, GenerationRecord, Output, Provenance, RenditionError, RenditionOutcome};
pub use self::preview::{Preview, PreviewError};

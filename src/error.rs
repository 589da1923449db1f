//! One error type for all leaf errors, for callers that use `?` across several steps.

use crate::format::ParseFormatError;
#[cfg(feature = "std")]
use crate::generate::budget::BudgetError;
use crate::generate::error::GenerateError;
use crate::generate::request::SourceMismatchError;
use crate::generate::store::StoreError;
use crate::geometry::fit::TooSmallError;
use crate::geometry::focus::FocusError;
use crate::geometry::insets::InsetsError;
use crate::geometry::per_mille::PerMilleError;
use crate::model::catalog::ModelError;
use crate::model::price::ParseUsdError;
use crate::model::select::NothingCoversError;
#[cfg(feature = "pixels")]
use crate::pixels::decode::DecodeError;
#[cfg(feature = "pixels")]
use crate::pixels::encode::EncodeError;
#[cfg(feature = "pixels")]
use crate::pixels::picture::PixelCountError;
#[cfg(feature = "pixels")]
use crate::pixels::rendered::RenderError;
use crate::plan::error::PlanError;
use crate::plan::placement::UnknownPlacementError;
use crate::request::error::RequestErrors;
#[cfg(feature = "pixels")]
use crate::run::driver::RunError;
#[cfg(feature = "pixels")]
use crate::run::outcome::RenditionError;
use crate::scene::SceneError;
use crate::size::{InvalidSideError, ParseSizeError};

/// An error of any step: request, plan, generation, pixels or run.
///
/// ```
/// use smart_resize::{Error, Plan, Request, Source};
///
/// fn plan(source: Source, sizes: &[&str]) -> Result<Plan, Error> {
///     Ok(Plan::new(&Request::builder(source).sizes(sizes).build()?)?)
/// }
///
/// let error = plan(Source::from_url("https://example.com/a.png"), &["0x9"]).unwrap_err();
/// assert_eq!(error.to_string(), "target 0, \"0x9\", is not a size: width is 0; expected 1 to 65535 (at byte 0)");
/// ```
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is the leaf error that it names")]
pub enum Error {
    InvalidSide(#[from] InvalidSideError),
    ParseSize(#[from] ParseSizeError),
    ParseFormat(#[from] ParseFormatError),
    Model(#[from] ModelError),
    Scene(#[from] SceneError),
    NothingCovers(#[from] NothingCoversError),
    TooSmall(#[from] TooSmallError),
    Insets(#[from] InsetsError),
    Focus(#[from] FocusError),
    PerMille(#[from] PerMilleError),
    ParseUsd(#[from] ParseUsdError),
    Request(#[from] RequestErrors),
    Plan(#[from] PlanError),
    Placement(#[from] UnknownPlacementError),
    SourceMismatch(#[from] SourceMismatchError),
    Generate(#[from] GenerateError),
    Store(#[from] StoreError),
    #[cfg(feature = "std")]
    Budget(#[from] BudgetError),
    #[cfg(feature = "pixels")]
    PixelCount(#[from] PixelCountError),
    #[cfg(feature = "pixels")]
    Decode(#[from] DecodeError),
    #[cfg(feature = "pixels")]
    Encode(#[from] EncodeError),
    #[cfg(feature = "pixels")]
    Render(#[from] RenderError),
    #[cfg(feature = "pixels")]
    Rendition(#[from] RenditionError),
    #[cfg(feature = "pixels")]
    Run(#[from] RunError),
}

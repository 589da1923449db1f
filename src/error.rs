//! The umbrella over the leaf errors, for callers who use `?` across several steps.

use crate::format::ParseFormatError;
use crate::generate::SourceMismatchError;
#[cfg(feature = "std")]
use crate::generate::budget::BudgetError;
use crate::generate::error::GenerateError;
use crate::generate::store::StoreError;
#[cfg(feature = "pixels")]
use crate::generate::{drive::RunError, outcome::RenditionError};
use crate::geometry::fit::TooSmallError;
use crate::geometry::focus::FocusError;
#[cfg(feature = "pixels")]
use crate::pixels::{decode::DecodeError, encode::EncodeError, picture::PixelCountError, rendered::RenderError};
use crate::plan::PlanError;
use crate::plan::preset::PresetTableError;
use crate::plan::request::RequestErrors;
use crate::plan::scene::SceneError;
use crate::plan::select::NothingCoversError;
use crate::plan::target::InsetsError;
use crate::size::{InvalidSideError, ParseSizeError};

/// Any error of this crate that is not about a single label.
///
/// ```
/// use smart_resize::{Error, Plan, ResizeRequest, Source};
///
/// fn plan(source: Source, sizes: &[&str]) -> Result<Plan, Error> {
///     Ok(Plan::new(&ResizeRequest::builder(source).sizes(sizes).build()?)?)
/// }
///
/// let error = plan(Source::from_url("https://example.com/a.png"), &["0x9"]).unwrap_err();
/// assert_eq!(error.to_string(), "target 0, \"0x9\", is not a size: width 0, expected 1 to 65535 at byte 0");
/// ```
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is the leaf error that it names")]
pub enum Error {
    InvalidSide(#[from] InvalidSideError),
    ParseSize(#[from] ParseSizeError),
    ParseFormat(#[from] ParseFormatError),
    PresetTable(#[from] PresetTableError),
    Scene(#[from] SceneError),
    NothingCovers(#[from] NothingCoversError),
    TooSmall(#[from] TooSmallError),
    Insets(#[from] InsetsError),
    Focus(#[from] FocusError),
    Request(#[from] RequestErrors),
    Plan(#[from] PlanError),
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

//! An output of what a run left.

use std::fmt;

use serde_json::Value;

use super::detail::{DetailEntry, ErrorBody, ErrorType, Loc};
use super::output::{ImageFile, SmartResizeOutput, SmartResizeResult};
use crate::format::Format;
use crate::generate::error::GenerateErrorKind;
use crate::run::outcome::{Outcome, Output, RenditionError, RenditionOutcome};
use crate::size::Size;
use crate::wire::data_uri::DataUri;
use crate::wire::excerpt;

/// A finished picture that needs a URL.
///
/// ```
/// use smart_resize::wire::fal::{NewImage, SmartResizeOutput};
/// use std::convert::Infallible;
///
/// # use smart_resize::generate::local::LocalGenerator;
/// # use smart_resize::{Size, Source};
/// # use smart_resize::pixels::Picture;
/// # let picture = Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?;
/// # let photo = Source::from_picture(&picture)?.bytes().unwrap().to_vec();
/// # let outcome = smart_resize::resize(photo, ["30x20"], &LocalGenerator::default())?;
/// let output = SmartResizeOutput::from_outcome(&outcome, 1, |image: &NewImage<'_>| {
///     // A service stores `image.bytes` here.
///     Ok::<_, Infallible>(format!("https://example.com/{}", image.file_name))
/// })?;
/// assert_eq!(output.images[0].url, "https://example.com/0-30x20-0.png");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct NewImage<'a> {
    /// The file's bytes.
    pub bytes: &'a [u8],
    /// What they are.
    pub format: Format,
    /// A name that no other file of the output has, such as `0-1920x1080-1.png`: target size, its pixels, variant.
    pub file_name: &'a str,
    /// Which target size, from 0.
    pub target_index: usize,
    /// Which variant, from 0.
    pub variant: usize,
}

impl NewImage<'_> {
    /// The picture as a data URI, which is what `sync_mode` asks for.
    pub fn data_uri(&self) -> String {
        DataUri::new(self.format, self.bytes).to_string()
    }
}

impl fmt::Debug for NewImage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewImage").field("file_name", &self.file_name).field("bytes", &self.bytes.len()).finish()
    }
}

impl SmartResizeOutput {
    /// The output of a run in which each target size has `images_per_size` variants; `url_of` says where each file is,
    /// and is asked only when all of them are there.
    ///
    /// Clients count in the flat list, so there is no output with gaps. A picture that was cut from the source is one,
    /// whatever is asked: with [`crop_source_above`](crate::request::RequestBuilder::crop_source_above) and several
    /// variants there is no output.
    ///
    /// # Errors
    ///
    /// [`OutputError::Missing`] with every picture that is not there; else the first error of `url_of`.
    pub fn from_outcome<E>(
        outcome: &Outcome,
        images_per_size: u32,
        mut url_of: impl FnMut(&NewImage<'_>) -> Result<String, E>,
    ) -> Result<Self, OutputError<E>> {
        let missing = missing_images(outcome, images_per_size as usize);
        if !missing.is_empty() {
            return Err(OutputError::Missing(missing));
        }
        let mut results = Vec::with_capacity(outcome.renditions.len());
        for (index, rendition) in outcome.renditions.iter().enumerate() {
            results.push(result(index, rendition, &mut url_of).map_err(OutputError::Url)?);
        }
        let said = results.iter().map(|result| &result.description).find(|text| !text.is_empty());
        Ok(Self {
            images: results.iter().flat_map(|result| &result.images).cloned().collect(),
            description: said.cloned().unwrap_or_default(),
            results,
        })
    }
}

fn result<E>(
    target_index: usize,
    rendition: &RenditionOutcome,
    url_of: &mut impl FnMut(&NewImage<'_>) -> Result<String, E>,
) -> Result<SmartResizeResult, E> {
    let target = rendition.target;
    let mut result = SmartResizeResult {
        width: Some(target.width()),
        height: Some(target.height()),
        ..SmartResizeResult::default()
    };
    for (variant, Output { bytes, provenance }) in rendition.variants.iter().flatten().enumerate() {
        let format = provenance.format;
        let file_name = format!("{target_index}-{target}-{variant}.{}", format.extension());
        let image = NewImage { bytes, format, file_name: &file_name, target_index, variant };
        result.images.push(ImageFile {
            url: url_of(&image)?,
            content_type: Some(format.media_type().to_owned()),
            file_name: Some(file_name),
            file_size: Some(bytes.len() as u64),
            width: Some(target.width()),
            height: Some(target.height()),
        });
        let Some(generation) = &provenance.generation else { continue };
        result.aspect_ratio = generation.aspect_ratio.map(|ratio| ratio.to_string()).unwrap_or_default();
        result.resolution = generation.tier.map(|tier| tier.to_string()).unwrap_or_default();
        if result.description.is_empty() {
            result.description = generation.description.clone().unwrap_or_default();
        }
    }
    Ok(result)
}

fn missing_images(outcome: &Outcome, images_per_size: usize) -> Vec<MissingImage> {
    let of_target = |(target_index, rendition): (usize, &RenditionOutcome)| {
        let (target, found) = (rendition.target, rendition.variants.len());
        let missing =
            move |variant, error_type, reason| MissingImage { target_index, target, variant, error_type, reason };
        let failed = rendition.variants.iter().enumerate().filter_map(|(variant, result)| {
            let (error_type, reason) = why(outcome, result.as_ref().err()?);
            Some(missing(variant, error_type, reason))
        });
        let short = (found != images_per_size).then(|| {
            let reason = format!("{found} variants, expected {images_per_size}");
            missing(found.min(images_per_size), ErrorType::InternalServerError, reason)
        });
        failed.chain(short).collect::<Vec<_>>()
    };
    outcome.renditions.iter().enumerate().flat_map(of_target).collect()
}

fn why(outcome: &Outcome, error: &RenditionError) -> (ErrorType, String) {
    let reason = match error {
        RenditionError::NothingMade(_) => return (ErrorType::NoMediaGenerated, error.to_string()),
        RenditionError::Generation(call) => {
            outcome.calls.get(call.0 as usize).and_then(|call| call.result.as_ref().err())
        }
        _ => None,
    };
    let Some(failure) = reason else { return (ErrorType::InternalServerError, error.to_string()) };
    let error_type = match failure.kind {
        GenerateErrorKind::Refused => ErrorType::ContentPolicyViolation,
        GenerateErrorKind::NothingMade => ErrorType::NoMediaGenerated,
        GenerateErrorKind::TimedOut => ErrorType::GenerationTimeout,
        GenerateErrorKind::RateLimited | GenerateErrorKind::Transport => ErrorType::DownstreamServiceUnavailable,
        GenerateErrorKind::InvalidAnswer | GenerateErrorKind::InvalidRequest => ErrorType::DownstreamServiceError,
        GenerateErrorKind::Store | GenerateErrorKind::OverBudget => ErrorType::InternalServerError,
    };
    (error_type, excerpt(&failure.to_string(), 500))
}

/// A picture of an output that is not there.
///
/// ```
/// use smart_resize::wire::fal::{ErrorType, NewImage, OutputError, SmartResizeOutput};
/// use std::convert::Infallible;
///
/// # use smart_resize::generate::{GenerateError, GenerateErrorKind, GenerationRequest, from_fn};
/// # use smart_resize::{Size, Source};
/// # use smart_resize::pixels::Picture;
/// # let picture = Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?;
/// # let photo = Source::from_picture(&picture)?.bytes().unwrap().to_vec();
/// # let backend = from_fn(|_: &GenerationRequest| Err(GenerateError::new(GenerateErrorKind::Refused, "no")));
/// # let outcome = smart_resize::resize(photo, ["30x20"], &backend)?;
/// // The only call of the run was refused.
/// let url_of = |image: &NewImage<'_>| Ok::<_, Infallible>(image.data_uri());
/// let error = SmartResizeOutput::from_outcome(&outcome, 1, url_of).unwrap_err();
/// let OutputError::Missing(missing) = &error else { panic!("{error}") };
/// assert_eq!(missing[0].error_type, ErrorType::ContentPolicyViolation);
/// assert_eq!(missing[0].to_string(), "target 0, 30x20, variant 0: refused by a safety filter: no");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingImage {
    /// Which target size, from 0.
    pub target_index: usize,
    /// Its pixels.
    pub target: Size,
    /// Which variant, from 0.
    pub variant: usize,
    /// What kind of failure, as fal names it.
    pub error_type: ErrorType,
    /// What failed.
    pub reason: String,
}

impl fmt::Display for MissingImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "target {}, {}, variant {}: {}", self.target_index, self.target, self.variant, self.reason)
    }
}

/// Why there is no output.
///
/// ```
/// use smart_resize::wire::fal::SmartResizeOutput;
/// use std::io;
///
/// # use smart_resize::generate::local::LocalGenerator;
/// # use smart_resize::{Size, Source};
/// # use smart_resize::pixels::Picture;
/// # let picture = Picture::from_rgb(Size::new(96, 64)?, vec![90; 96 * 64 * 3])?;
/// # let photo = Source::from_picture(&picture)?.bytes().unwrap().to_vec();
/// # let outcome = smart_resize::resize(photo, ["30x20"], &LocalGenerator::default())?;
/// let error = SmartResizeOutput::from_outcome(&outcome, 1, |_| Err(io::Error::other("disk full"))).unwrap_err();
/// assert_eq!(error.to_string(), "a file has no URL");
/// let body = error.to_body();
/// assert_eq!((body.status(), body.to_string().as_str()), (500, "body: Internal server error"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputError<E> {
    /// Pictures are not there; at least one.
    Missing(Vec<MissingImage>),
    /// A file has no URL.
    Url(E),
}

impl<E> OutputError<E> {
    /// What clients are told: an entry for each picture that is not there, at its target size; for a file without a URL
    /// one `internal_server_error`, which says nothing of the cause.
    pub fn to_body(&self) -> ErrorBody {
        let Self::Missing(missing) = self else {
            let loc = [Loc::from("body")];
            return DetailEntry::new(ErrorType::InternalServerError, loc, "Internal server error", &Value::Null).into();
        };
        let entry = |image: &MissingImage| {
            let loc = [Loc::from("body"), Loc::from("target_sizes"), Loc::from(image.target_index)];
            DetailEntry::new(image.error_type.clone(), loc, image.to_string(), &image.target.to_string().into())
        };
        missing.iter().map(entry).collect::<Vec<_>>().into()
    }
}

impl<E> fmt::Display for OutputError<E> {
    /// With `; ` between two pictures.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(missing) => missing.iter().enumerate().try_for_each(|(index, image)| {
                let separator = if index == 0 { "" } else { "; " };
                write!(f, "{separator}{image}")
            }),
            Self::Url(_) => f.write_str("a file has no URL"),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for OutputError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Missing(_) => None,
            Self::Url(error) => Some(error),
        }
    }
}

//! Builds the output of `fal-ai/smart-resize` from the outcome of a run.

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

/// A finished picture that does not have a URL yet.
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
    /// The bytes of the file.
    pub bytes: &'a [u8],
    /// The format of the file.
    pub format: Format,
    /// The name of the file, which is unique in the output: target index, target size, variant; such as
    /// `0-1920x1080-1.png`.
    pub file_name: &'a str,
    /// The index of the target size, from 0.
    pub target_index: usize,
    /// The index of the variant, from 0.
    pub variant: usize,
}

impl NewImage<'_> {
    /// Returns the picture as a data URI, as `sync_mode` requests.
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
    /// Builds the output of a run in which each target size has `images_per_size` variants.
    ///
    /// `url_of` returns the URL of a file. It is called only if every picture exists.
    ///
    /// Clients find a picture by its index in the flat list `images`, so an output with gaps is not possible. A target
    /// that is cut from the source has one picture, whatever the number of variants. With
    /// [`crop_source_above`](crate::request::RequestBuilder::crop_source_above) and several variants there is therefore
    /// no output.
    ///
    /// # Errors
    ///
    /// [`OutputError::Missing`] with every missing picture; else [`OutputError::Url`] with the first error of `url_of`.
    pub fn from_outcome<E>(
        outcome: &Outcome,
        images_per_size: u32,
        mut url_of: impl FnMut(&NewImage<'_>) -> Result<String, E>,
    ) -> Result<Self, OutputError<E>> {
        // All pictures are checked before the first URL, so that no file is stored for an output that cannot be built.
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

/// Builds the result of one target size.
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
    // Invariant: every variant is a picture, so none is skipped and the indices are those of the outcome.
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
        // All variants of a target have the labels of one generation. Their descriptions can differ, and the first
        // counts.
        let Some(generation) = &provenance.generation else { continue };
        result.aspect_ratio = generation.ratio.map(|ratio| ratio.to_string()).unwrap_or_default();
        result.resolution = generation.tier.map(|tier| tier.to_string()).unwrap_or_default();
        if result.description.is_empty() {
            result.description = generation.description.clone().unwrap_or_default();
        }
    }
    Ok(result)
}

/// Lists the failed variants of every target, and one entry for a target with another number of variants.
fn missing_images(outcome: &Outcome, images_per_size: usize) -> Vec<MissingImage> {
    let of_target = |(target_index, rendition): (usize, &RenditionOutcome)| {
        let (target, found) = (rendition.target, rendition.variants.len());
        let missing =
            move |variant, error_type, reason| MissingImage { target_index, target, variant, error_type, reason };
        let failed = rendition.variants.iter().enumerate().filter_map(|(variant, result)| {
            let (error_type, reason) = failure_of(outcome, result.as_ref().err()?);
            Some(missing(variant, error_type, reason))
        });
        // Another number of variants would shift all later pictures in the flat list. The entry names the first index
        // at which the two numbers differ.
        let short = (found != images_per_size).then(|| {
            let reason = format!("number of variants is {found}; expected {images_per_size}");
            missing(found.min(images_per_size), ErrorType::InternalServerError, reason)
        });
        failed.chain(short).collect::<Vec<_>>()
    };
    outcome.renditions.iter().enumerate().flat_map(of_target).collect()
}

/// Returns the type and the text of a failure. If a call failed, both describe the failure of the call.
fn failure_of(outcome: &Outcome, error: &RenditionError) -> (ErrorType, String) {
    // A picture has only the text of the failure. The outcome of the call has its kind.
    let reason = match error {
        RenditionError::MissingImage(_) => return (ErrorType::NoMediaGenerated, error.to_string()),
        RenditionError::Generation { call, .. } => {
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

/// A picture that is missing from an output.
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
    /// The index of the target size, from 0.
    pub target_index: usize,
    /// The target size in pixels.
    pub target: Size,
    /// The index of the variant, from 0.
    pub variant: usize,
    /// The type of the failure in fal's terms.
    pub error_type: ErrorType,
    /// The description of the failure.
    pub reason: String,
}

impl fmt::Display for MissingImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "target {}, {}, variant {}: {}", self.target_index, self.target, self.variant, self.reason)
    }
}

/// The reason why an output cannot be built.
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
    /// The pictures that are missing, at least one.
    Missing(Vec<MissingImage>),
    /// The error of the function that returns the URL of a file.
    Url(E),
}

impl<E> OutputError<E> {
    /// Returns the body of the answer to the client.
    ///
    /// Each missing picture has an entry that points to its target size. A file without a URL leads to one
    /// `internal_server_error`, which does not reveal the cause.
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
    /// Writes the missing pictures, separated by `; `.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::error::GenerateError;
    use crate::plan::content::CallId;
    use crate::run::outcome::CallOutcome;

    /// An outcome of one call, which has failed, and one rendition.
    fn outcome(failure: GenerateError, variants: usize) -> Outcome {
        let reason = RenditionError::Generation { call: CallId(0), reason: "other words".to_owned() };
        let call = CallOutcome { result: Err(failure), reused: false, ignored_images: 0, store_error: None };
        let target = Size::new(30, 20).unwrap();
        Outcome {
            calls: vec![call],
            renditions: vec![RenditionOutcome { target, variants: vec![Err(reason); variants] }],
        }
    }

    #[test]
    fn each_kind_of_failure_has_an_error_type_of_fal() {
        use GenerateErrorKind as Kind;

        for (kind, expected) in [
            (Kind::Refused, ErrorType::ContentPolicyViolation),
            (Kind::NothingMade, ErrorType::NoMediaGenerated),
            (Kind::TimedOut, ErrorType::GenerationTimeout),
            (Kind::RateLimited, ErrorType::DownstreamServiceUnavailable),
            (Kind::Transport, ErrorType::DownstreamServiceUnavailable),
            (Kind::InvalidAnswer, ErrorType::DownstreamServiceError),
            (Kind::InvalidRequest, ErrorType::DownstreamServiceError),
            (Kind::Store, ErrorType::InternalServerError),
            (Kind::OverBudget, ErrorType::InternalServerError),
        ] {
            let outcome = outcome(GenerateError::new(kind, ""), 1);
            assert_eq!(missing_images(&outcome, 1)[0].error_type, expected, "{kind}");
        }
    }

    #[test]
    fn a_picture_of_a_call_that_made_too_few_is_no_media_generated() {
        let outcome = outcome(GenerateError::new(GenerateErrorKind::Refused, ""), 1);
        let type_of = |error: &RenditionError| failure_of(&outcome, error).0;
        assert_eq!(type_of(&RenditionError::MissingImage(CallId(0))), ErrorType::NoMediaGenerated);
        assert_eq!(type_of(&RenditionError::Abandoned), ErrorType::InternalServerError);
    }

    #[test]
    fn a_missing_picture_repeats_at_most_500_characters_of_the_failure() {
        let reason = |chars: usize| {
            let failure = GenerateError::new(GenerateErrorKind::TimedOut, "é".repeat(chars));
            missing_images(&outcome(failure, 1), 1)[0].reason.clone()
        };
        // The message follows "timed out: ", which has 11 characters.
        assert_eq!(reason(489), format!("timed out: {}", "é".repeat(489)));
        assert_eq!(reason(490), format!("timed out: {}…", "é".repeat(489)));
    }

    #[test]
    fn another_number_of_variants_is_named_at_the_first_index_that_differs() {
        let last = |found: usize| {
            let outcome = outcome(GenerateError::new(GenerateErrorKind::TimedOut, ""), found);
            let MissingImage { variant, reason, .. } = missing_images(&outcome, 2).pop().unwrap();
            (variant, reason)
        };
        assert_eq!(last(1), (1, "number of variants is 1; expected 2".to_owned()));
        assert_eq!(last(2), (1, "timed out".to_owned()));
        assert_eq!(last(3), (2, "number of variants is 3; expected 2".to_owned()));
    }

    #[test]
    fn no_url_is_asked_for_if_a_picture_is_missing() {
        let outcome = outcome(GenerateError::new(GenerateErrorKind::TimedOut, ""), 1);
        let asked = |_: &NewImage<'_>| -> Result<String, ()> { panic!("asked") };
        assert!(matches!(SmartResizeOutput::from_outcome(&outcome, 1, asked), Err(OutputError::Missing(_))));
    }
}

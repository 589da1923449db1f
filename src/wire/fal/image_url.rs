//! Where a picture is.

use serde::{Serialize, Serializer};

use super::detail::{DetailEntry, ErrorType, Loc};
use crate::request::source::Source;
use crate::wire::data_uri::{DataUri, DataUriErrorKind, is_data_uri};
use crate::wire::{Base64ErrorKind, excerpt};

/// Where a picture is: at a URL, or in the JSON itself.
///
/// ```
/// use smart_resize::Source;
/// use smart_resize::wire::fal::{ErrorType, ImageUrl};
///
/// let url = ImageUrl::parse("https://example.com/shoe.png", 1000)?;
/// assert_eq!(url, ImageUrl::Http("https://example.com/shoe.png".to_owned()));
/// let data = ImageUrl::parse("data:image/png;base64,YWJj", 1000)?;
/// assert_eq!(data.source(), Source::from_bytes(*b"abc"));
///
/// let error = ImageUrl::parse("file:///etc/passwd", 1000).unwrap_err();
/// assert_eq!(error.error_type, ErrorType::ImageLoadError);
/// # Ok::<(), Box<smart_resize::wire::fal::DetailEntry>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageUrl {
    /// An `http` or `https` URL, as it was written. To fetch it is the caller's; so is to refuse private addresses.
    Http(String),
    /// The decoded bytes of a data URI.
    Data(DataUri),
}

impl ImageUrl {
    /// The image at or in `text`.
    ///
    /// # Errors
    ///
    /// An entry `image_load_error` or `file_too_large` at `["body", "image_url"]`, where `text` is neither an `http`
    /// nor an `https` URL nor a data URI of at most `max_bytes`.
    pub fn parse(text: &str, max_bytes: u64) -> Result<Self, Box<DetailEntry>> {
        const LOC: [&str; 2] = ["body", "image_url"];
        let refused = |error_type, msg: String| {
            Box::new(DetailEntry::new(error_type, LOC.map(Loc::from), msg, &excerpt(text, 200).into()))
        };
        if is_data_uri(text) {
            return DataUri::parse(text, max_bytes).map(Self::Data).map_err(|error| match error.kind {
                DataUriErrorKind::TooLarge { max, .. }
                | DataUriErrorKind::Base64(Base64ErrorKind::TooLarge { max, .. }) => {
                    let refused = refused(ErrorType::FileTooLarge, format!("File is too large: {error}"));
                    Box::new(refused.ctx("max_size", max))
                }
                _ => refused(ErrorType::ImageLoadError, format!("Could not load image from url: {error}")),
            });
        }
        let rest = ["https://", "http://"].iter().find_map(|scheme| {
            text.get(..scheme.len()).filter(|found| found.eq_ignore_ascii_case(scheme))?;
            text.get(scheme.len()..)
        });
        let is_plain = |rest: &str| !rest.is_empty() && !rest.starts_with(['/', '?', '#']);
        if rest.is_some_and(is_plain) && !text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Ok(Self::Http(text.to_owned()));
        }
        let found = excerpt(text, 40);
        Err(refused(
            ErrorType::ImageLoadError,
            format!("Could not load image from url: {found:?} is no http or https URL and no data URI"),
        ))
    }

    /// The source to plan with: the bytes, or the URL. With a URL, a plan has no fingerprints, and its prompt knows
    /// nothing of the source's shape; a service that has fetched the bytes makes a better source of them.
    pub fn source(&self) -> Source {
        match self {
            Self::Http(url) => Source::from_url(url.as_str()),
            Self::Data(data) => Source::from_bytes(data.bytes().clone()),
        }
    }
}

impl Serialize for ImageUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Http(url) => serializer.serialize_str(url),
            Self::Data(data) => serializer.collect_str(data),
        }
    }
}

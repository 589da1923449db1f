//! The location of a picture.

use serde::{Serialize, Serializer};

use super::detail::{DetailEntry, ErrorType, Loc};
use crate::request::source::Source;
use crate::wire::data_uri::{DataUri, DataUriErrorKind, is_data_uri};
use crate::wire::{Base64ErrorKind, excerpt};

/// The location of a picture: a URL, or the JSON itself.
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
    /// An `http` or `https` URL, unchanged. The caller fetches it, and rejects private addresses.
    Http(String),
    /// The decoded bytes of a data URI.
    Data(DataUri),
}

impl ImageUrl {
    /// Parses a URL, or decodes a data URI of at most `max_bytes` bytes.
    ///
    /// # Errors
    ///
    /// An entry at `["body", "image_url"]`: `file_too_large` if the data URI has too many bytes, `image_load_error` if
    /// `text` is neither a valid data URI nor an `http` or `https` URL.
    pub fn parse(text: &str, max_bytes: u64) -> Result<Self, Box<DetailEntry>> {
        const LOC: [&str; 2] = ["body", "image_url"];
        // A data URI can have megabytes, so only an excerpt of it is echoed.
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
        // Only a host that is not empty and the absence of blanks are required. The caller, which fetches the URL,
        // checks the rest.
        let is_plain = |rest: &str| !rest.is_empty() && !rest.starts_with(['/', '?', '#']);
        if rest.is_some_and(is_plain) && !text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Ok(Self::Http(text.to_owned()));
        }
        let found = excerpt(text, 40);
        Err(refused(
            ErrorType::ImageLoadError,
            format!("Could not load image from url: the URL is {found:?}; expected http, https or a data URI"),
        ))
    }

    /// Returns a source with the bytes or with the URL.
    ///
    /// With only a URL, a plan has no fingerprints, and its prompt does not consider the shape of the source. A service
    /// that has fetched the bytes should therefore build the source from them.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn is_http(text: &str) -> bool {
        matches!(ImageUrl::parse(text, 9), Ok(ImageUrl::Http(url)) if url == text)
    }

    #[test]
    fn the_scheme_of_a_url_is_http_or_https_in_any_case() {
        assert!(["http://a", "HTTP://a", "hTTps://a"].into_iter().all(is_http));
        assert!(!["ftp://a", "http:/a", "httpss://a", "a"].into_iter().any(is_http));
    }

    #[test]
    fn a_url_has_a_host_and_no_white_space_or_control_characters() {
        assert!(["https://a/?b#c", "https://é"].into_iter().all(is_http));
        assert!(!["https://", "https:///a", "https://?a", "https://#a"].into_iter().any(is_http));
        assert!(!["https://a b", "https://a\t", "https://a\0", " https://a"].into_iter().any(is_http));
    }

    #[test]
    fn an_error_quotes_the_first_40_characters_of_a_url() {
        let message = |chars: usize| ImageUrl::parse(&"é".repeat(chars), 9).unwrap_err().msg;
        assert!(message(40).contains(&format!("the URL is \"{}\";", "é".repeat(40))));
        assert!(message(41).contains(&format!("the URL is \"{}…\";", "é".repeat(40))));
    }

    #[test]
    fn an_error_echoes_the_first_200_characters() {
        let echoed = |chars: usize| ImageUrl::parse(&"é".repeat(chars), 9).unwrap_err().input;
        assert_eq!(echoed(200), "é".repeat(200));
        assert_eq!(echoed(201), format!("{}…", "é".repeat(200)));
    }

    #[test]
    fn a_data_uri_with_too_many_bytes_is_a_file_that_is_too_large() {
        for text in ["data:,123", "data:;base64,MTIz"] {
            assert!(ImageUrl::parse(text, 3).is_ok());
            assert_eq!(ImageUrl::parse(text, 2).unwrap_err().error_type, ErrorType::FileTooLarge, "{text}");
        }
        assert_eq!(ImageUrl::parse("data:1", 3).unwrap_err().error_type, ErrorType::ImageLoadError);
    }
}

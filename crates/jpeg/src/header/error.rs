//! Why the header of a file is refused.

/// The reason why [`Header::read`](super::Header::read) returns no header.
///
/// ```
/// use smart_resize_jpeg::header::{Header, HeaderError};
///
/// let error = Header::read(b"\xff\xd8", 64).unwrap_err();
/// assert_eq!(error, HeaderError::Truncated);
/// assert_eq!(error.to_string(), "the file is cut short");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "a caller that maps every error notices a new one when it is compiled")]
pub enum HeaderError {
    /// The file ends before the picture does.
    #[error("the file is cut short")]
    Truncated,
    /// The file has more scans than the caller allows.
    #[error("the file has more than {max} scans")]
    TooManyScans {
        /// The limit.
        max: u32,
    },
    /// Too many bytes of the file have to be replaced for a strict decoder.
    #[error("the file has more than {max} bytes to replace for the decoder")]
    TooManyReplaced {
        /// The limit, which is fixed.
        max: usize,
    },
    /// A component has more samples than the first, which is luma. `zune-jpeg` decodes such a file incorrectly.
    #[error("the chroma is finer than the luma; expected at most its resolution")]
    FineChroma,
    /// A scan of a sequential, subsampled picture does not have all components. `zune-jpeg` decodes such a file
    /// incorrectly.
    #[error("a scan of a subsampled picture has {found} components; expected {expected}")]
    #[expect(missing_docs, reason = "the numbers of components of the scan and of the frame")]
    NotInterleaved { found: u8, expected: u8 },
}

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
    /// The picture is coded in another way than sequential or progressive with Huffman codes.
    #[error("{}; expected sequential or progressive with Huffman codes", coding(*code))]
    Coding {
        /// The code of the frame header's marker.
        code: u8,
    },
    /// A sampling factor is not 1 to 4, or does not divide the largest of its direction.
    #[error("a sampling factor is not 1 to 4, or does not divide the largest")]
    Sampling,
    /// A scan uses a table that the file does not define, or its header is invalid.
    #[error("a scan header is invalid or uses a missing table")]
    Scan,
    /// Samples do not have 8 bits.
    #[error("the samples have {bits} bits; expected 8")]
    Precision {
        /// What was found.
        bits: u8,
    },
}

/// Says how a picture with this frame header is coded (T.81, table B.1).
const fn coding(code: u8) -> &'static str {
    match code {
        0xc9 | 0xca => "the picture is coded arithmetically",
        0xc3 | 0xcb => "the picture is lossless",
        _ => "the picture is coded hierarchically",
    }
}

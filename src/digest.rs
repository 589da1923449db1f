//! SHA-256 values: the digest of a source, and the fingerprint of a call.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::text::serde_as_text;

macro_rules! sha256 {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The value whose 32 bytes these are.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            /// 64 lower-case hexadecimal digits.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseHashError;

            fn from_str(text: &str) -> Result<Self, ParseHashError> {
                parse_hex(text).map(Self)
            }
        }

        serde_as_text!($name, $expected);
    };
}

sha256! {
    /// The SHA-256 of a source's encoded bytes.
    ///
    /// ```
    /// # use smart_resize::plan::Digest;
    /// let digest = Digest::of(b"abc");
    /// assert!(digest.to_string().starts_with("ba7816bf"));
    /// assert_eq!(digest.to_string().parse(), Ok(digest));
    /// ```
    Digest, "a SHA-256 digest of 64 hexadecimal digits"
}

sha256! {
    /// The identity of one call. Two calls have the same one if they ask the backend for the same and have the same
    /// `occurrence`. See [`Call`](crate::plan::Call).
    ///
    /// ```
    /// use smart_resize::plan::Fingerprint;
    ///
    /// let text = "00".repeat(32);
    /// assert_eq!(text.parse::<Fingerprint>()?.to_string(), text);
    /// # Ok::<(), smart_resize::plan::ParseHashError>(())
    /// ```
    ///
    /// A [`Fingerprint`] is the key under which a paid answer is kept, so it covers everything that is asked of the
    /// backend, and `occurrence`, which tells apart two calls of one plan that ask the same (two variants without a
    /// seed, or one target listed twice). The source takes part by its digest alone: the same bytes under another,
    /// perhaps freshly signed, URL are the same question.
    ///
    /// The encoding, version 2: the line `smart-resize call 2`, then model, preset size, ratio, tier, prompt, seed,
    /// variants, safety tolerance, transfer format, the four edges of the focus, source digest and occurrence. Each
    /// field is its length in bytes (64 bits, little-endian) and its text as it is printed; an absent value has length
    /// 2⁶⁴−1 and no text.
    Fingerprint, "a fingerprint of 64 hexadecimal digits"
}

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

fn parse_hex(text: &str) -> Result<[u8; 32], ParseHashError> {
    let error = || ParseHashError { found: text.chars().take(80).collect() };
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return Err(error());
    }
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let &[high, low] = pair else { return Err(error()) };
        *byte = nibble(high).ok_or_else(error)? << 4 | nibble(low).ok_or_else(error)?;
    }
    Ok(bytes)
}

/// A text that is not a SHA-256 value.
///
/// ```
/// use smart_resize::plan::{Digest, ParseHashError};
///
/// let error: ParseHashError = "ba78".parse::<Digest>().unwrap_err();
/// assert_eq!(error.found, "ba78");
/// assert_eq!(error.to_string(), "expected 64 lower-case hexadecimal digits, found \"ba78\"");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 lower-case hexadecimal digits, found {found:?}")]
#[non_exhaustive]
pub struct ParseHashError {
    /// The text, its first 80 characters.
    pub found: String,
}

//! SHA-256 values: the digest of a source and the fingerprint of a call.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::text::serde_as_text;

/// Defines a type for a SHA-256 value. `$expected` describes its text form in serde's error messages.
macro_rules! sha256 {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Creates the value from its 32 bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Returns the 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            /// Writes 64 lower-case hexadecimal digits.
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
    /// The identity of one [`Call`](crate::plan::Call) of a backend, as SHA-256.
    ///
    /// ```
    /// use smart_resize::plan::Fingerprint;
    ///
    /// let text = "00".repeat(32);
    /// assert_eq!(text.parse::<Fingerprint>()?.to_string(), text);
    /// # Ok::<(), smart_resize::plan::ParseHashError>(())
    /// ```
    ///
    /// A store keeps each paid answer under the fingerprint of its call. The fingerprint therefore covers everything
    /// that determines the answer. It also covers `occurrence`, which distinguishes the calls of one plan that are
    /// otherwise equal, for instance if there is no seed, or if one target is listed twice.
    ///
    /// Only the digest of the source is covered. The same bytes at another URL, for instance a newly signed one, have
    /// the same fingerprint.
    ///
    /// The hashed bytes, version 3, are the line `smart-resize call 3` and these fields:
    ///
    /// - the digest of the source; the number of references, and the name and the digest of each;
    /// - the model; the template as `name/version`; the prompt, unless the template is a built-in
    ///   [`Wording`](crate::prompt::Wording);
    /// - the [`Brief`](crate::prompt::Brief): size, ratio, tier, source size; the surviving part and the safe area
    ///   (each as x, y, width, height); the four edges of the focus in thousandths (left, top, right, bottom), its mode
    ///   (`centre` or `nudge`) and its margin in thousandths (absent for `centre`); the summary of the scene and, if
    ///   there is a scene, the number of its subjects, the label and the four edges of each, and the same for its
    ///   texts; purpose; instruction;
    /// - seed, variants, safety tolerance, transfer format, occurrence.
    ///
    /// A field is its length in bytes (64 bits, little-endian), followed by its value as text. An absent value has the
    /// length 2⁶⁴−1 and no text.
    Fingerprint, "a fingerprint of 64 hexadecimal digits"
}

impl Digest {
    /// Computes the digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// Reads 64 lower-case hexadecimal digits.
fn parse_hex(text: &str) -> Result<[u8; 32], ParseHashError> {
    // The excerpt is longer than a valid value, so that a value with a few extra digits is shown whole.
    let error = || ParseHashError { found: text.chars().take(80).collect() };
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return Err(error());
    }
    // Upper-case digits are refused, so that each value has exactly one text.
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        // Invariant: the number of digits is even, so every chunk has two.
        let &[high, low] = pair else { return Err(error()) };
        *byte = nibble(high).ok_or_else(error)? << 4 | nibble(low).ok_or_else(error)?;
    }
    Ok(bytes)
}

/// The error of a text that is not a SHA-256 value.
///
/// ```
/// use smart_resize::plan::{Digest, ParseHashError};
///
/// let error: ParseHashError = "ba78".parse::<Digest>().unwrap_err();
/// assert_eq!(error.found, "ba78");
/// assert_eq!(error.to_string(), "hash is \"ba78\"; expected 64 lower-case hexadecimal digits");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("hash is {found:?}; expected 64 lower-case hexadecimal digits")]
#[non_exhaustive]
pub struct ParseHashError {
    /// The first 80 characters of the text.
    pub found: String,
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_hash_is_read_from_64_lower_case_hexadecimal_digits() {
        let text = "0123456789abcdef".repeat(4);
        assert_eq!(text.parse::<Digest>().map(|digest| digest.to_string()), Ok(text.clone()));
        assert_eq!(text.parse::<Fingerprint>().unwrap().as_bytes()[..2], [0x01, 0x23]);
        for other in [text[1..].into(), text.clone() + "0", text.replace('f', "F"), text.replace('f', "g")] {
            assert_eq!(other.parse::<Digest>(), Err(ParseHashError { found: other.clone() }));
        }
    }

    #[test]
    fn the_digest_of_a_source_is_its_sha_256() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of(b"abc").to_string(), expected);
    }
}

//! The identity of a source and of a call, as SHA-256.
//!
//! A [`Fingerprint`] is the key under which a paid answer is kept, so it covers everything that is asked of the
//! backend, and `occurrence`, which tells two calls of one plan apart that ask the very same (two variants without a
//! seed, or one target listed twice). The source takes part by its digest alone: the same bytes under another,
//! perhaps freshly signed, URL are the same question.
//!
//! The encoding, version 1: the line `smart-resize call 1`, then model, preset size, ratio, resolution, prompt, seed,
//! variants, safety tolerance, transfer format, source digest and occurrence, each as its length in bytes (64 bits,
//! little end first) and its text as it is printed; an absent value has length 2⁶⁴−1 and no text. Where the focus is not
//! the centre, its four edges follow in the same way.

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use sha2::{Digest as _, Sha256};

use super::preset::Preset;
use crate::format::Format;
use crate::geometry::focus::Focus;
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
    /// # use smart_resize::Digest;
    /// let digest = Digest::of(b"abc");
    /// assert!(digest.to_string().starts_with("ba7816bf"));
    /// assert_eq!(digest.to_string().parse(), Ok(digest));
    /// ```
    Digest, "a SHA-256 digest of 64 hexadecimal digits"
}

sha256! {
    /// The identity of one call: equal where the backend is asked the same, for the same time in
    /// a plan. See [`Call`](crate::Call).
    Fingerprint, "a fingerprint of 64 hexadecimal digits"
}

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// What a call asks of a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallFields<'a> {
    pub(crate) model: &'a str,
    pub(crate) preset: &'a Preset,
    pub(crate) prompt: &'a str,
    pub(crate) seed: Option<u64>,
    pub(crate) variants: u32,
    pub(crate) safety_tolerance: u8,
    pub(crate) transfer_format: Format,
    pub(crate) source: Digest,
    pub(crate) occurrence: u32,
    pub(crate) focus: Focus,
}

impl CallFields<'_> {
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        hash.update(b"smart-resize call 1\n");
        let mut field = |value: Option<&str>| match value {
            Some(text) => {
                hash.update((text.len() as u64).to_le_bytes());
                hash.update(text.as_bytes());
            }
            None => hash.update(u64::MAX.to_le_bytes()),
        };
        field(Some(self.model));
        field(Some(&self.preset.size().to_string()));
        field(Some(&self.preset.ratio().to_string()));
        field(self.preset.resolution().map(|tier| tier.to_string()).as_deref());
        field(Some(self.prompt));
        field(self.seed.map(|seed| seed.to_string()).as_deref());
        field(Some(&self.variants.to_string()));
        field(Some(&self.safety_tolerance.to_string()));
        field(Some(&self.transfer_format.to_string()));
        field(Some(&self.source.to_string()));
        field(Some(&self.occurrence.to_string()));
        if self.focus != Focus::CENTRE {
            self.focus.edges().iter().for_each(|edge| field(Some(&edge.to_string())));
        }
        Fingerprint(hash.finalize().into())
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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 lower-case hexadecimal digits, found {found:?}")]
#[non_exhaustive]
pub struct ParseHashError {
    /// The text, its first 80 characters.
    pub found: String,
}

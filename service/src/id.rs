//! Ids of requests and uploads: random UUIDs (version 4), which cannot be guessed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The id of a request or of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(Uuid);

impl Id {
    /// Generates a new id.
    #[expect(clippy::new_without_default, reason = "no two are equal")]
    pub fn new() -> Self {
        Self(Uuid::new_v4())
    }
}

/// A text that is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not an id; expected 32 hexadecimal digits in five groups")]
pub struct ParseIdError;

impl FromStr for Id {
    type Err = ParseIdError;

    /// Parses an id in the form in which it is printed: with hyphens, in lower case. No other form is accepted, so that
    /// each id has one text.
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let id = Uuid::try_parse(text).map(Self).map_err(|_| ParseIdError)?;
        if id.to_string() == text { Ok(id) } else { Err(ParseIdError) }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_only_as_it_is_printed() {
        let id = Id::new();
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "..", "../../etc/passwd", "%2e%2e", &id.to_string().to_uppercase(), &format!("{{{id}}}")] {
            assert_eq!(text.parse::<Id>(), Err(ParseIdError), "{text}");
        }
    }
}

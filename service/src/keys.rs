//! API keys. Only their digests are in memory, and they are compared in constant time.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

/// The accepted API keys, or the setting that no key is required.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    keys: Option<Vec<Key>>,
}

#[derive(Clone, Debug)]
struct Key {
    name: String,
    digest: [u8; 32],
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "what was found and where")]
pub enum KeysError {
    /// The file cannot be read.
    #[error("the key file cannot be read")]
    Read(#[source] std::io::Error),
    /// A line without a name, or with a key that is too short.
    #[error(
        "line {line} of the key file is malformed; expected a name, a colon, and a key of at least {MIN_KEY_CHARS} \
         characters"
    )]
    Line { line: usize },
    /// A name that cannot be the value of a header.
    #[error("line {line} of the key file has the name {name:?}; expected visible ASCII characters")]
    Name { line: usize, name: String },
    /// A name or a key that an earlier line has.
    #[error("line {line} of the key file has the {what} of line {first}; expected a different one")]
    Duplicate { line: usize, what: &'static str, first: usize },
    /// A file without keys.
    #[error("the key file has no keys; expected at least 1")]
    Empty,
}

/// A missing or unknown API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the API key is missing or unknown")]
pub struct UnknownKey;

const MIN_KEY_CHARS: usize = 8;

impl Keys {
    /// Reads a key file. Each line has a name, a colon and a key; a line that begins with `#` is a comment. A key may
    /// contain colons, as fal's keys do. Names and keys are unique: the name says which client a request belongs to.
    ///
    /// # Errors
    ///
    /// [`KeysError`] if the file cannot be read, has no keys, or has an invalid line.
    pub fn read(path: &Path) -> Result<Self, KeysError> {
        Self::parse(&fs::read_to_string(path).map_err(KeysError::Read)?)
    }

    fn parse(text: &str) -> Result<Self, KeysError> {
        let lines = text.lines().map(str::trim).enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let mut keys = Vec::new();
        // The line on which each name and each key occurred first.
        let (mut names, mut digests) = (BTreeMap::new(), BTreeMap::new());
        for (index, text) in lines {
            let line = index + 1;
            let found = text.split_once(':').map(|(name, key)| (name.trim(), key.trim()));
            let found = found.filter(|(name, key)| !name.is_empty() && key.chars().count() >= MIN_KEY_CHARS);
            let (name, key) = found.ok_or(KeysError::Line { line })?;
            if !name.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(KeysError::Name { line, name: name.to_owned() });
            }
            let digest: [u8; 32] = Sha256::digest(key).into();
            if let Some(first) = names.insert(name, line) {
                return Err(KeysError::Duplicate { line, what: "name", first });
            }
            if let Some(first) = digests.insert(digest, line) {
                return Err(KeysError::Duplicate { line, what: "key", first });
            }
            keys.push(Key { name: name.to_owned(), digest });
        }
        if keys.is_empty() { Err(KeysError::Empty) } else { Ok(Self { keys: Some(keys) }) }
    }

    /// Whether clients need a key.
    pub const fn are_needed(&self) -> bool {
        self.keys.is_some()
    }

    /// Returns the name of the key in the value of an `Authorization` header, or `Ok(None)` if no key is required.
    /// Every key is compared in full, so that the time does not depend on which one matches.
    ///
    /// # Errors
    ///
    /// [`UnknownKey`] if the header has no accepted key. It does not say why, on purpose.
    pub fn owner(&self, authorization: Option<&str>) -> Result<Option<&str>, UnknownKey> {
        let Some(keys) = &self.keys else { return Ok(None) };
        let (scheme, key) = authorization.unwrap_or_default().split_once(' ').unwrap_or_default();
        let is_known = scheme.eq_ignore_ascii_case("key") || scheme.eq_ignore_ascii_case("bearer");
        let digest: [u8; 32] = Sha256::digest(key.trim()).into();
        let mut found = u32::MAX;
        for (index, known) in (0..).zip(keys) {
            let is_equal: Choice = known.digest.ct_eq(&digest);
            found.conditional_assign(&index, is_equal);
        }
        let owner = keys.get(found as usize).filter(|_| is_known);
        owner.map(|key| Some(key.name.as_str())).ok_or(UnknownKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_the_owner_that_its_line_names() {
        let keys = Keys::parse("# ours\nann: id:secret-of-ann\n\nbob:secret-of-bob\n").unwrap();
        assert_eq!(keys.owner(Some("Key id:secret-of-ann")), Ok(Some("ann")));
        assert_eq!(keys.owner(Some("Key secret-of-bob")), Ok(Some("bob")));
        assert_eq!(keys.owner(Some("Key  secret-of-bob ")), Ok(Some("bob")));
        for wrong in ["", "Key", "Key ", "Key secret-of-an", "Key secret-of-bobb", "Key Secret-of-bob"] {
            assert_eq!(keys.owner(Some(wrong)), Err(UnknownKey), "{wrong}");
        }
        assert_eq!(keys.owner(None), Err(UnknownKey));
    }

    #[test]
    fn the_scheme_of_an_authorization_is_key_or_bearer_in_any_case() {
        let keys = Keys::parse("bob:secret-of-bob").unwrap();
        for scheme in ["Key", "key", "KEY", "Bearer", "bearer"] {
            assert_eq!(keys.owner(Some(&format!("{scheme} secret-of-bob"))), Ok(Some("bob")), "{scheme}");
        }
        for wrong in ["Basic secret-of-bob", "secret-of-bob", "Keysecret-of-bob"] {
            assert_eq!(keys.owner(Some(wrong)), Err(UnknownKey), "{wrong}");
        }
    }

    #[test]
    fn without_a_key_file_no_key_is_needed() {
        assert!(!Keys::default().are_needed());
        assert_eq!(Keys::default().owner(None), Ok(None));
        assert_eq!(Keys::default().owner(Some("Key any")), Ok(None));
        assert!(Keys::parse("bob:secret-of-bob").unwrap().are_needed());
    }

    fn error(text: &str) -> String {
        Keys::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_key_has_at_least_8_characters() {
        assert!(Keys::parse("ann:12345678").is_ok());
        assert!(Keys::parse("ann:\u{e9}2345678").is_ok());
        for short in ["ann:1234567", "ann: 1234567 ", "ann:\u{e9}234567"] {
            assert_eq!(
                error(short),
                "line 1 of the key file is malformed; expected a name, a colon, and a key of at least 8 characters"
            );
        }
    }

    #[test]
    fn a_malformed_line_is_named_by_its_number_in_the_file() {
        for (text, line) in [("ann:secret-of-ann\nbob", 2), ("# ours\n\n:secret-of-ann", 3)] {
            assert!(error(text).starts_with(&format!("line {line} of the key file is malformed")), "{text}");
        }
    }

    #[test]
    fn a_key_file_has_at_least_one_key() {
        assert_eq!(error("# ann:secret-of-ann\n"), "the key file has no keys; expected at least 1");
    }

    #[test]
    fn the_name_of_a_key_consists_of_visible_ascii_characters() {
        for name in ["b\u{f6}b", "bob smith", "bob\u{7f}", "\u{feff}bob"] {
            assert_eq!(
                error(&format!("ann:secret-of-ann\n{name}:secret-of-bob")),
                format!("line 2 of the key file has the name {name:?}; expected visible ASCII characters")
            );
        }
    }

    #[test]
    fn the_names_and_the_keys_of_a_key_file_are_unique() {
        assert_eq!(
            error("ann:secret-of-ann\n\nann:secret-of-bob"),
            "line 3 of the key file has the name of line 1; expected a different one"
        );
        assert_eq!(
            error("ann:secret-of-ann\nbob:secret-of-ann"),
            "line 2 of the key file has the key of line 1; expected a different one"
        );
    }
}

//! API keys. Only their digests are kept in memory, and they are compared in constant time.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

/// The keys that are served; or nobody has to have one.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    keys: Option<Vec<Key>>,
}

#[derive(Clone, Debug)]
struct Key {
    name: String,
    digest: [u8; 32],
}

/// A file of keys that cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "what was found and where")]
pub enum KeysError {
    /// It cannot be read.
    #[error("the file of keys cannot be read")]
    Read(#[source] std::io::Error),
    /// A line is not a name and a key.
    #[error(
        "line {line} of the file of keys: expected a name, a colon, and a key of at least {MIN_KEY_CHARS} characters"
    )]
    Line { line: usize },
    /// A name that could not be said in a header.
    #[error("line {line} of the file of keys: expected a name of visible ASCII characters, found {name:?}")]
    Name { line: usize, name: String },
    /// A name or a key that another line has.
    #[error("line {line} of the file of keys: the {what} of line {first}, expected another for each")]
    Again { line: usize, what: &'static str, first: usize },
    /// There are none.
    #[error("the file of keys has none")]
    Empty,
}

/// No key that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no key that is served")]
pub struct UnknownKey;

const MIN_KEY_CHARS: usize = 8;

impl Keys {
    /// The keys in a file: a name, a colon and the key on each line; `#` begins a comment. A key may have colons of its
    /// own, as fal's have. No two lines have the same name, which is whose a request is, or the same key.
    ///
    /// # Errors
    ///
    /// [`KeysError`] where there is none, or a line that is none.
    pub fn read(path: &Path) -> Result<Self, KeysError> {
        Self::parse(&fs::read_to_string(path).map_err(KeysError::Read)?)
    }

    fn parse(text: &str) -> Result<Self, KeysError> {
        let lines = text.lines().map(str::trim).enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let mut keys = Vec::new();
        // The lines where names and keys were first.
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
                return Err(KeysError::Again { line, what: "name", first });
            }
            if let Some(first) = digests.insert(digest, line) {
                return Err(KeysError::Again { line, what: "key", first });
            }
            keys.push(Key { name: name.to_owned(), digest });
        }
        if keys.is_empty() { Err(KeysError::Empty) } else { Ok(Self { keys: Some(keys) }) }
    }

    /// Whether a client needs one.
    pub const fn are_needed(&self) -> bool {
        self.keys.is_some()
    }

    /// Whose key the value of an `Authorization` header has: `Ok(None)` where none is needed, an error where it has
    /// none of these. Every key is compared, whole.
    ///
    /// # Errors
    ///
    /// [`UnknownKey`], which says nothing of what was wrong, on purpose.
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
    fn a_key_is_somebodys() {
        let keys = Keys::parse("# ours\nann: id:secret-of-ann\n\nbob:secret-of-bob\n").unwrap();
        assert_eq!(keys.owner(Some("Key id:secret-of-ann")), Ok(Some("ann")));
        assert_eq!(keys.owner(Some("key secret-of-bob")), Ok(Some("bob")));
        assert_eq!(keys.owner(Some("Bearer secret-of-bob")), Ok(Some("bob")));
        for wrong in
            ["", "Key", "Key ", "Key secret-of-an", "Key secret-of-bobb", "Basic secret-of-bob", "secret-of-bob"]
        {
            assert_eq!(keys.owner(Some(wrong)), Err(UnknownKey), "{wrong}");
        }
        assert_eq!(keys.owner(None), Err(UnknownKey));
        assert_eq!(Keys::default().owner(None), Ok(None));
    }

    #[test]
    fn a_file_of_keys_says_what_is_wrong() {
        let error = |text: &str| Keys::parse(text).unwrap_err().to_string();
        assert_eq!(
            error("ann:secret-of-ann\nbob"),
            format!(
                "line 2 of the file of keys: expected a name, a colon, and a key of at least {MIN_KEY_CHARS} characters"
            )
        );
        assert_eq!(
            error("ann:short"),
            format!(
                "line 1 of the file of keys: expected a name, a colon, and a key of at least {MIN_KEY_CHARS} characters"
            )
        );
        assert_eq!(error("# nobody\n"), "the file of keys has none");
        for name in ["b\u{f6}b", "bob smith", "bob\u{7f}", "\u{feff}bob"] {
            assert_eq!(
                error(&format!("ann:secret-of-ann\n{name}:secret-of-bob")),
                format!("line 2 of the file of keys: expected a name of visible ASCII characters, found {name:?}")
            );
        }
        assert_eq!(
            error("ann:secret-of-ann\n\nann:secret-of-bob"),
            "line 3 of the file of keys: the name of line 1, expected another for each"
        );
        assert_eq!(
            error("ann:secret-of-ann\nbob:secret-of-ann"),
            "line 2 of the file of keys: the key of line 1, expected another for each"
        );
    }
}

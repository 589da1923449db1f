//! Texts from a file are untrusted: they are decoded, bounded, and freed of control characters.

/// The most characters of a text.
pub(crate) const MAX_CHARS: usize = 1000;

/// Returns the text in UTF-8, or in Latin-1 if the bytes are not UTF-8. `None` if it is blank.
pub(crate) fn decode(bytes: &[u8]) -> Option<String> {
    // A character has at most 4 bytes. Only whole characters of what is cut count.
    let bytes = bytes.get(..4 * MAX_CHARS).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => clean(text),
        Err(error) if error.error_len().is_none() => {
            clean(std::str::from_utf8(bytes.get(..error.valid_up_to())?).unwrap_or_default())
        }
        Err(_) => clean(&bytes.iter().copied().map(char::from).collect::<String>()),
    }
}

/// Returns the text with a blank for each run of whitespace, control characters, and characters that XML does not allow, and at
/// most [`MAX_CHARS`] characters. `None` if it is blank.
pub(crate) fn clean(text: &str) -> Option<String> {
    let is_gap = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    let words = text.split(is_gap).filter(|word| !word.is_empty());
    let mut cleaned = String::new();
    let mut chars = 0;
    for word in words {
        let blank = if cleaned.is_empty() { "" } else { " " };
        for c in blank.chars().chain(word.chars()) {
            if chars == MAX_CHARS {
                return Some(cleaned.trim_end().into());
            }
            cleaned.push(c);
            chars += 1;
        }
    }
    (!cleaned.is_empty()).then_some(cleaned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_runs_of_whitespace_become_a_blank() {
        assert_eq!(clean(" a\0\u{1}b\r\n\tc\u{ffff}d\u{85} "), Some("a b c d".into()));
        assert_eq!(clean("\0 \n"), None);
    }

    #[test]
    fn a_text_has_at_most_1000_characters() {
        let long = "ä".repeat(MAX_CHARS + 1);
        assert_eq!(clean(&long).map(|text| text.chars().count()), Some(MAX_CHARS));
        assert_eq!(decode(long.as_bytes()).map(|text| text.chars().count()), Some(MAX_CHARS));
        // The cut is inside a character.
        let odd = ["a", &"😀".repeat(MAX_CHARS)].concat();
        assert_eq!(decode(odd.as_bytes()).map(|text| text.chars().count()), Some(MAX_CHARS));
        assert_eq!(clean(&"a".repeat(MAX_CHARS)).map(|text| text.len()), Some(MAX_CHARS));
        assert_eq!(
            clean(&["a".repeat(MAX_CHARS - 1), "b".into()].join(" ")).map(|text| text.len()),
            Some(MAX_CHARS - 1)
        );
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_latin_1() {
        assert_eq!(decode(b"\xa9 2026 M\xfcller"), Some("© 2026 Müller".into()));
        assert_eq!(decode("© 2026 Müller".as_bytes()), Some("© 2026 Müller".into()));
    }
}

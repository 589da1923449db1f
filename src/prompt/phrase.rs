//! What the versions of the wording have in common: filling the blanks of a phrase, and the words for a shape.

use alloc::string::String;
use core::cmp::Ordering;

use crate::size::Size;

/// Replaces each `{name}` in the phrase by its value. A `{name}` within a value is not replaced.
#[expect(clippy::expect_used, clippy::panic, reason = "a broken invariant must be loud")]
pub(super) fn fill(phrase: &'static str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(phrase.len() + 32);
    let mut rest = phrase;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let (name, after) = after.split_once('}').expect("invariant: a phrase closes its braces");
        let value = values.iter().find(|(key, _)| *key == name);
        let Some((_, value)) = value else { panic!("invariant: every phrase has values for its names, {name} too") };
        text.push_str(value);
        rest = after;
    }
    text.push_str(rest);
    text
}

/// Describes a shape in words: plain below 1.6:1, which includes 3:2; wide or tall below 2:1; otherwise very wide or
/// very tall.
pub(super) fn shape(size: Size) -> &'static str {
    let (long, short) = (size.width().max(size.height()), size.width().min(size.height()));
    let [plain, strong, extreme] = match size.width().cmp(&size.height()) {
        Ordering::Equal => return "a square",
        Ordering::Greater => ["a landscape", "a wide landscape", "a very wide panorama"],
        Ordering::Less => ["a portrait", "a tall portrait", "a very tall column"],
    };
    if 10 * long < 16 * short {
        plain
    } else if long < 2 * short {
        strong
    } else {
        extreme
    }
}

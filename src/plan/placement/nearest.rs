//! Finds the placements that an unknown id may stand for.
//!
//! A text and a placement have two distances, and the smaller one counts. Both are shares of a length, in thousandths:
//!
//! - the edits from the text to the whole id, which finds `instagramstory`;
//! - the mean edits from each word of the text to the nearest word of the id, the name, the platform's id or the
//!   platform's name, which finds `facebook-stories`.
//!
//! An edit inserts, removes or replaces a letter, or exchanges two adjacent ones.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem::swap;

use super::Placement;
use crate::text::alternatives;

/// The largest distance, in thousandths, at which a placement is suggested.
const MAX_DISTANCE: usize = 400;
/// A placement is not suggested if its distance exceeds that of the nearest one by more than this, in thousandths.
const MAX_GAP: usize = 150;
/// The most suggestions.
const MAX_SUGGESTIONS: usize = 3;
/// The most characters of the text that are compared, which bounds the work.
const MAX_CHARS: usize = 80;

/// The error of an id that is not in the table of placements.
///
/// ```
/// use smart_resize::plan::placement::{Placement, UnknownPlacementError};
///
/// let error: UnknownPlacementError = Placement::named("pintrest-pin").unwrap_err();
/// assert_eq!(error.nearest, ["pinterest-pin"]);
/// assert_eq!(error.to_string(), "placement is \"pintrest-pin\"; expected pinterest-pin");
/// let error = Placement::named("zzz").unwrap_err();
/// assert_eq!(error.to_string(), "placement is \"zzz\"; expected an id of the table, such as instagram-story");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("placement is {found:?}; expected {}", self.expected())]
#[non_exhaustive]
pub struct UnknownPlacementError {
    /// The first 80 characters of the id.
    pub found: String,
    /// The ids of at most three placements that are similar, the most similar one first.
    pub nearest: Vec<&'static str>,
}

impl UnknownPlacementError {
    pub(super) fn new(id: &str) -> Self {
        let nearest = Placement::nearest(id).into_iter().map(|placement| &*placement.id).collect();
        Self { found: id.chars().take(MAX_CHARS).collect(), nearest }
    }

    fn expected(&self) -> String {
        if self.nearest.is_empty() {
            return "an id of the table, such as instagram-story".into();
        }
        alternatives(&self.nearest)
    }
}

/// Returns the placements that are most similar to `text`, the most similar one first.
pub(super) fn nearest<'a>(text: &str, placements: &'a [Placement]) -> Vec<&'a Placement> {
    let text: String = text.chars().take(MAX_CHARS).collect::<String>().to_lowercase();
    let words = words(&text);
    let mut found: Vec<_> = placements
        .iter()
        .map(|placement| {
            let whole = edits(&text, &placement.id);
            let by_id = share(whole, &text, &placement.id);
            // Equal distances are ordered by the number of edits, so that the shortest id comes first.
            (by_id.min(by_words(&words, placement)), whole, placement)
        })
        .filter(|(distance, _, _)| *distance <= MAX_DISTANCE)
        .collect();
    // The sort is stable, so that the order of the table decides between equals.
    found.sort_by_key(|(distance, whole, _)| (*distance, *whole));
    let farthest = found.first().map_or(0, |(nearest, _, _)| nearest + MAX_GAP);
    let near = found.into_iter().take_while(|(distance, _, _)| *distance <= farthest);
    near.take(MAX_SUGGESTIONS).map(|(_, _, placement)| placement).collect()
}

/// Returns the mean distance from each of `words` to the nearest word of the placement. It is 1000 without words.
fn by_words(words: &[String], placement: &Placement) -> usize {
    let mut own = self::words(&placement.id);
    own.extend(self::words(&placement.name));
    if let Some(platform) = placement.platform {
        own.extend([platform.id(), platform.name()].into_iter().flat_map(self::words));
    }
    let nearest = |word: &String| own.iter().map(|own| share(edits(word, own), word, own)).min().unwrap_or(1000);
    let sum: usize = words.iter().map(nearest).sum();
    sum.checked_div(words.len()).unwrap_or(1000)
}

/// Returns the lower-case words of letters and digits.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Returns `edits` as a share of the longer text, in thousandths.
fn share(edits: usize, a: &str, b: &str) -> usize {
    (edits * 1000).checked_div(a.chars().count().max(b.chars().count())).unwrap_or(0)
}

/// Returns the least number of edits that turn `a` into `b`, if no part is edited twice (optimal string alignment).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    // Each row has the distances from the first letters of `a` to the first 0, 1, 2, … letters of `b`.
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let (mut before, mut next) = (row.clone(), Vec::new());
    let (mut previous, mut distance) = (None, b.len());
    for (index, letter) in a.chars().enumerate() {
        distance = index + 1;
        next.clear();
        next.push(distance);
        // The letter of `b` before `other`, and the distance of both texts without their last two letters.
        let mut exchange = None;
        for (other, ((diagonal, up), two_up)) in b.iter().zip(row.iter().zip(row.iter().skip(1)).zip(&before)) {
            distance = (diagonal + usize::from(letter != *other)).min(up + 1).min(distance + 1);
            if let Some((other_before, rest)) = exchange
                && previous == Some(*other)
                && other_before == letter
            {
                distance = distance.min(rest + 1);
            }
            exchange = Some((*other, *two_up));
            next.push(distance);
        }
        swap(&mut before, &mut row);
        swap(&mut row, &mut next);
        previous = Some(letter);
    }
    distance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        let cases = [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("story", "story", 0),
            ("storry", "story", 1),
            ("stroy", "story", 1),
            ("stories", "story", 3),
            ("kitten", "sitting", 3),
            ("ca", "abc", 3),
            ("Übung", "übung", 1),
        ];
        for (a, b, expected) in cases {
            assert_eq!(edits(a, b), expected, "{a} {b}");
            assert_eq!(edits(b, a), expected, "{b} {a}");
        }
    }

    /// The ids of placements with these ids that `text` may stand for.
    fn found(text: &str, ids: &[&str]) -> Vec<String> {
        let size = crate::size::Size::new(9, 9).unwrap();
        let placements: Vec<_> = ids.iter().map(|id| Placement::new(String::from(*id), size)).collect();
        nearest(text, &placements).into_iter().map(|placement| placement.id.clone().into_owned()).collect()
    }

    /// A word of `length` letters, of which the first `wrong` are not `a`.
    fn word(length: usize, wrong: usize) -> String {
        "b".repeat(wrong) + &"a".repeat(length - wrong)
    }

    #[test]
    fn a_placement_is_suggested_up_to_a_distance_of_400_thousandths() {
        // 32 of 80 letters are 400 thousandths. 27 of 67 are 402.
        assert_eq!(found(&word(80, 32), &[&word(80, 0)]).len(), 1);
        assert_eq!(found(&word(67, 27), &[&word(67, 0)]).len(), 0);
    }

    #[test]
    fn a_placement_is_suggested_up_to_a_gap_of_150_thousandths_to_the_nearest() {
        // 12 and 13 of 80 letters are 150 and 162 thousandths.
        let ids = [word(80, 0), word(80, 12), word(80, 13)];
        assert_eq!(found(&word(80, 0), &ids.each_ref().map(String::as_str)), ids[..2]);
    }

    #[test]
    fn at_most_three_placements_are_suggested() {
        assert_eq!(found("story", &["story-1", "story-2", "story-3", "story-4"]).len(), 3);
    }

    #[test]
    fn at_most_80_characters_of_a_text_are_compared_and_quoted() {
        assert_eq!(found(&(word(80, 0) + "bbb"), &[&word(80, 0)]).len(), 1);
        assert_eq!(found(&word(80, 0), &[&(word(80, 0) + &word(53, 53))]).len(), 1);
        assert_eq!(UnknownPlacementError::new(&"é".repeat(81)).found, "é".repeat(80));
    }

    #[test]
    fn at_equal_distances_the_fewest_edits_come_first_and_then_the_order_of_the_table() {
        // Each id has the only word of the text, so each distance is 0.
        assert_eq!(found("ad", &["ad-on-a-page", "my-ad", "ad-2"]), ["ad-2", "my-ad", "ad-on-a-page"]);
        assert_eq!(found("ad", &["ad-1", "ad-3", "ad-2"]), ["ad-1", "ad-3", "ad-2"]);
    }

    #[test]
    fn the_distance_by_words_is_the_mean_of_the_nearest_words() {
        let story = Placement::named("instagram-story").unwrap();
        let by_words = |text: &str| by_words(&words(text), story);
        assert_eq!(by_words("Instagram STORY"), 0);
        // "facebook" is a word of the platform's name. One of five letters is wrong in the other word.
        assert_eq!((by_words("facebook stony"), by_words("stony")), (100, 200));
        assert_eq!(by_words("--"), 1000);
    }

    #[test]
    fn a_distance_is_a_share_of_the_longer_text_in_thousandths() {
        assert_eq!(
            [share(1, "ééé", "a"), share(1, "a", "ééé"), share(2, "abc", "é"), share(0, "", "")],
            [333, 333, 666, 0]
        );
    }
}

//! The parts of an ICC profile (ICC.1:2022, annex B.4).
//!
//! Each segment has its number from 1 (1 byte), the number of all segments (1), and its part. Some programs write a
//! part twice, or a wrong number of segments. So the number of segments is ignored: the profile has the parts from
//! number 1 up to the first missing one.

use std::ops::Range;

/// Where the parts are in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ProfileParts {
    /// The offsets of the first part with each number, or none if there is no segment of a profile.
    parts: Vec<Option<Range<usize>>>,
}

impl ProfileParts {
    /// Adds the segment with this content, which ends at the offset `end`.
    pub(super) fn add(&mut self, content: &[u8], end: usize) {
        self.parts.resize(256, None);
        if let [number, _, part @ ..] = content
            && let Some(found @ None) = self.parts.get_mut(usize::from(*number))
        {
            *found = Some(end - part.len()..end);
        }
    }

    /// Returns the profile. It is empty if its first part is missing. `None` if the file has no profile.
    pub(super) fn join(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let parts = self.parts.get(1..)?.iter().map_while(Option::clone);
        Some(parts.filter_map(|part| bytes.get(part)).flatten().copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_profile_are_joined_by_number_up_to_the_first_gap() {
        let bytes = b"\x02\x05bb\x01\x05aa\x04\x05dd\x01\x05xx";
        let mut parts = ProfileParts::default();
        assert_eq!(parts.join(bytes), None, "no part");
        for at in [0, 4, 8, 12] {
            parts.add(&bytes[at..at + 4], at + 4);
        }
        assert_eq!(parts.join(bytes).as_deref(), Some(b"aabb".as_slice()), "a second part 1 does not count");
    }
}

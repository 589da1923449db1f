//! Decides whether the hash chains are searched in the next segment of a strip, from what earlier searches saved.
//!
//! In a photograph a search of the [hash chains](super::hash_chain) finds almost nothing and takes longer than
//! everything else. So the first segment, or a sample of it, is searched. A later segment is searched only if the last
//! search saved enough, or if the segment is promising: the [probe](super::probe) has already saved much. After the
//! search of a promising segment that did not save enough, the next seven segments are skipped, promising or not.

/// The number of segments that are skipped after the search of a promising segment that did not save enough.
const SKIPPED: u32 = 7;

/// What the searches of a strip have saved so far.
#[derive(Debug)]
pub(super) struct SearchHistory {
    /// Whether the last search saved enough. True before the first one.
    last_saved_enough: bool,
    /// Whether there was no search yet.
    is_empty: bool,
    /// The number of segments that are still to be skipped.
    to_skip: u32,
}

impl Default for SearchHistory {
    fn default() -> Self {
        Self { last_saved_enough: true, is_empty: true, to_skip: 0 }
    }
}

impl SearchHistory {
    /// Whether the last search saved enough, or there was none.
    pub(super) const fn last_saved_enough(&self) -> bool {
        self.last_saved_enough
    }

    /// Whether there was no search yet.
    pub(super) const fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Whether the next segment is to be searched. Must be called once per segment, because it counts the skipped ones.
    pub(super) const fn next_is_searched(&mut self, is_promising: bool) -> bool {
        let is_skipped = self.to_skip > 0;
        self.to_skip = self.to_skip.saturating_sub(1);
        self.last_saved_enough || is_promising && !is_skipped
    }

    /// Records whether a search saved enough, and whether its segment was promising.
    pub(super) const fn record(&mut self, saved_enough: bool, was_promising: bool) {
        (self.last_saved_enough, self.is_empty) = (saved_enough, false);
        // Only a promising segment causes skipping: the search of another one says nothing about promising segments.
        self.to_skip = if !saved_enough && was_promising { SKIPPED } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of the next ten segments are searched, if nothing is recorded.
    fn searched(mut history: SearchHistory, is_promising: bool) -> [bool; 10] {
        std::array::from_fn(|_| history.next_is_searched(is_promising))
    }

    #[test]
    fn the_first_segment_and_each_one_after_a_search_that_saved_enough_is_searched() {
        assert!(SearchHistory::default().is_empty() && SearchHistory::default().last_saved_enough());
        assert_eq!(searched(SearchHistory::default(), false), [true; 10]);
        let mut history = SearchHistory::default();
        history.record(true, true);
        assert!(!history.is_empty() && history.last_saved_enough());
        assert_eq!(searched(history, false), [true; 10]);
    }

    #[test]
    fn after_a_search_that_did_not_save_enough_only_promising_segments_are_searched() {
        for (is_promising, expected) in [(false, [false; 10]), (true, [true; 10])] {
            let mut history = SearchHistory::default();
            history.record(false, false);
            assert_eq!(searched(history, is_promising), expected);
        }
    }

    #[test]
    fn seven_segments_are_skipped_after_a_promising_one_that_did_not_save_enough() {
        let mut history = SearchHistory::default();
        history.record(false, true);
        let [skipped @ .., a, b, c] = searched(history, true);
        assert_eq!((skipped, [a, b, c]), ([false; 7], [true; 3]));
    }
}

//! Remembers whether thorough searches have paid in a strip, which decides about the next one.
//!
//! A thorough search of a photograph finds almost nothing and takes longer than everything else. So the first segment
//! is searched, and the others only while a search saves enough, or where the probe has found so much that a search is
//! promising. After a promising one that failed, eight segments pass before the next promising one.

/// Segments that pass after a promising search that did not pay.
const PAUSE: u32 = 8;

/// What the thorough searches of a strip have been worth.
#[derive(Debug)]
pub(super) struct Payoff {
    /// Whether the last one saved much. True before the first one.
    pays: bool,
    /// Whether there was none.
    is_first: bool,
    /// How many segments of the pause are left.
    pause: u32,
}

impl Default for Payoff {
    fn default() -> Self {
        Self { pays: true, is_first: true, pause: 0 }
    }
}

impl Payoff {
    /// Whether the last search saved much, or there was none.
    pub(super) const fn pays(&self) -> bool {
        self.pays
    }

    /// Whether there was no search yet.
    pub(super) const fn is_first(&self) -> bool {
        self.is_first
    }

    /// Whether the next segment is to be searched. Called once per segment, because it also counts the pause.
    pub(super) const fn next_is_searched(&mut self, is_promising: bool) -> bool {
        self.pause = self.pause.saturating_sub(1);
        self.pays || is_promising && self.pause == 0
    }

    /// Records whether a search saved much.
    pub(super) const fn record(&mut self, pays: bool, was_promising: bool) {
        (self.pays, self.is_first) = (pays, false);
        // Only a promising search pauses others: one that was due anyway says nothing about promising ones.
        self.pause = if !pays && was_promising { PAUSE } else { 0 };
    }
}

//! Decides whether the next segment of a strip is searched thoroughly, from what earlier thorough searches saved.
//!
//! A thorough search is that of the [hash chains](super::hash_chain). In a photograph it finds almost nothing and
//! takes longer than everything else. So the first segment, or a sample of it, is searched. A later segment is searched
//! only if the last search saved enough, or if the segment is promising: the [probe](super::probe) has already saved
//! much. After the search of a promising segment that did not save enough, the next seven segments are not searched.

/// After the search of a promising segment that did not pay, the earliest next search is this many segments later.
const PAUSE: u32 = 8;

/// What is remembered of the thorough searches of a strip.
#[derive(Debug)]
pub(super) struct Payoff {
    /// Whether the last thorough search saved enough. True before the first one.
    pays: bool,
    /// Whether there was no thorough search yet.
    is_first: bool,
    /// The earliest promising segment that is searched again is this many segments later.
    pause: u32,
}

impl Default for Payoff {
    fn default() -> Self {
        Self { pays: true, is_first: true, pause: 0 }
    }
}

impl Payoff {
    /// Whether the last search saved enough, or there was none.
    pub(super) const fn pays(&self) -> bool {
        self.pays
    }

    /// Whether there was no search yet.
    pub(super) const fn is_first(&self) -> bool {
        self.is_first
    }

    /// Whether the next segment is to be searched. Must be called once per segment, because it counts down the pause.
    pub(super) const fn next_is_searched(&mut self, is_promising: bool) -> bool {
        self.pause = self.pause.saturating_sub(1);
        self.pays || is_promising && self.pause == 0
    }

    /// Records whether a search saved enough, and whether its segment was promising.
    pub(super) const fn record(&mut self, pays: bool, was_promising: bool) {
        (self.pays, self.is_first) = (pays, false);
        // Only a promising segment begins a pause: the search of another one says nothing about promising segments.
        self.pause = if !pays && was_promising { PAUSE } else { 0 };
    }
}

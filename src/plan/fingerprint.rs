//! The fingerprint of a call: the SHA-256 of everything that it asks of a backend.

use alloc::string::ToString;

use sha2::{Digest as _, Sha256};

use crate::digest::{Digest, Fingerprint};
use crate::geometry::focus::FocusMode;
use crate::model::preset::Preset;
use crate::request::options::CallOptions;

/// The fields of a call that its fingerprint covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallFields<'a> {
    pub(crate) model: &'a str,
    pub(crate) preset: &'a Preset,
    pub(crate) prompt: &'a str,
    pub(crate) seed: Option<u64>,
    pub(crate) variants: u32,
    pub(crate) options: CallOptions,
    pub(crate) source: Digest,
    pub(crate) occurrence: u32,
}

impl CallFields<'_> {
    /// Computes the fingerprint. [`Fingerprint`] documents the encoding. A change to it needs a new version, since
    /// stores keep answers under these values.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        hash.update(b"smart-resize call 2\n");
        // The length in front of a value separates the fields: without it, "ab" and "c" would be the bytes of "a" and
        // "bc".
        let mut field = |value: Option<&str>| match value {
            Some(text) => {
                hash.update((text.len() as u64).to_le_bytes());
                hash.update(text.as_bytes());
            }
            // No text has this length, so an absent value differs from every text.
            None => hash.update(u64::MAX.to_le_bytes()),
        };
        // The order of the fields is part of the version.
        field(Some(self.model));
        field(Some(&self.preset.size.to_string()));
        field(self.preset.ratio.map(|ratio| ratio.to_string()).as_deref());
        field(self.preset.tier.map(|tier| tier.to_string()).as_deref());
        field(Some(self.prompt));
        field(self.seed.map(|seed| seed.to_string()).as_deref());
        field(Some(&self.variants.to_string()));
        field(Some(&self.options.safety_tolerance.to_string()));
        field(Some(&self.options.transfer_format.to_string()));
        self.options.focus.edges().iter().for_each(|edge| field(Some(&edge.get().to_string())));
        // The mode places the rectangles of a backend that crops the source itself.
        let (mode, margin) = match self.options.focus.mode {
            FocusMode::Centre => ("centre", None),
            FocusMode::Nudge { margin } => ("nudge", Some(margin.get().to_string())),
        };
        field(Some(mode));
        field(margin.as_deref());
        field(Some(&self.source.to_string()));
        field(Some(&self.occurrence.to_string()));
        Fingerprint::from_bytes(hash.finalize().into())
    }
}

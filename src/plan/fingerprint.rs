//! The identity of a call, as SHA-256.
//!
//! A [`Fingerprint`] is the key under which a paid answer is kept, so it covers everything that is asked of the
//! backend, and `occurrence`, which tells two calls of one plan apart that ask the very same (two variants without a
//! seed, or one target listed twice). The source takes part by its digest alone: the same bytes under another,
//! perhaps freshly signed, URL are the same question.
//!
//! The encoding, version 1: the line `smart-resize call 1`, then model, preset size, ratio, resolution, prompt, seed,
//! variants, safety tolerance, transfer format, source digest and occurrence, each as its length in bytes (64 bits,
//! little end first) and its text as it is printed; an absent value has length 2⁶⁴−1 and no text. Where the focus is not
//! the centre, its four edges follow in the same way.

use alloc::string::ToString;

use sha2::{Digest as _, Sha256};

use crate::digest::{Digest, Fingerprint};
use crate::format::Format;
use crate::geometry::focus::Focus;
use crate::model::preset::Preset;

/// What a call asks of a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallFields<'a> {
    pub(crate) model: &'a str,
    pub(crate) preset: &'a Preset,
    pub(crate) prompt: &'a str,
    pub(crate) seed: Option<u64>,
    pub(crate) variants: u32,
    pub(crate) safety_tolerance: u8,
    pub(crate) transfer_format: Format,
    pub(crate) source: Digest,
    pub(crate) occurrence: u32,
    pub(crate) focus: Focus,
}

impl CallFields<'_> {
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        hash.update(b"smart-resize call 1\n");
        let mut field = |value: Option<&str>| match value {
            Some(text) => {
                hash.update((text.len() as u64).to_le_bytes());
                hash.update(text.as_bytes());
            }
            None => hash.update(u64::MAX.to_le_bytes()),
        };
        field(Some(self.model));
        field(Some(&self.preset.size().to_string()));
        field(Some(&self.preset.ratio().to_string()));
        field(self.preset.resolution().map(|tier| tier.to_string()).as_deref());
        field(Some(self.prompt));
        field(self.seed.map(|seed| seed.to_string()).as_deref());
        field(Some(&self.variants.to_string()));
        field(Some(&self.safety_tolerance.to_string()));
        field(Some(&self.transfer_format.to_string()));
        field(Some(&self.source.to_string()));
        field(Some(&self.occurrence.to_string()));
        if self.focus != Focus::CENTRE {
            self.focus.edges().iter().for_each(|edge| field(Some(&edge.to_string())));
        }
        Fingerprint::from_bytes(hash.finalize().into())
    }
}

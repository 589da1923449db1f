//! The fingerprint of a call: the SHA-256 of everything that it asks of a backend.

use alloc::string::ToString;

use sha2::{Digest as _, Sha256};

use super::reference::PlannedReference;
use crate::digest::{Digest, Fingerprint};
use crate::geometry::focus::{Focus, FocusMode};
use crate::geometry::rect::Rect;
use crate::prompt::brief::Brief;
use crate::prompt::template::TemplateId;
use crate::request::options::CallOptions;
use crate::scene::{Region, Scene};

/// The fields of a call that its fingerprint covers, besides the digests of the pictures that it sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallFields<'a> {
    pub(crate) model: &'a str,
    pub(crate) template: &'a TemplateId,
    pub(crate) prompt: &'a str,
    pub(crate) brief: &'a Brief,
    pub(crate) seed: Option<u64>,
    pub(crate) variants: u32,
    pub(crate) options: CallOptions,
    /// How many calls before this one in the plan ask the same, so that each has an answer of its own.
    pub(crate) occurrence: u32,
}

impl CallFields<'_> {
    /// Computes the fingerprint; `None` if the digest of a picture is not known, since calls for two pictures could
    /// then not be distinguished.
    ///
    /// [`Fingerprint`] documents the encoding. A change to it needs a new version, since stores keep answers under
    /// these values.
    pub(crate) fn fingerprint(&self, source: Option<Digest>, references: &[PlannedReference]) -> Option<Fingerprint> {
        let mut fields = Fields(Sha256::new());
        fields.0.update(b"smart-resize call 3\n");
        // The order of the fields is part of the version.
        fields.text(&source?);
        fields.text(&references.len());
        for reference in references {
            fields.text(&reference.name);
            fields.text(&reference.digest?);
        }
        fields.text(self.model);
        fields.text(self.template);
        // The text of a built-in wording follows from the brief. That of the caller's template may change without a new
        // version.
        let is_built_in = self.template.wording().is_some();
        fields.option(if is_built_in { None } else { Some(self.prompt) });
        fields.brief(self.brief);
        fields.option(self.seed);
        fields.text(&self.variants);
        let CallOptions { safety_tolerance, transfer_format } = self.options;
        fields.text(&safety_tolerance);
        fields.text(&transfer_format);
        fields.text(&self.occurrence);
        Some(Fingerprint::from_bytes(fields.0.finalize().into()))
    }
}

/// A hash that fields are added to.
struct Fields(Sha256);

impl Fields {
    /// Adds a value. The length in front of its text separates the fields: without it, "ab" and "c" would be the bytes
    /// of "a" and "bc".
    fn text(&mut self, value: &(impl ToString + ?Sized)) {
        let text = value.to_string();
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    /// Adds a value that can be absent.
    fn option(&mut self, value: Option<impl ToString>) {
        match value {
            Some(value) => self.text(&value),
            // No text has this length, so an absent value differs from every text.
            None => self.0.update(u64::MAX.to_le_bytes()),
        }
    }

    fn brief(&mut self, brief: &Brief) {
        // References are left out: the fingerprint has their names beside their digests.
        let Brief { preset, source_size, surviving, safe_area, focus, scene, purpose, references: _, instruction } =
            brief;
        self.text(&preset.size);
        self.option(preset.ratio);
        self.option(preset.tier);
        self.option(*source_size);
        self.rect(*surviving);
        self.rect(*safe_area);
        self.focus(*focus);
        self.option(scene.as_deref().map(Scene::summary));
        if let Some(scene) = scene {
            self.regions(scene.subjects());
            self.regions(scene.texts());
        }
        self.option(purpose.as_deref());
        self.option(instruction.as_deref());
    }

    fn rect(&mut self, rect: Rect) {
        for number in [rect.x(), rect.y(), rect.width(), rect.height()] {
            self.text(&number);
        }
    }

    fn focus(&mut self, focus: Focus) {
        self.edges(focus);
        // A backend that crops the source, such as the built-in one, places its crop by the mode.
        let (mode, margin) = match focus.mode {
            FocusMode::Centre => ("centre", None),
            FocusMode::Nudge { margin } => ("nudge", Some(margin.get())),
        };
        self.text(mode);
        self.option(margin);
    }

    fn edges(&mut self, focus: Focus) {
        for edge in focus.edges() {
            self.text(&edge.get());
        }
    }

    fn regions(&mut self, regions: &[Region]) {
        self.text(&regions.len());
        for region in regions {
            self.text(region.label());
            // A focus on the area has its edges.
            self.edges(region.area().into());
        }
    }
}

//! A pack of placements: where a picture is to appear, and what is accepted there. A TOML list; see `cli/data`.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use smart_resize::geometry::{Insets, PerMille};
use smart_resize::{Format, Size, Target};
use toml::value::Datetime;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    #[serde(rename = "placement")]
    placements: Vec<Placement>,
}

/// One place for a picture.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Placement {
    /// Part of the file's name.
    pub(crate) label: String,
    pub(crate) size: Size,
    /// What is accepted, the first by default.
    formats: Vec<Format>,
    max_bytes: Option<u64>,
    /// Top, right, bottom and left, in percent.
    safe: Option<[PerMille; 4]>,
    /// Top, right, bottom and left, in pixels.
    safe_px: Option<[u16; 4]>,
    /// Where this stands; for people.
    #[serde(rename = "source")]
    _source: Option<String>,
    /// When it was looked up; for people.
    #[serde(rename = "checked")]
    _checked: Option<Datetime>,
}

/// The placements of a pack; all of its mistakes where there are any.
pub(crate) fn read(path: &Path, bytes: &[u8]) -> Result<Vec<Placement>, String> {
    let place = path.display();
    let text = std::str::from_utf8(bytes).map_err(|error| format!("{place}: {error}"))?;
    let Pack { placements } = toml::from_str(text).map_err(|error| format!("{place}: {error}"))?;
    let mut labels = BTreeSet::new();
    let mut mistakes: Vec<String> = Vec::new();
    for placement in &placements {
        let label = &placement.label;
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if label.is_empty() || !label.chars().all(is_plain) {
            mistakes.push(format!("{label:?} is no label: lower-case letters, digits and \"-\""));
        }
        if !labels.insert(label) {
            mistakes.push(format!("{label} is there twice"));
        }
        if placement.formats.is_empty() {
            mistakes.push(format!("{label} accepts no format"));
        }
        mistakes.extend(placement.safe_area().err());
    }
    if placements.is_empty() {
        mistakes.push("no placement".into());
    }
    if mistakes.is_empty() { Ok(placements) } else { Err(format!("{place}: {}", mistakes.join("; "))) }
}

impl Placement {
    /// What is to be made for it, in `format` or else in the first that it accepts.
    pub(crate) fn target(&self, format: Option<Format>) -> Result<Target, String> {
        let mut target = Target::new(self.size);
        if let Some(insets) = self.safe_area()? {
            target = target.safe_area(insets);
        }
        if let Some(format) = format.or(self.formats.first().copied()) {
            target = target.format(format);
        }
        Ok(self.max_bytes.map_or(target, |max_bytes| target.max_bytes(max_bytes)))
    }

    fn safe_area(&self) -> Result<Option<Insets>, String> {
        let label = &self.label;
        match (self.safe, self.safe_px) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(format!("{label} has both safe and safe_px")),
            (None, Some([top, right, bottom, left])) => {
                let insets = Insets::from_pixels(top, right, bottom, left);
                insets.leave_room_in(self.size).map_err(|error| format!("{label}: {error}"))?;
                Ok(Some(insets))
            }
            (Some([top, right, bottom, left]), None) => {
                Insets::new(top, right, bottom, left).map(Some).map_err(|error| format!("{label}: {error}"))
            }
        }
    }

    /// Why it would refuse a file of this size, format and weight; nothing where it would not.
    pub(crate) fn rejects(&self, size: Size, format: Format, bytes: u64) -> Vec<String> {
        let mut reasons = Vec::new();
        if size != self.size {
            reasons.push(format!("{size}, expected {}", self.size));
        }
        if !self.formats.contains(&format) {
            let accepted: Vec<_> = self.formats.iter().map(Format::to_string).collect();
            reasons.push(format!("{format}, accepted are {}", accepted.join(", ")));
        }
        if let Some(max_bytes) = self.max_bytes.filter(|max_bytes| bytes > *max_bytes) {
            reasons.push(format!("{bytes} bytes, at most {max_bytes}"));
        }
        reasons
    }
}

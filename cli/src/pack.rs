//! A pack of placements: a TOML list of the places where a picture is published, with the size, formats, byte limit and
//! safe area of each. `cli/data` has an example.

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

/// A place where a picture is published.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Placement {
    /// The name of the placement, which becomes a part of the file name.
    pub(crate) label: String,
    pub(crate) size: Size,
    /// The accepted formats. The first one is the default.
    formats: Vec<Format>,
    max_bytes: Option<u64>,
    /// The insets of the safe area at the top, right, bottom and left, in percent.
    safe: Option<[f64; 4]>,
    /// The same insets in pixels. A placement has at most one of both.
    safe_px: Option<[u16; 4]>,
    /// The page that states the values. It is for people.
    #[serde(rename = "source")]
    _source: Option<String>,
    /// The day on which the page was read. It is for people.
    #[serde(rename = "checked")]
    _checked: Option<Datetime>,
}

/// Reads the placements of a pack. The error lists all mistakes of the placements.
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
            mistakes.push(format!("label is {label:?}; expected lower-case letters, digits and \"-\""));
        }
        if !labels.insert(label) {
            mistakes.push(format!("{label} appears twice; expected once"));
        }
        if placement.formats.is_empty() {
            mistakes.push(format!("{label} has no formats; expected at least one"));
        }
        mistakes.extend(placement.safe_area().err());
    }
    if placements.is_empty() {
        mistakes.push("pack has no placements; expected at least one".into());
    }
    if mistakes.is_empty() { Ok(placements) } else { Err(format!("{place}: {}", mistakes.join("; "))) }
}

impl Placement {
    /// Returns the target for the placement, in `format` or else in the first accepted format.
    pub(crate) fn target(&self, format: Option<Format>) -> Result<Target, String> {
        let mut target = Target::new(self.size);
        if let Some(insets) = self.safe_area()? {
            target = target.safe_area(insets);
        }
        if let Some(format) = format.or(self.formats.first().copied()) {
            target = target.format(format);
        }
        target.max_bytes = self.max_bytes;
        Ok(target)
    }

    /// Returns the insets. `None` if the placement states none.
    fn safe_area(&self) -> Result<Option<Insets>, String> {
        let label = &self.label;
        match (self.safe, self.safe_px) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(format!("{label} has both safe and safe_px; expected at most one of them")),
            (None, Some([top, right, bottom, left])) => {
                let insets = Insets::from_pixels(top, right, bottom, left);
                insets.leave_room_in(self.size).map_err(|error| format!("{label}: {error}"))?;
                Ok(Some(insets))
            }
            (Some(percents), None) => {
                let share = |percent: f64| percent.to_string().parse::<PerMille>();
                let share = |percent| share(percent).map_err(|error| format!("{label}: {error}"));
                let [top, right, bottom, left] = percents.map(share);
                let (top, right, bottom, left) = (top?, right?, bottom?, left?);
                Insets::new(top, right, bottom, left).map(Some).map_err(|error| format!("{label}: {error}"))
            }
        }
    }

    /// Returns the reasons why the placement would reject a file of this size, format and number of bytes. The list is
    /// empty if it would accept the file.
    pub(crate) fn rejects(&self, size: Size, format: Format, bytes: u64) -> Vec<String> {
        let mut reasons = Vec::new();
        if size != self.size {
            reasons.push(format!("size is {size}; expected {}", self.size));
        }
        if !self.formats.contains(&format) {
            let accepted: Vec<_> = self.formats.iter().map(Format::to_string).collect();
            reasons.push(format!("format is {format}; expected {}", accepted.join(" or ")));
        }
        if let Some(max_bytes) = self.max_bytes.filter(|max_bytes| bytes > *max_bytes) {
            reasons.push(format!("file has {bytes} bytes; expected at most {max_bytes}"));
        }
        reasons
    }
}

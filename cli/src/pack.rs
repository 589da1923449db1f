//! A pack of placements: a TOML list of a caller's own places where a picture is published, with the size, formats,
//! byte limit and safe area of each. `cli/data/placements.toml` has the built-in placements in this form.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use smart_resize::geometry::{Insets, PerMille};
use smart_resize::plan::placement::{Date, Placement};
use smart_resize::{Format, Size};
use toml::value::Datetime;
use toml::{Table, Value};

/// A placement as a pack has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The id of the placement, which becomes a part of the file name.
    label: String,
    size: Size,
    /// The accepted formats. The first one is the default.
    formats: Vec<Format>,
    max_bytes: Option<u64>,
    /// The insets of the safe area at the top, right, bottom and left, in percent.
    safe: Option<[f64; 4]>,
    /// The same insets in pixels. A placement has at most one of both.
    safe_px: Option<[u16; 4]>,
    /// The page that states the values. It is for people.
    source: Option<String>,
    /// The day on which the page was read. It is for people.
    checked: Option<Datetime>,
}

/// Reads the placements of a pack. The error lists all mistakes, each with the label of its placement.
pub(crate) fn read(path: &Path, bytes: &[u8]) -> Result<Vec<Placement>, String> {
    let place = path.display();
    let text = std::str::from_utf8(bytes).map_err(|error| format!("{place}: {error}"))?;
    let pack: Table = toml::from_str(text).map_err(|error| format!("{place}: {error}"))?;
    if let Some(field) = pack.keys().find(|field| *field != "placement") {
        return Err(format!("{place}: unknown field `{field}`; expected `placement`"));
    }
    let entries = match pack.get("placement") {
        None => return Err(format!("{place}: missing field `placement`; expected [[placement]] for each placement")),
        Some(Value::Array(entries)) if entries.is_empty() => {
            return Err(format!("{place}: pack has no placements; expected at least one"));
        }
        Some(Value::Array(entries)) => entries,
        Some(other) => {
            return Err(format!("{place}: `placement` is a TOML {}; expected [[placement]]", other.type_str()));
        }
    };
    let (mut placements, mut mistakes, mut labels) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (index, entry) in entries.iter().enumerate() {
        // An entry without a label is named by its position, counted from 1.
        let label = entry.get("label").and_then(Value::as_str);
        let name = label.map_or_else(|| format!("placement {}", index + 1), str::to_owned);
        if let Some(label) = label.filter(|label| !labels.insert(*label)) {
            mistakes.push(format!("{label} appears twice; expected once"));
        }
        match entry.clone().try_into::<Entry>() {
            Ok(entry) => match entry.placement() {
                Ok(placement) => placements.push(placement),
                Err(mistake) => mistakes.push(mistake),
            },
            // The message of the TOML reader can end with a line break.
            Err(error) => mistakes.push(format!("{name}: {}", error.to_string().trim_end().replace('\n', " "))),
        }
    }
    if mistakes.is_empty() { Ok(placements) } else { Err(format!("{place}: {}", mistakes.join("; "))) }
}

impl Entry {
    /// Checks the entry, and returns it as a placement. The error lists its mistakes.
    fn placement(self) -> Result<Placement, String> {
        let label = &self.label;
        let mut mistakes = Vec::new();
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if label.is_empty() || !label.chars().all(is_plain) {
            mistakes.push(format!("label is {label:?}; expected lower-case letters, digits and \"-\""));
        }
        if self.formats.is_empty() {
            mistakes.push(format!("{label} has no formats; expected at least one"));
        }
        let safe_area = self.safe_area().unwrap_or_else(|mistake| {
            mistakes.push(mistake);
            None
        });
        let checked = self.checked.map(|day| day.to_string().parse::<Date>());
        if let Some(Err(error)) = &checked {
            mistakes.push(format!("{label}: {error}"));
        }
        if !mistakes.is_empty() {
            return Err(mistakes.join("; "));
        }
        let mut placement = Placement::new(self.label, self.size);
        placement.formats = self.formats.into_iter().map(Into::into).collect();
        placement.max_bytes = self.max_bytes;
        placement.safe_area = safe_area;
        placement.source = self.source.map(Into::into);
        placement.checked = checked.and_then(Result::ok);
        Ok(placement)
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(lines: &str) -> Result<Vec<Placement>, String> {
        read(Path::new("pack"), format!("[[placement]]\nsize = \"9x9\"\nformats = [\"png\"]\n{lines}").as_bytes())
    }

    #[test]
    fn a_label_has_lower_case_letters_digits_and_dashes_only() {
        assert_eq!(pack("label = \"az-09\"").unwrap()[0].id, "az-09");
        for label in ["", "A", "a b", "a/b", "a_b", "é"] {
            let error = pack(&format!("label = \"{label}\"")).unwrap_err();
            assert!(error.contains("expected lower-case letters, digits and \"-\""), "{label}: {error}");
        }
    }

    #[test]
    fn a_placement_without_a_label_is_named_by_its_position_counted_from_1() {
        let error = pack("label = \"a\"\n[[placement]]\nsize = \"9x9\"\nformats = [\"png\"]").unwrap_err();
        assert!(error.starts_with("pack: placement 2: missing field `label`"), "{error}");
    }

    #[test]
    fn insets_are_in_percent_or_in_pixels_in_the_order_top_right_bottom_left() {
        let safe_area = |lines: &str| pack(&format!("label = \"a\"\n{lines}")).unwrap()[0].safe_area;
        assert_eq!(safe_area("safe_px = [1, 2, 3, 4]"), Some(Insets::from_pixels(1, 2, 3, 4)));
        assert_eq!(safe_area("safe = [1, 2.5, 3, 4]"), Some("1,2.5,3,4".parse().unwrap()));
        assert_eq!(safe_area(""), None);
    }
}

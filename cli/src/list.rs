//! The list of the built-in placements, for people.

use std::fmt::Write as _;

use smart_resize::SourceFormat;
use smart_resize::geometry::Insets;
use smart_resize::plan::placement::{Placement, Platform};

/// Returns the table of `--list-placements`: a heading for each platform, and a line for each placement.
pub(crate) fn placements() -> String {
    let mut text =
        format!("{:<28} {:<10} {:<14} {:>9}  {:<20} {}", "ID", "SIZE", "FORMATS", "BYTES", "SAFE AREA", "NAME");
    for platform in Platform::ALL {
        // Writing to a `String` cannot fail, so the results are ignored.
        let _ = write!(text, "\n\n{platform}: {}", platform.name());
        for Placement { id, name, size, formats, max_bytes, safe_area, .. } in Placement::on(platform) {
            let formats: Vec<_> = formats.iter().map(SourceFormat::to_string).collect();
            let max_bytes = max_bytes.map_or("-".into(), |bytes| bytes.to_string());
            let safe_area = safe_area.map_or("-".into(), shown);
            let (size, formats) = (size.to_string(), formats.join(","));
            let _ = write!(text, "\n{id:<28} {size:<10} {formats:<14} {max_bytes:>9}  {safe_area:<20} {name}");
        }
    }
    text
}

/// Returns the insets in the order of `--safe`, with their unit.
fn shown(insets: Insets) -> String {
    let shares = insets.shares().map(|sides| (sides.map(|side| side.to_string().replace(" %", "")), "%"));
    let pixels = insets.pixels().map(|sides| (sides.map(|side| side.to_string()), "px"));
    shares.or(pixels).map_or(String::new(), |(sides, unit)| format!("{} {unit}", sides.join(",")))
}

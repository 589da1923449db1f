//! `docs/placements.md` has the table of placements.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use smart_resize::SourceFormat;
use smart_resize::plan::placement::{Placement, Platform};

/// `docs/placements.md` has the table between two marks. `cargo xtask bless` writes it after a change.
#[test]
fn the_page_has_the_table() {
    const MARKS: [&str; 2] = ["<!-- table -->\n", "<!-- end of the table -->\n"];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/placements.md");
    let found = fs::read_to_string(&path).unwrap();
    let (before, rest) = found.split_once(MARKS[0]).unwrap();
    let (_, after) = rest.split_once(MARKS[1]).unwrap();
    let expected = format!("{before}{}{}{}{after}", MARKS[0], table(), MARKS[1]);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &expected).unwrap();
        return;
    }
    assert!(found == expected, "docs/placements.md does not have the table; cargo xtask bless writes it");
}

fn table() -> String {
    let mut text = String::new();
    for platform in Platform::ALL {
        let _ = writeln!(text, "\n## {}\n", platform.name());
        text += "| id | name | size | safe area | formats | animated | byte limit | source | checked |\n";
        text += "|---|---|---|---|---|---|---|---|---|\n";
        for placement in Placement::on(platform) {
            let insets = placement.safe_area.map(|insets| {
                let list = |texts: [String; 4]| texts.join(", ");
                let pixels = || insets.pixels().map(|sides| list(sides.map(|side| side.to_string())) + " px");
                insets.shares().map(|sides| list(sides.map(|side| side.to_string()))).or_else(pixels).unwrap()
            });
            let formats: Vec<_> = placement.formats.iter().map(SourceFormat::to_string).collect();
            let animated = placement.animated.map(|is_accepted| if is_accepted { "yes" } else { "no" });
            let source = placement.source.as_deref().unwrap();
            let host = source.trim_start_matches("https://").split('/').next().unwrap();
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} | {} | {} | {} | [{host}]({source}) | {} |",
                placement.id,
                placement.name,
                placement.size,
                insets.unwrap_or_default(),
                formats.join(", "),
                animated.unwrap_or_default(),
                placement.max_bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
                placement.checked.unwrap(),
            );
        }
    }
    text + "\n"
}

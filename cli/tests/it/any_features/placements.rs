//! Tests of the command with placements: those of the table, those of a pack, and how results are compared with them.

use std::fs;
use std::path::Path;

use smart_resize::Plan;
use smart_resize::geometry::Insets;
use smart_resize::plan::placement::Placement;

use crate::support::{folder, names, resize, text};

/// Returns the lines that are no warnings. Many placements keep little of their image, which is a warning.
fn mistakes(stderr: &[u8]) -> String {
    text(stderr).split_inclusive('\n').filter(|line| !line.starts_with("warning: ")).collect()
}

const PACK: &str = r#"
[[placement]]
label = "story"
size = "1080x1920"
formats = ["jpg", "png"]
safe = [14, 0, 20.5, 0]

[[placement]]
label = "reel"
size = "1080x1920"
formats = ["png"]
max_bytes = 90000
safe_px = [100, 60, 600, 60]
source = "https://example.com/reels"
checked = 2026-11-24
"#;

#[test]
fn a_pack_names_what_is_wanted_and_what_would_be_rejected() {
    let folder = folder("command-pack");
    fs::write(folder.join("pack.toml"), PACK).unwrap();
    let planned = resize(&folder, &["--pack", "pack.toml", "100x100", "--plan", "--skip-covered", "100"]);
    let json: serde_json::Value = serde_json::from_slice(&planned.stdout).unwrap();
    let renditions = json["renditions"].as_array().unwrap();
    let targets: Vec<_> = renditions.iter().map(|cut| (&cut["target"], &cut["format"], &cut["generation"])).collect();
    let expected = [("100x100", "png", 0), ("1080x1920", "jpeg", 1), ("1080x1920", "png", 2)];
    let expected = expected.map(|(target, format, generation)| (target.into(), format.into(), generation.into()));
    assert_eq!(targets, expected.iter().map(|(a, b, c): &(_, _, _)| (a, b, c)).collect::<Vec<_>>());
    let percent = serde_json::json!({ "top": 14.0, "right": 0.0, "bottom": 20.5, "left": 0.0 });
    assert_eq!(renditions[1]["safe_area"], serde_json::json!({ "percent": percent }));
    assert!(renditions[2]["safe_area"]["pixels"].is_object());
    assert_eq!(renditions[2]["max_bytes"], 90_000);

    let output = resize(&folder, &["--pack", "pack.toml"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(names(&folder.join("out")), ["sample_reel_1080x1920_1.png", "sample_story_1080x1920_1.jpg"]);
    let errors = text(&output.stderr);
    assert!(errors.starts_with("rejected: reel_1080x1920: the smallest png has "), "{errors}");
    assert!(errors.ends_with("error: 1 of 2 pictures would be rejected\n"), "{errors}");

    // --format applies to every placement. A placement that does not accept the format rejects the file.
    let output = resize(&folder, &["--pack", "pack.toml", "--format", "jpg", "--out", "jpg"]);
    assert_eq!(text(&output.stderr).lines().next(), Some("rejected: reel: format is jpeg; expected png"));
    assert_eq!(names(&folder.join("jpg")), ["sample_reel_1080x1920_1.jpg", "sample_story_1080x1920_1.jpg"]);
}

#[test]
fn mistakes_in_a_pack_are_reported_all_at_once() {
    let folder = folder("command-pack-mistakes");
    let case = |pack: &str, expected: &str| {
        fs::write(folder.join("pack.toml"), pack).unwrap();
        let output = resize(&folder, &["--pack", "pack.toml", "--plan"]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{pack}");
        assert!(text(&output.stderr).contains(expected), "{pack}: {}", text(&output.stderr));
    };
    let placement = |rest: &str| format!("[[placement]]\nlabel = \"a\"\nsize = \"9x9\"\nformats = [\"png\"]\n{rest}");
    case("", "missing field `placement`");
    case("placement = []", "pack.toml: pack has no placements; expected at least one");
    case("placement = 1", "pack.toml: `placement` is a TOML integer; expected [[placement]]");
    case(&format!("colour = 1\n{}", placement("")), "pack.toml: unknown field `colour`; expected `placement`");
    case(&placement("colour = 1"), "pack.toml: a: unknown field `colour`");
    case(
        &placement("").replace("9x9", "9x"),
        "a: found the end; expected a digit of the height, as in 1080x1920 (at byte 2)",
    );
    case(&placement("").replace("png", "gif"), "a: format is \"gif\"; expected png, jpeg or webp");
    case(&placement("").replace("label = \"a\"", ""), "pack.toml: placement 1: missing field `label`");
    case(&placement("").replace("\"png\"", ""), "a has no formats; expected at least one");
    case(&placement("safe = [1, 2, 3]"), "a: invalid length 3, expected an array of length 4");
    case(&placement("safe = [50, 0, 50, 0]"), "a: insets are 50 % and 50 %; expected a sum below 100 %");
    case(&placement("safe = [1.25, 0, 0, 0]"), "a: percentage is \"1.25\"; expected 0 to 100 with at most one decimal");
    case(&placement("safe = [-1, 0, 0, 0]"), "a: percentage is \"-1\"");
    case(&placement("safe_px = [5, 0, 4, 0]"), "a: insets are 5 px and 4 px; expected a sum below 9 px");
    case(
        &placement("safe_px = [0,0,0,0]\nsafe = [0,0,0,0]"),
        "a has both safe and safe_px; expected at most one of them",
    );
    case(&placement("max_bytes = 0"), "error: a: byte limit of target 0 is 0; expected at least 1");
    case(&placement("").replace("9x9", "9000x9"), "error: a: target 0 is too large");
    case(
        &placement("").replace("9x9", "20000x9").replace("png", "webp"),
        "error: a: target 0 is 20000x9; expected sides of at most 16383 pixels for webp",
    );
    case(
        &placement("").replace("\"a\"", "\"A/..\""),
        "label is \"A/..\"; expected lower-case letters, digits and \"-\"",
    );
    let two = format!("{}\n{}", placement("safe = [50, 0, 50, 0]"), placement(""));
    case(&two, "expected a sum below 100 %; a appears twice; expected once");
}

/// Returns the built-in placements as a pack.
fn pack_of_the_table() -> String {
    let entry = |placement: &Placement| {
        let formats = placement.formats.iter().filter_map(|format| format.output());
        let formats: Vec<_> = formats.map(|format| format!("{:?}", format.extension())).collect();
        let shares = placement.safe_area.and_then(Insets::shares).map(|sides| {
            let percents = sides.map(|side| side.to_string().replace(" %", ""));
            format!("safe = [{}]", percents.join(", "))
        });
        let pixels = placement.safe_area.and_then(Insets::pixels);
        let pixels = pixels.map(|sides| format!("safe_px = [{}]", sides.map(|side| side.to_string()).join(", ")));
        let lines = [
            Some("[[placement]]".to_owned()),
            Some(format!("label = \"{}\"", placement.id)),
            Some(format!("size = \"{}\"", placement.size)),
            Some(format!("formats = [{}]", formats.join(", "))),
            placement.max_bytes.map(|max_bytes| format!("max_bytes = {max_bytes}")),
            shares,
            pixels,
            placement.source.as_ref().map(|source| format!("source = \"{source}\"")),
            placement.checked.map(|day| format!("checked = {day}")),
        ];
        lines.into_iter().flatten().collect::<Vec<_>>().join("\n") + "\n"
    };
    let head = "# The built-in placements as a pack, which `cargo xtask bless` writes. Copy what you need into a pack of your own.\n\
                # The placements themselves are in `src/plan/placement/table.rs`, and `docs/placements.md` says more of them.\n\
                # `formats` lists the formats that the command writes. `safe` is in percent and `safe_px` in pixels, both in\n\
                # the order top, right, bottom, left.\n"
        .to_owned();
    [head].into_iter().chain(Placement::all().iter().map(entry)).collect::<Vec<_>>().join("\n")
}

/// A pack that is written from the table is read as the table: the plan is the same as with the ids.
#[test]
fn the_pack_that_comes_with_the_command_is_the_table() {
    let folder = folder("command-placements");
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/placements.toml");
    let expected = pack_of_the_table();
    if std::env::var_os("BLESS").is_some() {
        fs::write(&pack, &expected).unwrap();
    }
    let found = fs::read_to_string(&pack).unwrap();
    assert!(found == expected, "cli/data/placements.toml is not the table; cargo xtask bless writes it");
    let plan = |arguments: &[&str]| {
        let output = resize(&folder, &[arguments, &["--plan", "--share", "10"]].concat());
        assert_eq!(mistakes(&output.stderr), "", "{arguments:?}");
        text(&output.stdout)
    };
    let by_id = plan(&["--placements", "all"]);
    assert!(plan(&["--pack", pack.to_str().unwrap()]) == by_id, "the plans differ");
    let plan: Plan = serde_json::from_str(&by_id).unwrap();
    assert_eq!(plan.renditions().len(), Placement::all().len());
    assert!(plan.generations().len() < Placement::all().len() * 2 / 3);
}

#[test]
fn placements_are_named_by_id_by_platform_or_all_together() {
    let folder = folder("command-ids");
    let targets = |arguments: &[&str]| {
        let output = resize(&folder, &[arguments, &["--plan"]].concat());
        assert_eq!(mistakes(&output.stderr), "", "{arguments:?}");
        let plan: Plan = serde_json::from_slice(&output.stdout).unwrap();
        plan.renditions().iter().map(|cut| format!("{} {}", cut.target(), cut.format())).collect::<Vec<_>>()
    };
    let two = ["1080x1920 jpeg", "728x90 jpeg"];
    assert_eq!(targets(&["--placements", "instagram-story,google-leaderboard"]), two);
    assert_eq!(targets(&["--placements", "instagram-story", "--placements", "google-leaderboard"]), two);
    assert_eq!(targets(&["9x9", "--placements", "youtube"]), ["9x9 png", "1280x720 jpeg", "2560x1440 jpeg"]);
    assert_eq!(targets(&["--placements", "pinterest-pin", "--format", "png"]), ["1000x1500 png"]);
    fs::write(folder.join("pack.toml"), PACK).unwrap();
    let both = ["1000x1500 jpeg", "1080x1920 jpeg", "1080x1920 png"];
    assert_eq!(targets(&["--pack", "pack.toml", "--placements", "pinterest-pin"]), both);

    let case = |arguments: &[&str], expected: &str| {
        let output = resize(&folder, &[arguments, &["--plan"]].concat());
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()), "{arguments:?}");
        assert_eq!(text(&output.stderr), format!("error: {expected}\n"), "{arguments:?}");
    };
    case(
        &["--placements", "instagram-storry,zzz"],
        "placement is \"instagram-storry\"; expected instagram-story; \
         placement is \"zzz\"; expected an id of the table, such as instagram-story",
    );
    case(&["--placements", "youtube,youtube-banner"], "placement youtube-banner appears twice; expected once");
}

#[test]
fn a_result_is_compared_with_its_placement() {
    let folder = folder("command-lint");
    let output = resize(&folder, &["--placements", "google-mobile-banner"]);
    assert_eq!((output.status.code(), mistakes(&output.stderr)), (Some(0), String::new()));
    assert_eq!(names(&folder.join("out")), ["sample_google-mobile-banner_320x50_1.jpg"]);
    let output = resize(&folder, &["--placements", "google-mobile-banner", "--format", "webp"]);
    assert_eq!(output.status.code(), Some(1));
    let rejected = "rejected: google-mobile-banner: format is webp; expected jpeg, png or gif\n";
    assert_eq!(mistakes(&output.stderr), format!("{rejected}error: 1 of 1 pictures would be rejected\n"));
}

#[test]
fn the_placements_are_listed() {
    let folder = folder("command-list");
    let output = resize(&folder, &["--list-placements"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let listed = text(&output.stdout);
    for Placement { id, size, .. } in Placement::all() {
        let lines = listed.lines().filter(|line| line.starts_with(&format!("{id} ")));
        assert_eq!(lines.filter(|line| line.contains(&format!(" {size} "))).count(), 1, "{id}");
    }
    let story = listed.lines().find(|line| line.starts_with("instagram-story ")).unwrap();
    let words: Vec<_> = story.split_whitespace().collect();
    assert_eq!(words, ["instagram-story", "1080x1920", "jpeg,png", "30000000", "14,0,20,0", "%", "Story"]);
    assert!(!folder.join("out").exists());
}

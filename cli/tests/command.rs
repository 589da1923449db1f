//! Tests of the command: the files that it writes, its output and its exit codes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a panic is how a test fails"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use smart_resize::geometry::Insets;
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeLimits, DecodeOptions, decode, probe};
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::plan::Digest;
use smart_resize::plan::placement::Placement;
use smart_resize::{Format, Plan, Size};

/// Creates an empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs the command in `folder`.
fn resize(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smart-resize")).args(arguments).current_dir(folder).output().unwrap()
}

fn size(text: &str) -> Size {
    text.parse().unwrap()
}

/// Returns a gradient with grain, which differs in every row, column and channel.
fn photo(size: Size) -> Picture {
    let (width, height) = (size.width(), size.height());
    let grain = |at: u32| (at.wrapping_mul(0x9e37_79b1) >> 24) % 7;
    let pixel = |at: u32| {
        let (x, y) = (at % width, at / width);
        [x * 200 / width, y * 200 / height, (x + y) * 200 / (width + height)].map(|level| (level + grain(at)) as u8)
    };
    Picture::from_rgb(size, (0..size.area()).flat_map(pixel).collect()).unwrap()
}

fn png(picture: &Picture) -> Vec<u8> {
    encode(picture, Format::Png, &EncodeOptions::default()).unwrap().bytes
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Returns the lines that are no warnings. Many placements keep little of their image, which is a warning.
fn mistakes(stderr: &[u8]) -> String {
    text(stderr).split_inclusive('\n').filter(|line| !line.starts_with("warning: ")).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_photo_becomes_a_file_of_each_size() {
    let folder = folder("command-photo");
    fs::write(folder.join("my photo.png"), png(&photo(size("300x200")))).unwrap();
    let arguments =
        ["--image", "my photo.png", "--format", "jpg", "--quality", "80", "--variants", "2", "300x250", "90x160"];
    let output = resize(&folder, &arguments);
    let warning = "warning: target 1 (90x160) is 8.6 times smaller than generated; expected at most 4 times\n";
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), warning.into()));
    let out = folder.join("out");
    let expected = ["300x250_1", "300x250_2", "90x160_1", "90x160_2"].map(|name| format!("my photo_{name}.jpg"));
    assert_eq!(names(&out), expected);
    for name in &expected {
        let found = probe(&fs::read(out.join(name)).unwrap(), &DecodeLimits::default()).unwrap();
        assert_eq!(found.format, Format::Jpeg);
        assert!(name.contains(&format!("_{}_", found.size)));
    }
    let lines = text(&output.stdout);
    assert_eq!(lines.lines().count(), 5);
    assert_eq!(lines.lines().last(), Some("plan: 2 generations, 2 calls, $0.65"));
    let first = lines.lines().next().unwrap();
    let bytes = fs::metadata(out.join(&expected[0])).unwrap().len();
    for part in ["300x250", "5:4 1K", "kept 96.7 %", "my photo_300x250_1.jpg", &format!("{bytes} bytes"), " s"] {
        assert!(first.contains(part), "{part} in {first}");
    }
}

#[test]
fn without_arguments_the_sample_is_made_in_three_sizes_with_a_sheet() {
    let folder = folder("command-sample");
    let output = resize(&folder, &["--out", "here", "--sheet", "sheet.webp"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let expected = ["sample_1024x1024_1.png", "sample_1920x1080_1.png", "sample_768x1344_1.png"];
    assert_eq!(names(&folder.join("here")), expected);
    assert_eq!(names(&folder), ["here", "sheet.webp"]);
    let sheet = probe(&fs::read(folder.join("sheet.webp")).unwrap(), &DecodeLimits::default()).unwrap();
    assert_eq!(sheet.format, Format::WebP);
    for name in expected {
        let found = probe(&fs::read(folder.join("here").join(name)).unwrap(), &DecodeLimits::default()).unwrap();
        assert!(name.contains(&format!("_{}_", found.size)));
    }
}

#[test]
fn the_plan_is_printed_and_nothing_is_made() {
    let folder = folder("command-plan");
    let arguments =
        ["--plan", "--model", "nano-banana-2", "--resolution", "0.5K", "--seed", "7", "500x500", "1920x1080"];
    let output = resize(&folder, &arguments);
    assert_eq!(output.status.code(), Some(0));
    let plan: Plan = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(plan.cost().0, 50_000 + 60_000 + 120_000);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["version"], 4);
    assert_eq!(json["model"], "nano-banana-2");
    assert_eq!(json["generations"][1]["aspect_ratio"], "16:9");
    assert_eq!(json["generations"][0]["calls"][0]["seed"], 7);
    assert_eq!(json["renditions"][1]["target"], "1920x1080");
    assert_eq!(json["renditions"][1]["crop"]["width"], 2731);
    assert_eq!(json["renditions"][1]["kept_percent"], 99.2);
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
fn what_a_model_returned_is_finished() {
    let folder = folder("command-generated");
    let frame = photo(size("400x300"));
    fs::write(folder.join("returned.jpg"), png(&frame)).unwrap();
    // The picture covers one of two sizes. That one is written, and the command reports that the other failed.
    let output = resize(&folder, &["--generated", "returned.jpg", "--fit", "crop", "100x90", "401x10"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(names(&folder.join("out")), ["sample_100x90_1.png"]);
    let errors = text(&output.stderr);
    assert!(errors.contains("401x10: a picture of 400x300 does not cover 401x10"), "{errors}");
    assert!(errors.contains("1 of 2 pictures failed"), "{errors}");
    let made = fs::read(folder.join("out/sample_100x90_1.png")).unwrap();
    let made = decode(&made, &DecodeOptions::default()).unwrap().picture;
    assert_eq!(made.pixels()[..300], frame.pixels()[(105 * 400 + 150) * 3..][..300]);
    assert!(text(&output.stdout).contains("(the picture is 400x300; expected 1024x1024)"));
}

#[test]
fn mistakes_are_told_and_nothing_is_begun() {
    let folder = folder("command-mistakes");
    fs::write(folder.join("text.png"), "no picture").unwrap();
    let whole = png(&photo(size("60x60")));
    fs::write(folder.join("cut.png"), &whole[..whole.len() / 2]).unwrap();
    let case = |arguments: &[&str], expected: &str| {
        let output = resize(&folder, arguments);
        let errors = text(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}: {errors}");
        assert!(errors.contains(expected), "{arguments:?}: {errors}");
    };
    case(&["10x"], "target 0, \"10x\", is not a size: found the end; expected a digit of the height (at byte 3)");
    case(&["0x10", "9999x9999"], "; target 1 is too large: no preset of 1K or more covers 9999x9999");
    case(&["10x10", "10X10"], "size 10x10 appears twice; expected once");
    case(&["10x10", "--variants", "65"], "number of variants is 65; expected 1 to 64");
    case(&["10x10", "--variants", "0"], "number of variants is 0; expected 1 to 64");
    case(&["10x10", "--resolution", "0.5K"], "floor is 0.5K; expected a tier of nano-banana-pro: [1K, 2K, 4K]");
    case(&["10x10", "--resolution", "8"], "label is \"8\"; expected a tier such as \"2K\"");
    case(&["10x10", "--quality", "80"], "--quality has no effect on png, which is lossless");
    if !cfg!(feature = "libwebp") {
        let lossy = ["10x10", "--quality", "80", "--format", "webp"];
        case(&lossy, "lossy WebP needs the cargo feature \"libwebp\"");
    }
    if !cfg!(feature = "turbojpeg") {
        let message = "a fast codec for jpeg needs the cargo feature \"turbojpeg\"";
        case(&["10x10", "--fast", "--format", "jpg"], message);
        if !cfg!(feature = "libwebp") {
            case(&["10x10", "--fast"], message);
        }
    }
    case(&["10x10", "--quality", "0", "--format", "jpg"], "0 is not in 1..=100");
    case(&["10x10", "--image", "none.png"], "cannot read none.png");
    case(&["10x10", "--image", "text.png"], "cannot read text.png: the file begins with");
    case(&["10x10", "--image", "cut.png"], "cannot read cut.png: the png is cut short");
    case(&["10x10", "--generated", "text.png"], "cannot read text.png");
    case(&["10x10", "--sheet", "sheet.gif"], "sheet.gif: format is \"gif\"; expected png, jpeg or webp");
    case(&["10x10", "--model", "dall-e"], "dall-e");
    case(&["10x10", "--seed", "-1"], "-1");
    case(&["10x10", "--out", "text.png"], "cannot create text.png");
    assert_eq!(names(&folder), ["cut.png", "text.png"]);
}

#[cfg(all(feature = "libwebp", feature = "turbojpeg"))]
#[test]
fn with_the_codecs_in_c_a_webp_has_a_quality_and_jpegs_are_made_fast() {
    let folder = folder("command-fast");
    let made = |arguments: &[&str], name: &str| {
        let output = resize(&folder, &[arguments, &["300x250"]].concat());
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
        fs::read(folder.join("out").join(name)).unwrap()
    };
    let name = "sample_300x250_1.webp";
    let lossless = made(&["--format", "webp"], name);
    let lossy = ["80", "40"].map(|quality| made(&["--format", "webp", "--quality", quality], name));
    assert!(lossless.windows(4).any(|chunk| chunk == b"VP8L"));
    assert!(lossy.iter().all(|file| file.windows(4).any(|chunk| chunk == b"VP8 ")));
    assert!(lossless.len() > lossy[0].len() && lossy[0].len() > lossy[1].len());
    let [pure, fast] = [&["--format", "jpg"][..], &["--format", "jpg", "--fast"]]
        .map(|arguments| made(arguments, "sample_300x250_1.jpg"));
    assert!(pure != fast);
    assert_eq!(probe(&fast, &DecodeLimits::default()).unwrap().size, size("300x250"));
}

#[test]
fn sizes_share_generations_and_the_report_has_both_prices() {
    let folder = folder("command-share");
    let arguments =
        ["--share", "25", "--focus", "30,60", "--safe", "10", "1280x720", "1200x628", "1500x1000", "--sheet", "s.png"];
    let output = resize(&folder, &arguments);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let lines: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
    assert_eq!(lines[3], "plan: 1 generation, 1 call, $0.20, without sharing $0.50");
    assert_eq!(names(&folder), ["out", "s.png"]);
    assert_eq!(names(&folder.join("out")).len(), 3);
    let planned = resize(&folder, &[&arguments[..9], &["--plan"]].concat());
    let json: serde_json::Value = serde_json::from_slice(&planned.stdout).unwrap();
    assert_eq!(json["sharing"]["shared"]["max_loss_percent"], 25.0);
    assert_eq!((&json["optimality"], &json["cost_unshared_usd_micros"]), (&"proven".into(), &500_000.into()));
    for (index, line) in lines[..3].iter().enumerate() {
        let loss = json["renditions"][index]["unshared"]["loss_percent"].as_f64().unwrap();
        assert!((10.0..=25.0).contains(&loss), "{loss}");
        assert!(line.contains("16:9 2K") && line.contains(&format!("{loss} %")), "{line}");
    }
    assert_eq!(
        json["renditions"][0]["focus"],
        serde_json::json!({ "left": 30.0, "top": 60.0, "right": 30.0, "bottom": 60.0 })
    );
    assert_eq!(json["renditions"][0]["safe_area"]["percent"]["bottom"], 10.0);
}

#[test]
fn what_the_picture_itself_covers_is_cut_from_it() {
    let folder = folder("command-skip");
    // The sample is 1536x1024. Two targets of one size would need labels, and therefore a pack.
    let output = resize(&folder, &["--skip-covered", "98.5", "300x200", "768x512", "1080x1080"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let lines: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
    assert!(lines[0].contains("source") && lines[1].contains("source") && lines[2].contains("1:1 2K"), "{lines:?}");
    assert_eq!(lines[3], "plan: 1 generation, 1 call, $0.20, 2 cut from the picture itself");
}

#[test]
fn a_plan_over_its_budget_is_not_begun() {
    let folder = folder("command-budget");
    let sizes = ["1200x628", "1200x630", "1280x720", "300x250"];
    let output = resize(&folder, &[&["--budget", "0.40"], &sizes[..]].concat());
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let expected = "error: the plan costs $0.50; expected at most $0.40: sharing generations at a loss of 6.3 % would \
                    cost $0.35, at 36.7 % $0.20\n";
    assert_eq!(text(&output.stderr), expected);
    assert_eq!(names(&folder), [""; 0]);
    let output = resize(&folder, &[&["--budget", "$0.20", "--share", "36.7"], &sizes[..]].concat());
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_weight_of_a_file_is_kept_or_the_lightest_stays() {
    let folder = folder("command-weight");
    let output = resize(&folder, &["--format", "jpg", "--max-bytes", "60000", "800x600"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let bytes = fs::metadata(folder.join("out/sample_800x600_1.jpg")).unwrap().len();
    assert!(bytes <= 60_000 && text(&output.stdout).contains("(quality "), "{}", text(&output.stdout));
    let output = resize(&folder, &["--format", "jpg", "--max-bytes", "6000", "--min-quality", "70", "800x600"]);
    assert_eq!(output.status.code(), Some(1));
    let bytes = fs::metadata(folder.join("out/sample_800x600_1.jpg")).unwrap().len();
    let expected =
        format!("rejected: 800x600: the smallest jpeg has {bytes} bytes (quality 70, 4:2:0); expected at most 6000\n");
    assert_eq!(text(&output.stderr), format!("{expected}error: 1 of 1 pictures would be rejected\n"));
}

#[test]
fn what_keeps_little_or_is_much_smaller_has_a_warning_or_is_refused() {
    let folder = folder("command-bounds");
    let planned = |arguments: &[&str]| {
        let output = resize(&folder, &[&["--plan", "1080x1080", "728x90", "200x200"], arguments].concat());
        (output.status.code(), text(&output.stderr))
    };
    let [kept, reduced] = [
        "target 1 (728x90) keeps 29.1 % of its generated image; expected at least",
        "target 2 (200x200) is 5.2 times smaller than generated; expected at most",
    ];
    let warnings = format!("warning: {kept} 50 %\nwarning: {reduced} 4 times\n");
    assert_eq!(planned(&[]), (Some(0), warnings));
    assert_eq!(planned(&["--min-kept", "29", "--max-scale", "6"]), (Some(0), String::new()));
    assert_eq!(planned(&["--min-kept", "30", "--max-scale", "6"]), (Some(2), format!("error: {kept} 30 %\n")));
    assert_eq!(planned(&["--min-kept", "0", "--max-scale", "5"]), (Some(2), format!("error: {reduced} 5 times\n")));
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
fn mistakes_in_a_pack_are_told_all_at_once() {
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
    case(&placement("").replace("9x9", "9x"), "a: found the end; expected a digit of the height (at byte 2)");
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

#[test]
fn amounts_are_read_exactly() {
    let folder = folder("command-amounts");
    let case = |arguments: &[&str], expected: &str| {
        let output = resize(&folder, &[&["--plan", "9x9"], arguments].concat());
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        assert!(text(&output.stderr).contains(expected), "{arguments:?}: {}", text(&output.stderr));
    };
    for text in ["100.1", "-1", "1.25", "ten", "", "1e1", ".5"] {
        case(
            &[&format!("--share={text}")],
            &format!("percentage is {text:?}; expected 0 to 100 with at most one decimal"),
        );
    }
    case(&["--budget=1.0000001"], "amount is \"1.0000001\"; expected dollars with at most six decimals, such as 1.50");
    case(&["--budget=-1"], "amount is \"-1\"; expected dollars");
    case(&["--focus=50"], "focus is \"50\"; expected a point x,y or a region left,top,right,bottom");
    case(&["--focus=60,0,50,100"], "focus edges are 60 % and 50 %; expected the second at or after the first");
    case(&["--safe=50"], "insets are 50 % and 50 %; expected a sum below 100 %");
    case(&["--safe=1,2"], "insets are \"1,2\"; expected one percentage, or four: top,right,bottom,left");
    case(&["--max-bytes=0"], "0 is not in 1..");
    let fine = ["--share=100.0", "--budget=0.2", "--focus=0,100", "--safe=1,2,3,4", "--skip-covered=0"];
    assert_eq!(resize(&folder, &[&["--plan", "9x9"], &fine[..]].concat()).status.code(), Some(0));
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

#[test]
fn purpose_references_and_enlargement_are_in_the_plan() {
    let folder = folder("command-composition");
    let logo = png(&photo(size("40x30")));
    fs::write(folder.join("logo.png"), &logo).unwrap();
    let arguments = ["1080x1080", "--model", "nano-banana", "--enlarge", "6", "--purpose", "a shop window"];
    let output = resize(&folder, &[&arguments[..], &["--reference", "the logo=logo.png", "--plan"]].concat());
    assert_eq!(text(&output.stderr), "");
    let plan: Plan = serde_json::from_slice(&output.stdout).unwrap();
    let (generation, reference) = (&plan.generations()[0], &plan.references()[0]);
    assert_eq!((&*reference.name, reference.digest), ("the logo", Some(Digest::of(&logo))));
    assert!(generation.prompt().contains("It is for a shop window."), "{}", generation.prompt());
    assert!(generation.prompt().contains("Image 2 shows the logo"), "{}", generation.prompt());
    assert_eq!(plan.renditions()[0].enlarged().to_string(), "5.5 %");

    let case = |argument: &str, expected: &str| {
        let output = resize(&folder, &["9x9", "--reference", argument]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
    };
    case("logo.png", "expected what the picture shows, \"=\" and a file");
    case("the logo=none.png", "cannot read none.png");
}

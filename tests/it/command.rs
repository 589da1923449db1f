//! The command of the README: its files, its lines, its exit codes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use smart_resize::{DecodeLimits, Format, Plan, decode, probe};

use crate::pictures::{photo, png, size};

/// A folder of its own for one test, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs the command in `folder`. `cargo test` builds it beside the tests.
fn resize(folder: &Path, arguments: &[&str]) -> Output {
    let test = std::env::current_exe().unwrap();
    let command = test.parent().unwrap().parent().unwrap().join("examples").join("resize");
    Command::new(&command)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo build --example resize` makes it", command.display()))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
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
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let out = folder.join("out");
    let expected = ["300x250_1", "300x250_2", "90x160_1", "90x160_2"].map(|name| format!("my photo_{name}.jpg"));
    assert_eq!(names(&out), expected);
    for name in &expected {
        let found = probe(&fs::read(out.join(name)).unwrap(), &DecodeLimits::default()).unwrap();
        assert_eq!(found.format, Format::Jpeg);
        assert!(name.contains(&format!("_{}_", found.size)));
    }
    let lines = text(&output.stdout);
    assert_eq!(lines.lines().count(), 4);
    let first = lines.lines().next().unwrap();
    let bytes = fs::metadata(out.join(&expected[0])).unwrap().len();
    for part in ["300x250", "5:4 1K", "kept  96.70 %", "my photo_300x250_1.jpg", &format!("{bytes} bytes"), " s"] {
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
    assert_eq!(json["version"], 1);
    assert_eq!(json["model"], "nano-banana-2");
    assert_eq!(json["generations"][1]["aspect_ratio"], "16:9");
    assert_eq!(json["generations"][0]["calls"][0]["seed"], 7);
    assert_eq!(json["renditions"][1]["target"], "1920x1080");
    assert_eq!(json["renditions"][1]["crop"]["width"], 2731);
    assert_eq!(json["renditions"][1]["kept_percent"], 99.23);
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
fn what_a_model_returned_is_finished() {
    let folder = folder("command-generated");
    let frame = photo(size("400x300"));
    fs::write(folder.join("returned.jpg"), png(&frame)).unwrap();
    // One size is covered, one is not: the first is kept, and the command says that something failed.
    let output = resize(&folder, &["--generated", "returned.jpg", "--fit", "crop", "100x90", "401x10"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(names(&folder.join("out")), ["sample_100x90_1.png"]);
    let errors = text(&output.stderr);
    assert!(errors.contains("401x10: a picture of 400x300 does not cover 401x10"), "{errors}");
    assert!(errors.contains("1 of 2 pictures failed"), "{errors}");
    let made = fs::read(folder.join("out/sample_100x90_1.png")).unwrap();
    let made = decode(&made, &DecodeLimits::default()).unwrap().picture;
    assert_eq!(made.pixels()[..300], frame.pixels()[(105 * 400 + 150) * 3..][..300]);
    assert!(text(&output.stdout).contains("(the picture is 400x300, asked was 1024x1024)"));
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
    case(&["10x"], "target 0, \"10x\", is not a size: expected a digit of the height, found the end at byte 3");
    case(&["0x10", "9999x9999"], "; target 1 is too large: no preset of 1K or more covers 9999x9999");
    case(&["10x10", "10X10"], "10x10 is asked twice");
    case(&["10x10", "--variants", "65"], "65 variants per size, expected 1 to 64");
    case(&["10x10", "--variants", "0"], "0 variants per size, expected 1 to 64");
    case(&["10x10", "--resolution", "0.5K"], "nano-banana-pro has no 0.5K, only [1K, 2K, 4K]");
    case(&["10x10", "--resolution", "8"], "expected a resolution such as \"2K\", found \"8\"");
    case(&["10x10", "--quality", "80"], "--quality has no effect on png, which is lossless");
    case(&["10x10", "--quality", "80", "--format", "webp"], "--quality has no effect on webp, which is lossless");
    case(&["10x10", "--quality", "0", "--format", "jpg"], "0 is not in 1..=100");
    case(&["10x10", "--image", "none.png"], "cannot read none.png");
    case(&["10x10", "--image", "text.png"], "cannot read text.png: not a PNG, JPEG or WebP picture");
    case(&["10x10", "--image", "cut.png"], "cannot read cut.png: the png cannot be decoded");
    case(&["10x10", "--generated", "text.png"], "cannot read text.png");
    case(&["10x10", "--sheet", "sheet.gif"], "sheet.gif: \"gif\" is not png, jpeg or webp");
    case(&["10x10", "--model", "dall-e"], "dall-e");
    case(&["10x10", "--seed", "-1"], "-1");
    case(&["10x10", "--out", "text.png"], "cannot make text.png");
    assert_eq!(names(&folder), ["cut.png", "text.png"]);
}

//! Tests of the command: the files that it writes, its output and its exit codes.

use std::fs;

use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeLimits, DecodeOptions, decode, probe};
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::pixels::metadata::{COMPOSITE_WITH_MODEL, Metadata, read};
use smart_resize::plan::Digest;
use smart_resize::{Format, Plan, Size};

use crate::support::{folder, names, resize, text};

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

/// The sheet of a plan has previews; standard output has the plan alone, as without a sheet.
#[test]
fn a_plan_has_a_sheet_of_previews_and_nothing_is_made() {
    let folder = folder("command-plan-sheet");
    fs::write(folder.join("photo.png"), png(&photo(size("300x200")))).unwrap();
    let sizes = ["--image", "photo.png", "1080x1080", "1080x1920", "728x90", "--plan"];
    let planned = |arguments: &[&str]| resize(&folder, &[&sizes[..], arguments].concat());
    let sheet = |name: &str, arguments: &[&str]| {
        let output = planned(&[&["--sheet", name], arguments].concat());
        assert_eq!((output.status.code(), output.stdout), (Some(0), planned(arguments).stdout));
        decode(&fs::read(folder.join(name)).unwrap(), &DecodeOptions::default()).unwrap().picture
    };
    let previews = sheet("new/sheet.png", &[]);
    assert_eq!(names(&folder), ["new", "photo.png"]);
    assert!(previews.size().covers(size("800x600")), "{}", previews.size());
    // Each preview has a dark mark in its corner. Two of them are on one line.
    let dark = [0x1d, 0x1f, 0x24].repeat(12);
    let mut rows = previews.pixels().chunks_exact(previews.size().width() as usize * 3);
    assert!(rows.any(|row| row.windows(36).filter(|pixels| *pixels == dark).count() > 2 * 40));

    // The previews are those of the generator that a run would have.
    assert!(sheet("backdrop.png", &["--focus", "0,0,100,100"]) != sheet("centre.png", &[]));
    let refused = planned(&["--sheet", "refused.png", "--focus", "0,0,100,100", "--fallback", "refuse"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("expected at least 50 %"), "{}", text(&refused.stderr));
    assert!(!folder.join("refused.png").exists());
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
fn all_mistakes_are_reported_and_nothing_is_started() {
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
    case(&["10x"], "target 0, \"10x\", is not a size: found the end; expected a digit of the height, as in 1080x1920");
    case(&["0x10", "9999x9999"], "; target 1 is too large: no preset of 1K or more covers 9999x9999");
    case(&["10x10", "10X10"], "size 10x10 appears twice; expected once");
    for (flag, least_and_most) in [("--variants", "from 1 to 64"), ("--quality", "from 1 to 100")] {
        for value in ["0", "101", "-1", "many", "1.5"] {
            let expected =
                format!("invalid value '{value}' for '{flag} <N>': expected a whole number {least_and_most}");
            case(&["10x10", "--format", "jpg", flag, value], &expected);
        }
    }
    case(
        &["cut.png", "10x10"],
        "expected a digit of the width, as in 1080x1920 (at byte 0); use --image for a picture",
    );
    case(&["10x10", "--resolution", "0.5K"], "floor is 0.5K; expected a tier of nano-banana-pro: [1K, 2K, 4K]");
    case(&["10x10", "--resolution", "8"], "label is \"8\"; expected a tier such as \"2K\"");
    case(&["10x10", "--quality", "80"], "--quality has no effect on png, which is lossless");
    case(&["10x10", "--image", "none.png"], "cannot read none.png");
    case(&["10x10", "--image", "text.png"], "cannot read text.png: the file is text; expected a PNG,");
    case(&["10x10", "--image", "cut.png"], "cannot read cut.png: the png is cut short");
    case(&["10x10", "--generated", "text.png"], "cannot read text.png");
    case(&["10x10", "--sheet", "sheet.gif"], "sheet.gif: format is \"gif\"; expected png, jpeg or webp");
    case(&["10x10", "--model", "dall-e"], "dall-e");
    case(&["10x10", "--seed", "-1"], "invalid value '-1' for '--seed <N>': expected a whole number from 0 to");
    case(&["10x10", "--out", "text.png"], "cannot create text.png");
    assert_eq!(names(&folder), ["cut.png", "text.png"]);
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
fn a_byte_limit_is_kept_or_the_smallest_file_is_written() {
    let folder = folder("command-byte-limit");
    let output = resize(&folder, &["--format", "jpg", "--max-bytes", "60000", "800x600"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let bytes = fs::metadata(folder.join("out/sample_800x600_1.jpg")).unwrap().len();
    assert!(bytes <= 60_000 && text(&output.stdout).contains("(quality "), "{}", text(&output.stdout));
    let smaller = ["--format", "jpg", "--max-bytes", "6000", "--min-quality", "70", "800x600", "--force"];
    let output = resize(&folder, &smaller);
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
    // The warning of a placement begins with its id.
    let output = resize(&folder, &["--plan", "--placements", "google-leaderboard"]);
    assert!(text(&output.stderr).starts_with("warning: google-leaderboard: target 0 (728x90) keeps "));
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
    case(&["--max-bytes=0"], "expected a whole number from 1 to 18446744073709551615");
    case(&["--budget", "-1"], "amount is \"-1\"; expected dollars");
    let fine = ["--share=100.0", "--budget=0.2", "--focus=0,100", "--safe=1,2,3,4", "--skip-covered=0"];
    assert_eq!(resize(&folder, &[&["--plan", "9x9"], &fine[..]].concat()).status.code(), Some(0));
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

#[test]
fn a_damaged_jpeg_is_refused_with_the_place_or_read_and_reported() {
    let folder = folder("command-damaged");
    let size = Size::new(160, 120).unwrap();
    let pixels = (0..size.area() * 3).map(|at| (at % 251) as u8).collect();
    let whole = encode(&Picture::from_rgb(size, pixels).unwrap(), Format::Jpeg, &EncodeOptions::default()).unwrap();
    let half = &whole.bytes[..whole.bytes.len() / 2];
    fs::write(folder.join("half.jpg"), [half, &[0xff, 0xd9]].concat()).unwrap();
    fs::write(folder.join("no-end.jpg"), &whole.bytes[..whole.bytes.len() - 2]).unwrap();
    let place = format!("(at byte {})", half.len());

    for arguments in [&["--image", "half.jpg"][..], &["--generated", "half.jpg"], &["--reference", "logo=half.jpg"]] {
        let output = resize(&folder, &[&["100x100"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let errors = text(&output.stderr);
        assert!(errors.contains("cannot read half.jpg: the jpeg is damaged: the scan has "), "{errors}");
        assert!(errors.contains(&place), "{errors}");
    }
    for (index, arguments) in [
        &["--image", "half.jpg"][..],
        &["--generated", "half.jpg", "--fit", "crop"],
        &["--image", "half.jpg", "--skip-covered", "1", "--sheet", "sheet.png"],
    ]
    .into_iter()
    .enumerate()
    {
        let out = format!("out{index}");
        let output = resize(&folder, &[&["100x100", "--damaged", "report", "--out", &out], arguments].concat());
        let said = [text(&output.stderr), text(&output.stdout)].concat();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        assert!(said.contains("damaged: the scan has ") && said.contains(&place), "{arguments:?}: {said}");
    }
    // All pixels are there, so the picture is read without the flag.
    let output = resize(&folder, &["100x100", "--image", "no-end.jpg", "--out", "out"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let errors = text(&output.stderr);
    assert!(errors.contains("warning: no-end.jpg is damaged: the file has no end marker"), "{errors}");
}

#[test]
fn the_backend_gets_the_image_without_metadata_unless_they_are_kept() {
    let folder = folder("command-metadata");
    let bare = png(&photo(size("40x30")));
    let full = [&bare[..], b"a trailer"].concat();
    fs::write(folder.join("photo.png"), &full).unwrap();
    let digest = |arguments: &[&str]| {
        let output = resize(&folder, &[&["--image", "photo.png", "--plan", "300x250"], arguments].concat());
        serde_json::from_slice::<Plan>(&output.stdout).unwrap().source_digest()
    };
    assert_eq!(digest(&[]), Some(Digest::of(&bare)));
    assert_eq!(digest(&["--keep-metadata"]), Some(Digest::of(&full)));
}

#[test]
fn results_have_a_credit_a_title_and_the_mark_of_their_origin() {
    let folder = folder("command-marks");
    fs::write(folder.join("photo.png"), png(&photo(size("40x30")))).unwrap();
    let found = |out: &str, arguments: &[&str]| {
        let image = ["--image", "photo.png", "--generated", "photo.png", "20x20", "--out", out];
        assert_eq!(resize(&folder, &[&image, arguments].concat()).status.code(), Some(0));
        read(&fs::read(folder.join(out).join("photo_20x20_1.png")).unwrap())
    };
    let texts = ["--credit", "An agency", "--title", "A shoe"];
    let expected = Metadata::default().credit("An agency").title("A shoe");
    assert_eq!(found("marked", &texts), expected.digital_source_type(COMPOSITE_WITH_MODEL));
    assert_eq!(found("unmarked", &["--no-mark"]), Metadata::default());
}

#[test]
fn the_exit_code_is_0_for_success_1_for_a_failed_picture_and_2_if_nothing_was_started() {
    let folder = folder("command-exit-codes");
    fs::write(folder.join("small.png"), png(&photo(size("40x30")))).unwrap();
    let code = |size: &str| {
        let output = resize(&folder, &["--image", "small.png", "--generated", "small.png", "--fit", "crop", size]);
        output.status.code()
    };
    assert_eq!([code("40x30"), code("41x30"), code("0x30")], [Some(0), Some(1), Some(2)]);
}

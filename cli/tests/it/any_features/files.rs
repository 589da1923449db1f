//! The files of the command: no input and no other file is lost.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeLimits, probe};
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::{Format, Size};

use crate::support::{folder, names, resize, text};

fn picture(blue: u8) -> Vec<u8> {
    let size = Size::new(60, 40).unwrap();
    let pixels = (0..size.area()).flat_map(|at| [(at % 60 * 4) as u8, (at / 60 * 6) as u8, blue]).collect();
    encode(&Picture::from_rgb(size, pixels).unwrap(), Format::Png, &EncodeOptions::default()).unwrap().bytes
}

/// Expects that the command starts nothing, and that no file changes.
fn refused(folder: &Path, arguments: &[&str], expected: &str) {
    let files = || names(folder).into_iter().map(|name| fs::read(folder.join(name)).ok()).collect::<Vec<_>>();
    let before = files();
    let output = resize(folder, arguments);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
    assert!(errors.contains(expected), "{arguments:?}: {errors}");
    assert!(files() == before, "{arguments:?} has changed a file");
}

#[test]
fn an_output_that_is_an_input_is_refused() {
    let folder = folder("files-inputs");
    for name in ["photo.png", "made.png", "logo.png", "photo_600x400_1.png"] {
        fs::write(folder.join(name), picture(9)).unwrap();
    }
    let case = |arguments: &[&str], expected: &str| {
        let mut all = vec!["600x400", "--out", ".", "--force"];
        all.extend(arguments);
        refused(&folder, &all, &format!("cannot write {expected}; expected another name or another folder"));
    };
    case(&["--image", "photo.png", "--sheet", "photo.png"], "photo.png: it is an input");
    case(&["--image", "photo.png", "--sheet", "./out/../photo.png"], "./out/../photo.png: it is an input");
    case(&["--image", "photo.png", "--generated", "made.png", "--sheet", "made.png"], "made.png: it is an input");
    case(&["--image", "photo.png", "--reference", "logo=logo.png", "--sheet", "logo.png"], "logo.png: it is an input");
    let made = "./photo_600x400_1.png: it is an input";
    case(&["--image", "photo.png", "--generated", "photo_600x400_1.png"], made);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("photo.png", folder.join("link.png")).unwrap();
        case(&["--image", "photo.png", "--sheet", "link.png"], "link.png: it is an input");
    }
}

#[test]
fn an_output_that_is_another_output_is_refused() {
    let folder = folder("files-outputs");
    fs::write(folder.join("photo.png"), picture(9)).unwrap();
    let arguments = ["600x400", "--image", "photo.png", "--sheet", "out/photo_600x400_1.png"];
    refused(&folder, &arguments, "cannot write out/photo_600x400_1.png: it is another output");
}

#[test]
fn an_existing_file_is_replaced_only_with_force_and_the_report_says_so() {
    let folder = folder("files-existing");
    fs::create_dir(folder.join("b")).unwrap();
    fs::write(folder.join("photo.png"), picture(9)).unwrap();
    fs::write(folder.join("b/photo.png"), picture(200)).unwrap();
    let run = |image: &str, more: &[&str]| {
        let mut arguments = vec!["600x400", "--image", image];
        arguments.extend(more);
        let output = resize(&folder, &arguments);
        let made = fs::read(folder.join("out/photo_600x400_1.png")).unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr), made)
    };
    let (code, _, _, first) = run("photo.png", &[]);
    assert_eq!(code, Some(0));
    // The same run again replaces nothing.
    let (code, out, errors, again) = run("photo.png", &[]);
    assert_eq!((code, out.contains("replaced"), errors), (Some(0), false, String::new()));
    assert!(again == first);
    // Another picture of the same name.
    let (code, _, errors, kept) = run("b/photo.png", &[]);
    assert_eq!(code, Some(1));
    assert!(
        errors.contains("photo_600x400_1.png: the file exists and differs; expected --force, or another"),
        "{errors}"
    );
    assert!(kept == first);
    let (code, out, _, replaced) = run("b/photo.png", &["--force"]);
    assert_eq!((code, out.contains("photo_600x400_1.png (replaced)")), (Some(0), true), "{out}");
    assert!(replaced != first);
    assert_eq!(names(&folder.join("out")), ["photo_600x400_1.png"]);
}

#[test]
fn a_dash_is_standard_input_and_output() {
    let folder = folder("files-standard");
    let mut child = Command::new(env!("CARGO_BIN_EXE_smart-resize"))
        .args(["30x20", "--image", "-", "--out", "-", "--format", "jpg"])
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&picture(9)).unwrap();
    let output = child.wait_with_output().unwrap();
    let report = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{report}");
    let info = probe(&output.stdout, &DecodeLimits::default()).unwrap();
    assert_eq!((info.size.to_string().as_str(), info.format == Format::Jpeg), ("30x20", true));
    assert!(report.contains("plan: 1 generation"), "{report}");
    assert!(names(&folder).is_empty());

    refused(&folder, &["30x20", "9x9", "--out", "-"], "number of pictures for --out - is 2; expected 1");
    let twice = ["9x9", "--image", "-", "--generated", "-"];
    refused(&folder, &twice, "number of files from standard input is 2; expected at most 1");
}

#[test]
fn a_closed_output_ends_the_command_quietly() {
    let folder = folder("files-closed");
    for arguments in [&["600x400", "--plan"][..], &["600x400"], &["--list-placements"], &["--help"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_smart-resize"))
            .args(arguments)
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()), "{arguments:?}");
    }
}

#[test]
fn a_path_that_begins_with_a_dash_gets_a_hint() {
    let folder = folder("files-dash");
    fs::write(folder.join("-photo.png"), picture(9)).unwrap();
    let hint = "tip: write a path that begins with a dash as './-photo.png'";
    refused(&folder, &["600x400", "--image", "-photo.png"], hint);
    assert_eq!(resize(&folder, &["600x400", "--image", "./-photo.png"]).status.code(), Some(0));
}

#[test]
fn a_file_beyond_the_limit_is_refused_by_its_length() {
    let folder = folder("files-long");
    File::create(folder.join("long.png")).unwrap().set_len(3 << 30).unwrap();
    let output = resize(&folder, &["600x400", "--image", "long.png"]);
    let expected = "cannot read long.png: the file has 3221225472 bytes; expected at most 67108864";
    assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(2));
    fs::remove_file(folder.join("long.png")).unwrap();
}

/// Even root creates no file in this folder.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_found_before_anything_is_made() {
    let folder = folder("files-folder");
    refused(&folder, &["600x400", "--out", "/proc"], "cannot write into /proc: ");
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_followed_before_the_parent_folder_behind_it() {
    let folder = folder("files-link");
    fs::create_dir_all(folder.join("other/deep")).unwrap();
    fs::write(folder.join("other/photo.png"), picture(9)).unwrap();
    std::os::unix::fs::symlink("other/deep", folder.join("link")).unwrap();
    let arguments = ["600x400", "--image", "other/photo.png", "--sheet", "link/../photo.png", "--force"];
    let output = resize(&folder, &arguments);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("cannot write link/../photo.png: it is an input"),
        "{}",
        text(&output.stderr)
    );
}

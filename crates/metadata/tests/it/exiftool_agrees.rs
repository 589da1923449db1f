//! `exiftool` reads what is written, and writes what is read and stripped. The test needs it on the PATH, and passes without it.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "the test runs a program")]

use std::fs;
use std::path::Path;
use std::process::Command;

use miniz_oxide::deflate::compress_to_vec_zlib;
use smart_resize_jpeg::{Encoder, Scratch};
use smart_resize_metadata::{Metadata, read, strip, write};

use crate::files::{chunk, png, webp};

/// Runs the program on a file, and returns its output. `None` if it is not installed.
fn exiftool(arguments: &[&str], file: &Path) -> Option<String> {
    let output = Command::new("exiftool").args(arguments).arg(file).output().ok()?;
    Some(String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
}

/// A picture in each format.
fn pictures() -> Vec<(&'static str, Vec<u8>)> {
    let jpeg = Encoder::new((8, 8), 85).encode(&[90; 8 * 8 * 3], &mut Scratch::default()).unwrap();
    let header = chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
    let pixels = chunk(b"IDAT", &compress_to_vec_zlib(&[0, 90], 6));
    let png = png(&[header, pixels, chunk(b"IEND", b"")]);
    vec![("jpg", jpeg), ("png", png), ("webp", webp(&[(b"VP8L", b"\x2f\x02\x40\0\0\x88\x88\x08\x11\0")]))]
}

#[test]
fn exiftool_agrees() {
    let metadata = Metadata::default()
        .creator(["Ann", "Bob"])
        .rights("© 2026 <Ann & Bob>")
        .credit("An agency")
        .source("A source")
        .marked(true)
        .web_statement("https://example.com/?a=1&b=2")
        .usage_terms("Not for resale")
        .owner(["Ann"])
        .title("A shoe")
        .digital_source_type("http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia")
        .ai_system("a model");
    for (extension, picture) in pictures() {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("exiftool.{extension}"));
        fs::write(&path, write(&picture, &metadata).unwrap()).unwrap();
        let format = "$XMP-dc:Creator|$XMP-dc:Rights|$XMP-photoshop:Credit|$XMP-photoshop:Source|$XMP-xmpRights:Marked|\
            $XMP-xmpRights:WebStatement|$XMP-xmpRights:UsageTerms|$XMP-xmpRights:Owner|$XMP-dc:Title|\
            $XMP-iptcExt:DigitalSourceType#|$Warning";
        let Some(found) = exiftool(&["-m", "-p", format], &path) else { return };
        let expected = "Ann, Bob|© 2026 <Ann & Bob>|An agency|A source|True|https://example.com/?a=1&b=2|Not for resale|Ann|A shoe|\
            http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia|\n";
        assert_eq!(found, expected, "{extension}");

        fs::write(&path, &picture).unwrap();
        let mut tags = vec![
            "-overwrite_original",
            "-EXIF:Artist=Ann; Bob",
            "-EXIF:Copyright=© Ann",
            "-XMP-photoshop:Credit=An agency",
        ];
        tags.extend([
            "-GPSLatitude=52.52",
            "-GPSLatitudeRef=N",
            "-SerialNumber=4711",
            "-XMP-iptcExt:DigitalSourceType=x",
        ]);
        if extension == "jpg" {
            tags.extend(["-IPTC:Source=A source", "-Comment=a comment"]);
        }
        exiftool(&tags, &path);
        let full = fs::read(&path).unwrap();
        let expected =
            Metadata::default().creator(["Ann", "Bob"]).rights("© Ann").credit("An agency").digital_source_type("x");
        let expected = if extension == "jpg" { expected.source("A source") } else { expected };
        assert_eq!(read(&full), expected, "{extension}");
        fs::write(&path, strip(&full).unwrap()).unwrap();
        let left = exiftool(&["-G1", "-s", "-a", "-u"], &path).unwrap();
        let is_metadata = |line: &&str| {
            ["GPS", "XMP", "IPTC", "ExifIFD", "IFD0", "4711", "omment"].iter().any(|tag| line.contains(tag))
        };
        assert_eq!(left.lines().find(is_metadata), None, "{extension}");
    }
}

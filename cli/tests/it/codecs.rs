//! The codecs in C: the options that need them.

#[cfg(all(feature = "libwebp", feature = "turbojpeg"))]
use std::fs;

#[cfg(all(feature = "libwebp", feature = "turbojpeg"))]
use smart_resize::Size;
#[cfg(all(feature = "libwebp", feature = "turbojpeg"))]
use smart_resize::pixels::decode::{DecodeLimits, probe};

use crate::support::{folder, resize, text};

#[test]
fn an_option_that_needs_a_codec_is_refused_without_it() {
    let folder = folder("codecs-refused");
    let case = |arguments: &[&str], feature: &str| {
        let output = resize(&folder, arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        let errors = text(&output.stderr);
        assert!(errors.contains(&format!("needs the cargo feature \"{feature}\"")), "{arguments:?}: {errors}");
    };
    if !cfg!(feature = "libwebp") {
        case(&["10x10", "--quality", "80", "--format", "webp"], "libwebp");
        // A generated picture may be a WebP.
        case(&["10x10", "--fast"], "libwebp");
    }
    if !cfg!(feature = "turbojpeg") {
        case(&["10x10", "--fast", "--format", "jpg"], "turbojpeg");
    }
}

#[cfg(all(feature = "libwebp", feature = "turbojpeg"))]
#[test]
fn with_the_codecs_in_c_a_webp_has_a_quality_and_jpegs_are_made_fast() {
    let folder = folder("codecs-fast");
    let made = |arguments: &[&str], name: &str| {
        let output = resize(&folder, &[arguments, &["300x250", "--force"]].concat());
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
    assert_eq!(probe(&fast, &DecodeLimits::default()).unwrap().size, Size::new(300, 250).unwrap());
}

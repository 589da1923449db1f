//! Borders and blank pictures are reported, refused or trimmed, as the options say.

use smart_resize::geometry::Rect;
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{Colour, DecodeOptions, decode};
use smart_resize::pixels::inspect::{Bar, Border};
use smart_resize::pixels::render::{Inspect, RenderError, RenderOptions, RenderTarget, Undersized, Warning, render};
use smart_resize::{Format, Size};

use crate::pictures::{photo, png, size};

/// A photograph of 200x120 with 10 black rows above and below, 200x140 in all.
fn letterboxed() -> Vec<u8> {
    let photo = photo(size("200x120"));
    let bar = vec![0; 200 * 10 * 3];
    png(&Picture::from_rgb(size("200x140"), [&bar, photo.pixels(), &bar].concat()).unwrap())
}

fn options(inspect: Inspect, trim_borders: bool) -> RenderOptions {
    let mut options = RenderOptions::default();
    (options.inspect, options.trim_borders) = (inspect, trim_borders);
    options
}

fn bars(warnings: &[Warning]) -> Option<(Border, bool)> {
    warnings.iter().find_map(|warning| match warning {
        Warning::Bordered { border, trimmed } => Some((*border, *trimmed)),
        _ => None,
    })
}

#[test]
fn a_border_is_reported_refused_or_ignored() {
    let (file, target) = (letterboxed(), RenderTarget::new(size("100x70")));
    let reported = render(&file, &target, &RenderOptions::default()).unwrap();
    let (frame, trimmed) = bars(&reported.warnings).unwrap();
    assert_eq!(
        (frame.top.width, frame.right, frame.bottom.width, frame.left),
        (10, Bar::default(), 10, Bar::default())
    );
    assert!(!trimmed);
    assert_eq!(reported.rect, Rect::new(0, 0, size("200x140")));

    let error = render(&file, &target, &options(Inspect::Fail, false)).unwrap_err();
    let message = "the picture was rejected: the picture has a border: 10 px at the top, 10 px at the bottom";
    assert_eq!(error.to_string(), message);
    assert!(render(&file, &target, &options(Inspect::Off, false)).unwrap().warnings.is_empty());
}

#[test]
fn a_trimmed_border_is_not_in_the_result() {
    let (file, inner) = (letterboxed(), Rect::new(0, 10, size("200x120")));
    for inspect in [Inspect::Off, Inspect::Report, Inspect::Fail] {
        // The interior at its own size is copied.
        let rendered = render(&file, &RenderTarget::new(inner.size()), &options(inspect, true)).unwrap();
        assert_eq!((rendered.rect, rendered.frame), (inner, size("200x140")));
        assert!(bars(&rendered.warnings).is_some_and(|(_, trimmed)| trimmed), "{inspect:?}");
        let found = decode(&rendered.bytes, &DecodeOptions::default()).unwrap();
        assert_eq!((found.picture, found.colour), (photo(size("200x120")), Colour::Srgb));
    }
    // A target of another shape is cut from the middle of the interior.
    let rendered = render(&file, &RenderTarget::new(size("60x60")), &options(Inspect::Report, true)).unwrap();
    assert_eq!(rendered.rect, Rect::new(40, 10, size("120x120")));
}

#[test]
fn trimming_a_border_enlarges_only_if_allowed() {
    let (file, target) = (letterboxed(), RenderTarget::new(size("200x130")));
    assert!(render(&file, &target, &RenderOptions::default()).is_ok());
    let mut options = options(Inspect::Report, true);
    let error = render(&file, &target, &options).unwrap_err();
    assert_eq!(error.to_string(), "a picture of 200x120 does not cover 200x130");
    options.undersized = Undersized::Enlarge;
    let rendered = render(&file, &target, &options).unwrap();
    let enlarged = Warning::Enlarged { from: rendered.rect.size(), to: size("200x130") };
    assert!(rendered.warnings.contains(&enlarged) && rendered.size == size("200x130"));
    assert!(rendered.rect.y() >= 10 && rendered.rect.y() + rendered.rect.height() <= 130);
    // The same for a target of the size of the picture with its border.
    let whole = render(&file, &RenderTarget::new(size("200x140")), &options).unwrap();
    let found = decode(&whole.bytes, &DecodeOptions::default()).unwrap().picture;
    assert!(found.pixels()[..200 * 3].iter().any(|sample| *sample > 20), "the bar was not trimmed");
}

#[test]
fn a_blank_picture_is_reported_or_refused() {
    let blank = png(&Picture::from_rgb(size("100x80"), vec![90; 100 * 80 * 3]).unwrap());
    let target = RenderTarget::new(size("50x40")).format(Format::Jpeg);
    let rendered = render(&blank, &target, &RenderOptions::default()).unwrap();
    assert!(matches!(rendered.warnings[..], [Warning::Blank(_)]), "{:?}", rendered.warnings);
    let error = render(&blank, &target, &options(Inspect::Fail, false)).unwrap_err();
    assert_eq!(error.to_string(), "the picture was rejected: a blank picture: #5a5a5a throughout");
    assert!(render(&blank, &target, &options(Inspect::Off, false)).unwrap().warnings.is_empty());
}

#[test]
fn another_size_than_requested_is_refused_by_inspect_fail() {
    let file = png(&photo(size("100x80")));
    let asked = size("100x90");
    let target = RenderTarget::new(size("50x40")).preset(asked);
    let mismatch = Warning::PresetMismatch { asked, got: size("100x80") };
    for inspect in [Inspect::Off, Inspect::Report] {
        let found = render(&file, &target, &options(inspect, false)).unwrap().warnings;
        assert_eq!(found, std::slice::from_ref(&mismatch), "{inspect:?}");
    }
    let error = render(&file, &target, &options(Inspect::Fail, false)).unwrap_err();
    assert_eq!(error, RenderError::Rejected(mismatch));
    let as_asked = RenderTarget::new(size("50x40")).preset(Size::new(100, 80).unwrap());
    assert!(render(&file, &as_asked, &options(Inspect::Fail, false)).is_ok());
}

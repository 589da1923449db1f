//! A rendered file has exactly the size of its target, and at scale 1 the pixels of the source. Decoders that the crate
//! does not use read the files.

use smart_resize::geometry::{Fit, Rect, cover};
use smart_resize::pixels::decode::DecodeError;
use smart_resize::pixels::render::{RenderError, RenderOptions, RenderTarget, Undersized, Warning, render, render_all};
use smart_resize::{Format, Size};

use crate::pictures::{photo, png, size};
use crate::support::decoders::read_elsewhere;

const FORMATS: [Format; 3] = [Format::Png, Format::Jpeg, Format::WebP];

#[test]
fn every_format_and_fit_gives_exactly_the_requested_size() {
    let generated = png(&photo(size("137x77")));
    for format in FORMATS {
        for fit in [Fit::Cover, Fit::Crop] {
            for target in ["1x1", "137x77", "137x1", "1x77", "64x64", "100x77", "31x17"] {
                let target = RenderTarget::new(size(target)).format(format).fit(fit);
                let rendered = render(&generated, &target, &RenderOptions::default()).unwrap();
                let (width, height, _) = read_elsewhere(&rendered.bytes, format);
                assert_eq!(Size::new(width, height), Ok(rendered.size));
                assert!(rendered.rect.is_inside(rendered.frame));
                assert!(rendered.warnings.is_empty());
            }
        }
    }
}

#[test]
fn at_scale_one_every_pixel_is_copied() {
    let frame = photo(size("90x61"));
    let (generated, target) = (png(&frame), size("47x33"));
    let rect = Rect::new(21, 14, target);
    let expected: Vec<u8> =
        (14..14 + 33).flat_map(|y| frame.pixels()[(y * 90 + 21) * 3..][..47 * 3].to_vec()).collect();
    for format in [Format::Png, Format::WebP] {
        let target = RenderTarget::new(target).format(format).fit(Fit::Crop);
        let rendered = render(&generated, &target, &RenderOptions::default()).unwrap();
        assert_eq!(rendered.rect, rect);
        assert_eq!(read_elsewhere(&rendered.bytes, format), (47, 33, expected.clone()));
    }
    // The whole picture, at its own size.
    let rendered = render(&generated, &RenderTarget::new(frame.size()), &RenderOptions::default()).unwrap();
    assert_eq!(read_elsewhere(&rendered.bytes, Format::Png).2, frame.pixels());
}

#[test]
fn a_picture_too_small_is_refused_or_enlarged_with_a_warning() {
    let generated = png(&photo(size("40x30")));
    let target = RenderTarget::new(size("41x20"));
    let mut options = RenderOptions::default();
    let error = render(&generated, &target, &options).unwrap_err();
    assert_eq!(error.to_string(), "a picture of 40x30 does not cover 41x20");
    options.undersized = Undersized::Enlarge;
    for fit in [Fit::Cover, Fit::Crop] {
        let rendered = render(&generated, &target.fit(fit), &options).unwrap();
        assert_eq!(read_elsewhere(&rendered.bytes, Format::Png).0, 41);
        assert_eq!(rendered.warnings, [Warning::Enlarged { from: rendered.rect.size(), to: size("41x20") }]);
        assert_eq!(rendered.rect, cover(size("40x30"), size("41x20")));
    }
    // If the picture covers the target, the option has no effect.
    let covered = render(&generated, &RenderTarget::new(size("40x20")), &options).unwrap();
    assert!(covered.warnings.is_empty());
}

#[test]
fn a_picture_of_another_size_than_requested_is_used_and_reported() {
    let generated = png(&photo(size("80x60")));
    let target = RenderTarget::new(size("40x20")).preset(size("90x60"));
    let rendered = render(&generated, &target, &RenderOptions::default()).unwrap();
    assert_eq!(rendered.rect, cover(size("80x60"), size("40x20")));
    assert_eq!(rendered.warnings, [Warning::PresetMismatch { asked: size("90x60"), got: size("80x60") }]);
    assert_eq!(rendered.warnings[0].to_string(), "the picture is 80x60; expected 90x60");
}

#[test]
fn one_decode_for_many_targets_gives_the_results_of_single_ones() {
    let generated = png(&photo(size("120x80")));
    let targets: Vec<_> = ["60x40", "30x30", "200x10", "80x80"].map(|text| RenderTarget::new(size(text))).into();
    let together = render_all(&generated, &targets, &RenderOptions::default());
    let alone: Vec<_> = targets.iter().map(|target| render(&generated, target, &RenderOptions::default())).collect();
    assert_eq!(together, alone);
    assert!(matches!(together[2], Err(RenderError::TooSmall(_))));
    let broken = render_all(b"nothing", &targets, &RenderOptions::default());
    assert!(broken.iter().all(|result| matches!(result, Err(RenderError::Decode(DecodeError::UnknownFormat { .. })))));
}

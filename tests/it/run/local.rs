//! The built-in local generator.

use smart_resize::generate::local::LocalGenerator;
use smart_resize::generate::{GenerateErrorKind, GenerationRequest};
use smart_resize::model::Model;
use smart_resize::pixels::decode::{DecodeOptions, decode};
use smart_resize::pixels::render::{RenderOptions, RenderTarget, render};
use smart_resize::pixels::{Layout, Picture};
use smart_resize::{Format, Generator, Plan, Request, Size, Source};

use crate::pictures::{photo, png, size, transparent};

/// The request of a model whose only preset has the size `frame`.
fn request(source: &Source, frame: Size, variants: u32) -> GenerationRequest {
    let preset = smart_resize::model::Preset::new(frame).ratio("1:1".parse().unwrap());
    let table = Model::new("m", vec![preset]).unwrap().variants_per_call(64.try_into().unwrap());
    let prices = smart_resize::model::PriceList::default().price("m", None, smart_resize::model::UsdMicros(1));
    let request = Request::builder(source.clone()).targets([frame]).model(table).prices(prices).variants(variants);
    let plan = Plan::new(&request.build().unwrap()).unwrap();
    plan.requests(source).unwrap().remove(0)
}

fn reframed(picture: &Picture, frame: Size) -> Picture {
    let request = request(&Source::from_bytes(png(picture)), frame, 1);
    let generated = LocalGenerator::default().generate(&request).unwrap();
    decode(&generated.images[0], &DecodeOptions::default()).unwrap().picture
}

#[test]
fn it_makes_the_size_of_the_preset_and_is_named_local_and_free() {
    let source = Source::from_bytes(png(&photo(size("60x40"))));
    let request = request(&source, size("50x70"), 3);
    let generated = LocalGenerator::default().generate(&request).unwrap();
    assert_eq!((generated.backend.as_str(), generated.billed_images, generated.images.len()), ("local", 0, 3));
    assert_eq!(generated.description.as_deref(), Some("made locally: the whole source with its edges extended"));
    assert!(generated.images.iter().all(|image| image == &generated.images[0]));
    assert_eq!(generated, LocalGenerator::default().generate(&request).unwrap());
    for frame in ["1x1", "1x90", "90x1", "61x41", "7x200", "200x7", "60x40"] {
        assert_eq!(reframed(&photo(size("60x40")), size(frame)).size(), size(frame));
    }
}

#[test]
fn it_crops_if_at_least_85_percent_is_kept() {
    // A crop from 100x100 to 85:100 keeps exactly 85 %. At 84:100 the picture is extended instead.
    let picture = photo(size("100x100"));
    let cropped = reframed(&picture, size("85x100"));
    let expected = render(&png(&picture), &RenderTarget::new(size("85x100")), &RenderOptions::default()).unwrap();
    assert_eq!(cropped, decode(&expected.bytes, &DecodeOptions::default()).unwrap().picture);
    let extended = reframed(&picture, size("84x100"));
    let whole = reframed(&picture, size("84x84"));
    let middle = &extended.pixels()[84 * 3 * 8..][..84 * 84 * 3];
    assert_eq!(middle, whole.pixels());
}

#[test]
fn an_extended_picture_has_the_source_in_the_middle_and_no_seam() {
    let picture = photo(size("60x40"));
    let extended = reframed(&picture, size("60x120"));
    let row = |y: usize| &extended.pixels()[y * 180..][..180];
    let inside: Vec<u8> = (40..80).flat_map(row).copied().collect();
    assert_eq!(inside, picture.pixels());
    // Rows at the seams differ by no more than rows inside the source, which differ by their grain and a step of 5.
    let step = |y: usize| row(y).iter().zip(row(y + 1)).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    let (seams, within) = (step(39).max(step(79)), (40..79).map(step).max().unwrap());
    assert!(seams <= within, "{seams}, inside {within}");
    // Far from the source the picture is smooth and does not repeat the subject.
    assert!((0..8).map(step).max().unwrap() <= 2);
}

#[test]
fn transparency_is_kept() {
    let extended = reframed(&transparent(size("40x40")), size("40x100"));
    assert_eq!(extended.layout(), Layout::Rgba);
    let alpha = |x: usize, y: usize| extended.pixels()[(y * 40 + x) * 4 + 3];
    assert_eq!((alpha(0, 50), alpha(39, 50)), (0, 255));
    // Just beyond the seam alpha is nearly that of the source. Far from it alpha is the mean, and never 0 or 255.
    assert!(alpha(0, 28) < 40 && alpha(39, 28) > 215);
    assert!((1..255).contains(&alpha(20, 0)));
}

#[test]
fn sources_of_extreme_shape_are_reframed_too() {
    for source in ["1x1", "65535x1", "1x3000"] {
        for frame in ["64x64", "16x128", "128x16"] {
            assert_eq!(reframed(&photo(size(source)), size(frame)).size(), size(frame));
        }
    }
}

#[test]
fn a_preset_beyond_the_limits_is_refused() {
    let mut local = LocalGenerator::default();
    local.limits.pixels = 100;
    let source = Source::from_bytes(png(&photo(size("4x4"))));
    assert!(local.generate(&request(&source, size("10x10"), 1)).is_ok());
    let error = local.generate(&request(&source, size("101x1"), 1)).unwrap_err();
    let message = "the preset is 101x1; expected at most 100 pixels and 1073741824 bytes at 4 bytes per pixel";
    assert_eq!(error.message, message);
    let error = LocalGenerator::default().generate(&request(&source, size("65535x65535"), 1)).unwrap_err();
    assert_eq!(error.kind, GenerateErrorKind::InvalidRequest);
}

#[test]
fn it_sends_the_transfer_format() {
    let source = Source::from_bytes(png(&photo(size("60x40"))));
    let request = Request::builder(source.clone()).sizes(["9x9"]).transfer_format(Format::Jpeg).build().unwrap();
    let request = Plan::new(&request).unwrap().requests(&source).unwrap().remove(0);
    let generated = LocalGenerator::default().generate(&request).unwrap();
    assert_eq!(generated.images[0][..2], [0xff, 0xd8]);
}

#[test]
fn a_source_that_cannot_be_read_is_an_invalid_request() {
    let error = |source: Source| {
        let error = LocalGenerator::default().generate(&request(&source, size("9x9"), 1)).unwrap_err();
        assert_eq!((error.kind, error.billed_images), (GenerateErrorKind::InvalidRequest, 0));
        error.to_string()
    };
    let url = error(Source::from_url("https://example.com/a.png"));
    assert_eq!(url, "the backend cannot serve the request: the local generator needs the bytes of the source");
    let text = error(Source::from_bytes(*b"no picture"));
    assert_eq!(text, "the backend cannot serve the request: the source cannot be read");
}

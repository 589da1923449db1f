//! A preview shows each target of a plan, small, before anything is paid.

use smart_resize::generate::local::{Fallback, LocalGenerator};
use smart_resize::geometry::PerMille;
use smart_resize::model::{Model, Preset, PriceList, UsdMicros};
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeOptions, decode};
use smart_resize::run::{Driver, PreviewError};
use smart_resize::{Plan, Request, Source};

use crate::any::share;
use crate::pictures::{photo, png, size};
use crate::scenes::{pattern, quarter_model, red, with_red};

fn source() -> Source {
    Source::from_bytes(png(&photo(size("300x200")))).size(size("300x200"))
}

fn plan(sizes: &[&str]) -> Plan {
    // A target is cut from the source if the crop keeps all of it.
    Plan::new(&Request::builder(source()).sizes(sizes).crop_source_above(share(1000)).build().unwrap()).unwrap()
}

#[test]
fn each_preview_has_the_shape_of_its_target_and_no_side_is_longer_than_allowed() {
    let sizes = ["1080x1080", "728x90", "160x600", "150x100", "60x40"];
    let previews = plan(&sizes).preview(&source(), 120).unwrap();
    let found: Vec<_> = previews.iter().map(|preview| preview.picture.size().to_string()).collect();
    assert_eq!(found, ["120x120", "120x15", "32x120", "120x80", "60x40"]);
    // The last two are cut from the source.
    let generated = [true, true, true, false, false];
    assert_eq!(previews.iter().map(|preview| preview.plausibility.is_some()).collect::<Vec<_>>(), generated);
}

#[test]
fn a_target_of_the_sources_shape_is_plausible_and_keeps_the_mean_colour() {
    let plan = Plan::new(&Request::builder(source()).sizes(["1264x848"]).build().unwrap()).unwrap();
    let preview = plan.preview(&source(), 300).unwrap().remove(0);
    assert!(preview.plausibility > Some(PerMille::HALF), "{:?}", preview.plausibility);
    let mean = |pixels: &[u8]| pixels.iter().map(|level| u64::from(*level)).sum::<u64>() / pixels.len() as u64;
    let (made, original) = (mean(preview.picture.pixels()), mean(photo(size("300x200")).pixels()));
    assert!(made.abs_diff(original) <= 4, "{made} and {original}");
}

/// The mean difference, in levels of the first channel, between `small` and the pixels of `large` in the same places.
fn difference(small: &Picture, large: &Picture) -> u32 {
    let first =
        |picture: &Picture, index: u32| u32::from(picture.pixels()[index as usize * picture.layout().channels()]);
    let [(width, height), (large_width, large_height)] =
        [small, large].map(|picture| (picture.size().width(), picture.size().height()));
    // The middle of the block of pixels in `large` that a pixel of `small` stands for.
    let middle = |place: u32, side: u32, large_side: u32| (2 * place + 1) * large_side / (2 * side);
    let of_pixel = |index: u32| {
        let (x, y) = (middle(index % width, width, large_width), middle(index / width, height, large_height));
        first(small, index).abs_diff(first(large, y * large_width + x))
    };
    (0..width * height).map(of_pixel).sum::<u32>() / (width * height)
}

/// Compares each preview with the result of a run, pixel by pixel at the preview's size.
#[test]
fn a_preview_resembles_what_the_local_generator_makes() {
    for focus in ["50,50", "10,50", "90,20"] {
        let request = Request::builder(source()).sizes(["160x600", "600x160"]).focus(focus.parse().unwrap());
        let plan = Plan::new(&request.build().unwrap()).unwrap();
        let previews = plan.preview(&source(), 60).unwrap();
        let outcome = Driver::new(&plan, &source()).run(&LocalGenerator::default()).unwrap();
        for (preview, (target, output)) in previews.iter().zip(outcome.outputs()) {
            let made = decode(&output.unwrap().bytes, &DecodeOptions::default()).unwrap().picture;
            let mean = difference(&preview.picture, &made);
            assert!(mean <= 3, "{target} at {focus}: a mean difference of {mean} levels");
        }
    }
}

/// A preview is made of a reduced copy of the source, which has less of its texture. The whole source decides.
#[test]
fn a_preview_is_as_plausible_as_the_result_of_a_run() {
    // Noise on the left two thirds, under a plain sky.
    let mut state = 1_u32;
    let pixel = |at: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (x, y) = (at % 1500, at / 1500);
        if y > 250 && x < 1000 { [(state >> 24) as u8; 3] } else { [90, 130 + (y / 12) as u8, 220] }
    };
    let picture = Picture::from_rgb(size("1500x800"), (0..1500 * 800).flat_map(pixel).collect()).unwrap();
    let source = Source::from_bytes(png(&picture)).size(picture.size());
    let plan = Plan::new(&Request::builder(source.clone()).sizes(["768x1376", "1584x672"]).build().unwrap()).unwrap();
    let previews = plan.preview(&source, 60).unwrap();
    let outcome = Driver::new(&plan, &source).run(&LocalGenerator::default()).unwrap();
    for (preview, (target, output)) in previews.iter().zip(outcome.outputs()) {
        let made = output.unwrap().provenance.generation.as_ref().unwrap().plausibility;
        assert_eq!(preview.plausibility, made, "{target}");
        assert!(made > Some(PerMille::ZERO) && made < Some(PerMille::WHOLE));
    }
}

/// The crop follows the focus to where the reframing shows it, which is not where the source has it.
#[test]
fn a_preview_shows_the_focus_where_a_run_shows_it() {
    // The middle of what is red, in percent of the picture.
    let middle_of_red = |picture: &Picture| {
        let [left, top, right, bottom] = red(picture);
        assert!(left < right, "there is no red");
        [(left + right) * 50 / picture.size().width(), (top + bottom) * 50 / picture.size().height()]
    };
    // The left upper corner of a red square of 40x40 pixels, and that square as a focus, in percent. The presets differ
    // from the source's shape, so the square moves. The targets are narrower and flatter than the presets, so the crop
    // has to follow it.
    for (corner, focus) in
        [([60, 180], "10,45,16.6,55"), ([500, 320], "83.3,80,90,90"), ([160, 180], "26.6,45,33.4,55")]
    {
        let [left, top] = corner;
        let picture = with_red(size("600x400"), [left, top, left + 40, top + 40]);
        let source = Source::from_bytes(png(&picture)).size(picture.size());
        let request = Request::builder(source.clone()).sizes(["40x150", "182x22"]).focus(focus.parse().unwrap());
        let request = request.model(quarter_model());
        let prices = PriceList::default().price("m", None, UsdMicros(1));
        let plan = Plan::new(&request.prices(prices).build().unwrap()).unwrap();
        let previews = plan.preview(&source, 100).unwrap();
        let outcome = Driver::new(&plan, &source).run(&LocalGenerator::default()).unwrap();
        for (preview, (target, output)) in previews.iter().zip(outcome.outputs()) {
            let made = decode(&output.unwrap().bytes, &DecodeOptions::default()).unwrap().picture;
            let [here, there] = [&preview.picture, &made].map(middle_of_red);
            let distance = here[0].abs_diff(there[0]).max(here[1].abs_diff(there[1]));
            assert!(distance <= 5, "{target} at {focus}: {here:?} instead of {there:?}");
        }
    }
}

/// A source of which no reframing is plausible.
fn chequerboard() -> Source {
    Source::from_picture(&pattern(size("300x200"))).unwrap()
}

/// A backdrop shows the whole source where the planned crop keeps it. If the crop followed the focus, it would cut it.
#[test]
fn a_focus_does_not_move_the_crop_of_a_backdrop() {
    let source = chequerboard();
    let preset = Preset::new(size("192x344")).ratio("9:16".parse().unwrap());
    let prices = PriceList::default().price("m", None, UsdMicros(1));
    let request = Request::builder(source.clone()).sizes(["192x140"]).focus("50,35".parse().unwrap());
    let request = request.model(Model::new("m", vec![preset]).unwrap()).prices(prices).build().unwrap();
    let plan = Plan::new(&request).unwrap();
    let preview = plan.preview(&source, 192).unwrap().remove(0);
    assert!(preview.plausibility < Some(LocalGenerator::PLAUSIBLE));
    let outcome = Driver::new(&plan, &source).run(&LocalGenerator::default()).unwrap();
    let made = decode(&outcome.renditions[0].variants[0].as_ref().unwrap().bytes, &DecodeOptions::default()).unwrap();
    let mean = difference(&preview.picture, &made.picture);
    assert!(mean <= 3, "a mean difference of {mean} levels");
}

/// Each fallback has its effect on a preview.
#[test]
fn the_options_of_the_generator_hold_for_its_previews() {
    let source = chequerboard();
    let plan = Plan::new(&Request::builder(source.clone()).sizes(["768x1376"]).build().unwrap()).unwrap();
    let with = |fallback| plan.preview_with(&source, 120, &LocalGenerator::default().fallback(fallback));
    let backdrop = with(Fallback::Backdrop).unwrap();
    assert!(backdrop[0].plausibility < Some(LocalGenerator::PLAUSIBLE));
    assert_eq!(backdrop, plan.preview(&source, 120).unwrap());
    let anyway = with(Fallback::Anyway).unwrap();
    assert_eq!(anyway[0].plausibility, backdrop[0].plausibility);
    assert!(anyway[0].picture != backdrop[0].picture);
    let error = with(Fallback::Refuse).unwrap_err();
    assert!(matches!(&error, PreviewError::Generation(reason) if reason.contains("expected at least 50 %")), "{error}");
}

#[test]
fn another_source_or_one_without_bytes_is_refused() {
    let plan = plan(&["9x9"]);
    let case = |source: Source, expected: &str| {
        let error = plan.preview(&source, 100).unwrap_err();
        assert!(matches!(error, PreviewError::Source(_)) && error.to_string().contains(expected), "{error}");
    };
    case(Source::from_bytes(*b"another"), "the digest of the source is ");
    case(Source::from_digest(source().digest().unwrap()), "has no bytes");
}

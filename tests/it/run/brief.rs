//! The local generator composes by the brief: what the scene names stays whole, and lies in the safe area.

use smart_resize::generate::local::{Fallback, LocalGenerator};
use smart_resize::generate::{Generated, GenerationRequest};
use smart_resize::model::{Model, Preset, PriceList, UsdMicros};
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeOptions, decode};
use smart_resize::scene::{Area, Region, Scene};
use smart_resize::{Generator, Plan, Request, Size, Source, Target};

use crate::pictures::{png, size};

const FRAME: &str = "768x768";

/// Soft stripes of 600x300 with a red square, which touches the left edge.
fn picture() -> Picture {
    let pixel = |at: u32| match (at % 600, at / 600) {
        (x, y) if x < 60 && (120..180).contains(&y) => [230, 20, 30],
        (x, y) => [60 + (x / 12 % 2 * 40) as u8, 120 + (y / 12 % 2 * 40) as u8, 90],
    };
    Picture::from_rgb(size("600x300"), (0..600 * 300).flat_map(pixel).collect()).unwrap()
}

fn request(target: Target, scene: Option<Scene>) -> GenerationRequest {
    request_of(&picture(), target, scene)
}

fn request_of(picture: &Picture, target: Target, scene: Option<Scene>) -> GenerationRequest {
    let source = Source::from_bytes(png(picture)).size(size("600x300"));
    let preset = Preset::new(FRAME.parse().unwrap()).ratio("1:1".parse().unwrap());
    let prices = PriceList::default().price("m", None, UsdMicros(1));
    let mut builder = Request::builder(source.clone()).targets([target]).prices(prices);
    builder = builder.model(Model::new("m", vec![preset]).unwrap());
    if let Some(scene) = scene {
        builder = builder.scene(scene);
    }
    Plan::new(&builder.build().unwrap()).unwrap().requests(&source).unwrap().remove(0)
}

fn scene() -> Scene {
    let square = Region::new("a red square", Area::new(0, 400, 100, 600).unwrap()).unwrap();
    Scene::new("stripes").unwrap().subject(square).unwrap()
}

fn generate(request: &GenerationRequest) -> Generated {
    LocalGenerator::default().fallback(Fallback::Anyway).generate(request).unwrap()
}

/// Returns the width and the height of the red part, and its first row and the row after its last.
fn red(generated: &Generated) -> Option<[u32; 4]> {
    let picture = decode(&generated.images[0], &DecodeOptions::default()).unwrap().picture;
    let width = picture.size().width();
    let is_red = |pixel: &[u8]| pixel[0] > 180 && pixel[1] < 80;
    let places = (0..).zip(picture.pixels().chunks(picture.layout().channels()));
    let found: Vec<_> =
        places.filter(|(_, pixel)| is_red(pixel)).map(|(at, _): (u32, _)| [at % width, at / width]).collect();
    let range = |axis: usize| {
        let of = found.iter().map(|place| place[axis]);
        Some([of.clone().min()?, of.max()? + 1])
    };
    let ([left, right], [top, bottom]) = (range(0)?, range(1)?);
    Some([right - left, bottom - top, top, bottom])
}

#[test]
fn a_subject_of_the_scene_at_the_edge_is_kept_whole_and_in_shape() {
    let square = Target::new(size(FRAME));
    // Without the scene, nothing says that the square at the edge matters, and the crop takes it away.
    let without = red(&generate(&request(square.clone(), None)));
    assert!(without.is_none_or(|[width, height, ..]| width.abs_diff(height) * 100 > 3 * height), "{without:?}");
    let [width, height, ..] = red(&generate(&request(square, Some(scene())))).unwrap();
    assert!(width.abs_diff(height) * 100 <= 3 * height, "{width}x{height}");
    assert!(width > 40, "{width}");
}

/// A strip would cut through the tall thing, so the whole picture is shown in it, over a backdrop.
#[test]
fn a_strip_that_would_cut_its_subject_shows_the_whole_picture() {
    let tall = |at: u32| match (at % 600, at / 600) {
        (x, y) if (260..340).contains(&x) && (20..280).contains(&y) => [230, 20, 30],
        _ => [200, 210, 220],
    };
    let picture = Picture::from_rgb(size("600x300"), (0..600 * 300).flat_map(tall).collect()).unwrap();
    let answer = |target: Size| {
        let asked = request_of(&picture, Target::new(target), None);
        LocalGenerator::default().generate(&asked).unwrap()
    };
    assert!(!answer(size(FRAME)).description.unwrap().contains("backdrop"));
    let strip = answer(size("768x150"));
    assert!(strip.description.as_deref().unwrap().contains("backdrop"), "{strip:?}");
    // All of the thing lies in the part that survives.
    let [.., top, bottom] = red(&strip).unwrap();
    assert!(top >= 309 && bottom <= 459, "rows {top} to {bottom}");
}

/// A strip that is cut from a square keeps the middle rows, so the subject has to lie there.
#[test]
fn a_subject_lies_in_the_part_that_survives() {
    let strip: Size = size("768x192");
    let asked = request(Target::new(strip), Some(scene()));
    let surviving = asked.brief().surviving;
    assert_eq!((surviving.y(), surviving.height()), (288, 192));
    let [.., top, bottom] = red(&generate(&asked)).unwrap();
    assert!(top >= 288 && bottom <= 480, "rows {top} to {bottom}");
}

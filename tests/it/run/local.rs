//! The built-in local generator: what its picture keeps of the source, how plausible it is, and what replaces a picture
//! that is not plausible.

use proptest::prelude::*;
use smart_resize::generate::local::{Fallback, Keep, LocalGenerator};
use smart_resize::generate::{GenerateErrorKind, Generated, GenerationRequest};
use smart_resize::geometry::{Focus, PerMille, Rect};
use smart_resize::model::Model;
use smart_resize::pixels::decode::{Damaged, DecodeOptions, decode, probe_with};
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::pixels::render::{RenderOptions, RenderTarget, render};
use smart_resize::pixels::{Layout, Picture};
use smart_resize::{Format, Generator, Plan, Request, Size, Source};

use crate::pictures::{photo, png, size, transparent, with_chunk};
use crate::scenes::{bounds, drawn, pattern};

/// The request of a model whose only preset has the size `frame`.
fn request(source: &Source, frame: Size, variants: u32) -> GenerationRequest {
    request_around(source, frame, variants, Focus::CENTRE)
}

/// The same, for a focus.
fn request_around(source: &Source, frame: Size, variants: u32, focus: Focus) -> GenerationRequest {
    let preset = smart_resize::model::Preset::new(frame).ratio("1:1".parse().unwrap());
    let table = Model::new("m", vec![preset]).unwrap().variants_per_call(64.try_into().unwrap());
    let prices = smart_resize::model::PriceList::default().price("m", None, smart_resize::model::UsdMicros(1));
    let request =
        Request::builder(source.clone()).targets([frame]).model(table).prices(prices).variants(variants).focus(focus);
    let plan = Plan::new(&request.build().unwrap()).unwrap();
    plan.requests(source).unwrap().remove(0)
}

fn reframed(picture: &Picture, frame: Size) -> Picture {
    let request = request(&Source::from_bytes(png(picture)), frame, 1);
    let generated = LocalGenerator::default().generate(&request).unwrap();
    decode(&generated.images[0], &DecodeOptions::default()).unwrap().picture
}

/// A white picture with a blue box in the middle, which has a yellow label.
fn product(frame: Size) -> Picture {
    let [middle_x, middle_y] = [frame.width() / 2, frame.height() / 2];
    let unit = frame.width().min(frame.height()) / 10;
    drawn(frame, |x, y| match (x.abs_diff(middle_x), y.abs_diff(middle_y)) {
        (dx, dy) if dx < 2 * unit && dy < unit => [250, 210, 60],
        (dx, dy) if dx < 2 * unit && dy < 3 * unit => [24, 92, 160],
        _ => [255; 3],
    })
}

/// Returns how much the aspect ratios of two rectangles differ: the absolute logarithm of their quotient.
fn distortion(a: [u32; 4], b: [u32; 4]) -> f64 {
    let aspect = |[left, top, right, bottom]: [u32; 4]| f64::from(right - left) / f64::from(bottom - top);
    (aspect(a) / aspect(b)).ln().abs()
}

fn generate(local: &LocalGenerator, picture: &Picture, frame: Size, focus: Focus) -> Generated {
    let source = Source::from_bytes(png(picture));
    local.generate(&request_around(&source, frame, 1, focus)).unwrap()
}

fn decoded(generated: &Generated) -> Picture {
    decode(&generated.images[0], &DecodeOptions::default()).unwrap().picture
}

#[test]
fn an_answer_has_the_size_of_the_preset_is_free_and_names_the_backend_local() {
    let source = Source::from_bytes(png(&photo(size("60x40"))));
    let request = request(&source, size("50x70"), 3);
    let generated = LocalGenerator::default().generate(&request).unwrap();
    assert_eq!((generated.backend.as_str(), generated.billed_images, generated.images.len()), ("local", 0, 3));
    assert!(generated.description.as_deref().unwrap().starts_with("made locally: "));
    assert!(generated.plausibility.is_some());
    assert_eq!(generated, LocalGenerator::default().generate(&request).unwrap());
    for frame in ["1x1", "1x90", "90x1", "61x41", "7x200", "200x7", "60x40"] {
        assert_eq!(reframed(&photo(size("60x40")), size(frame)).size(), size(frame));
    }
}

#[test]
fn a_source_of_the_presets_shape_is_only_resampled_and_fully_plausible() {
    let picture = photo(size("90x60"));
    for frame in ["90x60", "60x40", "180x120"] {
        let generated = generate(&LocalGenerator::default(), &picture, size(frame), Focus::CENTRE);
        assert_eq!(generated.plausibility, Some(PerMille::WHOLE));
        if frame != "180x120" {
            let expected = render(&png(&picture), &RenderTarget::new(size(frame)), &RenderOptions::default()).unwrap();
            assert!(decoded(&generated) == decode(&expected.bytes, &DecodeOptions::default()).unwrap().picture);
        }
    }
}

#[test]
fn a_product_on_white_keeps_its_shape_and_its_margin_grows() {
    let picture = product(size("300x200"));
    let is_blue = |[r, _, b]: [u8; 3]| b > 100 && r < 100;
    for frame in ["300x600", "200x200", "700x200"] {
        let generated = generate(&LocalGenerator::default(), &picture, size(frame), Focus::CENTRE);
        let made = decoded(&generated);
        assert!(distortion(bounds(&picture, is_blue), bounds(&made, is_blue)) < 0.05, "{frame}");
        assert!(generated.plausibility.unwrap() > PerMille::new(900).unwrap());
        assert_eq!([made.pixels()[0], *made.pixels().last().unwrap()], [255, 255], "{frame}");
    }
}

#[test]
fn the_fallback_replaces_what_is_not_plausible() {
    let (picture, frame) = (pattern(size("300x200")), size("150x300"));
    let with = |fallback| {
        let source = Source::from_bytes(png(&picture));
        LocalGenerator::default().fallback(fallback).generate(&request(&source, frame, 1))
    };
    let backdrop = with(Fallback::Backdrop).unwrap();
    assert_eq!(backdrop.plausibility, Some(PerMille::ZERO));
    let reframing = backdrop.reframing.unwrap();
    assert_eq!(
        (reframing.shown(), reframing.place()),
        (Rect::new(0, 0, size("300x200")), Rect::new(0, 100, size("150x100")))
    );
    // The whole source lies in the middle, over a darker background.
    let made = decoded(&backdrop);
    let middle = &made.pixels()[150 * 100 * 3..150 * 200 * 3];
    let expected = render(&png(&picture), &RenderTarget::new(size("150x100")), &RenderOptions::default()).unwrap();
    assert!(middle == decode(&expected.bytes, &DecodeOptions::default()).unwrap().picture.pixels());
    assert!(made.pixels()[..150 * 90 * 3].iter().all(|level| *level <= 165));

    let error = with(Fallback::Refuse).unwrap_err();
    assert_eq!(error.kind, GenerateErrorKind::InvalidRequest);
    assert_eq!(error.message, "the plausibility of a reframing to 150x300 is 0 %; expected at least 50 %");
    let anyway = with(Fallback::Anyway).unwrap();
    assert_eq!(anyway.plausibility, Some(PerMille::ZERO));
    assert!(anyway.images != backdrop.images);
}

/// The clouds at the left have more salience than the square. If they decided, it would be at the right edge.
#[test]
fn the_focus_is_near_the_middle_where_the_source_allows_it() {
    let sky = drawn(size("480x300"), |x, y| match (x, y) {
        (310..=329, 90..=109) => [230, 20, 30],
        (0..=39, _) => [[250; 3], [120, 140, 180]][((x * 7 / 9) ^ (y * 5 / 7)) as usize / 8 % 2],
        _ => [30, 80 + (y / 12) as u8, 170],
    });
    let is_red = |[r, g, b]: [u8; 3]| r > 150 && g < 90 && b < 90;
    for (focus, frame) in [("66.6,33.3", "144x256"), ("64.6,30,68.8,36.6", "144x256"), ("66.6,33.3", "256x256")] {
        let picture = decoded(&generate(&LocalGenerator::default(), &sky, size(frame), focus.parse().unwrap()));
        let [left, _, right, _] = bounds(&picture, is_red);
        let middle = (left + right) * 50 / picture.size().width();
        assert!((30..=70).contains(&middle), "{focus} in {frame}: the square is at {middle} % of the width");
    }
}

#[test]
fn a_protected_region_across_all_rows_leaves_only_the_backdrop() {
    let picture = photo(size("300x200"));
    let focus = "0,0,100,100".parse().unwrap();
    let local = LocalGenerator::default().fallback(Fallback::Anyway);
    let generated = generate(&local, &picture, size("150x300"), focus);
    assert_eq!(generated.plausibility, Some(PerMille::ZERO));
    assert_eq!(generated.reframing.unwrap().place(), Rect::new(0, 100, size("150x100")));
}

#[test]
fn all_of_the_source_is_kept_on_request() {
    // A subject at the left and plain ground elsewhere: a crop is the natural choice.
    let picture = drawn(size("400x200"), |x, y| {
        if x < 120 && x > 40 && y > 60 && y < 140 {
            [200, 30, 30]
        } else {
            [80, 120 + (x / 8) as u8, 90 + (y / 4) as u8]
        }
    });
    let of = |keep| {
        let local = LocalGenerator::default().fallback(Fallback::Anyway).keep(keep);
        generate(&local, &picture, size("150x200"), Focus::CENTRE).description.unwrap()
    };
    assert!(of(Keep::All).starts_with("made locally: the whole source, rows stretched up to "), "{}", of(Keep::All));
}

#[test]
fn transparency_is_kept() {
    let picture = transparent(size("120x80"));
    for frame in ["80x160", "240x80"] {
        let generated = generate(&LocalGenerator::default(), &picture, size(frame), Focus::CENTRE);
        let made = decoded(&generated);
        assert_eq!(made.layout(), Layout::Rgba);
        let alphas: Vec<u8> = made.pixels().iter().skip(3).step_by(4).copied().collect();
        assert!(alphas.contains(&0) && alphas.iter().any(|alpha| *alpha > 200));
        if generated.description.unwrap().contains("stretched") {
            // The ramp of alpha runs from left to right, whether columns or rows are stretched.
            let wide = made.size().width() as usize;
            assert!(alphas[..wide].is_sorted());
        }
    }
}

/// A person before a wall: a head with hair, eyes and a mouth on shoulders. `x` is the middle of the head and `y` its
/// chin; `unit` is half of the head's width.
fn person(frame: Size, [x, y, unit]: [i64; 3], skin: [u8; 3]) -> Picture {
    drawn(frame, |px, py| {
        let (dx, dy) = (i64::from(px) - x, i64::from(py) - y);
        let ellipse = |cx: i64, cy: i64, rx: i64, ry: i64| {
            let (ex, ey) = ((dx - cx) * 100 / rx.max(1), (dy - cy) * 100 / ry.max(1));
            ex * ex + ey * ey < 10_000
        };
        let eye = |side: i64| ellipse(side * unit * 2 / 5, -unit * 7 / 5, unit / 6, unit / 10);
        if eye(-1) || eye(1) || ellipse(0, -unit / 2, unit / 3, unit / 12) {
            [50, 30, 30]
        } else if ellipse(0, -unit * 5 / 4, unit, unit * 5 / 4)
            || (dx.abs() < unit / 2 && dy > -unit / 2 && dy < unit / 2)
        {
            skin
        } else if ellipse(0, -unit * 8 / 5, unit * 6 / 5, unit * 5 / 4) {
            [45, 30, 25]
        } else if ellipse(0, unit * 3, unit * 5 / 2, unit * 3) {
            [40, 52, 84]
        } else {
            let (light, slant) = ((px * 40 / frame.width()) as u8, (py * 30 / frame.height()) as u8);
            [80 + light, 118 + slant / 2, 128 + light / 2]
        }
    })
}

#[test]
fn a_head_at_the_border_of_the_source_keeps_its_shape() {
    // Skin from light to dark.
    for skin in [[236, 188, 160], [198, 134, 100], [122, 74, 52]] {
        let is_skin =
            |[r, g, b]: [u8; 3]| r.abs_diff(skin[0]) < 12 && g.abs_diff(skin[1]) < 12 && b.abs_diff(skin[2]) < 12;
        // Cut by the lower border, by the left border, and in the upper right corner.
        for at in [[300, 290, 60], [45, 260, 60], [540, 150, 50]] {
            let picture = person(size("600x400"), at, skin);
            for frame in ["400x400", "300x520", "900x400"] {
                let made = reframed(&picture, size(frame));
                let distortion = distortion(bounds(&picture, is_skin), bounds(&made, is_skin));
                // The person at the top reaches over all rows, so that none is left to take the stretch.
                let limit = if at[1] == 150 && frame == "300x520" { 0.16 } else { 0.06 };
                assert!(distortion < limit, "{skin:?} at {at:?} in {frame}: {distortion}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The region is found again by its colour, and lies where the answer says.
    #[test]
    fn the_focus_is_shown_whole_and_keeps_its_shape(
        (left, top) in (0_u32..16, 0_u32..16),
        (wide, high) in (3_u32..=12, 3_u32..=12),
        (width, height) in (60_u32..500, 60_u32..500),
        plain: bool,
    ) {
        // In twentieths of the source, which are whole pixels and whole thousandths.
        let [left, top, right, bottom] = [left, top, (left + wide).min(20), (top + high).min(20)];
        let (source, frame) = (size("400x300"), Size::new(width, height).unwrap());
        let picture = drawn(source, |x, y| {
            let inside = x >= left * 20 && x < right * 20 && y >= top * 15 && y < bottom * 15;
            let ground = if plain { [60, 70, 80] } else { [30 + (x * 7 % 50) as u8, 40 + (y * 11 % 60) as u8, 90] };
            if inside { [255, 0, 255] } else { ground }
        });
        let share = |at: u32| PerMille::new(u16::try_from(at * 50).unwrap()).unwrap();
        let focus = Focus::region(share(left), share(top), share(right), share(bottom)).unwrap();
        let generated = generate(&LocalGenerator::default().fallback(Fallback::Anyway), &picture, frame, focus);
        let made = decoded(&generated);
        let found = bounds(&made, |[r, g, b]| r > 160 && b > 160 && g < 60);
        let expected = focus.edges_px(frame, generated.reframing);
        for (found, expected) in found.into_iter().zip(expected) {
            prop_assert!(found.abs_diff(expected) <= 2, "{found} instead of {expected}: {generated:?}");
        }
        // Beyond 3 %, a pixel of rounding on each side.
        let own = [left * 20, top * 15, right * 20, bottom * 15];
        let rounding = 2.0 / f64::from(expected[2] - expected[0]) + 2.0 / f64::from(expected[3] - expected[1]);
        prop_assert!(distortion(own, expected) <= 0.03 + rounding, "{own:?} became {expected:?}");
    }

    /// Every level of the result is one that the source has, within what a sharp filter overshoots: nothing is painted.
    #[test]
    fn no_colour_comes_from_outside_the_source(width in 20_u32..300, height in 20_u32..300) {
        let picture = drawn(size("120x90"), |x, y| [100 + (x / 6) as u8, 100 + (y / 6) as u8, 120]);
        let made = reframed(&picture, Size::new(width, height).unwrap());
        prop_assert!(made.pixels().iter().all(|level| (96..=124).contains(level)));
    }
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
fn an_answer_has_the_transfer_format() {
    let source = Source::from_bytes(png(&photo(size("60x40"))));
    let request = Request::builder(source.clone()).sizes(["9x9"]).transfer_format(Format::Jpeg).build().unwrap();
    let request = Plan::new(&request).unwrap().requests(&source).unwrap().remove(0);
    let generated = LocalGenerator::default().generate(&request).unwrap();
    assert_eq!(generated.images[0][..2], [0xff, 0xd8]);
}

#[test]
fn a_damaged_source_is_refused_or_named_in_the_description() {
    let whole = encode(&photo(size("96x64")), Format::Jpeg, &EncodeOptions::default()).unwrap().bytes;
    let half = [&whole[..whole.len() / 2], &[0xff, 0xd9]].concat();
    let request = request(&Source::from_bytes(half.clone()).size(size("96x64")), size("64x64"), 1);
    let error = LocalGenerator::default().generate(&request).unwrap_err();
    assert_eq!(error.kind, GenerateErrorKind::InvalidRequest);
    let local = LocalGenerator::default().damaged(Damaged::Report);
    let description = local.generate(&request).unwrap().description.unwrap();
    let damage = probe_with(&half, &DecodeOptions::default().damaged(Damaged::Report)).unwrap().damage.unwrap();
    assert!(description.contains(&format!(", the source is damaged: {damage}")), "{description}");
}

#[test]
fn ignored_colours_are_named_in_the_description() {
    let described = with_chunk(&png(&photo(size("60x40"))), b"cICP", &[99, 13, 0, 1]);
    let generated = LocalGenerator::default().generate(&request(&Source::from_bytes(described), size("50x70"), 1));
    let description = generated.unwrap().description.unwrap();
    assert!(description.contains(", its colours read as sRGB because of "), "{description}");
}

#[test]
fn all_variants_are_the_same_image() {
    let source = Source::from_bytes(png(&photo(size("60x40"))));
    let generated = LocalGenerator::default().generate(&request(&source, size("50x70"), 3)).unwrap();
    assert_eq!(generated.images, vec![generated.images[0].clone(); 3]);
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

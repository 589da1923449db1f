//! Only a part of a generated picture survives the crop to the target. The local generator composes for that part, also
//! where the crop follows a focus.

use proptest::prelude::*;
use smart_resize::generate::local::{Fallback, Keep, LocalGenerator};
use smart_resize::geometry::{Insets, PerMille};
use smart_resize::model::{PriceList, UsdMicros};
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeOptions, decode};
use smart_resize::run::Driver;
use smart_resize::{Generator, Plan, Request, Source, Target};

use crate::pictures::{png, size};
use crate::scenes::{drawn, quarter_model, red, with_red};

fn plan(picture: &Picture, target: Target, focus: &str) -> (Plan, Source) {
    let source = Source::from_bytes(png(picture)).size(picture.size());
    let prices = PriceList::default().price("m", None, UsdMicros(1));
    let request = Request::builder(source.clone()).model(quarter_model()).prices(prices);
    let request = request.targets([target]).focus(focus.parse().unwrap());
    (Plan::new(&request.build().unwrap()).unwrap(), source)
}

/// Returns the result of a run, and how plausible its reframing is.
fn result(picture: &Picture, target: Target, focus: &str, local: &LocalGenerator) -> (Picture, PerMille) {
    let (plan, source) = plan(picture, target, focus);
    let outcome = Driver::new(&plan, &source).run(local).unwrap();
    let (_, output) = outcome.outputs().next().unwrap();
    let generated = local.generate(&plan.requests(&source).unwrap()[0]).unwrap();
    let made = decode(&output.unwrap().bytes, &DecodeOptions::default()).unwrap().picture;
    (made, generated.plausibility.unwrap())
}

#[test]
fn a_crop_never_cuts_a_backdrops_picture_whatever_the_focus() {
    // Too high for a strip, and too wide for a column.
    let picture = with_red(size("300x200"), [30, 20, 270, 180]);
    for focus in ["50,50", "50,20", "50,95", "3,3", "20,10,60,90"] {
        for target in ["182x22", "20x150"] {
            let (made, plausibility) = result(&picture, Target::new(size(target)), focus, &LocalGenerator::default());
            assert!(plausibility < PerMille::HALF, "{target} at {focus} is no backdrop");
            // The source is as large as fits and in the middle, and the red is 4/5 of it on either side.
            let [left, top, right, bottom] = red(&made);
            let (width, height) = (made.size().width(), made.size().height());
            let whole = if width * 200 > height * 300 { [height * 3 / 2, height] } else { [width, width * 2 / 3] };
            let expected = whole.map(|side| side * 4 / 5);
            let found = [right - left, bottom - top];
            assert!(
                found[0].abs_diff(expected[0]).max(found[1].abs_diff(expected[1])) <= 3,
                "{target} at {focus}: {found:?}"
            );
            assert!(left.abs_diff(width - right) <= 3 && top.abs_diff(height - bottom) <= 3, "{target} at {focus}");
        }
    }
}

/// Nothing but the focus says that the region matters.
#[test]
fn a_focal_region_that_the_crop_would_cut_is_not_plausible() {
    let picture = with_red(size("600x400"), [0; 4]);
    let plausibility = |focus| result(&picture, Target::new(size("182x22")), focus, &LocalGenerator::default()).1;
    assert!(plausibility("30,10,75,65") < PerMille::HALF, "{}", plausibility("30,10,75,65"));
    assert!(plausibility("30,45,75,55") >= PerMille::HALF, "{}", plausibility("30,45,75,55"));
}

/// The crop moves to the focus, so it can cut what the planned crop would keep, and keep what that would cut.
#[test]
fn a_plausible_result_cuts_no_thing_beside_the_focus() {
    let anyway = LocalGenerator::default().fallback(Fallback::Anyway);
    let mut whole = 0;
    for left in [60, 220, 380] {
        let place = [left, 120, left + 120, 280];
        let picture = with_red(size("600x400"), place);
        for focus in ["10,50", "30,50", "50,40", "70,50", "90,50"] {
            let (made, plausibility) = result(&picture, Target::new(size("60x150")), focus, &anyway);
            let [left, top, right, bottom] = red(&made);
            // The thing is 3 wide and 4 high. At least two thirds of its width are shown.
            let is_whole = right > left && 2 * (right - left) >= bottom - top;
            whole += u32::from(is_whole);
            let is_plausible = plausibility >= PerMille::HALF;
            assert!(
                is_whole || right <= left || !is_plausible,
                "{place:?} at {focus}: {:?}, {plausibility}",
                red(&made)
            );
        }
    }
    assert!(whole >= 8, "{whole} of 15");
}

#[test]
fn a_focus_does_not_exempt_other_things_from_the_safe_area() {
    // The label lies at the bottom, and the focal point near the top.
    let picture = with_red(size("400x600"), [120, 540, 280, 580]);
    let insets: Insets = "14,6,35,6".parse().unwrap();
    let target = || Target::new(size("135x240"));
    let anyway = LocalGenerator::default().fallback(Fallback::Anyway);
    for focus in ["50,50", "50,20", "50,40"] {
        let (made, plausibility) = result(&picture, target().safe_area(insets), focus, &anyway);
        let [.., bottom] = red(&made);
        let is_inside = bottom * 1000 <= 240 * 650 + 1000;
        assert!(is_inside || plausibility < PerMille::HALF, "{focus}: down to {bottom}, plausible to {plausibility}");
    }
    // The label is the reason.
    let (_, plausibility) = result(&picture, target(), "50,20", &anyway);
    assert!(plausibility >= PerMille::HALF, "{plausibility}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// What keeps the whole source is one of the ways to choose from.
    #[test]
    fn where_keeping_all_is_plausible_the_choice_is_plausible_too(
        (x, y) in (0_u32..12, 0_u32..8),
        (wide, high) in (2_u32..8, 2_u32..6),
        (grain, strength) in (2_u32..9, 0_u32..60),
        target in prop::sample::select(vec!["242x62", "182x22", "75x150", "135x240", "40x150"]),
    ) {
        let picture = drawn(size("300x200"), |px, py| {
            let inside = (x * 20..(x + wide) * 20).contains(&px) && (y * 20..(y + high) * 20).contains(&py);
            let texture = ((px / grain * 7 + py / grain * 13) % 5 * strength / 4) as u8;
            if inside { [200, 40 + texture, 50] } else { [90 + texture, 120, 100 + (px / 8) as u8] }
        });
        let of = |keep| {
            let local = LocalGenerator::default().keep(keep);
            result(&picture, Target::new(size(target)), "50,50", &local).1
        };
        prop_assert!(of(Keep::Auto) >= PerMille::HALF || of(Keep::All) < PerMille::HALF);
    }
}

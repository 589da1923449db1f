//! Version 1 of the wording keeps its text.
//!
//! The snapshots have one sentence per line, so that their diffs are readable.

use insta::{assert_snapshot, with_settings};
use proptest::prelude::*;
use proptest::sample::select;
use smart_resize::geometry::{Fit, Rect};
use smart_resize::model::{Model, Preset};
use smart_resize::prompt::{Brief, PromptTemplate, Wording};
use smart_resize::scene::Scene;

use super::{numbers, preset, region};
use crate::any::{any_insets, any_part, any_scene, any_size, insets, size};

/// The parts of a request that determine its prompt.
#[derive(Clone, Debug, Default)]
struct Situation {
    preset: &'static str,
    source: Option<&'static str>,
    target: Option<&'static str>,
    crop: bool,
    safe: Option<[u16; 4]>,
    part: Option<Rect>,
    scene: Option<Scene>,
    instruction: &'static str,
}

fn text(situation: &Situation) -> String {
    let preset = preset(situation.preset);
    let frame = preset.size;
    let target = situation.target.map_or(frame, |target| target.parse().unwrap());
    let fit = if situation.crop { Fit::Crop } else { Fit::Cover };
    let part = situation.part.unwrap_or_else(|| fit.rect(frame, target).unwrap());
    let [top, right, bottom, left] = situation.safe.unwrap_or_default();
    let safe = insets([top, right, bottom, left]).inside(part, part.size());
    let mut brief = Brief::new(preset).surviving(part).safe_area(safe).instruction(situation.instruction);
    if let Some(source) = situation.source {
        brief = brief.source_size(source.parse().unwrap());
    }
    if let Some(scene) = &situation.scene {
        brief = brief.scene(scene.clone());
    }
    Wording::V1.prompt(&brief)
}

fn golden(name: &str, situation: &Situation) {
    let lines = text(situation).replace(". ", ".\n");
    with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        assert_snapshot!(format!("prompt_{name}"), lines);
    });
}

fn bottle() -> Scene {
    Scene::new("a blue bottle on a wooden table at dusk").unwrap()
}

#[test]
fn an_unknown_source_has_its_own_wording() {
    golden("unknown_source", &Situation { preset: "1:1 1K", ..Situation::default() });
}

#[test]
fn a_frame_of_the_sources_shape_keeps_the_composition() {
    let base = Situation::default;
    golden("same_square", &Situation { preset: "1:1 1K", source: Some("3000x3000"), ..base() });
    golden("same_landscape", &Situation { preset: "5:4 1K", source: Some("5000x4000"), ..base() });
    golden("same_wide_landscape", &Situation { preset: "16:9 2K", source: Some("3840x2160"), ..base() });
    golden("same_panorama", &Situation { preset: "21:9 1K", source: Some("3440x1440"), ..base() });
    golden("same_portrait", &Situation { preset: "4:5 1K", source: Some("1080x1350"), ..base() });
    golden("same_tall_portrait", &Situation { preset: "9:16 1K", source: Some("1080x1920"), ..base() });
    golden("same_column", &Situation { preset: "1:4 1K", source: Some("500x2000"), ..base() });
}

#[test]
fn a_wider_or_taller_frame_extends_the_scene() {
    let base = Situation::default;
    golden("wider_square_from_portrait", &Situation { preset: "1:1 1K", source: Some("3000x4000"), ..base() });
    golden("wider_landscape_from_square", &Situation { preset: "4:3 1K", source: Some("2000x2000"), ..base() });
    golden("wider_panorama_from_landscape", &Situation { preset: "21:9 2K", source: Some("3000x2000"), ..base() });
    golden("taller_square_from_landscape", &Situation { preset: "1:1 1K", source: Some("4000x3000"), ..base() });
    golden("taller_portrait_from_square", &Situation { preset: "4:5 1K", source: Some("2000x2000"), ..base() });
    golden("taller_tall_portrait_from_portrait", &Situation { preset: "9:16 1K", source: Some("3000x4000"), ..base() });
}

#[test]
fn a_frame_of_a_very_different_shape_recomposes_the_scene() {
    let base = Situation::default;
    golden("recompose_panorama_from_portrait", &Situation { preset: "21:9 1K", source: Some("3000x4000"), ..base() });
    golden("recompose_banner_from_square", &Situation { preset: "8:1 1K", source: Some("2000x2000"), ..base() });
    golden("recompose_column_from_landscape", &Situation { preset: "1:4 1K", source: Some("4000x3000"), ..base() });
    golden(
        "recompose_tall_portrait_from_landscape",
        &Situation { preset: "9:16 1K", source: Some("4000x3000"), ..base() },
    );
}

#[test]
fn the_band_that_survives_the_crop_is_named() {
    let base = Situation { source: Some("3000x2000"), ..Situation::default() };
    // 728x90 from 21:9 loses about seven tenths of the height.
    golden("band_height", &Situation { preset: "21:9 1K", target: Some("728x90"), ..base.clone() });
    golden("band_width", &Situation { preset: "9:16 1K", target: Some("160x600"), ..base.clone() });
    golden("band_of_99_percent", &Situation { preset: "16:9 2K", target: Some("1920x1080"), ..base.clone() });
    golden("band_both_by_crop", &Situation { preset: "16:9 1K", target: Some("640x360"), crop: true, ..base.clone() });
    let moved = Rect::new(600, 100, size(700, 500));
    golden("band_moved", &Situation { preset: "16:9 1K", part: Some(moved), ..base.clone() });
    let thin = Rect::new(0, 500, size(1376, 3));
    golden("band_thinner_than_a_percent", &Situation { preset: "16:9 1K", part: Some(thin), ..base });
}

#[test]
fn the_safe_area_is_named() {
    let base = Situation { preset: "9:16 1K", source: Some("1080x1920"), ..Situation::default() };
    golden("safe_story", &Situation { safe: Some([140, 0, 200, 0]), ..base.clone() });
    golden("safe_middle_80", &Situation { safe: Some([100; 4]), ..base.clone() });
    golden("safe_one_side", &Situation { safe: Some([0, 0, 0, 333]), ..base.clone() });
    golden("safe_within_band", &Situation { target: Some("160x600"), safe: Some([50; 4]), ..base.clone() });
    golden("safe_across_band", &Situation { target: Some("160x600"), safe: Some([140, 0, 200, 0]), ..base });
}

#[test]
fn a_known_scene_is_described() {
    let base = Situation { preset: "4:3 1K", source: Some("2000x2000"), ..Situation::default() };
    let summary = bottle();
    golden("scene_summary", &Situation { scene: Some(summary), ..base.clone() });
    let subjects = bottle().subject(region("the bottle", [350, 100, 650, 900])).unwrap();
    golden("scene_subject", &Situation { scene: Some(subjects.clone()), ..base.clone() });
    let texts = subjects
        .subject(region("a lemon", [700, 700, 900, 900]))
        .and_then(|scene| scene.text(region("SUMMER SALE", [100, 20, 900, 90])))
        .and_then(|scene| scene.text(region("-50 %", [20, 800, 200, 980])))
        .unwrap();
    golden("scene_subjects_and_texts", &Situation { scene: Some(texts.clone()), ..base.clone() });
    let everything = Situation {
        scene: Some(texts),
        preset: "21:9 1K",
        target: Some("970x250"),
        safe: Some([0, 300, 0, 50]),
        instruction: "Make it winter.\nKeep the lemon yellow.",
        ..base
    };
    golden("everything", &everything);
}

#[test]
fn an_instruction_of_the_user_is_appended() {
    let base = Situation { preset: "1:1 1K", source: Some("3000x3000"), ..Situation::default() };
    golden("instruction", &Situation { instruction: "  Replace the sky with a sunset.  ", ..base });
}

#[test]
fn a_whole_prompt_has_the_expected_text() {
    let situation = Situation { preset: "1:1 1K", source: Some("1x1"), instruction: "Go.", ..Situation::default() };
    let expected = "Recreate this exact image for a frame of ratio 1:1, a square. \
        The frame has the shape of the image: keep the composition, the framing and the scale as they are. \
        Keep identical: the subjects, faces and expressions, products, wording, fonts, logos, colours, textures, \
        style and light. \
        Make one single full-bleed picture: the scene continues to every edge and fills the whole frame.\
        \n\nInstruction from the user; where it changes what the picture shows, it overrides the above:\nGo.";
    assert_eq!(text(&situation), expected);
}

#[test]
fn the_place_of_a_region_is_the_third_that_has_its_centre() {
    let case = |left, top, right, bottom, expected: &str| {
        let scene = bottle().subject(region("it", [left, top, right, bottom])).unwrap();
        let found = text(&Situation { preset: "1:1 1K", scene: Some(scene), ..Situation::default() });
        assert!(found.contains(&format!(": it ({expected}).")), "{found}");
    };
    case(0, 0, 1000, 1000, "centre");
    case(333, 333, 334, 334, "upper left");
    case(334, 333, 335, 334, "top centre");
    case(666, 333, 667, 334, "top centre");
    case(667, 333, 668, 334, "upper right");
    case(333, 334, 334, 335, "centre left");
    case(334, 334, 335, 335, "centre");
    case(667, 334, 668, 335, "centre right");
    case(0, 667, 1, 668, "lower left");
    case(500, 999, 501, 1000, "bottom centre");
    case(999, 999, 1000, 1000, "lower right");
}

#[test]
fn the_words_for_a_shape_change_at_16_to_10_and_at_2_to_1() {
    let case = |frame: &str, expected: &str| {
        let preset = Preset::new(frame.parse().unwrap()).ratio("1:1".parse().unwrap());
        let text = Wording::V1.prompt(&Brief::new(preset));
        assert!(
            text.starts_with(&format!("Recreate this exact image for a frame of ratio 1:1, {expected}. ")),
            "{frame}: {text}"
        );
    };
    case("1000x1000", "a square");
    case("1001x1000", "a landscape");
    case("1599x1000", "a landscape");
    case("1600x1000", "a wide landscape");
    case("1999x1000", "a wide landscape");
    case("2000x1000", "a very wide panorama");
    case("65535x1", "a very wide panorama");
    case("1000x1001", "a portrait");
    case("1000x1599", "a portrait");
    case("1000x1600", "a tall portrait");
    case("1000x1999", "a tall portrait");
    case("1000x2000", "a very tall column");
}

#[test]
fn the_task_changes_at_97_and_at_50_percent_of_nearness() {
    let case = |source: &str, expected: &str| {
        let preset = Preset::new(size(1000, 1000)).ratio("1:1".parse().unwrap());
        let text = Wording::V1.prompt(&Brief::new(preset).source_size(source.parse().unwrap()));
        assert!(text.contains(expected), "{source}: {text}");
    };
    case("1000x970", "The frame has the shape of the image:");
    case("1000x969", "The frame is taller than the image:");
    case("1000x500", "The frame is taller than the image:");
    case("1000x499", "The frame is much taller than the image:");
    case("970x1000", "The frame has the shape of the image:");
    case("969x1000", "The frame is wider than the image:");
    case("500x1000", "The frame is wider than the image:");
    case("499x1000", "The frame is much wider than the image:");
    case("1x65535", "The frame is much wider than the image:");
}

fn any_preset() -> impl Strategy<Value = Preset> {
    select(Model::all().iter().flat_map(|table| table.presets().to_vec()).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn bands_are_rounded_percentages_and_named_only_if_cut(
        (preset, part) in any_preset().prop_flat_map(|preset| (Just(preset), any_part(preset.size))),
    ) {
        let frame = preset.size;
        let text = Wording::V1.prompt(&Brief::new(preset).surviving(part));
        let axis = |name: &str, start: u32, length: u32, whole: u32| {
            let Some((before, _)) = text.split_once(&format!(" % of the frame's {name}")) else { return length == whole };
            let said = numbers(before);
            let exact = |of: u32| f64::from(100 * of) / f64::from(whole);
            // The error is at most half a percent, or one percent where 99 % means nearly all or 1 % nearly nothing.
            let near = |percent: u32, of: u32| (f64::from(percent) - exact(of)).abs() <= 0.5;
            let almost = |percent: u32, of: u32| matches!(percent, 1 | 99) && (f64::from(percent) - exact(of)).abs() <= 1.0;
            let is = |percent: u32, of: u32| near(percent, of) || almost(percent, of);
            if start.abs_diff(whole - start - length) <= 1 {
                let percent = *said.last().unwrap();
                length < whole && (1..=99).contains(&percent) && is(percent, length)
            } else {
                let (from, to) = (said[said.len() - 2], said[said.len() - 1]);
                let all_around = to == from + 1 && f64::from(from) <= exact(start) && exact(start) < f64::from(to);
                from < to && to <= 100 && to - from < 100 && ((is(from, start) && is(to, start + length)) || all_around)
            }
        };
        prop_assert!(axis("width", part.x(), part.width(), frame.width()), "{:?} of {}: {}", part, frame, text);
        prop_assert!(axis("height", part.y(), part.height(), frame.height()), "{:?} of {}: {}", part, frame, text);
    }

    #[test]
    fn the_safe_area_is_named_only_if_smaller_than_the_band(
        (preset, part) in any_preset().prop_flat_map(|preset| (Just(preset), any_part(preset.size))),
        insets in any_insets(),
    ) {
        let safe = insets.inside(part, part.size());
        let text = Wording::V1.prompt(&Brief::new(preset).surviving(part).safe_area(safe));
        let sentences: Vec<_> = text.split(". ").filter(|sentence| sentence.starts_with("Place faces")).collect();
        let named = |axis: &str| sentences.iter().any(|sentence| sentence.contains(&format!("the frame's {axis}")));
        prop_assert_eq!(named("width"), (safe.x(), safe.width()) != (part.x(), part.width()), "{}", text);
        prop_assert_eq!(named("height"), (safe.y(), safe.height()) != (part.y(), part.height()), "{}", text);
    }

    #[test]
    fn the_scale_is_kept_only_if_nine_tenths_of_the_frame_survive(
        (preset, part) in any_preset().prop_flat_map(|preset| (Just(preset), any_part(preset.size))),
        source in any_size(),
    ) {
        let frame = preset.size;
        let text = Wording::V1.prompt(&Brief::new(preset).source_size(source).surviving(part));
        let roomy = 10 * part.width() >= 9 * frame.width() && 10 * part.height() >= 9 * frame.height();
        let keeps = text.contains("the scale as they are") || text.contains("at its scale");
        prop_assert!(roomy || !keeps, "{}", text);
        let steps_back = text.contains("has to hold everything that matters");
        prop_assert!(!(roomy && steps_back), "{}", text);
    }

    #[test]
    fn a_scene_is_quoted_completely_and_on_one_line(scene in any_scene(), preset in any_preset()) {
        let text = Wording::V1.prompt(&Brief::new(preset).scene(scene.clone()));
        prop_assert!(!text.contains(char::is_control));
        let summary = format!("The image shows: {}", scene.summary());
        prop_assert!(text.contains(&summary), "{}", text);
        for subject in scene.subjects() {
            let item = format!("{} (", subject.label());
            prop_assert!(text.contains(&item), "{}", text);
        }
        for quoted in scene.texts() {
            let item = format!("\"{}\" (", quoted.label());
            prop_assert!(text.contains(&item), "{}", text);
        }
    }
}

#[test]
fn a_band_outside_the_frame_is_clipped_to_it() {
    let preset = Model::nano_banana_pro().presets()[0];
    let far = Rect::new(u32::MAX, u32::MAX, size(65_535, 65_535));
    let text = Wording::V1.prompt(&Brief::new(preset).surviving(far).safe_area(far));
    assert!(text.contains("from 99 % to 100 % of the frame's width"), "{text}");
    // A rectangle larger than the frame is clipped to the whole frame.
    let all = Rect::new(0, 0, size(65_535, 65_535));
    assert_eq!(Wording::V1.prompt(&Brief::new(preset).surviving(all)), Wording::V1.prompt(&Brief::new(preset)));
}

//! Arbitrary parts of a request.

use std::collections::BTreeSet;

use arbitrary::{Result, Unstructured};
use smart_resize::geometry::{Focus, FocusMode, Insets, PerMille};
use smart_resize::model::{AspectRatio, Model, Preset, Tier};
use smart_resize::scene::{Area, Region, Scene};
use smart_resize::{Format, Size, Target};

pub(super) fn any_table(input: &mut Unstructured<'_>) -> Result<Option<Model>> {
    let which = input.int_in_range(0..=9_usize)?;
    if let Some(table) = Model::all().into_iter().nth(which) {
        return Ok(Some(table));
    }
    let tiered = input.arbitrary()?;
    let preset = |input: &mut Unstructured<'_>| {
        let ratio = AspectRatio::new(input.int_in_range(1..=u16::MAX)?, input.int_in_range(1..=u16::MAX)?);
        let tier = if tiered { any_tier(input)? } else { None };
        let preset = Preset::new(any_size(input)?).ratio(ratio.unwrap());
        Ok(tier.map_or(preset, |tier| preset.tier(tier)))
    };
    let count = if input.ratio(1, 64_u8)? { 65 } else { input.int_in_range(0..=6)? };
    let presets: Vec<_> = (0..count).map(|_| preset(input)).collect::<Result<_>>()?;
    let names: BTreeSet<_> = presets.iter().map(ToString::to_string).collect();
    let model = input.arbitrary::<String>()?;
    let valid = !model.is_empty() && (1..=64).contains(&presets.len()) && names.len() == presets.len();
    let table = Model::new(model, presets);
    assert_eq!(table.is_ok(), valid, "{table:?}");
    let Ok(table) = table else { return Ok(None) };
    let per_call = input.int_in_range(1..=9_u16)?.try_into().unwrap();
    // The prompt without an instruction stays well below 4,000 characters, since the drawn scenes are short.
    Ok(Some(table.variants_per_call(per_call).prompt_chars(input.int_in_range(4_000..=9_000)?)))
}

pub(super) fn any_tier(input: &mut Unstructured<'_>) -> Result<Option<Tier>> {
    Ok(Tier::from_milli_k(match input.int_in_range(0..=4_u8)? {
        0 => 500,
        1 => 1000,
        2 => 2000,
        3 => 4000,
        _ => input.int_in_range(1..=1_000_000)?,
    }))
}

pub(super) fn any_size(input: &mut Unstructured<'_>) -> Result<Size> {
    let mut side =
        || Ok(if input.arbitrary()? { input.int_in_range(1..=8000)? } else { input.int_in_range(1..=65_535)? });
    Ok(Size::new(side()?, side()?).unwrap())
}

pub(super) fn any_text(input: &mut Unstructured<'_>) -> Result<String> {
    let (width, height) = (input.int_in_range(0..=3000_u32)?, input.int_in_range(0..=3000_u32)?);
    Ok(match input.int_in_range(0..=3_u8)? {
        0 => input.arbitrary()?,
        1 => format!(" {width}×{height}\t"),
        _ => format!("{width}x{height}"),
    })
}

/// A target. In most cases some preset covers it, often with an equal side.
pub(super) fn any_target(input: &mut Unstructured<'_>, table: &Model) -> Result<Target> {
    let mut size = any_size(input)?;
    if !input.ratio(1, 32_u8)? {
        let preset = input.choose(table.presets())?.size;
        size = Size::new(size.width().min(preset.width()), size.height().min(preset.height())).unwrap();
    }
    let [top, right, bottom, left] = input.arbitrary::<[u16; 4]>()?.map(|inset| inset % 700);
    let shares = [top, right, bottom, left].map(|inset| PerMille::new(inset).unwrap());
    let insets = Insets::new(shares[0], shares[1], shares[2], shares[3]);
    assert_eq!(insets.is_ok(), top + bottom < 1000 && left + right < 1000);
    let mut target = Target::new(size).safe_area(insets.unwrap_or_default());
    if input.ratio(1, 8_u8)? {
        target = target.safe_area(Insets::from_pixels(top, right, bottom, left));
    }
    if input.ratio(1, 4_u8)? {
        target = target.format(any_format(input)?).max_bytes(input.int_in_range(0..=200)?);
    }
    Ok(target)
}

pub(super) fn any_focus(input: &mut Unstructured<'_>) -> Result<Focus> {
    let [left, top, right, bottom] = [any_share(input)?, any_share(input)?, any_share(input)?, any_share(input)?];
    let region = Focus::region(left, top, right, bottom);
    assert_eq!(region.is_ok(), left <= right && top <= bottom);
    let focus = match input.int_in_range(0..=2_u8)? {
        0 => Focus::CENTRE,
        1 => Focus::point(left, top),
        _ => region.unwrap_or_default(),
    };
    Ok(if input.arbitrary()? { focus.mode(FocusMode::Nudge { margin: any_share(input)? }) } else { focus })
}

pub(super) fn any_share(input: &mut Unstructured<'_>) -> Result<PerMille> {
    Ok(PerMille::new(input.int_in_range(0..=1000)?).unwrap())
}

pub(super) fn any_scene(input: &mut Unstructured<'_>) -> Result<Option<Scene>> {
    let region = |input: &mut Unstructured<'_>| -> Result<Option<Region>> {
        let [left, top, right, bottom] = input.arbitrary::<[u16; 4]>()?.map(|edge| edge % 1002);
        let area = Area::new(left, top, right, bottom);
        assert_eq!(area.is_ok(), left < right && right <= 1000 && top < bottom && bottom <= 1000);
        let label: String = input.arbitrary()?;
        Ok(area.ok().and_then(|area| Region::new(label, area).ok()))
    };
    let Ok(mut scene) = Scene::new(input.arbitrary::<String>()?) else { return Ok(None) };
    for _ in 0..input.int_in_range(0..=3)? {
        if let Some(region) = region(input)? {
            scene = scene.subject(region.clone()).unwrap().text(region).unwrap();
        }
    }
    Ok(Some(scene))
}

pub(super) fn any_format(input: &mut Unstructured<'_>) -> Result<Format> {
    Ok(*input.choose(&[Format::Png, Format::Jpeg, Format::WebP])?)
}

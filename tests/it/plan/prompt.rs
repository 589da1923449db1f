//! The prompt: laws of every version of the wording, and the text of each version.

mod brief;
mod instruction;
mod page;
mod pixel_sizes;
mod scene;
mod shared_part;
mod surviving_part;
mod version_1;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use smart_resize::geometry::Fit;
use smart_resize::model::{Model, Preset};
use smart_resize::prompt::Brief;
use smart_resize::scene::{Area, Region, Scene};

use crate::any::{any_part, any_scene, any_size, insets};

fn preset(name: &str) -> Preset {
    let tables = [Model::nano_banana_pro(), Model::nano_banana_2()];
    let mut presets = tables.iter().flat_map(Model::presets);
    *presets.find(|preset| preset.to_string() == name).unwrap()
}

/// A brief for a target that is cut from a preset.
fn brief(name: &str, source: Option<&str>, target: Option<&str>, safe: [u16; 4]) -> Brief {
    let preset = preset(name);
    let target = target.map_or(preset.size, |target| target.parse().unwrap());
    let crop = Fit::Cover.rect(preset.size, target).unwrap();
    let brief = Brief::new(preset).surviving(crop).safe_area(insets(safe).inside(crop, target));
    if let Some(source) = source { brief.source_size(source.parse().unwrap()) } else { brief }
}

fn region(label: &str, area: [u16; 4]) -> Region {
    let [left, top, right, bottom] = area;
    Region::new(label, Area::new(left, top, right, bottom).unwrap()).unwrap()
}

fn bottle() -> Scene {
    let scene = Scene::new("a blue bottle on a wooden table at dusk").unwrap();
    scene.subject(region("the bottle", [350, 100, 650, 900])).unwrap()
}

fn poster() -> Scene {
    bottle().text(region("SUMMER SALE", [100, 20, 900, 90])).unwrap()
}

fn any_brief() -> impl Strategy<Value = Brief> {
    let presets = Model::all().iter().flat_map(|table| table.presets().to_vec()).collect::<Vec<_>>();
    let parts = |preset: Preset| (Just(preset), any_part(preset.size), any_part(preset.size));
    (select(presets).prop_flat_map(parts), option::of(any_size()), option::of(any_scene())).prop_map(
        |((preset, surviving, safe), source, scene)| {
            let mut brief = Brief::new(preset).surviving(surviving).safe_area(safe);
            brief.source_size = source;
            brief.scene = scene.map(Into::into);
            brief
        },
    )
}

/// The numbers in a text.
fn numbers(text: &str) -> Vec<u32> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

//! The presets of the built-in models, as plain numbers.

use smart_resize::model::{Model, Preset};

use super::Row;

/// The ten sizes at 1K that all models of Gemini 3 have.
const TEN: [(u16, u16, u64, u64); 10] = [
    (1, 1, 1024, 1024),
    (2, 3, 848, 1264),
    (3, 2, 1264, 848),
    (3, 4, 896, 1200),
    (4, 3, 1200, 896),
    (4, 5, 928, 1152),
    (5, 4, 1152, 928),
    (9, 16, 768, 1376),
    (16, 9, 1376, 768),
    (21, 9, 1584, 672),
];

const FOUR_LONG: [(u16, u16, u64, u64); 4] =
    [(4, 1, 2048, 512), (1, 4, 512, 2048), (8, 1, 3072, 384), (1, 8, 384, 3072)];

/// The sizes as the model delivers them.
const FOUR_LONG_2_1: [(u16, u16, u64, u64); 4] =
    [(4, 1, 2064, 512), (1, 4, 512, 2064), (8, 1, 2928, 352), (1, 8, 352, 2928)];

const FOURTEEN_DRAFTS: [(u16, u16, u64, u64); 14] = [
    (1, 1, 512, 512),
    (2, 3, 424, 632),
    (3, 2, 632, 424),
    (3, 4, 448, 600),
    (4, 3, 600, 448),
    (4, 5, 464, 576),
    (5, 4, 576, 464),
    (9, 16, 384, 688),
    (16, 9, 688, 384),
    (21, 9, 792, 336),
    (4, 1, 1024, 256),
    (1, 4, 256, 1024),
    (8, 1, 1536, 192),
    (1, 8, 192, 1536),
];

const GEMINI_2_5: [(u16, u16, u64, u64); 10] = [
    (1, 1, 1024, 1024),
    (2, 3, 832, 1248),
    (3, 2, 1248, 832),
    (3, 4, 864, 1184),
    (4, 3, 1184, 864),
    (4, 5, 896, 1152),
    (5, 4, 1152, 896),
    (9, 16, 768, 1344),
    (16, 9, 1344, 768),
    (21, 9, 1536, 672),
];

/// The rows of a tier, whose sides are `factor` times those of `shapes`.
fn tier(shapes: &[(u16, u16, u64, u64)], milli_k: u32, factor: u64) -> impl Iterator<Item = Row> {
    shapes.iter().map(move |&(a, b, width, height)| Row {
        ratio: (a, b),
        milli_k,
        width: width * factor,
        height: height * factor,
    })
}

pub(super) fn pro() -> Vec<Row> {
    [(1000, 1), (2000, 2), (4000, 4)].into_iter().flat_map(|(k, factor)| tier(&TEN, k, factor)).collect()
}

fn nano_banana_2() -> Vec<Row> {
    let shapes = [&TEN[..], &FOUR_LONG].concat();
    let tiers = [(1000, 1), (2000, 2), (4000, 4)];
    let upper = tiers.into_iter().flat_map(|(k, factor)| tier(&shapes, k, factor).collect::<Vec<_>>());
    tier(&FOURTEEN_DRAFTS, 500, 1).chain(upper).collect()
}

fn nano_banana_2_1() -> Vec<Row> {
    let shapes = [&TEN[..], &FOUR_LONG_2_1].concat();
    [(1000, 1), (2000, 2), (4000, 4)]
        .into_iter()
        .flat_map(|(k, factor)| tier(&shapes, k, factor).collect::<Vec<_>>())
        .collect()
}

fn nano_banana_2_lite() -> Vec<Row> {
    tier(&[&TEN[..], &FOUR_LONG_2_1].concat(), 1000, 1).collect()
}

fn nano_banana() -> Vec<Row> {
    tier(&GEMINI_2_5, 0, 1).collect()
}

pub(super) fn built_in() -> [(Model, Vec<Row>); 5] {
    [
        (Model::nano_banana_pro(), pro()),
        (Model::nano_banana_2_1(), nano_banana_2_1()),
        (Model::nano_banana_2(), nano_banana_2()),
        (Model::nano_banana_2_lite(), nano_banana_2_lite()),
        (Model::nano_banana(), nano_banana()),
    ]
}

#[test]
fn the_built_in_models_have_the_known_presets() {
    for (table, rows) in built_in() {
        let presets: Vec<Preset> = rows.iter().map(Row::preset).collect();
        assert_eq!(table.presets(), presets, "{}", table.name());
    }
}

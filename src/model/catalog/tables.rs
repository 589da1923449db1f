//! The built-in preset tables as data. The compiler checks that they have no zeros and no duplicates. The sizes at 2K
//! and 4K are exactly two and four times those at 1K.

use crate::model::preset::{AspectRatio, Preset, Tier};
use crate::model::table::MAX_PRESETS;
use crate::size::Size;

const HALF_K: Option<Tier> = Some(Tier::HALF_K);
pub(in crate::model) const K1: Option<Tier> = Some(Tier::K1);
pub(in crate::model) const K2: Option<Tier> = Some(Tier::K2);
const K4: Option<Tier> = Some(Tier::K4);

/// Creates a row of a built-in table. A zero, or a side that is too long, fails to compile.
#[expect(clippy::panic, reason = "called in constants only")]
pub(in crate::model) const fn row(ratio_w: u16, ratio_h: u16, width: u32, height: u32, tier: Option<Tier>) -> Preset {
    let (Ok(size), Some(ratio)) = (Size::new(width, height), AspectRatio::new(ratio_w, ratio_h)) else {
        panic!("a row with a side or a ratio of 0, or with too long a side");
    };
    Preset { size, ratio: Some(ratio), tier }
}

/// A ratio, and the width and height of its preset in pixels, as the providers list them.
type Shape = (u16, u16, u32, u32);

/// The ten shapes at 1K that all models with tiers have in common.
const TEN: [Shape; 10] = [
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

/// The long shapes of Nano Banana 2 at 1K, as documented.
const LONG: [Shape; 4] = [(4, 1, 2048, 512), (1, 4, 512, 2048), (8, 1, 3072, 384), (1, 8, 384, 3072)];

/// The long shapes of Nano Banana 2.1 at 1K, as delivered according to several independent reports and a live call.
const LONG_DELIVERED: [Shape; 4] = [(4, 1, 2064, 512), (1, 4, 512, 2064), (8, 1, 2928, 352), (1, 8, 352, 2928)];

/// Nano Banana 2 at 0.5K. Not every size is half of that at 1K. Google's page has 792x168 for 21:9, which is an error.
const FOURTEEN_DRAFTS: [Shape; 14] = [
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

/// Nano Banana at its only size.
const TEN_UNTIERED: [Shape; 10] = [
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

/// Nano Banana Pro, which is Gemini 3 Pro Image: Google's table.
pub(super) const NANO_BANANA_PRO: [Preset; 30] = table(&[(&TEN, K1, 1), (&TEN, K2, 2), (&TEN, K4, 4)]);

/// Nano Banana 2, which is Gemini 3.1 Flash Image: Google's table.
pub(super) const NANO_BANANA_2: [Preset; 56] = table(&[
    (&FOURTEEN_DRAFTS, HALF_K, 1),
    (&TEN, K1, 1),
    (&LONG, K1, 1),
    (&TEN, K2, 2),
    (&LONG, K2, 2),
    (&TEN, K4, 4),
    (&LONG, K4, 4),
]);

/// Nano Banana 2.1, with the long shapes as delivered.
pub(super) const NANO_BANANA_2_1: [Preset; 42] = table(&[
    (&TEN, K1, 1),
    (&LONG_DELIVERED, K1, 1),
    (&TEN, K2, 2),
    (&LONG_DELIVERED, K2, 2),
    (&TEN, K4, 4),
    (&LONG_DELIVERED, K4, 4),
]);

/// Nano Banana 2 Lite: the sizes of 2.1 at 1K.
pub(super) const NANO_BANANA_2_LITE: [Preset; 14] = table(&[(&TEN, K1, 1), (&LONG_DELIVERED, K1, 1)]);

/// Nano Banana, which is Gemini 2.5 Flash Image: one size for each shape, without a tier.
pub(super) const NANO_BANANA: [Preset; 10] = table(&[(&TEN_UNTIERED, None, 1)]);

/// Concatenates the presets of all parts. A part is a list of shapes, their tier, and the factor by which their sides
/// are multiplied.
#[expect(clippy::indexing_slicing, reason = "called in constants only")]
const fn table<const N: usize>(parts: &[(&[Shape], Option<Tier>, u32)]) -> [Preset; N] {
    // Every row of this filler is overwritten, which the assertion at the end checks. If the parts have more rows than
    // N, the index fails to compile.
    let mut presets = [row(1, 1, 1, 1, None); N];
    let (mut filled, mut part) = (0, 0);
    // A `const fn` cannot use iterators, so the lists are counted through.
    while part < parts.len() {
        let (shapes, tier, factor) = parts[part];
        let mut shape = 0;
        while shape < shapes.len() {
            let (ratio_w, ratio_h, width, height) = shapes[shape];
            presets[filled] = row(ratio_w, ratio_h, width * factor, height * factor, tier);
            (filled, shape) = (filled + 1, shape + 1);
        }
        part += 1;
    }
    assert!(filled == N, "the parts have fewer rows than the table");
    presets
}

const _: () = {
    check_distinct(&NANO_BANANA_PRO);
    check_distinct(&NANO_BANANA_2);
    check_distinct(&NANO_BANANA_2_1);
    check_distinct(&NANO_BANANA_2_LITE);
    check_distinct(&NANO_BANANA);
};

/// Fails to compile if two rows have the same labels or the same size.
#[expect(clippy::indexing_slicing, reason = "called in constants only")]
const fn check_distinct(rows: &[Preset]) {
    assert!(rows.len() <= MAX_PRESETS);
    let mut i = 0;
    while i < rows.len() {
        let mut j = 0;
        while j < i {
            let (a, b) = (&rows[i], &rows[j]);
            assert!(!same_ratio(a, b) || milli_k(a) != milli_k(b), "two rows of the same names");
            assert!(a.size.width() != b.size.width() || a.size.height() != b.size.height(), "two rows of one size");
            j += 1;
        }
        i += 1;
    }
}

const fn same_ratio(a: &Preset, b: &Preset) -> bool {
    match (a.ratio, b.ratio) {
        (Some(a), Some(b)) => a.width() == b.width() && a.height() == b.height(),
        _ => false,
    }
}

/// Returns the tier in thousandths of K; 0 without a tier.
const fn milli_k(preset: &Preset) -> u32 {
    match preset.tier {
        Some(tier) => tier.milli_k(),
        None => 0,
    }
}

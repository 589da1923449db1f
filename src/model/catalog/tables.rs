//! The built-in tables as data, checked when the crate is compiled: no zero, no duplicate, and 2K and 4K exactly
//! two and four times 1K.

use crate::model::preset::{AspectRatio, Preset, Tier};
use crate::model::table::MAX_PRESETS;
use crate::size::Size;

const HALF_K: Option<Tier> = Some(Tier::HALF_K);
pub(in crate::model) const K1: Option<Tier> = Some(Tier::K1);
pub(in crate::model) const K2: Option<Tier> = Some(Tier::K2);
const K4: Option<Tier> = Some(Tier::K4);

/// A row of a built-in table; a zero, or a side that is too long, does not compile.
#[expect(clippy::panic, reason = "called in constants only")]
pub(in crate::model) const fn row(ratio_w: u16, ratio_h: u16, width: u32, height: u32, tier: Option<Tier>) -> Preset {
    let (Ok(size), Some(ratio)) = (Size::new(width, height), AspectRatio::new(ratio_w, ratio_h)) else {
        panic!("a row with a side or a ratio of 0, or with too long a side");
    };
    Preset::new(size, ratio, tier)
}

/// Gemini 3 Pro Image: Google's table, tier by tier.
#[rustfmt::skip]
pub(super) const NANO_BANANA_PRO: [Preset; 30] = [
    row(1, 1, 1024, 1024, K1),
    row(2, 3, 848, 1264, K1),
    row(3, 2, 1264, 848, K1),
    row(3, 4, 896, 1200, K1),
    row(4, 3, 1200, 896, K1),
    row(4, 5, 928, 1152, K1),
    row(5, 4, 1152, 928, K1),
    row(9, 16, 768, 1376, K1),
    row(16, 9, 1376, 768, K1),
    row(21, 9, 1584, 672, K1),
    row(1, 1, 2048, 2048, K2),
    row(2, 3, 1696, 2528, K2),
    row(3, 2, 2528, 1696, K2),
    row(3, 4, 1792, 2400, K2),
    row(4, 3, 2400, 1792, K2),
    row(4, 5, 1856, 2304, K2),
    row(5, 4, 2304, 1856, K2),
    row(9, 16, 1536, 2752, K2),
    row(16, 9, 2752, 1536, K2),
    row(21, 9, 3168, 1344, K2),
    row(1, 1, 4096, 4096, K4),
    row(2, 3, 3392, 5056, K4),
    row(3, 2, 5056, 3392, K4),
    row(3, 4, 3584, 4800, K4),
    row(4, 3, 4800, 3584, K4),
    row(4, 5, 3712, 4608, K4),
    row(5, 4, 4608, 3712, K4),
    row(9, 16, 3072, 5504, K4),
    row(16, 9, 5504, 3072, K4),
    row(21, 9, 6336, 2688, K4),
];

/// Gemini 3.1 Flash Image: Google's table, but for 21:9 at 0.5K, where its page prints 792x168.
#[rustfmt::skip]
pub(super) const NANO_BANANA_2: [Preset; 56] = [
    row(1, 1, 512, 512, HALF_K),
    row(2, 3, 424, 632, HALF_K),
    row(3, 2, 632, 424, HALF_K),
    row(3, 4, 448, 600, HALF_K),
    row(4, 3, 600, 448, HALF_K),
    row(4, 5, 464, 576, HALF_K),
    row(5, 4, 576, 464, HALF_K),
    row(9, 16, 384, 688, HALF_K),
    row(16, 9, 688, 384, HALF_K),
    row(21, 9, 792, 336, HALF_K),
    row(4, 1, 1024, 256, HALF_K),
    row(1, 4, 256, 1024, HALF_K),
    row(8, 1, 1536, 192, HALF_K),
    row(1, 8, 192, 1536, HALF_K),
    row(1, 1, 1024, 1024, K1),
    row(2, 3, 848, 1264, K1),
    row(3, 2, 1264, 848, K1),
    row(3, 4, 896, 1200, K1),
    row(4, 3, 1200, 896, K1),
    row(4, 5, 928, 1152, K1),
    row(5, 4, 1152, 928, K1),
    row(9, 16, 768, 1376, K1),
    row(16, 9, 1376, 768, K1),
    row(21, 9, 1584, 672, K1),
    row(4, 1, 2048, 512, K1),
    row(1, 4, 512, 2048, K1),
    row(8, 1, 3072, 384, K1),
    row(1, 8, 384, 3072, K1),
    row(1, 1, 2048, 2048, K2),
    row(2, 3, 1696, 2528, K2),
    row(3, 2, 2528, 1696, K2),
    row(3, 4, 1792, 2400, K2),
    row(4, 3, 2400, 1792, K2),
    row(4, 5, 1856, 2304, K2),
    row(5, 4, 2304, 1856, K2),
    row(9, 16, 1536, 2752, K2),
    row(16, 9, 2752, 1536, K2),
    row(21, 9, 3168, 1344, K2),
    row(4, 1, 4096, 1024, K2),
    row(1, 4, 1024, 4096, K2),
    row(8, 1, 6144, 768, K2),
    row(1, 8, 768, 6144, K2),
    row(1, 1, 4096, 4096, K4),
    row(2, 3, 3392, 5056, K4),
    row(3, 2, 5056, 3392, K4),
    row(3, 4, 3584, 4800, K4),
    row(4, 3, 4800, 3584, K4),
    row(4, 5, 3712, 4608, K4),
    row(5, 4, 4608, 3712, K4),
    row(9, 16, 3072, 5504, K4),
    row(16, 9, 5504, 3072, K4),
    row(21, 9, 6336, 2688, K4),
    row(4, 1, 8192, 2048, K4),
    row(1, 4, 2048, 8192, K4),
    row(8, 1, 12288, 1536, K4),
    row(1, 8, 1536, 12288, K4),
];

/// Nano Banana 2.1: the sizes as delivered, by several independent readers and a live probe.
#[rustfmt::skip]
pub(super) const NANO_BANANA_2_1: [Preset; 42] = [
    row(1, 1, 1024, 1024, K1),
    row(2, 3, 848, 1264, K1),
    row(3, 2, 1264, 848, K1),
    row(3, 4, 896, 1200, K1),
    row(4, 3, 1200, 896, K1),
    row(4, 5, 928, 1152, K1),
    row(5, 4, 1152, 928, K1),
    row(9, 16, 768, 1376, K1),
    row(16, 9, 1376, 768, K1),
    row(21, 9, 1584, 672, K1),
    row(4, 1, 2064, 512, K1),
    row(1, 4, 512, 2064, K1),
    row(8, 1, 2928, 352, K1),
    row(1, 8, 352, 2928, K1),
    row(1, 1, 2048, 2048, K2),
    row(2, 3, 1696, 2528, K2),
    row(3, 2, 2528, 1696, K2),
    row(3, 4, 1792, 2400, K2),
    row(4, 3, 2400, 1792, K2),
    row(4, 5, 1856, 2304, K2),
    row(5, 4, 2304, 1856, K2),
    row(9, 16, 1536, 2752, K2),
    row(16, 9, 2752, 1536, K2),
    row(21, 9, 3168, 1344, K2),
    row(4, 1, 4128, 1024, K2),
    row(1, 4, 1024, 4128, K2),
    row(8, 1, 5856, 704, K2),
    row(1, 8, 704, 5856, K2),
    row(1, 1, 4096, 4096, K4),
    row(2, 3, 3392, 5056, K4),
    row(3, 2, 5056, 3392, K4),
    row(3, 4, 3584, 4800, K4),
    row(4, 3, 4800, 3584, K4),
    row(4, 5, 3712, 4608, K4),
    row(5, 4, 4608, 3712, K4),
    row(9, 16, 3072, 5504, K4),
    row(16, 9, 5504, 3072, K4),
    row(21, 9, 6336, 2688, K4),
    row(4, 1, 8256, 2048, K4),
    row(1, 4, 2048, 8256, K4),
    row(8, 1, 11712, 1408, K4),
    row(1, 8, 1408, 11712, K4),
];

/// Nano Banana 2 Lite: the 1K tier of 2.1.
#[rustfmt::skip]
pub(super) const NANO_BANANA_2_LITE: [Preset; 14] = [
    row(1, 1, 1024, 1024, K1),
    row(2, 3, 848, 1264, K1),
    row(3, 2, 1264, 848, K1),
    row(3, 4, 896, 1200, K1),
    row(4, 3, 1200, 896, K1),
    row(4, 5, 928, 1152, K1),
    row(5, 4, 1152, 928, K1),
    row(9, 16, 768, 1376, K1),
    row(16, 9, 1376, 768, K1),
    row(21, 9, 1584, 672, K1),
    row(4, 1, 2064, 512, K1),
    row(1, 4, 512, 2064, K1),
    row(8, 1, 2928, 352, K1),
    row(1, 8, 352, 2928, K1),
];

/// Gemini 2.5 Flash Image: one tier without a name.
#[rustfmt::skip]
pub(super) const NANO_BANANA: [Preset; 10] = [
    row(1, 1, 1024, 1024, None),
    row(2, 3, 832, 1248, None),
    row(3, 2, 1248, 832, None),
    row(3, 4, 864, 1184, None),
    row(4, 3, 1184, 864, None),
    row(4, 5, 896, 1152, None),
    row(5, 4, 1152, 896, None),
    row(9, 16, 768, 1344, None),
    row(16, 9, 1344, 768, None),
    row(21, 9, 1536, 672, None),
];

const _: () = {
    check_distinct(&NANO_BANANA_PRO);
    check_distinct(&NANO_BANANA_2);
    check_distinct(&NANO_BANANA_2_1);
    check_distinct(&NANO_BANANA_2_LITE);
    check_distinct(&NANO_BANANA);
    // Ten rows a tier: 1K, 2K, 4K.
    check_multiple(&NANO_BANANA_PRO, 0, 10, 10, 2);
    check_multiple(&NANO_BANANA_PRO, 0, 20, 10, 4);
    // Fourteen rows a tier: 1K, 2K, 4K.
    check_multiple(&NANO_BANANA_2_1, 0, 14, 14, 2);
    check_multiple(&NANO_BANANA_2_1, 0, 28, 14, 4);
    // Fourteen rows a tier: 0.5K, 1K, 2K, 4K. 0.5K is not half of 1K in every row.
    check_multiple(&NANO_BANANA_2, 14, 28, 14, 2);
    check_multiple(&NANO_BANANA_2, 14, 42, 14, 4);
};

/// No two rows have the same names, and no two the same size.
#[expect(clippy::indexing_slicing, reason = "called in constants only")]
const fn check_distinct(rows: &[Preset]) {
    assert!(rows.len() <= MAX_PRESETS);
    let mut i = 0;
    while i < rows.len() {
        let mut j = 0;
        while j < i {
            let (a, b) = (&rows[i], &rows[j]);
            assert!(!same_ratio(a, b) || milli_k(a) != milli_k(b), "two rows of the same names");
            assert!(
                a.size().width() != b.size().width() || a.size().height() != b.size().height(),
                "two rows of one size"
            );
            j += 1;
        }
        i += 1;
    }
}

/// The `count` rows from `to` on are the rows from `from` on, `factor` times as large.
#[expect(clippy::indexing_slicing, reason = "called in constants only")]
const fn check_multiple(rows: &[Preset], from: usize, to: usize, count: usize, factor: u32) {
    let mut i = 0;
    while i < count {
        let (a, b) = (&rows[from + i], &rows[to + i]);
        assert!(same_ratio(a, b) && milli_k(a) * factor == milli_k(b), "rows of one ratio in the order of tiers");
        assert!(a.size().width() * factor == b.size().width(), "a width that is not the multiple");
        assert!(a.size().height() * factor == b.size().height(), "a height that is not the multiple");
        i += 1;
    }
}

const fn same_ratio(a: &Preset, b: &Preset) -> bool {
    a.ratio().width() == b.ratio().width() && a.ratio().height() == b.ratio().height()
}

const fn milli_k(preset: &Preset) -> u32 {
    match preset.tier() {
        Some(tier) => tier.milli_k(),
        None => 0,
    }
}

//! A fixed list of presets.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::preset::{Preset, Tier};

/// The maximum number of presets of a [`PresetTable`].
pub const MAX_PRESETS: usize = 64;

/// A fixed list of presets. If two presets suit a target equally well, the earlier one is selected.
///
/// # Guarantees
///
/// The table has from 1 to [`MAX_PRESETS`] presets. No two have the same labels, or, without a ratio, the same size and
/// tier. Either all presets have a tier, or none has.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::model::{Preset, PresetTable};
///
/// let wide = Preset::new(Size::new(3500, 1500)?).ratio("7:3".parse()?).tier("3K".parse()?);
/// let table = PresetTable::new(vec![wide])?;
/// assert_eq!(table.presets()[0].to_string(), "7:3 3K");
/// let error = PresetTable::new(vec![wide, wide]).unwrap_err();
/// assert_eq!(error.to_string(), "preset 1 has the labels of preset 0: 7:3 3K");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresetTable {
    presets: Cow<'static, [Preset]>,
}

impl PresetTable {
    /// Creates a built-in table, whose rows are checked at compile time.
    pub(super) const fn built_in(presets: &'static [Preset]) -> Self {
        Self { presets: Cow::Borrowed(presets) }
    }

    /// Creates the table of `presets`.
    ///
    /// # Errors
    ///
    /// [`PresetTableError`] if there is no preset or more than [`MAX_PRESETS`], if two presets have the same labels or,
    /// without a ratio, the same size and tier, or if only some presets have a tier.
    pub fn new(presets: Vec<Preset>) -> Result<Self, PresetTableError> {
        if presets.is_empty() {
            return Err(PresetTableError::Empty);
        }
        if presets.len() > MAX_PRESETS {
            return Err(PresetTableError::TooMany { found: presets.len() });
        }
        // A preset without a tier cannot be compared with a floor, so a table either has tiers throughout or none.
        let tiered = presets.first().is_some_and(|first| first.tier.is_some());
        for (index, preset) in presets.iter().enumerate() {
            if preset.tier.is_some() != tiered {
                return Err(PresetTableError::MixedTiers { index });
            }
            // A preset without a ratio is identified by its size.
            let identity = |preset: &Preset| (preset.ratio.ok_or(preset.size), preset.tier);
            let same = |other: &Preset| identity(other) == identity(preset);
            if let Some(first) = presets.iter().take(index).position(same) {
                return Err(PresetTableError::Duplicate { index, first, preset: *preset });
            }
        }
        Ok(Self { presets: Cow::Owned(presets) })
    }

    /// Returns the presets, in their order.
    pub fn presets(&self) -> &[Preset] {
        &self.presets
    }

    /// Returns the distinct tiers in ascending order; an empty list if the presets have no tiers.
    pub fn tiers(&self) -> Vec<Tier> {
        let mut tiers: Vec<_> = self.presets.iter().filter_map(|preset| preset.tier).collect();
        tiers.sort_unstable();
        tiers.dedup();
        tiers
    }

    /// Whether the table has presets of this tier.
    pub fn has(&self, tier: Tier) -> bool {
        self.presets.iter().any(|preset| preset.tier == Some(tier))
    }
}

/// The error of presets that do not make a [`PresetTable`].
///
/// ```
/// use smart_resize::model::{PresetTable, PresetTableError};
///
/// let error = PresetTable::new(vec![]).unwrap_err();
/// assert_eq!(error, PresetTableError::Empty);
/// assert_eq!(error.to_string(), "preset table has 0 presets; expected 1 to 64");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresetTableError {
    /// There is no preset.
    #[error("preset table has 0 presets; expected 1 to {MAX_PRESETS}")]
    Empty,
    /// There are more than [`MAX_PRESETS`] presets.
    #[error("preset table has {found} presets; expected 1 to {MAX_PRESETS}")]
    TooMany {
        /// The number of presets.
        found: usize,
    },
    /// Two presets have the same labels or, without a ratio, the same size and tier.
    #[error("preset {index} has the labels of preset {first}: {preset}")]
    Duplicate {
        /// The index of the later preset, from 0.
        index: usize,
        /// The index of the earlier preset, from 0.
        first: usize,
        /// The later preset.
        preset: Preset,
    },
    /// A preset has a tier and the first has none, or the reverse.
    #[error("only one of preset {index} and preset 0 has a tier; expected both or neither")]
    MixedTiers {
        /// The index of the preset, from 0.
        index: usize,
    },
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::super::catalog::tables::{K1, K2, row};
    use super::*;

    #[test]
    fn a_table_has_1_to_64_presets_with_different_labels_and_all_or_none_a_tier() {
        let preset = |ratio: u16, tier| row(ratio, 1, 10, 10, tier);
        let refuse = |rows: Vec<Preset>, message: &str| {
            assert_eq!(PresetTable::new(rows).unwrap_err().to_string(), message);
        };
        refuse(vec![], "preset table has 0 presets; expected 1 to 64");
        refuse((1..=65).map(|i| preset(i, K1)).collect(), "preset table has 65 presets; expected 1 to 64");
        assert!([1, 64].iter().all(|most| PresetTable::new((1..=*most).map(|i| preset(i, K1)).collect()).is_ok()));
        let mixed = vec![preset(1, K1), preset(2, None)];
        refuse(mixed, "only one of preset 1 and preset 0 has a tier; expected both or neither");
        refuse(vec![preset(1, K1), preset(1, K2), preset(1, K1)], "preset 2 has the labels of preset 0: 1:1 1K");
    }

    #[test]
    fn presets_without_a_ratio_differ_by_their_sizes() {
        use crate::size::Size;

        let preset = |width| Preset::new(Size::new(width, 9).unwrap());
        assert!(PresetTable::new(vec![preset(8), preset(9)]).is_ok());
        let error = PresetTable::new(vec![preset(8), preset(9), preset(8)]).unwrap_err();
        assert_eq!(error, PresetTableError::Duplicate { index: 2, first: 0, preset: preset(8) });
    }
}

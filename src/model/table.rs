//! A fixed list of presets.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::preset::{Preset, Tier};

/// The most rows of a [`PresetTable`].
pub const MAX_PRESETS: usize = 64;

/// A fixed list of presets, in the order that settles the last tie.
///
/// # Guarantees
///
/// It has from 1 to [`MAX_PRESETS`] presets; no two have the same ratio and tier; all have a tier, or none has.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::model::{Preset, PresetTable};
///
/// let wide = Preset::new(Size::new(3500, 1500)?).ratio("7:3".parse()?).tier("3K".parse()?);
/// let table = PresetTable::new(vec![wide])?;
/// assert_eq!(table.presets()[0].to_string(), "7:3 3K");
/// let error = PresetTable::new(vec![wide, wide]).unwrap_err();
/// assert_eq!(error.to_string(), "preset 1 has the names of preset 0: 7:3 3K");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresetTable {
    presets: Cow<'static, [Preset]>,
}

impl PresetTable {
    /// A built-in table, whose rows were checked when the crate was compiled.
    pub(super) const fn built_in(presets: &'static [Preset]) -> Self {
        Self { presets: Cow::Borrowed(presets) }
    }

    /// The table of `presets`.
    ///
    /// # Errors
    ///
    /// [`PresetTableError`] if there is no preset, there are more than [`MAX_PRESETS`], two have the same ratio and
    /// tier, or only some have a tier.
    pub fn new(presets: Vec<Preset>) -> Result<Self, PresetTableError> {
        if presets.is_empty() {
            return Err(PresetTableError::Empty);
        }
        if presets.len() > MAX_PRESETS {
            return Err(PresetTableError::TooMany { found: presets.len() });
        }
        let tiered = presets.first().is_some_and(|first| first.tier.is_some());
        for (index, preset) in presets.iter().enumerate() {
            if preset.tier.is_some() != tiered {
                return Err(PresetTableError::MixedTiers { index });
            }
            // Without a ratio the size is the name.
            let name = |preset: &Preset| (preset.ratio.ok_or(preset.size), preset.tier);
            let same = |other: &Preset| name(other) == name(preset);
            if let Some(first) = presets.iter().take(index).position(same) {
                return Err(PresetTableError::Duplicate { index, first, preset: *preset });
            }
        }
        Ok(Self { presets: Cow::Owned(presets) })
    }

    /// The presets, in their order.
    pub fn presets(&self) -> &[Preset] {
        &self.presets
    }

    /// The tiers, the lowest first, each once; empty if presets have no tier.
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

/// Rows that do not make a [`PresetTable`].
///
/// ```
/// use smart_resize::model::{PresetTable, PresetTableError};
///
/// let error = PresetTable::new(vec![]).unwrap_err();
/// assert_eq!(error, PresetTableError::Empty);
/// assert_eq!(error.to_string(), "a preset table needs at least one preset");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresetTableError {
    /// There is no row.
    #[error("a preset table needs at least one preset")]
    Empty,
    /// There are more than [`MAX_PRESETS`] rows.
    #[error("{found} presets, at most {MAX_PRESETS}")]
    TooMany {
        /// How many there are.
        found: usize,
    },
    /// Two rows have the same ratio and tier.
    #[error("preset {index} has the names of preset {first}: {preset}")]
    Duplicate {
        /// The later row, from 0.
        index: usize,
        /// The earlier row, from 0.
        first: usize,
        /// The later row.
        preset: Preset,
    },
    /// A row has a tier where the first has none, or the other way round.
    #[error("preset {index} and preset 0 differ in having a tier")]
    MixedTiers {
        /// The row, from 0.
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
    fn a_table_refuses_what_could_not_be_requested() {
        let preset = |ratio: u16, tier| row(ratio, 1, 10, 10, tier);
        let refuse = |rows: Vec<Preset>, message: &str| {
            assert_eq!(PresetTable::new(rows).unwrap_err().to_string(), message);
        };
        refuse(vec![], "a preset table needs at least one preset");
        refuse((1..=65).map(|i| preset(i, K1)).collect(), "65 presets, at most 64");
        assert!(PresetTable::new((1..=64).map(|i| preset(i, K1)).collect()).is_ok());
        refuse(vec![preset(1, K1), preset(2, None)], "preset 1 and preset 0 differ in having a tier");
        refuse(vec![preset(1, K1), preset(1, K2), preset(1, K1)], "preset 2 has the names of preset 0: 1:1 1K");
    }
}

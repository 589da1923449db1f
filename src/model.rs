//! What an image model can make, and what that costs.

pub(crate) mod preset;
pub(crate) mod price;
pub(crate) mod select;

pub use self::preset::{AspectRatio, MAX_PRESETS, ParseLabelError, Preset, PresetTable, PresetTableError, Resolution};
pub use self::price::{PriceList, UsdMicros};
pub use self::select::{NothingCoversError, Smallest, smallest_covering};

//! What an image model can make, and what that costs.

pub(crate) mod catalog;
pub(crate) mod preset;
pub(crate) mod price;
pub(crate) mod select;
pub(crate) mod table;

pub use self::catalog::{Model, ModelError, ModelLimits, Month, Sizes};
pub use self::preset::{AspectRatio, ParseLabelError, Preset, Tier};
pub use self::price::{PriceList, UsdMicros};
pub use self::select::{NothingCoversError, Smallest, smallest_covering};
pub use self::table::{MAX_PRESETS, PresetTable, PresetTableError};

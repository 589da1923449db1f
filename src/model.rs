//! Image models: the sizes that they make, and their prices.
//!
//! The label of a preset is not the ratio of its pixels: the pixels of 21:9 have the ratio 33:14. A backend is sent the
//! label, or the size if there is none; every decision uses the pixels.
//!
//! ```
//! use smart_resize::Size;
//! use smart_resize::model::{Model, PriceList};
//!
//! let model = Model::named("nano-banana-2.1").unwrap();
//! let widest = model.presets().iter().max_by_key(|preset| preset.size.width()).unwrap();
//! assert_eq!((widest.to_string(), widest.size), ("8:1 4K".into(), Size::new(11712, 1408)?));
//! assert_eq!(model.verified.unwrap().to_string(), "2026-11");
//!
//! let google = PriceList::google();
//! assert_eq!(google.per_image(model.name(), Some("1K".parse()?)).unwrap().to_string(), "$0.0336");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod catalog;
pub(crate) mod preset;
pub(crate) mod price;
pub(crate) mod select;
pub(crate) mod table;

pub use self::catalog::{Model, ModelError, ModelLimits, Month, Sizes, UnknownModelError};
pub use self::preset::{AspectRatio, ParseLabelError, Preset, Tier};
pub use self::price::{ParseUsdError, PriceList, UsdMicros};
pub use self::select::{NothingCoversError, Smallest, smallest_covering};
pub use self::table::{MAX_PRESETS, PresetTable, PresetTableError};

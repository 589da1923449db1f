//! Models and their presets.

mod price_list;
mod select;

//! Models and their presets.

mod select;

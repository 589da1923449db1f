//! Decoding, inspecting, rendering and encoding of pictures.

mod byte_limit;
mod codec;
mod colour;
mod files;
#[cfg(feature = "image")]
mod image;
mod inspect;
mod inspect_options;
#[cfg(feature = "parallel")]
mod parallel;
mod pass_through;
mod renderer;
mod resample;
mod sample_kinds;
mod upstream;
#[cfg(feature = "serde")]
mod verified_png;

//! Decoding, inspecting, rendering and encoding of pictures.

mod byte_limit;
mod cmyk;
mod colour;
mod damaged_files;
mod damaged_jpeg;
mod encoded_files;
mod exact_size;
#[cfg(feature = "image")]
mod image;
mod inspect;
mod inspect_options;
mod limits;
mod orientation;
#[cfg(feature = "parallel")]
mod parallel;
mod pass_through;
mod renderer;
mod resample;
mod resampled_files;
mod sample_kinds;
mod samples;
mod upstream;
#[cfg(feature = "serde")]
mod verified_png;

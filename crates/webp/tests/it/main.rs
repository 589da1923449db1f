//! The laws of the package, one per file.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod animations_are_refused;
mod another_decoder_reads_what_is_encoded;
mod corrupt_files_are_refused_or_decoded_completely;
mod errors_say_what_was_found;
mod fuzz_inputs_keep_the_laws;
mod higher_settings_give_what_they_promise;
mod laws;
mod lengths_and_ranges_are_checked;
mod pixels_survive_a_round_trip;
mod truncated_files_are_refused;

use smart_resize_webp::{Layout, Settings};

/// The settings of smart-resize.
const DEFAULT: Settings = Settings { quality: 80, effort: 4 };

/// A gradient with some texture; its alpha channel has every level.
fn gradient(width: u32, height: u32, layout: Layout) -> Vec<u8> {
    let pixel = |x: u32, y: u32| [x * 255 / width, y * 255 / height, (x + y) % 64, (x * 7 + y) % 256];
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| pixel(x, y)));
    pixels.flat_map(|pixel| pixel.into_iter().take(layout.channels())).map(|sample| sample as u8).collect()
}

/// Every fourth sample of RGBA pixels.
fn alpha(pixels: &[u8]) -> Vec<u8> {
    pixels.iter().skip(3).step_by(4).copied().collect()
}

/// The mean absolute difference of two buffers, in levels of 255.
fn mean_difference(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let sum: u32 = a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    f64::from(sum) / a.len() as f64
}

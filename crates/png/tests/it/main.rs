//! The laws, one file each. Files of the encoder are read back by the `png` crate and by zune-png.

#![allow(
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

#[path = "../laws/decode.rs"]
mod decode_laws;
#[path = "../laws/mod.rs"]
mod laws;
mod pictures;

mod any_bytes_hold_every_law;
mod decode_agrees_with_the_png_crate;
mod decode_exact_means_that_nothing_is_hidden;
mod decode_reads_every_whole_picture;
mod errors_say_what_was_found;
mod every_pixel_is_read_back;
mod files_are_as_small_as_those_of_the_png_crate;
mod fuzz_inputs_keep_the_laws;
mod palettes_are_read_back;
#[cfg(feature = "parallel")]
mod parallel_files_equal_sequential_ones;
mod pictures_are_reduced_to_the_fewest_bits;
mod png_round_trips;
mod reductions_have_few_colours_of_the_same_kinds;
mod row_writer_files_equal_whole_ones;
mod scratch_buffers_leave_no_trace;
#[cfg(feature = "serde")]
mod serde_writes_an_effort_by_name;
mod strips_are_chunks_of_one_stream;

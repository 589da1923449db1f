//! The laws of the encoder, one file each.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::format_collect,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::large_stack_arrays,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests: numbers are small, and a wrong one fails"
)]

mod any_bytes_are_checked;
mod bytes_are_the_same_on_every_processor;
mod cut_files_are_damaged_and_whole_ones_are_not;
mod every_small_size_is_decoded_by_others;
mod files_are_decoded;
mod files_grow_with_quality;
mod headers_are_read_back;
mod huffman_tables_are_complete;
#[path = "../laws/mod.rs"]
mod laws;
mod laws_hold_for_any_bytes;
mod options_out_of_range_are_errors;
mod pictures;
mod profiles_and_segments_are_read_back;
mod progressive_files_have_a_dc_scan_and_each_ac_coefficient_once;
mod progressive_files_have_the_same_coefficients;
mod quality_100_is_nearly_lossless;
mod quantisation_tables_are_those_of_annex_k_1;
mod scratch_does_not_change_the_file;
mod sequential_files_have_one_interleaved_scan;

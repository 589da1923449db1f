//! The crate as its users see it. Each law is held against a naive oracle that shares no code with the crate.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    reason = "a panic is how a test fails"
)]

mod any;
#[cfg(feature = "pixels")]
mod budget;
#[cfg(feature = "pixels")]
mod codec;
#[cfg(feature = "pixels")]
mod colour;
#[cfg(feature = "pixels")]
mod cut_from_source;
#[cfg(feature = "pixels")]
mod depths;
#[cfg(feature = "pixels")]
mod drive;
mod fingerprint;
mod fit;
mod focus;
#[cfg(feature = "image")]
mod image;
#[cfg(feature = "pixels")]
mod inspect;
#[cfg(all(feature = "pixels", feature = "serde"))]
mod laws;
#[cfg(feature = "pixels")]
mod local;
#[cfg(feature = "parallel")]
mod parallel;
#[cfg(feature = "pixels")]
mod pass_through;
#[cfg(feature = "pixels")]
mod pictures;
#[cfg(feature = "pixels")]
mod pixels;
#[cfg(feature = "serde")]
mod plan_json;
mod prompt;
#[cfg(feature = "pixels")]
mod rejected;
#[cfg(feature = "pixels")]
mod renderer;
#[cfg(all(feature = "pixels", feature = "serde"))]
mod replay;
mod request;
#[cfg(feature = "pixels")]
mod resample;
mod select;
mod share;
#[cfg(feature = "pixels")]
mod source;
mod spare;
#[cfg(feature = "testing")]
mod testing;
#[cfg(all(feature = "pixels", feature = "tower"))]
mod tower;
#[cfg(all(feature = "wire", feature = "serde"))]
mod unlabelled;
#[cfg(all(feature = "pixels", feature = "serde"))]
mod unsound;
#[cfg(feature = "pixels")]
mod upstream;
#[cfg(feature = "pixels")]
mod weight;
#[cfg(feature = "wire")]
mod wire;

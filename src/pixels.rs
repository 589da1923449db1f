//! Makes encoded pictures of exact sizes from an encoded picture: decode, inspect, crop and resample, encode.
//!
//! - [`decode`](mod@decode) turns encoded bytes into upright pixels in sRGB, within limits.
//! - [`mod@inspect`] finds borders, letterbox and pillarbox bars, and blank pictures.
//! - [`render`](mod@render) is the pipeline.
//! - [`encode`](mod@encode) turns pixels into files.
//! - [`metadata`] has the credit and the mark of origin of results.
//!
//! A picture that already is what the target asks for passes through: its bytes are the result, with the credit
//! and the mark of origin that results have. Such a picture has the
//! target's size and format, is upright and in sRGB, and has nothing to strip. For a JPEG the options must not name a
//! quality, a subsampling or progressive scans. For a PNG the decoder must have verified every byte, unless the caller
//! trusts the picture ([`PassThrough`](render::PassThrough)).
//!
//! ```
//! use smart_resize::{Format, Size};
//! use smart_resize::pixels::Picture;
//! use smart_resize::pixels::decode::probe;
//! use smart_resize::pixels::encode::{EncodeOptions, encode};
//! use smart_resize::pixels::render::{RenderOptions, RenderTarget, render};
//!
//! # let grey = Picture::from_rgb(Size::new(160, 90)?, vec![128; 160 * 90 * 3])?;
//! # let generated = encode(&grey, Format::Png, &EncodeOptions::default())?.bytes;
//! let target = RenderTarget::new(Size::new(60, 60)?).format(Format::Jpeg);
//! let rendered = render(&generated, &target, &RenderOptions::default())?;
//! assert_eq!(rendered.rect.size(), Size::new(90, 90)?);
//! assert_eq!(probe(&rendered.bytes, &Default::default())?.size, Size::new(60, 60)?);
//!
//! let too_large = RenderTarget::new(Size::new(161, 90)?);
//! let error = render(&generated, &too_large, &RenderOptions::default()).unwrap_err();
//! assert_eq!(error.to_string(), "a picture of 160x90 does not cover 161x90");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a broken invariant must be loud: a silent default would become a wrong file; input is checked before"
)]

/// Writes a bare setter for each of the public fields.
macro_rules! setters {
    ($($field:ident: $type:ty),+ $(,)?) => {
        $(
            #[doc = concat!("Sets the field `", stringify!($field), "`.")]
            #[must_use]
            pub const fn $field(mut self, $field: $type) -> Self {
                self.$field = $field;
                self
            }
        )+
    };
}

pub(crate) mod codec;
pub(crate) mod colour;
pub mod decode;
pub mod encode;
#[cfg(feature = "image")]
mod image;
pub mod inspect;
pub mod metadata;
pub(crate) mod options;
pub(crate) mod orientation;
pub(crate) mod picture;
pub mod render;
pub(crate) mod rendered;
pub(crate) mod resample;
mod scratch;
pub(crate) mod target;

pub use self::codec::Codec;
#[cfg(feature = "image")]
pub use self::image::HasAlphaError;
pub use self::picture::{Layout, Picture, PixelCountError};

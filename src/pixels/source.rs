//! What a backend is given: the source upright and in sRGB, since not every model heeds a tag.
//!
//! ```
//! use smart_resize::{DecodeLimits, Format, Picture, Size, encode, read_source};
//!
//! let size = Size::new(40, 30)?;
//! let photo = encode(&Picture::from_rgb(size, vec![90; 40 * 30 * 3])?, Format::Jpeg, &Default::default())?.bytes;
//! let source = read_source(photo.clone(), &DecodeLimits::default())?;
//! assert_eq!((source.size(), source.bytes().map(|bytes| bytes.to_vec())), (Some(size), Some(photo)));
//!
//! let error = read_source(*b"BM", &DecodeLimits::default()).unwrap_err();
//! assert_eq!(error.to_string(), "not a PNG, JPEG or WebP picture: it begins with [42, 4d]");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::sync::Arc;

use super::RenderError;
use super::codec::Codec;
use super::decode::{Colour, DecodeLimits, Probe, decode, probe};
use super::encode::jpeg::{JpegOptions, Subsampling};
use super::encode::{EncodeOptions, encode};
use crate::format::Format;
use crate::plan::source::Source;

/// The quality of a JPEG that has to be written anew: no loss that a model could see.
const QUALITY: u8 = 95;

/// The source of an encoded picture, with its upright size.
///
/// Its bytes are the ones given, with whatever metadata they have, where the picture is stored upright and in sRGB.
/// Otherwise it is turned and converted, and written anew without any: as a JPEG of quality 95, 4:4:4, where it was
/// a JPEG, else as a PNG. That is done by the pure codecs, whichever the limits name: a run is resumed by the digest of
/// its source, which should be the same on every machine.
///
/// # Errors
///
/// [`RenderError::Decode`] where the bytes are no picture or exceed the limits, and [`RenderError::Encode`] where it
/// cannot be written.
pub fn read_source(bytes: impl Into<Arc<[u8]>>, limits: &DecodeLimits) -> Result<Source, RenderError> {
    let bytes = bytes.into();
    let limits = &DecodeLimits { codec: Codec::Pure, ..*limits };
    let Probe { format, size, is_upright, describes_colours, .. } = probe(&bytes, limits)?;
    if is_upright && !describes_colours {
        return Ok(Source::from_bytes(bytes).with_size(size));
    }
    let decoded = decode(&bytes, limits)?;
    if is_upright && decoded.colour != Colour::Converted {
        return Ok(Source::from_bytes(bytes).with_size(size));
    }
    let format = if format == Format::Jpeg { Format::Jpeg } else { Format::Png };
    let jpeg = JpegOptions::default().with_quality(QUALITY).with_subsampling(Subsampling::Yuv444);
    let encoded = encode(&decoded.picture, format, &EncodeOptions { jpeg, ..EncodeOptions::default() })?;
    Ok(Source::from_bytes(encoded.bytes).with_size(size))
}

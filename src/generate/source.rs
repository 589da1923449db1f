//! Sources as backends need them: upright and in sRGB, since not every model applies an orientation tag or a profile.

use std::sync::Arc;

use crate::format::{Format, SourceFormat};
use crate::pixels::decode::{Colour, DecodeLimits, DecodeOptions, Probe, decode, probe};
use crate::pixels::encode::jpeg::{JpegOptions, Subsampling};
use crate::pixels::encode::{EncodeError, EncodeOptions, encode};
use crate::pixels::picture::Picture;
use crate::pixels::rendered::RenderError;
use crate::request::source::Source;

/// The quality of a JPEG source that has to be encoded again: no loss that a model could see.
const QUALITY: u8 = 95;

impl Source {
    /// Makes a source of an encoded picture, with its upright size.
    ///
    /// The source keeps the bytes as they are, with their metadata, where the picture is a PNG, JPEG or WebP that is
    /// stored upright, and in sRGB or with a description of its colours that cannot be applied. Where the header shows
    /// that, the pixels are not decoded, so a damaged file is not found. Otherwise the picture is rotated and
    /// converted, and encoded again without metadata: as a JPEG of quality 95 and 4:4:4 where it was a JPEG, else as a
    /// PNG. The pure codecs do that, whatever the limits name: a run is resumed by the digest of its source, which has
    /// to be the same on every machine.
    ///
    /// Backends need such a source, since not every model applies an orientation tag or a profile.
    ///
    /// ```
    /// use smart_resize::{Format, Size, Source};
    /// use smart_resize::pixels::Picture;
    /// use smart_resize::pixels::decode::DecodeLimits;
    /// use smart_resize::pixels::encode::encode;
    ///
    /// let size = Size::new(40, 30)?;
    /// let photo = encode(&Picture::from_rgb(size, vec![90; 40 * 30 * 3])?, Format::Jpeg, &Default::default())?.bytes;
    /// let source = Source::read(photo.clone(), &DecodeLimits::default())?;
    /// assert_eq!((source.size, source.bytes().map(|bytes| bytes.to_vec())), (Some(size), Some(photo)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RenderError::Decode`] where the header cannot be read or exceeds the limits, or the pixels have to be decoded
    /// and cannot be; [`RenderError::Encode`] where the picture cannot be encoded again.
    pub fn read(bytes: impl Into<Arc<[u8]>>, limits: &DecodeLimits) -> Result<Self, RenderError> {
        let bytes = bytes.into();
        let Probe { format, size, is_upright, describes_colours, .. } = probe(&bytes, limits)?;
        // Backends read these formats.
        let is_common = format.output().is_some();
        if is_common && is_upright && !describes_colours {
            return Ok(Self::from_bytes(bytes).size(size));
        }
        let decoded = decode(&bytes, &DecodeOptions::default().limits(*limits))?;
        if is_common && is_upright && decoded.colour != Colour::Converted {
            return Ok(Self::from_bytes(bytes).size(size));
        }
        let format = if format == SourceFormat::Jpeg { Format::Jpeg } else { Format::Png };
        Ok(encoded(&decoded.picture, format)?)
    }

    /// Makes a source of decoded pixels, as a PNG.
    ///
    /// With the cargo feature `image`, `Picture::try_from` takes the types of the `image` crate, and
    /// `Source::from_image` does both steps.
    ///
    /// ```
    /// use smart_resize::{Size, Source};
    /// use smart_resize::pixels::Picture;
    ///
    /// let picture = Picture::from_rgb(Size::new(40, 30)?, vec![90; 40 * 30 * 3])?;
    /// assert_eq!(Source::from_picture(&picture)?.size, Some(picture.size()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`EncodeError`] where the picture cannot be encoded.
    pub fn from_picture(picture: &Picture) -> Result<Self, EncodeError> {
        encoded(picture, Format::Png)
    }

    /// Makes a source of an image of the `image` crate, as a PNG.
    ///
    /// ```
    /// use smart_resize::{Size, Source};
    ///
    /// let source = Source::from_image(image::DynamicImage::new_rgb8(40, 30))?;
    /// assert_eq!(source.size, Some(Size::new(40, 30)?));
    /// # Ok::<(), smart_resize::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`EncodeError::InvalidSide`] for a side of 0 or above 65,535, another [`EncodeError`] where the image cannot be
    /// encoded.
    #[cfg(feature = "image")]
    pub fn from_image(image: impl Into<image::DynamicImage>) -> Result<Self, EncodeError> {
        Self::from_picture(&Picture::try_from(image.into())?)
    }
}

fn encoded(picture: &Picture, format: Format) -> Result<Source, EncodeError> {
    let jpeg = JpegOptions::default().quality(QUALITY).subsampling(Subsampling::Yuv444);
    let encoded = encode(picture, format, &EncodeOptions { jpeg, ..EncodeOptions::default() })?;
    Ok(Source::from_bytes(encoded.bytes).size(picture.size()))
}

//! Makes sources from pictures. A source for a backend is upright and in sRGB, since not every model applies an
//! orientation tag or a colour profile.

use std::borrow::Cow;
use std::sync::Arc;

use smart_resize_metadata::{read, strip};

use crate::format::{Format, SourceFormat};
use crate::pixels::codec::Codec;
use crate::pixels::decode::{
    Colour, Damage, DamageKind, DecodeLimits, DecodeOptions, JpegDamage, Probe, decode, probe_with,
};
use crate::pixels::encode::jpeg::{JpegOptions, Subsampling};
use crate::pixels::encode::{EncodeError, EncodeOptions, encode};
use crate::pixels::picture::Picture;
use crate::pixels::rendered::RenderError;
use crate::request::source::Source;

/// The quality of a JPEG source that has to be encoded again. At this quality the loss is too small to matter to a
/// model.
const QUALITY: u8 = 95;

/// How a source is read from an encoded picture.
///
/// ```
/// use smart_resize::Source;
/// use smart_resize::generate::SourceOptions;
///
/// # use smart_resize::{Format, Size};
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::encode;
/// # let picture = Picture::from_rgb(Size::new(40, 30)?, vec![90; 40 * 30 * 3])?;
/// let mut photo = encode(&picture, Format::Jpeg, &Default::default())?.bytes;
/// photo.extend(b"the video of a motion photo");
/// let kept = Source::read_with(photo.clone(), &SourceOptions::default().keep_metadata(true))?;
/// assert_eq!(kept.bytes().unwrap()[..], photo);
/// let bare = Source::read_with(photo.clone(), &SourceOptions::default())?;
/// assert!(bare.bytes().unwrap().ends_with(&[0xff, 0xd9]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceOptions {
    /// How the picture is decoded. The codec is ignored.
    pub decode: DecodeOptions,
    /// Whether a picture that is not encoded again keeps its metadata: EXIF with its GPS position, XMP, comments, and data
    /// behind the end of the picture. A backend, and so the vendor of a model, receives it then. Default: false.
    pub keep_metadata: bool,
}

impl SourceOptions {
    /// Sets how the picture is decoded.
    #[must_use]
    pub const fn decode(mut self, decode: DecodeOptions) -> Self {
        self.decode = decode;
        self
    }

    /// Sets whether a picture that is not encoded again keeps its metadata.
    #[must_use]
    pub const fn keep_metadata(mut self, keep_metadata: bool) -> Self {
        self.keep_metadata = keep_metadata;
        self
    }
}

impl Source {
    /// Makes a source from an encoded picture, and sets its upright size. A backend receives the picture and nothing else.
    /// The author, the rights and the origin are kept in [`metadata`](Self::metadata) for the results.
    ///
    /// The compressed pixels stay unchanged if the picture is a PNG, JPEG or WebP that is stored upright, and is in sRGB or
    /// has a colour description that cannot be applied. All metadata is dropped, and so is data behind the end of the
    /// picture. The description of the colours stays. A file without metadata stays byte for byte. If the header
    /// alone shows that the picture is upright and in sRGB, the pixels are not decoded, so damage in those of a PNG, a WebP or
    /// a progressive JPEG is not detected.
    ///
    /// Any other picture is made upright, converted to sRGB and encoded again without metadata: a JPEG as a JPEG of
    /// quality 95 and 4:4:4, any other format as a PNG. This always uses the pure codecs, so that the digest of the
    /// source, by which a run is resumed, is the same on every machine. An animated WebP, and a damaged JPEG whose pixels
    /// cannot be told from metadata, are encoded again too.
    ///
    /// Backends need such a source, since not every model applies an orientation tag or a colour profile.
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
    /// [`RenderError::Decode`] if the header cannot be read or exceeds the limits, if a JPEG is damaged, or if pixels that
    /// have to be decoded cannot be; [`RenderError::Encode`] if the picture cannot be encoded again.
    pub fn read(bytes: impl Into<Arc<[u8]>>, limits: &DecodeLimits) -> Result<Self, RenderError> {
        Self::read_with(bytes, &SourceOptions::default().decode(DecodeOptions::default().limits(*limits)))
    }

    /// Makes a source from an encoded picture, as [`read`](Self::read) does. With
    /// [`Damaged::Report`](crate::pixels::decode::Damaged::Report), a damaged JPEG is a source too. What is damaged is
    /// told by [`probe_with`], and by a warning of each result that is cut from the source.
    ///
    /// ```
    /// use smart_resize::Source;
    /// use smart_resize::generate::SourceOptions;
    /// use smart_resize::pixels::decode::{Damaged, DecodeOptions};
    ///
    /// # use smart_resize::{Format, Size};
    /// # use smart_resize::pixels::Picture;
    /// # use smart_resize::pixels::encode::encode;
    /// # let picture = Picture::from_rgb(Size::new(64, 64)?, (0..64 * 64 * 3).map(|at| (at % 251) as u8).collect())?;
    /// # let mut photo = encode(&picture, Format::Jpeg, &Default::default())?.bytes;
    /// # photo.truncate(photo.len() / 2);
    /// # photo.extend([0xff, 0xd9]);
    /// // A JPEG that has lost its second half.
    /// let options = SourceOptions::default();
    /// assert!(Source::read_with(photo.clone(), &options).is_err());
    /// let reporting = options.decode(DecodeOptions::default().damaged(Damaged::Report));
    /// assert!(Source::read_with(photo, &reporting).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_with(bytes: impl Into<Arc<[u8]>>, options: &SourceOptions) -> Result<Self, RenderError> {
        let bytes = bytes.into();
        let mut source = Self::bare(&bytes, options)?;
        source.metadata = Some(Arc::new(read(&bytes)));
        Ok(source)
    }

    /// Makes a source without the metadata of the picture.
    fn bare(bytes: &Arc<[u8]>, options: &SourceOptions) -> Result<Self, RenderError> {
        let decoding = options.decode.codec(Codec::Pure);
        let Probe { format, size, is_upright, describes_colours, damage, .. } = probe_with(bytes, &decoding)?;
        let kept = || {
            let kept =
                if options.keep_metadata { Some(bytes.clone()) } else { without_metadata(bytes, damage, &decoding) };
            kept.map(|bytes| Self::from_bytes(bytes).size(size))
        };
        // Backends read the formats that this crate writes.
        let may_stay = format.output().is_some() && is_upright;
        if may_stay
            && !describes_colours
            && let Some(source) = kept()
        {
            return Ok(source);
        }
        let decoded = decode(bytes, &decoding)?;
        // Without a conversion the samples are kept as they are, so encoding the picture again would not change its
        // colours.
        if may_stay
            && describes_colours
            && matches!(decoded.colour, Colour::Srgb | Colour::Ignored { .. })
            && let Some(source) = kept()
        {
            return Ok(source);
        }
        // A JPEG stays a JPEG, since a photo is much larger as a PNG. Any other format becomes a PNG, which is
        // lossless.
        let format = if format == SourceFormat::Jpeg { Format::Jpeg } else { Format::Png };
        Ok(encoded(&decoded.picture, format)?)
    }

    /// Makes a source from decoded pixels, encoded as PNG.
    ///
    /// With the cargo feature `image`, `Picture::try_from` converts from the types of the `image` crate, and
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
    /// [`EncodeError`] if the picture cannot be encoded.
    pub fn from_picture(picture: &Picture) -> Result<Self, EncodeError> {
        encoded(picture, Format::Png)
    }

    /// Makes a source from an image of the `image` crate, encoded as PNG.
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
    /// [`EncodeError::InvalidSide`] if a side is 0 or above 65,535; another [`EncodeError`] if the image cannot be
    /// encoded.
    #[cfg(feature = "image")]
    pub fn from_image(image: impl Into<image::DynamicImage>) -> Result<Self, EncodeError> {
        Self::from_picture(&Picture::try_from(image.into())?)
    }
}

/// Returns the file without its metadata. `None` if pixels would be lost with it.
fn without_metadata(bytes: &Arc<[u8]>, damage: Option<Damage>, options: &DecodeOptions) -> Option<Arc<[u8]>> {
    // Without an end marker, a trailer looks like a part of the last scan.
    let end = match damage {
        Some(Damage { kind: DamageKind::Jpeg(JpegDamage::NoEnd), at }) => at,
        _ => bytes.len(),
    };
    let bare: Arc<[u8]> = match strip(bytes.get(..end)?)? {
        Cow::Borrowed(same) if same.len() == bytes.len() => return Some(bytes.clone()),
        bare => bare.into(),
    };
    // Damaged bytes of a scan may look like metadata. Without them, other pixels could be lost than before.
    let picture = |bytes| decode(bytes, options).ok().map(|decoded| decoded.picture);
    let is_whole = damage.is_none_or(|damage| damage.kind.leaves_all_pixels());
    (is_whole || picture(&bare) == picture(bytes)).then_some(bare)
}

/// Encodes the picture, and makes a source of the file.
fn encoded(picture: &Picture, format: Format) -> Result<Source, EncodeError> {
    // Chroma is not subsampled, so that coloured text and fine edges stay sharp.
    let jpeg = JpegOptions::default().quality(QUALITY).subsampling(Subsampling::Yuv444);
    let encoded = encode(picture, format, &EncodeOptions { jpeg, ..EncodeOptions::default() })?;
    Ok(Source::from_bytes(encoded.bytes).size(picture.size()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::size::Size;

    /// A picture in which every pixel has another colour.
    fn coloured() -> Picture {
        let pixels = (0..24 * 16 * 3_u32).map(|at| (at * 37 % 251) as u8).collect();
        Picture::from_rgb(Size::new(24, 16).unwrap(), pixels).unwrap()
    }

    #[test]
    fn a_jpeg_that_is_encoded_again_has_quality_95_and_no_subsampling() {
        let jpeg = JpegOptions::default().quality(95).subsampling(Subsampling::Yuv444);
        let options = EncodeOptions { jpeg, ..EncodeOptions::default() };
        let expected = encode(&coloured(), Format::Jpeg, &options).unwrap().bytes;
        assert_eq!(encoded(&coloured(), Format::Jpeg).unwrap().bytes().unwrap()[..], expected);
    }

    #[test]
    fn the_pixels_are_not_decoded_if_the_header_shows_an_upright_srgb_picture() {
        let mut png = encode(&coloured(), Format::Png, &EncodeOptions::default()).unwrap().bytes;
        // Damages the pixels.
        let middle = png.len() / 2;
        png[middle] ^= 0x55;
        assert!(decode(&png, &DecodeOptions::default()).is_err());
        assert_eq!(Source::read(png.clone(), &DecodeLimits::default()).unwrap().bytes().unwrap()[..], png);
    }
}

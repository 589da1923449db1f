//! The options for decoding, rendering and encoding pictures.

use super::codec::Codec;
use super::decode::DecodeOptions;
use super::encode::EncodeOptions;
use super::metadata::MetadataOptions;

/// What happens with a picture that is too small to cover the target.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::render::{RenderOptions, RenderTarget, Undersized, Warning, render};
///
/// # use smart_resize::Format;
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let grey = Picture::from_rgb(Size::new(160, 90)?, vec![128; 160 * 90 * 3])?;
/// # let generated = encode(&grey, Format::Png, &EncodeOptions::default())?.bytes;
/// // A picture of 160x90.
/// let target = RenderTarget::new(Size::new(200, 100)?);
/// let mut options = RenderOptions::default();
/// assert!(render(&generated, &target, &options).is_err());
/// options.undersized = Undersized::Enlarge;
/// let rendered = render(&generated, &target, &options)?;
/// let enlarged = Warning::Enlarged { from: Size::new(160, 80)?, to: Size::new(200, 100)? };
/// assert!(rendered.size == Size::new(200, 100)? && rendered.warnings.contains(&enlarged));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undersized {
    /// The result is an error that names both sizes.
    #[default]
    Fail,
    /// The largest rectangle of the target's shape is enlarged. The result has a warning.
    Enlarge,
}

/// Whether a picture is inspected before it is cut: for borders, letterbox bars, and for being blank.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::render::{Inspect, RenderOptions, RenderTarget, render};
///
/// # use smart_resize::Format;
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let grey = Picture::from_rgb(Size::new(160, 90)?, vec![128; 160 * 90 * 3])?;
/// # let generated = encode(&grey, Format::Png, &EncodeOptions::default())?.bytes;
/// // A picture that is grey throughout.
/// let target = RenderTarget::new(Size::new(60, 60)?);
/// let mut options = RenderOptions::default();
/// assert_eq!(render(&generated, &target, &options)?.warnings.len(), 1);
/// options.inspect = Inspect::Fail;
/// let error = render(&generated, &target, &options).unwrap_err();
/// assert_eq!(error.to_string(), "the picture was rejected: a blank picture: #808080 throughout");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inspect {
    /// The picture is not inspected. A size other than the requested preset is still a warning.
    Off,
    /// Findings are warnings of the result.
    #[default]
    Report,
    /// A finding is an error, and so is a size other than the requested preset. A border that is trimmed is no error.
    Fail,
}

/// What happens with a picture that already is what the target asks for.
///
/// ```
/// use smart_resize::{Format, Size};
/// use smart_resize::pixels::render::{PassThrough, RenderOptions, RenderTarget, render};
///
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let grey = Picture::from_rgb(Size::new(24, 16)?, vec![128; 24 * 16 * 3])?;
/// # let jpeg = encode(&grey, Format::Jpeg, &EncodeOptions::default())?.bytes;
/// // A JPEG of 24x16.
/// let target = RenderTarget::new(Size::new(24, 16)?).format(Format::Jpeg);
/// let mut options = RenderOptions::default();
/// assert_eq!(render(&jpeg, &target, &options)?.bytes, jpeg);
/// options.pass_through = PassThrough::Off;
/// assert!(render(&jpeg, &target, &options)?.encoder.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PassThrough {
    /// The picture is encoded again.
    Off,
    /// The bytes of the picture are the result, after the picture was decoded to check that it is complete. For a PNG
    /// the decoder must have verified every byte: all checksums are right, the pixel data ends where it should, and the
    /// file has only the chunks that the picture needs. Any other PNG is encoded again.
    #[default]
    Checked,
    /// The bytes of the picture are the result. With [`Inspect::Off`] only its header is read.
    Trusted,
}

/// The options for decoding, rendering and encoding pictures.
///
/// ```
/// use smart_resize::pixels::render::{Inspect, RenderOptions, Undersized};
///
/// let options = RenderOptions::default().inspect(Inspect::Fail).undersized(Undersized::Enlarge);
/// assert!(!options.trim_borders);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenderOptions {
    /// How pictures are decoded.
    pub decode: DecodeOptions,
    /// Whether pictures are inspected.
    pub inspect: Inspect,
    /// Whether a border is trimmed, so that the target is cut from the area inside it. If that area is too small,
    /// [`undersized`](Self::undersized) applies.
    pub trim_borders: bool,
    /// What happens with a picture that is too small.
    pub undersized: Undersized,
    /// What happens with a picture that already is what the target asks for.
    pub pass_through: PassThrough,
    /// How results are encoded.
    pub encode: EncodeOptions,
    /// The metadata of results. Default: the credit of the source and the mark of origin.
    pub metadata: MetadataOptions,
}

impl RenderOptions {
    setters! {
        decode: DecodeOptions,
        inspect: Inspect,
        trim_borders: bool,
        undersized: Undersized,
        pass_through: PassThrough,
        encode: EncodeOptions,
    }

    /// Sets the metadata of results.
    #[must_use]
    pub fn metadata(mut self, metadata: MetadataOptions) -> Self {
        self.metadata = metadata;
        self
    }

    /// Sets the codec for decoding and encoding.
    ///
    /// ```
    /// use smart_resize::Format;
    /// use smart_resize::pixels::Codec;
    /// use smart_resize::pixels::render::RenderOptions;
    ///
    /// let options = RenderOptions::default().codec(Codec::Fast);
    /// assert_eq!((options.decode.codec, options.encode.codec), (Codec::Fast, Codec::Fast));
    /// // The check works before any picture is paid for:
    /// if !cfg!(feature = "turbojpeg") {
    ///     let error = options.encode.check(Format::Jpeg).unwrap_err();
    ///     assert_eq!(error.to_string(), "a fast codec for jpeg needs the cargo feature \"turbojpeg\"");
    /// }
    /// ```
    #[must_use]
    pub const fn codec(mut self, codec: Codec) -> Self {
        (self.decode.codec, self.encode.codec) = (codec, codec);
        self
    }

    /// Whether pictures are inspected, for a report or to trim borders.
    pub(super) fn inspects(&self) -> bool {
        self.inspect != Inspect::Off || self.trim_borders
    }
}

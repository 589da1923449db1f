//! How pictures are read, cut and written.

use super::codec::Codec;
use super::decode::DecodeOptions;
use super::encode::EncodeOptions;

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
    /// It is an error, which names both sizes.
    #[default]
    Fail,
    /// The largest rectangle of the target's shape is enlarged, and a warning says so.
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
    /// It is not inspected. Another size than asked for is reported all the same.
    Off,
    /// Findings are warnings of the result.
    #[default]
    Report,
    /// A finding is an error, and so is another size than asked for. A border that is trimmed is none.
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
    /// It is encoded again.
    Off,
    /// Its bytes are the result once it has been decoded, which shows that it is whole. For a PNG the decoder must have
    /// verified every byte: all checksums hold, the pixel data ends where it should, and the file has no other chunks
    /// than the picture needs. Any other PNG is encoded again.
    #[default]
    Checked,
    /// Its bytes are the result. With [`Inspect::Off`] only its header is read.
    Trusted,
}

/// How pictures are read, cut and written.
///
/// ```
/// use smart_resize::pixels::render::{Inspect, RenderOptions, Undersized};
///
/// let mut options = RenderOptions::default();
/// options.inspect = Inspect::Fail;
/// options.undersized = Undersized::Enlarge;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenderOptions {
    /// How pictures are read.
    pub decode: DecodeOptions,
    /// Whether pictures are inspected.
    pub inspect: Inspect,
    /// Whether a border that is found is trimmed before the target is cut from what it encloses. Nothing is enlarged
    /// for that, unless [`undersized`](Self::undersized) allows it.
    pub trim_frames: bool,
    /// What happens with a picture that is too small.
    pub undersized: Undersized,
    /// What happens with a picture that already is what the target asks for.
    pub pass_through: PassThrough,
    /// How results are written.
    pub encode: EncodeOptions,
}

impl RenderOptions {
    /// Sets the codec for reading and for writing.
    ///
    /// ```
    /// use smart_resize::Format;
    /// use smart_resize::pixels::Codec;
    /// use smart_resize::pixels::render::RenderOptions;
    ///
    /// let options = RenderOptions::default().codec(Codec::Fast);
    /// assert_eq!((options.decode.codec, options.encode.codec), (Codec::Fast, Codec::Fast));
    /// // Known before a picture is paid for:
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

    /// Whether a picture is looked at before it is cut.
    pub(super) fn inspects(&self) -> bool {
        self.inspect != Inspect::Off || self.trim_frames
    }
}

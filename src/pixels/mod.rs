//! Encoded bytes in, exact encoded bytes out: decode, inspect, fit, resample once, encode, check.
//!
//! A picture that already is what is wanted passes through: of the target's size and format, upright, sRGB, with
//! nothing to strip, and for JPEG with no quality, subsampling or scans asked. Its bytes are the result.
//!
//! ```
//! use smart_resize::{
//!     EncodeOptions, Format, Picture, RenderOptions, RenderTarget, Size, encode, probe, render,
//! };
//!
//! # let grey = Picture::from_rgb(Size::new(160, 90)?, vec![128; 160 * 90 * 3])?;
//! # let generated = encode(&grey, Format::Png, &EncodeOptions::default())?.bytes;
//! let target = RenderTarget::new(Size::new(60, 60)?).with_format(Format::Jpeg);
//! let rendered = render(&generated, &target, &RenderOptions::default())?;
//! assert_eq!(rendered.rect.size(), Size::new(90, 90)?);
//! assert_eq!(probe(&rendered.bytes, &Default::default())?.size, Size::new(60, 60)?);
//!
//! let too_large = RenderTarget::new(Size::new(161, 90)?);
//! let error = render(&generated, &too_large, &RenderOptions::default()).unwrap_err();
//! assert_eq!(error.to_string(), "a picture of 160x90 does not cover 161x90");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod codec;
pub(crate) mod colour;
pub mod decode;
pub mod encode;
pub mod inspect;
pub(crate) mod orientation;
pub mod picture;
pub(crate) mod predict;
pub mod render;
pub(crate) mod resample;
pub(crate) mod runs;
pub mod source;
pub(crate) mod srgb;

use self::codec::Codec;
use self::decode::{DecodeError, DecodeLimits};
use self::encode::{EncodeError, EncodeOptions, EncoderSettings};
use self::inspect::{Blank, Frame};
use self::picture::PixelCountError;
use crate::format::Format;
use crate::plan::fit::{Fit, TooSmallError};
use crate::plan::focus::{Focus, Reframing, Span};
use crate::plan::rect::Rect;
use crate::size::Size;
use std::fmt;

/// What is cut from a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderTarget {
    size: Size,
    fit: Fit,
    format: Format,
    preset: Option<Size>,
    focus: Focus,
    reframing: Option<Reframing>,
    max_bytes: Option<u64>,
}

impl RenderTarget {
    /// A PNG of exactly `size`, as much of the picture as that shape allows.
    pub const fn new(size: Size) -> Self {
        Self {
            size,
            fit: Fit::Cover,
            format: Format::Png,
            preset: None,
            focus: Focus::CENTRE,
            reframing: None,
            max_bytes: None,
        }
    }

    /// The same target in another format.
    #[must_use]
    pub const fn with_format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// The same target, cut off the centre as far as `focus` needs; it is given in the picture, or in what
    /// [`RenderOptions::trim_frames`] leaves of it.
    #[must_use]
    pub const fn with_focus(mut self, focus: Focus) -> Self {
        self.focus = focus;
        self
    }

    /// The same target of a picture that shows a source like this; the focus is given in that source.
    #[must_use]
    pub const fn with_reframing(mut self, reframing: Reframing) -> Self {
        self.reframing = Some(reframing);
        self
    }

    /// The same target, cut in another way.
    #[must_use]
    pub const fn with_fit(mut self, fit: Fit) -> Self {
        self.fit = fit;
        self
    }

    /// The size in pixels that was asked of the model; a picture of another size is reported.
    #[must_use]
    pub const fn with_preset(mut self, size: Size) -> Self {
        self.preset = Some(size);
        self
    }

    /// The same target in a file of at most `max_bytes`: [`encode_within`](crate::encode_within) says what is done for that, and
    /// [`EncodeError::TooHeavy`] is where nothing helps. A heavier picture does not pass through.
    ///
    /// ```
    /// use smart_resize::{EncodeError, EncodeOptions, Format, RenderError, RenderOptions, RenderTarget, Size};
    /// use smart_resize::{encode, render};
    ///
    /// # let size = Size::new(60, 40)?;
    /// # let noise = (0..60 * 40 * 3_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    /// # let picture = smart_resize::Picture::from_rgb(size, noise)?;
    /// # let generated = encode(&picture, Format::Png, &EncodeOptions::default())?.bytes;
    /// let target = RenderTarget::new(size).with_format(Format::Jpeg).with_max_bytes(3500);
    /// let rendered = render(&generated, &target, &RenderOptions::default())?;
    /// assert!(rendered.bytes.len() <= 3500);
    ///
    /// let error = render(&generated, &target.with_max_bytes(100), &RenderOptions::default()).unwrap_err();
    /// assert!(matches!(error, RenderError::Encode(EncodeError::TooHeavy { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = Some(max_bytes);
        self
    }

    /// Whether the target may have as many bytes as that.
    fn allows(&self, bytes: &[u8]) -> bool {
        self.max_bytes.is_none_or(|max_bytes| bytes.len() as u64 <= max_bytes)
    }

    /// The pixels that hold the focus, counted from the corner of the part `inside` of the frame.
    fn focus_in(&self, frame: Size, inside: Rect) -> [Span; 2] {
        let Some(reframing) = self.reframing.filter(|_| self.focus != Focus::CENTRE) else {
            return self.focus.pixels(inside.size());
        };
        let [columns, rows] = reframing.pixels(self.focus, frame);
        [columns.within(inside.x(), inside.width()), rows.within(inside.y(), inside.height())]
    }
}

/// What is done with a picture that is too small to cover the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undersized {
    /// It is an error, which says what came and what was needed.
    #[default]
    Fail,
    /// The largest rectangle of the target's shape is enlarged, and the result says so.
    Enlarge,
}

/// Whether a picture is looked at before it is cut: for frames and bars, and for being blank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inspect {
    /// It is not. Another size than asked is reported all the same.
    Off,
    /// What is found is among the result's warnings.
    #[default]
    Report,
    /// What is found is an error, and so is another size than asked. A frame that is removed is none.
    Fail,
}

/// What is done with a picture that already is what is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PassThrough {
    /// It is encoded anew all the same.
    Off,
    /// Its bytes are the result, once it has been decoded and so is known to be whole. A PNG that a stricter reader might
    /// refuse, for a checksum that is not needed or a chunk in the wrong place, or that has bytes which no picture shows, is
    /// encoded anew.
    #[default]
    Checked,
    /// Its bytes are the result. With [`Inspect::Off`] nothing but its header is read.
    Trusted,
}

/// How pictures are read, cut and written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenderOptions {
    /// Bounds on what is decoded.
    pub limits: DecodeLimits,
    /// Whether pictures are looked at.
    pub inspect: Inspect,
    /// Whether a frame that is found around a picture is cut away before the target is cut from what it encloses.
    /// Nothing is enlarged for that, unless [`undersized`](Self::undersized) allows it.
    pub trim_frames: bool,
    /// What is done with a picture that is too small.
    pub undersized: Undersized,
    /// What is done with a picture that already is what is wanted.
    pub pass_through: PassThrough,
    /// How results are written.
    pub encode: EncodeOptions,
}

impl RenderOptions {
    /// The same options with pictures read and written by this codec.
    ///
    /// ```
    /// use smart_resize::{Codec, Format, RenderOptions};
    ///
    /// let options = RenderOptions::default().with_codec(Codec::Fast);
    /// assert_eq!((options.limits.codec, options.encode.codec), (Codec::Fast, Codec::Fast));
    /// // Known before a picture is paid for:
    /// if !cfg!(feature = "turbojpeg") {
    ///     let error = options.encode.check(Format::Jpeg).unwrap_err();
    ///     assert_eq!(error.to_string(), "a fast codec for jpeg needs the cargo feature \"turbojpeg\"");
    /// }
    /// ```
    #[must_use]
    pub const fn with_codec(mut self, codec: Codec) -> Self {
        (self.limits.codec, self.encode.codec) = (codec, codec);
        self
    }
}

/// One finished picture.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rendered {
    /// The encoded bytes.
    pub bytes: Vec<u8>,
    /// Their format.
    pub format: Format,
    /// Their exact size, read back from their own header.
    pub size: Size,
    /// The upright size of the picture that they were cut from.
    pub frame: Size,
    /// The rectangle of that picture which they show.
    pub rect: Rect,
    /// With which settings they were encoded; nothing where the picture's own bytes passed through.
    pub encoder: Option<EncoderSettings>,
    /// What the caller may want to look at.
    pub warnings: Vec<Warning>,
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rendered")
            .field("bytes", &self.bytes.len())
            .field("format", &self.format)
            .field("size", &self.size)
            .field("frame", &self.frame)
            .field("rect", &self.rect)
            .field("encoder", &self.encoder)
            .field("warnings", &self.warnings)
            .finish()
    }
}

/// Something about a finished picture that is not as asked, and not wrong either.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Warning {
    /// The backend made another size than was asked.
    PresetMismatch {
        /// The preset's size.
        asked: Size,
        /// The upright size of what came.
        got: Size,
    },
    /// The rectangle was smaller than the target and has been enlarged, as [`Undersized::Enlarge`] allows.
    Enlarged {
        /// The rectangle's size.
        from: Size,
        /// The target.
        to: Size,
    },
    /// What the picture says of its colours could not be applied, and its pixels were taken for sRGB.
    ColourProfileIgnored {
        /// Why.
        reason: String,
    },
    /// The picture had marks of its origin (a C2PA manifest). They hold for that file alone and were dropped.
    ContentCredentialsDropped,
    /// The picture is transparent and was laid on a background, since its format is opaque.
    Flattened,
    /// The picture has a frame or bars.
    Framed {
        /// Their widths, in pixels of the picture that came.
        frame: Frame,
        /// Whether they have been cut away.
        trimmed: bool,
    },
    /// The picture is blank.
    Blank(Blank),
    /// The picture was reduced to a palette for the limit on its weight, as [`EncodeOptions::palette`] allows.
    Quantised {
        /// How many colours are left.
        colours: u16,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PresetMismatch { asked, got } => write!(f, "the picture is {got}, asked was {asked}"),
            Self::Enlarged { from, to } => write!(f, "enlarged from {from} to {to}"),
            Self::ColourProfileIgnored { reason } => {
                write!(f, "the picture's description of its colours was not applied: {reason}")
            }
            Self::ContentCredentialsDropped => f.write_str("the picture's content credentials (C2PA) were dropped"),
            Self::Flattened => f.write_str("the picture is transparent and was laid on a background"),
            Self::Framed { frame, trimmed: false } => write!(f, "the picture has {frame}"),
            Self::Framed { frame, trimmed: true } => write!(f, "cut away from the picture: {frame}"),
            Self::Blank(blank) => write!(f, "{blank}"),
            Self::Quantised { colours } => write!(f, "the picture was reduced to a palette of {colours}"),
        }
    }
}

/// A picture that could not be finished.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// It cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It does not cover the target.
    #[error(transparent)]
    TooSmall(#[from] TooSmallError),
    /// It is not as it should be, and [`Inspect::Fail`] was chosen.
    #[error("the picture was rejected: {0}")]
    Rejected(Warning),
    /// The target has more pixels than may be decoded.
    #[error("a target of {target} exceeds what may be decoded: {max} pixels")]
    TargetTooLarge {
        /// The target.
        target: Size,
        /// The most pixels, of [`DecodeLimits`].
        max: u64,
    },
    /// The decoder, the resampler or the encoder failed in a way that it should not.
    #[error("the rendering panicked")]
    Panicked,
    /// A step gave another number of pixels than it should.
    #[error(transparent)]
    PixelCount(#[from] PixelCountError),
    /// The result cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

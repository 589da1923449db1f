//! Encoded bytes in, exact encoded bytes out: decode, fit, resample once, encode, check.
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

pub mod decode;
pub mod encode;
pub mod picture;
pub(crate) mod resample;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::decode::{DecodeError, DecodeLimits, Decoded, decode};
use self::encode::{EncodeError, EncodeOptions, Encoded, EncoderSettings, encode};
use self::picture::PixelCountError;
use self::resample::{Filter, resample};
use crate::format::Format;
use crate::plan::fit::{Fit, Rect, TooSmallError, cover};
use crate::size::Size;

/// What is cut from a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderTarget {
    size: Size,
    fit: Fit,
    format: Format,
    preset: Option<Size>,
}

impl RenderTarget {
    /// A PNG of exactly `size`, as much of the picture as that shape allows.
    pub const fn new(size: Size) -> Self {
        Self { size, fit: Fit::Cover, format: Format::Png, preset: None }
    }

    /// The same target in another format.
    #[must_use]
    pub const fn with_format(mut self, format: Format) -> Self {
        self.format = format;
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

/// How pictures are read, cut and written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenderOptions {
    /// Bounds on what is decoded.
    pub limits: DecodeLimits,
    /// What is done with a picture that is too small.
    pub undersized: Undersized,
    /// How results are written.
    pub encode: EncodeOptions,
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
    /// With which settings they were encoded.
    pub encoder: EncoderSettings,
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
    /// The picture has a colour profile, and its pixels were taken for sRGB all the same.
    ColourProfileIgnored,
    /// The picture is transparent and was laid on a background, since its format is opaque.
    Flattened,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PresetMismatch { asked, got } => write!(f, "the picture is {got}, asked was {asked}"),
            Self::Enlarged { from, to } => write!(f, "enlarged from {from} to {to}"),
            Self::ColourProfileIgnored => f.write_str("the picture's colour profile was not applied"),
            Self::Flattened => f.write_str("the picture is transparent and was laid on a background"),
        }
    }
}

/// Cuts `target` from the encoded picture `bytes`.
///
/// # Errors
///
/// [`RenderError`] where the picture cannot be read or is too small, or the result cannot be written.
pub fn render(bytes: &[u8], target: &RenderTarget, options: &RenderOptions) -> Result<Rendered, RenderError> {
    cut_guarded(&decode(bytes, &options.limits)?, target, options)
}

/// Cuts every target from the encoded picture `bytes`, which is decoded once; one result each, in their order.
pub fn render_all(
    bytes: &[u8],
    targets: &[RenderTarget],
    options: &RenderOptions,
) -> Vec<Result<Rendered, RenderError>> {
    let decoded = decode(bytes, &options.limits);
    let one = |target| cut_guarded(decoded.as_ref().map_err(Clone::clone)?, target, options);
    targets.iter().map(one).collect()
}

/// A panic in the resampler or in an encoder is an error of this picture alone, where panics unwind.
fn cut_guarded(decoded: &Decoded, target: &RenderTarget, options: &RenderOptions) -> Result<Rendered, RenderError> {
    catch_unwind(AssertUnwindSafe(|| cut(decoded, target, options))).unwrap_or(Err(RenderError::Panicked))
}

fn cut(decoded: &Decoded, target: &RenderTarget, options: &RenderOptions) -> Result<Rendered, RenderError> {
    let frame = decoded.picture.size();
    let mut warnings = Vec::new();
    if let Some(asked) = target.preset.filter(|asked| *asked != frame) {
        warnings.push(Warning::PresetMismatch { asked, got: frame });
    }
    if decoded.has_colour_profile {
        warnings.push(Warning::ColourProfileIgnored);
    }
    let rect = match (target.fit.rect(frame, target.size), options.undersized) {
        (Ok(rect), _) => rect,
        (Err(_), Undersized::Enlarge) => {
            let rect = cover(frame, target.size);
            warnings.push(Warning::Enlarged { from: rect.size(), to: target.size });
            rect
        }
        (Err(error), Undersized::Fail) => return Err(error.into()),
    };
    if !options.limits.allow(target.size) {
        return Err(RenderError::TargetTooLarge { target: target.size, max: options.limits.pixels });
    }
    let resampled;
    let picture = if frame == target.size {
        &decoded.picture
    } else {
        resampled = resample(&decoded.picture, rect, target.size, Filter::Lanczos3)?.without_needless_alpha();
        &resampled
    };
    if target.format == Format::Jpeg && picture.layout().has_alpha() {
        warnings.push(Warning::Flattened);
    }
    let Encoded { bytes, settings } = encode(picture, target.format, &options.encode)?;
    Ok(Rendered { bytes, format: target.format, size: target.size, frame, rect, encoder: settings, warnings })
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
    /// The target has more pixels than may be decoded.
    #[error("a target of {target} exceeds what may be decoded: {max} pixels")]
    TargetTooLarge {
        /// The target.
        target: Size,
        /// The most pixels, of [`DecodeLimits`].
        max: u64,
    },
    /// The resampler or the encoder failed in a way that it should not.
    #[error("the rendering panicked")]
    Panicked,
    /// The resampler refused its sizes.
    #[error("resampling failed: {message}")]
    Resample {
        /// What the resampler said.
        message: String,
    },
    /// A step gave another number of pixels than it should.
    #[error(transparent)]
    PixelCount(#[from] PixelCountError),
    /// The result cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

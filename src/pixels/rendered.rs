//! What rendering gives: the finished picture, warnings, errors.

use std::fmt;

use super::decode::DecodeError;
use super::encode::{EncodeError, EncoderSettings};
use super::inspect::{Blank, Frame};
use super::picture::Picture;
use crate::format::Format;
use crate::geometry::fit::TooSmallError;
use crate::geometry::rect::Rect;
use crate::size::Size;

/// A finished picture.
///
/// ```
/// use smart_resize::{Format, Size};
/// use smart_resize::geometry::Rect;
/// use smart_resize::pixels::render::{RenderOptions, RenderTarget, render};
///
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let grey = Picture::from_rgb(Size::new(160, 90)?, vec![128; 160 * 90 * 3])?;
/// # let generated = encode(&grey, Format::Png, &EncodeOptions::default())?.bytes;
/// // A square from a picture of 160x90.
/// let target = RenderTarget::new(Size::new(60, 60)?);
/// let rendered = render(&generated, &target, &RenderOptions::default())?;
/// assert_eq!((rendered.format, rendered.size), (Format::Png, Size::new(60, 60)?));
/// assert_eq!((rendered.frame, rendered.rect), (Size::new(160, 90)?, Rect::new(35, 0, Size::new(90, 90)?)));
/// assert!(rendered.encoder.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rendered {
    /// The encoded bytes.
    pub bytes: Vec<u8>,
    /// Their format.
    pub format: Format,
    /// Their exact size, read back from their own header.
    pub size: Size,
    /// The upright size of the picture that they are cut from.
    pub frame: Size,
    /// The rectangle of that picture that they show.
    pub rect: Rect,
    /// The settings that they were encoded with; `None` where the picture's own bytes passed through.
    pub encoder: Option<EncoderSettings>,
    /// Findings that the caller may want to look at.
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

/// A picture that has been cut and not encoded.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::render::{RenderOptions, RenderTarget, render_picture};
///
/// # use smart_resize::Format;
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let grey = Picture::from_rgb(Size::new(160, 90)?, vec![128; 160 * 90 * 3])?;
/// # let generated = encode(&grey, Format::Png, &EncodeOptions::default())?.bytes;
/// // A square from a picture of 160x90.
/// let target = RenderTarget::new(Size::new(60, 60)?);
/// let rendered = render_picture(&generated, &target, &RenderOptions::default())?;
/// assert_eq!(rendered.picture.size(), Size::new(60, 60)?);
/// assert_eq!((rendered.frame, rendered.rect.size()), (Size::new(160, 90)?, Size::new(90, 90)?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenderedPicture {
    /// The pixels, exactly of the target's size.
    pub picture: Picture,
    /// The upright size of the picture that they are cut from.
    pub frame: Size,
    /// The rectangle of that picture that they show.
    pub rect: Rect,
    /// Findings that the caller may want to look at.
    pub warnings: Vec<Warning>,
}

/// A finding about a finished picture that is not an error.
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::render::{RenderOptions, RenderTarget, render};
///
/// # use smart_resize::Format;
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let grey = Picture::from_rgb(Size::new(160, 90)?, vec![128; 160 * 90 * 3])?;
/// # let generated = encode(&grey, Format::Png, &EncodeOptions::default())?.bytes;
/// // A grey picture of 160x90, where 160x100 was requested.
/// let target = RenderTarget::new(Size::new(60, 60)?).preset(Size::new(160, 100)?);
/// let warnings = render(&generated, &target, &RenderOptions::default())?.warnings;
/// let texts: Vec<String> = warnings.iter().map(|warning| warning.to_string()).collect();
/// assert_eq!(texts, ["the picture is 160x90, asked was 160x100", "a blank picture: #808080 throughout"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Warning {
    /// The backend made another size than was asked for.
    PresetMismatch {
        /// The preset's size.
        asked: Size,
        /// The upright size of the picture that came back.
        got: Size,
    },
    /// The rectangle was smaller than the target and has been enlarged, as
    /// [`Undersized::Enlarge`](crate::pixels::render::Undersized::Enlarge) allows.
    Enlarged {
        /// The rectangle's size.
        from: Size,
        /// The target.
        to: Size,
    },
    /// The colour profile of the picture could not be applied; its pixels were read as sRGB.
    ColourProfileIgnored {
        /// Why.
        reason: String,
    },
    /// The picture had marks of its origin (a C2PA manifest). They hold for that file alone and were dropped.
    ContentCredentialsDropped,
    /// The picture has transparency and was composited over the background, since the format is opaque.
    Flattened,
    /// The picture has a border or bars.
    Framed {
        /// Their widths, in pixels of the picture that came back.
        frame: Frame,
        /// Whether they were trimmed.
        trimmed: bool,
    },
    /// The picture is blank.
    Blank(Blank),
    /// The picture was reduced to a palette for the byte limit, as
    /// [`EncodeOptions::palette`](crate::pixels::encode::EncodeOptions::palette) allows.
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
///
/// ```
/// use smart_resize::Size;
/// use smart_resize::pixels::render::{RenderError, RenderOptions, RenderTarget, render};
///
/// # use smart_resize::Format;
/// # use smart_resize::pixels::Picture;
/// # use smart_resize::pixels::encode::{EncodeOptions, encode};
/// # let grey = Picture::from_rgb(Size::new(160, 90)?, vec![128; 160 * 90 * 3])?;
/// # let generated = encode(&grey, Format::Png, &EncodeOptions::default())?.bytes;
/// let target = RenderTarget::new(Size::new(161, 90)?);
/// let error = render(&generated, &target, &RenderOptions::default()).unwrap_err();
/// assert!(matches!(error, RenderError::TooSmall(_)));
/// assert_eq!(error.to_string(), "a picture of 160x90 does not cover 161x90");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// It cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It does not cover the target.
    #[error(transparent)]
    TooSmall(#[from] TooSmallError),
    /// It has a finding, and [`Inspect::Fail`](crate::pixels::render::Inspect::Fail) was chosen.
    #[error("the picture was rejected: {0}")]
    Rejected(Warning),
    /// The target has more pixels than may be decoded.
    #[error("the target is {target}; expected at most {max} pixels")]
    TargetTooLarge {
        /// The target.
        target: Size,
        /// The bound, from [`DecodeLimits`](crate::pixels::decode::DecodeLimits).
        max: u64,
    },
    /// The resampler or the encoder panicked: a defect of this crate or of a codec.
    #[error("the rendering panicked")]
    Panicked,
    /// The result cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

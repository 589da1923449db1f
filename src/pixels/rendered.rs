//! The results of rendering: the finished picture, warnings and errors.

use std::fmt;

use super::decode::{Damage, DecodeError};
use super::encode::{EncodeError, EncoderSettings};
use super::inspect::{Blank, Border};
use super::picture::Picture;
use crate::format::Format;
use crate::geometry::fit::TooSmallError;
use crate::geometry::rect::Rect;
use crate::size::Size;

/// A rendered and encoded picture.
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
    /// The format of the bytes.
    pub format: Format,
    /// The exact size in pixels, which was checked against the header of the bytes.
    pub size: Size,
    /// The upright size of the input picture, in pixels.
    pub frame: Size,
    /// The rectangle of the input picture that the result shows.
    pub rect: Rect,
    /// The settings that the bytes were encoded with. `None` if the bytes of the input passed through unchanged.
    pub encoder: Option<EncoderSettings>,
    /// The findings that the caller may want to check.
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

/// A rendered picture that is not encoded.
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
    /// The pixels, in exactly the target's size.
    pub picture: Picture,
    /// The upright size of the input picture, in pixels.
    pub frame: Size,
    /// The rectangle of the input picture that the result shows.
    pub rect: Rect,
    /// The findings that the caller may want to check.
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
/// assert_eq!(texts, ["the picture is 160x90; expected 160x100", "a blank picture: #808080 throughout"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Warning {
    /// The backend made an image of another size than requested.
    PresetMismatch {
        /// The size of the preset.
        asked: Size,
        /// The upright size of the image.
        got: Size,
    },
    /// The rectangle was smaller than the target and was enlarged, as
    /// [`Undersized::Enlarge`](crate::pixels::render::Undersized::Enlarge) allows.
    Enlarged {
        /// The size of the rectangle.
        from: Size,
        /// The size of the target.
        to: Size,
    },
    /// The colour description of the picture could not be applied. Its pixels were read as sRGB.
    ColourProfileIgnored {
        /// The reason.
        reason: String,
    },
    /// The picture is CMYK without a profile that can be applied, so that its colours are approximate.
    DeviceCmyk {
        /// The reason why the profile was not applied. `None` if there is none.
        ignored: Option<String>,
    },
    /// The file of the picture is damaged. All its pixels are there in spite of it, unless
    /// [`Damaged::Report`](crate::pixels::decode::Damaged::Report) was chosen.
    Damaged(Damage),
    /// The picture had content credentials (a C2PA manifest). They are valid only for that file and were dropped.
    ContentCredentialsDropped,
    /// The picture has transparent pixels and was composited over the background, since the format is opaque.
    Flattened,
    /// The picture has a border or bars.
    Bordered {
        /// The widths of the bars, in pixels of the input picture.
        border: Border,
        /// Whether they were trimmed.
        trimmed: bool,
    },
    /// The picture is blank.
    Blank(Blank),
    /// The picture was reduced to a palette for the byte limit, as
    /// [`EncodeOptions::palette`](crate::pixels::encode::EncodeOptions::palette) allows.
    Quantised {
        /// The number of colours in the palette.
        colours: u16,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PresetMismatch { asked, got } => write!(f, "the picture is {got}; expected {asked}"),
            Self::Enlarged { from, to } => write!(f, "enlarged from {from} to {to}"),
            Self::ColourProfileIgnored { reason } => {
                write!(f, "the colour description of the picture was not applied: {reason}")
            }
            Self::DeviceCmyk { ignored: None } => {
                f.write_str("the picture is CMYK without a profile; its colours are approximate")
            }
            Self::DeviceCmyk { ignored: Some(reason) } => {
                write!(f, "the picture is CMYK, and its profile was not applied: {reason}; its colours are approximate")
            }
            Self::Damaged(damage) if damage.kind.leaves_all_pixels() => {
                write!(f, "the file of the picture is damaged, but all its pixels are there: {damage}")
            }
            Self::Damaged(damage) => write!(f, "the picture is damaged: {damage}"),
            Self::ContentCredentialsDropped => f.write_str("the picture's content credentials (C2PA) were dropped"),
            Self::Flattened => f.write_str("the picture has transparent pixels and was composited over the background"),
            Self::Bordered { border, trimmed: false } => write!(f, "the picture has {border}"),
            Self::Bordered { border, trimmed: true } => write!(f, "trimmed from the picture: {border}"),
            Self::Blank(blank) => write!(f, "{blank}"),
            Self::Quantised { colours } => write!(f, "the picture was reduced to a palette of {colours}"),
        }
    }
}

/// The error of a picture that could not be rendered.
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
    /// The input picture cannot be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The input picture does not cover the target.
    #[error(transparent)]
    TooSmall(#[from] TooSmallError),
    /// The input picture has a finding, and [`Inspect::Fail`](crate::pixels::render::Inspect::Fail) is selected.
    #[error("the picture was rejected: {0}")]
    Rejected(Warning),
    /// The target has more pixels than may be decoded.
    #[error("the target is {target}; expected at most {max} pixels")]
    TargetTooLarge {
        /// The size of the target.
        target: Size,
        /// The limit, from [`DecodeLimits`](crate::pixels::decode::DecodeLimits).
        max: u64,
    },
    /// The resampler or the encoder panicked. This is a defect of this crate or of a codec.
    #[error("the rendering panicked")]
    Panicked,
    /// The result cannot be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

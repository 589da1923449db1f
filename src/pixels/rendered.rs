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
    /// The rectangle was smaller than the target and has been enlarged, as [`Undersized::Enlarge`](crate::pixels::render::Undersized::Enlarge)
    /// allows.
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

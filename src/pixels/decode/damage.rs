//! The damage of a file: what is wrong with its data, and at which byte.
//!
//! Damage is searched in the entropy-coded data of a sequential JPEG, which has no checksum, and behind the pixels of a
//! JPEG or PNG. [`Damaged`] says what happens with a picture whose pixels are damaged. A picture whose pixels are all
//! there is always decoded, and its damage is reported.
//!
//! ```
//! use smart_resize::pixels::decode::{DecodeError, DecodeOptions, Damaged, decode};
//!
//! # use smart_resize::{Format, Size};
//! # use smart_resize::pixels::Picture;
//! # use smart_resize::pixels::encode::{EncodeOptions, encode};
//! # let picture = Picture::from_rgb(Size::new(64, 64)?, (0..64 * 64 * 3).map(|at| (at % 251) as u8).collect())?;
//! # let mut file = encode(&picture, Format::Jpeg, &EncodeOptions::default())?.bytes;
//! // The second half of the file is lost, and an end marker was added.
//! file.truncate(file.len() / 2);
//! file.extend([0xff, 0xd9]);
//! let error = decode(&file, &DecodeOptions::default()).unwrap_err();
//! assert!(matches!(error, DecodeError::Damaged { .. }));
//! let decoded = decode(&file, &DecodeOptions::default().damaged(Damaged::Report))?;
//! assert!(decoded.damage.is_some_and(|damage| error.to_string().contains(&damage.to_string())));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;

use smart_resize_jpeg::check::{self, DamageKind as InJpeg};
use smart_resize_png::decode as png;

/// What happens with a picture whose pixels are damaged.
///
/// ```
/// use smart_resize::pixels::decode::{Damaged, DecodeOptions};
///
/// assert_eq!(DecodeOptions::default().damaged, Damaged::Refuse);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damaged {
    /// The picture is refused, with the damage and its place.
    #[default]
    Refuse,
    /// A sequential JPEG is decoded as far as possible, and the damage is reported. Lost pixels are grey or repeat
    /// others. Any other damaged picture is refused.
    Report,
}

/// The first damage of a file.
///
/// ```
/// use smart_resize::pixels::decode::{Damage, DamageKind};
///
/// let damage = Damage::new(DamageKind::FewMcus { found: 12, expected: 48 }, 700);
/// assert_eq!(damage.to_string(), "the scan has 12 MCUs; expected 48 (at byte 700)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub struct Damage {
    /// What is wrong.
    pub kind: DamageKind,
    /// The offset in the file, in bytes, at which the damage is noticed. The damaged bytes are there or before.
    pub at: usize,
}

impl Damage {
    /// Makes a damage of this kind at this offset in bytes.
    pub const fn new(kind: DamageKind, at: usize) -> Self {
        Self { kind, at }
    }

    /// The damage of a PNG.
    pub(super) const fn of_png(png::Damage { kind, at }: png::Damage) -> Self {
        let kind = match kind {
            png::DamageKind::NoEnd => DamageKind::NoEnd,
            png::DamageKind::Checksum => DamageKind::Checksum,
        };
        Self { kind, at }
    }

    /// The damage of a JPEG.
    pub(super) const fn of_jpeg(check::Damage { kind, at, .. }: check::Damage) -> Self {
        Self { kind: DamageKind::of_jpeg(kind), at }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.kind, self.at)
    }
}

/// A kind of damage.
///
/// An MCU (minimum coded unit) of a JPEG has the blocks of all components of a scan for one area of the picture.
///
/// ```
/// use smart_resize::pixels::decode::DamageKind;
///
/// let kind = DamageKind::Restart { found: 4, expected: 3 };
/// assert_eq!(kind.to_string(), "the restart marker has number 4; expected 3");
/// assert!(!kind.leaves_all_pixels() && DamageKind::NoEnd.leaves_all_pixels());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum DamageKind {
    /// The data of a scan ends too early, at a marker or at the end of the file.
    #[expect(missing_docs, reason = "the numbers of MCUs in the scan")]
    FewMcus { found: u64, expected: u64 },
    /// More data follows the last MCU than a few stray bytes.
    ExcessData {
        /// The number of bytes up to the next marker.
        bytes: usize,
    },
    /// A restart marker is not the next in order.
    #[expect(missing_docs, reason = "the numbers of the markers, 0 to 7")]
    Restart { found: u8, expected: u8 },
    /// The next bits are no code of the Huffman table.
    HuffmanCode,
    /// A block has more coefficients than its 64.
    Coefficient {
        /// The position of the coefficient in zigzag order.
        position: u8,
    },
    /// A DC coefficient is far outside the range of 8-bit samples.
    DcCoefficient {
        /// The dequantised value.
        value: i64,
    },
    /// A component has no scan.
    NoScan {
        /// The position of the component in the frame header, from 0.
        component: u8,
    },
    /// The file ends without its end: the end marker of a JPEG, the IEND chunk of a PNG. All pixels are there.
    NoEnd,
    /// A checksum of the pixel data is wrong, but all pixels are there.
    Checksum,
}

impl DamageKind {
    /// Whether every pixel of the picture is there in spite of the damage. Such a picture is always decoded.
    pub const fn leaves_all_pixels(self) -> bool {
        matches!(self, Self::NoEnd | Self::Checksum)
    }

    const fn of_jpeg(kind: InJpeg) -> Self {
        match kind {
            InJpeg::FewMcus { found, expected } => Self::FewMcus { found, expected },
            InJpeg::ExcessData { bytes } => Self::ExcessData { bytes },
            InJpeg::Restart { found, expected } => Self::Restart { found, expected },
            InJpeg::HuffmanCode => Self::HuffmanCode,
            InJpeg::Coefficient { position } => Self::Coefficient { position },
            InJpeg::DcCoefficient { value } => Self::DcCoefficient { value },
            InJpeg::NoScan { component } => Self::NoScan { component },
            InJpeg::NoEnd => Self::NoEnd,
        }
    }

    /// Returns the same kind of `smart-resize-jpeg`, which has its text. `None` if only a PNG has such damage.
    const fn in_jpeg(self) -> Option<InJpeg> {
        Some(match self {
            Self::FewMcus { found, expected } => InJpeg::FewMcus { found, expected },
            Self::ExcessData { bytes } => InJpeg::ExcessData { bytes },
            Self::Restart { found, expected } => InJpeg::Restart { found, expected },
            Self::HuffmanCode => InJpeg::HuffmanCode,
            Self::Coefficient { position } => InJpeg::Coefficient { position },
            Self::DcCoefficient { value } => InJpeg::DcCoefficient { value },
            Self::NoScan { component } => InJpeg::NoScan { component },
            Self::NoEnd => InJpeg::NoEnd,
            Self::Checksum => return None,
        })
    }
}

impl fmt::Display for DamageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.in_jpeg() {
            Some(kind) => kind.fmt(f),
            None => f.write_str("a checksum of the pixel data is wrong"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_end_and_a_wrong_checksum_leave_all_pixels() {
        assert!(DamageKind::NoEnd.leaves_all_pixels() && DamageKind::Checksum.leaves_all_pixels());
        let others = [
            DamageKind::FewMcus { found: 1, expected: 2 },
            DamageKind::ExcessData { bytes: 1 },
            DamageKind::Restart { found: 0, expected: 1 },
            DamageKind::HuffmanCode,
            DamageKind::Coefficient { position: 64 },
            DamageKind::DcCoefficient { value: 40_000 },
            DamageKind::NoScan { component: 1 },
        ];
        assert!(others.into_iter().all(|kind| !kind.leaves_all_pixels()));
    }
}

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

use smart_resize_jpeg::check as jpeg;
pub use smart_resize_jpeg::check::DamageKind as JpegDamage;
use smart_resize_png::decode as png;
pub use smart_resize_png::decode::DamageKind as PngDamage;

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
/// use smart_resize::pixels::decode::{Damage, DamageKind, JpegDamage};
///
/// let damage = Damage::new(DamageKind::Jpeg(JpegDamage::FewMcus { found: 12, expected: 48 }), 700);
/// assert_eq!(damage.to_string(), "the scan has 12 MCUs; expected 48 (at byte 700)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[error("{kind} (at byte {at})")]
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
}

impl From<jpeg::Damage> for Damage {
    fn from(damage: jpeg::Damage) -> Self {
        Self::new(DamageKind::Jpeg(damage.kind), damage.at)
    }
}

impl From<png::Damage> for Damage {
    fn from(damage: png::Damage) -> Self {
        Self::new(DamageKind::Png(damage.kind), damage.at)
    }
}

/// A kind of damage.
///
/// ```
/// use smart_resize::pixels::decode::{DamageKind, JpegDamage, PngDamage};
///
/// let restart = DamageKind::Jpeg(JpegDamage::Restart { found: 4, expected: 3 });
/// assert_eq!(restart.to_string(), "the restart marker has number 4; expected 3");
/// assert!(!restart.leaves_all_pixels() && DamageKind::Png(PngDamage::NoEnd).leaves_all_pixels());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(untagged))]
#[error(transparent)]
#[non_exhaustive]
pub enum DamageKind {
    /// The damage of a JPEG.
    Jpeg(JpegDamage),
    /// The damage of a PNG. All pixels are there.
    Png(PngDamage),
}

impl DamageKind {
    /// Whether every pixel of the picture is there in spite of the damage. Such a picture is always decoded.
    pub const fn leaves_all_pixels(self) -> bool {
        matches!(self, Self::Png(_) | Self::Jpeg(JpegDamage::NoEnd))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_end_and_a_wrong_checksum_leave_all_pixels() {
        let all = [PngDamage::NoEnd, PngDamage::Checksum].map(DamageKind::Png);
        assert!(all.into_iter().chain([DamageKind::Jpeg(JpegDamage::NoEnd)]).all(DamageKind::leaves_all_pixels));
        let few = [
            JpegDamage::FewMcus { found: 1, expected: 2 },
            JpegDamage::ExcessData { bytes: 1 },
            JpegDamage::Restart { found: 0, expected: 1 },
            JpegDamage::HuffmanCode,
            JpegDamage::Coefficient { position: 64 },
            JpegDamage::DcCoefficient { value: 40_000 },
            JpegDamage::NoScan { component: 1 },
        ];
        assert!(!few.map(DamageKind::Jpeg).into_iter().any(DamageKind::leaves_all_pixels));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn json_names_the_kind_without_the_format() {
        let json = |kind| serde_json::to_string(&Damage::new(kind, 7)).unwrap();
        let restart = DamageKind::Jpeg(JpegDamage::Restart { found: 4, expected: 3 });
        assert_eq!(json(restart), r#"{"kind":{"restart":{"found":4,"expected":3}},"at":7}"#);
        assert_eq!(json(DamageKind::Png(PngDamage::NoEnd)), r#"{"kind":"no_end","at":7}"#);
    }
}

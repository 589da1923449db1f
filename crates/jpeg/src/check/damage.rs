//! Damage: what is wrong with the data of a scan, and at which byte.

/// The first damage of a file.
///
/// ```
/// use smart_resize_jpeg::check::{Damage, DamageKind};
///
/// let damage = Damage::new(DamageKind::FewMcus { found: 12, expected: 48 }, 700);
/// assert_eq!(damage.to_string(), "the scan has 12 MCUs; expected 48 (at byte 700)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
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

/// A kind of damage.
///
/// An MCU (minimum coded unit) has the blocks of all components of a scan for one area of the picture.
///
/// ```
/// use smart_resize_jpeg::check::DamageKind;
///
/// let kind = DamageKind::Restart { found: 4, expected: 3 };
/// assert_eq!(kind.to_string(), "the restart marker has number 4; expected 3");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[expect(clippy::exhaustive_enums, reason = "a caller that handles every kind notices a new one when it is compiled")]
pub enum DamageKind {
    /// The data of a scan ends too early, at a marker or at the end of the file.
    #[error("the scan has {found} MCUs; expected {expected}")]
    #[expect(missing_docs, reason = "the numbers of MCUs in the scan")]
    FewMcus { found: u64, expected: u64 },
    /// More data follows the last MCU than a few stray bytes.
    #[error("the scan has {bytes} bytes behind its last MCU; expected the next marker")]
    ExcessData {
        /// The number of bytes up to the next marker.
        bytes: usize,
    },
    /// A restart marker is not the next in order.
    #[error("the restart marker has number {found}; expected {expected}")]
    #[expect(missing_docs, reason = "the numbers of the markers, 0 to 7")]
    Restart { found: u8, expected: u8 },
    /// The next bits are no code of the Huffman table.
    #[error("the scan has bits that are no code of its Huffman table")]
    HuffmanCode,
    /// A block has more coefficients than its 64.
    #[error("a block has a coefficient {position}; expected at most 63")]
    Coefficient {
        /// The position of the coefficient in zigzag order.
        position: u8,
    },
    /// A DC coefficient is far outside the range of 8-bit samples.
    #[error("a block has a DC coefficient of {value}; expected -1024 to 1024")]
    DcCoefficient {
        /// The dequantised value.
        value: i64,
    },
    /// A component has no scan.
    #[error("component {component} has no scan; expected one for each component")]
    NoScan {
        /// The position of the component in the frame header, from 0.
        component: u8,
    },
    /// The file ends without its end marker. All pixels are there.
    #[error("the file has no end marker; expected one behind the pixels")]
    NoEnd,
}

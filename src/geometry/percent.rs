//! Shares in percent with two decimals: exact to compare, plain to read.

/// A type of such shares; what it means and how it is rounded is said at the type.
macro_rules! percent {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            hundredths: u16,
        }

        impl $name {
            /// The share in hundredths of a percent, at most 10,000.
            pub const fn hundredths_of_percent(self) -> u16 {
                self.hundredths
            }
        }

        impl core::fmt::Display for $name {
            /// Such as `99.23`, without a percent sign.
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}.{:02}", self.hundredths / 100, self.hundredths % 100)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            /// As a number in percent, such as `99.23`.
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_f64(f64::from(self.hundredths) / 100.0)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::geometry::percent::hundredths(deserializer).map(|hundredths| Self { hundredths })
            }
        }
    };
}
pub(crate) use percent;

/// Hundredths of a percent, from a number in percent.
#[cfg(feature = "serde")]
pub(crate) fn hundredths<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let percent = <f64 as serde::Deserialize>::deserialize(deserializer)?;
    // The nearest double of each of the 10,001 values, so reading what was written gives the same value.
    (0..=10_000_u16)
        .find(|hundredths| (f64::from(*hundredths) / 100.0).to_bits() == percent.to_bits())
        .ok_or_else(|| serde::de::Error::custom(format_args!("{percent} is not a share in percent with two decimals")))
}

//! The options that all calls of a plan have in common.

use crate::format::Format;

/// The options of a backend's calls. All calls of a plan have the same options, and the fingerprint of a call covers
/// them.
///
/// ```
/// use smart_resize::{Format, Plan, Request, Source};
///
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let request = Request::builder(source).sizes(["300x250"]).safety_tolerance(2).build()?;
/// let options = Plan::new(&request)?.options();
/// assert_eq!((options.safety_tolerance, options.transfer_format), (2, Format::Png));
/// # Ok::<(), smart_resize::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct CallOptions {
    /// The safety tolerance, from 1 (strict) to 6. Default: 4.
    pub safety_tolerance: u8,
    /// The format in which the backend is asked to send its images. Images in other formats are read too. Default: PNG,
    /// so that at most one step, the encoding of the results, is lossy.
    pub transfer_format: Format,
}

impl Default for CallOptions {
    fn default() -> Self {
        Self { safety_tolerance: 4, transfer_format: Format::Png }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_safety_tolerance_is_4_and_the_default_transfer_format_is_png() {
        let CallOptions { safety_tolerance, transfer_format } = CallOptions::default();
        assert_eq!((safety_tolerance, transfer_format), (4, Format::Png));
    }
}

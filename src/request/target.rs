//! One picture to be made, what of it has to stay free, and what its file may be.

use crate::format::Format;
use crate::geometry::insets::Insets;
use crate::size::Size;

/// One picture to make: its exact size, its safe area, its format and its byte limit.
///
/// ```
/// use smart_resize::{Format, Size, Target};
///
/// let story = Target::new(Size::new(1080, 1920)?)
///     .with_safe_area("14,0,20,0".parse()?) // 14 % at the top, 20 % at the bottom
///     .with_format(Format::Jpeg)
///     .with_max_bytes(150_000);
/// assert_eq!((story.format(), story.max_bytes()), (Some(Format::Jpeg), Some(150_000)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    size: Size,
    safe_area: Insets,
    format: Option<Format>,
    max_bytes: Option<u64>,
}

impl Target {
    /// A picture of exactly `size`, in the request's format.
    pub fn new(size: Size) -> Self {
        Self { size, safe_area: Insets::default(), format: None, max_bytes: None }
    }

    /// The same target; what matters is to be kept out of `insets`. A prompt raises the odds, it does not ensure it.
    #[must_use]
    pub const fn with_safe_area(mut self, insets: Insets) -> Self {
        self.safe_area = insets;
        self
    }

    /// The same target in a format of its own.
    #[must_use]
    pub const fn with_format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// The same target as a file of at most `max_bytes`, from 1.
    #[must_use]
    pub const fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = Some(max_bytes);
        self
    }

    /// The exact size in pixels.
    pub const fn size(&self) -> Size {
        self.size
    }

    /// What has to stay free of anything important.
    pub const fn safe_area(&self) -> Insets {
        self.safe_area
    }

    /// The format; `None` means the request's.
    pub const fn format(&self) -> Option<Format> {
        self.format
    }

    /// The most bytes of the file.
    pub const fn max_bytes(&self) -> Option<u64> {
        self.max_bytes
    }
}

impl From<Size> for Target {
    fn from(size: Size) -> Self {
        Self::new(size)
    }
}

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
///     .safe_area("14,0,20,0".parse()?) // 14 % at the top, 20 % at the bottom
///     .format(Format::Jpeg)
///     .max_bytes(150_000);
/// assert_eq!((story.format, story.max_bytes), (Some(Format::Jpeg), Some(150_000)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Target {
    /// The exact size in pixels.
    pub size: Size,
    /// The edges that have to stay free of anything important. A prompt raises the odds of that; it does not ensure it.
    pub safe_area: Insets,
    /// The format; `None` means the request's.
    pub format: Option<Format>,
    /// The most bytes of the file, from 1.
    pub max_bytes: Option<u64>,
}

impl Target {
    /// A picture of exactly `size`, in the request's format.
    pub fn new(size: Size) -> Self {
        Self { size, safe_area: Insets::default(), format: None, max_bytes: None }
    }

    /// Sets the edges that have to stay free of anything important.
    #[must_use]
    pub const fn safe_area(mut self, insets: Insets) -> Self {
        self.safe_area = insets;
        self
    }

    /// Sets a format of its own.
    #[must_use]
    pub const fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// Limits the file to `max_bytes`, from 1.
    #[must_use]
    pub const fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = Some(max_bytes);
        self
    }
}

impl From<Size> for Target {
    fn from(size: Size) -> Self {
        Self::new(size)
    }
}

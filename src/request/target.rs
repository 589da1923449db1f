//! One picture to make.

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
    /// The safe area, in which everything important has to be. A prompt makes that likely, but cannot ensure it.
    pub safe_area: Insets,
    /// The format; `None` selects the request's.
    pub format: Option<Format>,
    /// The maximum number of bytes of the file, from 1; `None` if there is no limit.
    pub max_bytes: Option<u64>,
}

impl Target {
    /// Creates a target of exactly `size`, in the request's format.
    pub fn new(size: Size) -> Self {
        Self { size, safe_area: Insets::default(), format: None, max_bytes: None }
    }

    /// Sets the safe area, in which everything important has to be.
    #[must_use]
    pub const fn safe_area(mut self, insets: Insets) -> Self {
        self.safe_area = insets;
        self
    }

    /// Sets the format, in place of the request's.
    #[must_use]
    pub const fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// Sets the maximum number of bytes of the file, from 1.
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

//! One picture to make.

use alloc::sync::Arc;

use crate::format::Format;
use crate::geometry::focus::Focus;
use crate::geometry::insets::Insets;
use crate::size::Size;

/// The maximum number of characters of a target's id.
pub const MAX_ID_CHARS: usize = 200;
/// The maximum number of characters of a purpose, and of the name of a reference picture.
pub const MAX_NAME_CHARS: usize = 120;

/// One picture to make: its exact size, and options that apply to it alone.
///
/// Targets with different instructions or focal points never share a generation, since one image cannot be composed in
/// two ways.
///
/// ```
/// use smart_resize::{Format, Size, Target};
///
/// let story = Target::new(Size::new(1080, 1920)?)
///     .id("story")
///     .purpose("a full-screen story")
///     .safe_area("14,0,20,0".parse()?) // 14 % at the top, 20 % at the bottom
///     .format(Format::Jpeg)
///     .max_bytes(150_000);
/// assert_eq!((story.format, story.max_bytes), (Some(Format::Jpeg), Some(150_000)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Target {
    /// The exact size in pixels.
    pub size: Size,
    /// The caller's own name for the target; `None` if it has none. The plan and the results repeat it. Ids need not be
    /// unique.
    pub id: Option<Arc<str>>,
    /// The user's instruction for this target; `None` selects the request's.
    pub instruction: Option<Arc<str>>,
    /// What the picture is for, as a noun with its article, such as "a display banner"; `None` selects the request's.
    pub purpose: Option<Arc<str>>,
    /// The focal point or region; `None` selects the request's.
    pub focus: Option<Focus>,
    /// The safe area, in which everything important has to be. A prompt makes that likely, but cannot ensure it.
    pub safe_area: Insets,
    /// The format; `None` selects the request's.
    pub format: Option<Format>,
    /// The maximum number of bytes of the file, from 1; `None` if there is no limit.
    pub max_bytes: Option<u64>,
    /// The JPEG quality of the file, from 1 to 100; `None` selects that of the renderer. It has no effect on a PNG and
    /// on a WebP.
    pub quality: Option<u8>,
}

impl Target {
    /// Creates a target of exactly `size`, in the request's format.
    pub fn new(size: Size) -> Self {
        Self {
            size,
            id: None,
            instruction: None,
            purpose: None,
            focus: None,
            safe_area: Insets::default(),
            format: None,
            max_bytes: None,
            quality: None,
        }
    }

    /// Sets the caller's own name for the target, which the plan and the results repeat.
    #[must_use]
    pub fn id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the user's instruction for this target, in place of the request's. A blank one means no instruction.
    #[must_use]
    pub fn instruction(mut self, instruction: impl Into<Arc<str>>) -> Self {
        self.instruction = Some(instruction.into());
        self
    }

    /// Sets what the picture is for, in place of the request's purpose.
    #[must_use]
    pub fn purpose(mut self, purpose: impl Into<Arc<str>>) -> Self {
        self.purpose = Some(purpose.into());
        self
    }

    /// Sets the focal point or region, in place of the request's.
    #[must_use]
    pub const fn focus(mut self, focus: Focus) -> Self {
        self.focus = Some(focus);
        self
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

    /// Sets the JPEG quality of the file, from 1 to 100, in place of the renderer's.
    #[must_use]
    pub const fn quality(mut self, quality: u8) -> Self {
        self.quality = Some(quality);
        self
    }
}

impl From<Size> for Target {
    fn from(size: Size) -> Self {
        Self::new(size)
    }
}

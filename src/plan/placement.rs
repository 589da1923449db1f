//! Placements: the places where ads and posts are published, with the size, safe area, byte limit and formats of each.
//!
//! The table has forty common placements. Each one names the page that states its values and the day on which a copy of
//! the page was read. The page may have changed since, so check a value at its source before a campaign depends on it.
//! `None` means that no page states the value, or that pages disagree. `docs/placements.md` shows the table, and the
//! values on which pages disagree.
//!
//! A [`Placement`] becomes a [`Target`] of a request, and [`lint()`] compares a file with a placement:
//!
//! ```
//! use smart_resize::plan::placement::{FileFacts, Placement, lint};
//! use smart_resize::{Format, Plan, Request, Size, Source};
//!
//! let story = Placement::named("instagram-story")?;
//! let source = Source::from_url("https://example.com/shoe.jpg");
//! let plan = Plan::new(&Request::builder(source).targets([story]).build()?)?;
//! assert_eq!(plan.renditions()[0].target(), Size::new(1080, 1920)?);
//!
//! let file = FileFacts::new(Size::new(1080, 1080)?, Format::WebP, 90_000);
//! let breaches: Vec<_> = lint(story, &file).iter().map(ToString::to_string).collect();
//! assert_eq!(breaches, ["size is 1080x1080; expected 1080x1920", "format is webp; expected jpeg or png"]);
//!
//! let error = Placement::named("instagram-storry").unwrap_err();
//! assert!(error.to_string().starts_with("placement is \"instagram-storry\"; expected instagram-story"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod date;
mod lint;
mod nearest;
mod platform;
mod table;

use alloc::borrow::Cow;
use alloc::vec::Vec;

pub use self::date::{Date, ParseDateError};
pub use self::lint::{Breach, FileFacts, lint};
pub use self::nearest::UnknownPlacementError;
use self::nearest::nearest;
pub use self::platform::{ParsePlatformError, Platform};
use self::table::PLACEMENTS;
use crate::format::{Format, SourceFormat};
use crate::geometry::insets::Insets;
use crate::request::target::Target;
use crate::size::Size;

/// A place where a picture is published.
///
/// ```
/// use smart_resize::plan::placement::{Placement, Platform};
/// use smart_resize::{Format, Size, SourceFormat, Target};
///
/// let leaderboard = Placement::named("google-leaderboard")?;
/// assert_eq!((leaderboard.platform, leaderboard.size), (Some(Platform::GoogleAds), Size::new(728, 90)?));
/// assert_eq!(leaderboard.max_bytes, Some(153_600));
///
/// // A placement of your own.
/// let mut newsletter = Placement::new("newsletter-header", Size::new(1200, 400)?);
/// newsletter.formats = vec![SourceFormat::Png].into();
/// newsletter.max_bytes = Some(200_000);
/// let target = Target::new(newsletter.size).id("newsletter-header").max_bytes(200_000).format(Format::Png);
/// assert_eq!(Target::from(&newsletter), target);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "A place where a picture is published."))]
#[non_exhaustive]
pub struct Placement {
    /// The id: lower-case words, joined by `-`. The ids of the table do not change.
    pub id: Cow<'static, str>,
    /// The platform. `None` for a placement of a caller's own.
    #[cfg_attr(feature = "serde", serde(default))]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<String>"))]
    pub platform: Option<Platform>,
    /// The name for people, without the platform.
    pub name: Cow<'static, str>,
    /// The exact size in pixels.
    #[cfg_attr(feature = "schemars", schemars(with = "String"))]
    pub size: Size,
    /// The insets of the safe area. `None` if no safe area is known.
    #[cfg_attr(feature = "serde", serde(default))]
    pub safe_area: Option<Insets>,
    /// The maximum number of bytes of a file. `None` if no limit is known.
    #[cfg_attr(feature = "serde", serde(default))]
    pub max_bytes: Option<u64>,
    /// The accepted formats. The first that this crate writes is preferred. An empty list accepts every format.
    #[cfg_attr(feature = "serde", serde(default))]
    pub formats: Cow<'static, [SourceFormat]>,
    /// Whether an animated file is accepted. `None` if it is not known.
    #[cfg_attr(feature = "serde", serde(default))]
    pub animated: Option<bool>,
    /// The URL of the page that states the values.
    #[cfg_attr(feature = "serde", serde(default))]
    pub source: Option<Cow<'static, str>>,
    /// The day on which a copy of the page was read.
    #[cfg_attr(feature = "serde", serde(default))]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<String>"))]
    pub checked: Option<Date>,
}

impl Placement {
    /// Creates a placement of a caller's own, named after its id. It accepts every format and has no limits; set its
    /// fields for others.
    pub fn new(id: impl Into<Cow<'static, str>>, size: Size) -> Self {
        let id = id.into();
        Self {
            name: id.clone(),
            id,
            platform: None,
            size,
            safe_area: None,
            max_bytes: None,
            formats: Cow::Borrowed(&[]),
            animated: None,
            source: None,
            checked: None,
        }
    }

    /// Returns the placements of the table, grouped by platform.
    pub fn all() -> &'static [Self] {
        &PLACEMENTS
    }

    /// Returns the placement of the table with this id, such as `instagram-story`.
    ///
    /// # Errors
    ///
    /// [`UnknownPlacementError`], with the ids that are most similar, if the table does not have the id.
    pub fn named(id: &str) -> Result<&'static Self, UnknownPlacementError> {
        Self::all().iter().find(|placement| placement.id == id).ok_or_else(|| UnknownPlacementError::new(id))
    }

    /// Returns the placements of the table on a platform, in the order of the table.
    ///
    /// ```
    /// use smart_resize::plan::placement::{Placement, Platform};
    ///
    /// let ids: Vec<_> = Placement::on(Platform::YouTube).map(|placement| &placement.id).collect();
    /// assert_eq!(ids, ["youtube-thumbnail", "youtube-banner"]);
    /// ```
    pub fn on(platform: Platform) -> impl Iterator<Item = &'static Self> {
        Self::all().iter().filter(move |placement| placement.platform == Some(platform))
    }

    /// Returns at most three placements of the table that `text` may stand for, the most similar one first. The list is
    /// empty if no placement is similar.
    ///
    /// A text is similar to an id with few different letters, or to a placement that has its words in the id, in the
    /// name or in the platform's name.
    ///
    /// ```
    /// use smart_resize::plan::placement::Placement;
    ///
    /// assert_eq!(Placement::nearest("facebook stories")[0].id, "instagram-story");
    /// assert!(Placement::nearest("zzz").is_empty());
    /// ```
    pub fn nearest(text: &str) -> Vec<&'static Self> {
        nearest(text, Self::all())
    }

    /// Returns the target: the id, the size, the safe area and the byte limit. Its format is `format` if the placement
    /// accepts that, else the first accepted format that this crate writes. If it accepts only formats that this crate
    /// does not write, the target has no format.
    ///
    /// ```
    /// use smart_resize::plan::placement::Placement;
    /// use smart_resize::{Format, Target};
    ///
    /// let thumbnail = Placement::named("youtube-thumbnail")?;
    /// assert_eq!(thumbnail.target_in(Format::Png).format, Some(Format::Png));
    /// assert_eq!(thumbnail.target_in(Format::WebP).format, Some(Format::Jpeg));
    /// # Ok::<(), smart_resize::plan::placement::UnknownPlacementError>(())
    /// ```
    pub fn target_in(&self, format: Format) -> Target {
        let target = Target::from(self);
        if self.accepts(format.into()) { target.format(format) } else { target }
    }

    /// Whether the placement accepts files of `format`.
    pub fn accepts(&self, format: SourceFormat) -> bool {
        self.formats.is_empty() || self.formats.contains(&format)
    }
}

impl From<&Placement> for Target {
    /// Returns the target: the id, the size, the safe area, the byte limit, and the first accepted format that this
    /// crate writes. A placement that accepts every format leaves the format to the request.
    fn from(placement: &Placement) -> Self {
        let mut target = Self::new(placement.size).id(&*placement.id);
        if let Some(insets) = placement.safe_area {
            target = target.safe_area(insets);
        }
        if let Some(max_bytes) = placement.max_bytes {
            target = target.max_bytes(max_bytes);
        }
        match placement.formats.iter().find_map(|format| format.output()) {
            Some(format) => target.format(format),
            None => target,
        }
    }
}

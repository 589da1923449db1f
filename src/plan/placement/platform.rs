//! The platforms of the table of placements.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::text::serde_as_text;

/// A platform that publishes ads or posts. Its text form is its id, such as `google-ads`.
///
/// ```
/// use smart_resize::plan::placement::Platform;
///
/// let platform: Platform = "google-ads".parse()?;
/// assert_eq!((platform, platform.name()), (Platform::GoogleAds, "Google Ads"));
/// # Ok::<(), smart_resize::plan::placement::ParsePlatformError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Platform {
    /// Google Ads: uploaded display ads and Performance Max.
    GoogleAds,
    /// Display & Video 360 of Google.
    DisplayVideo360,
    /// Facebook and Instagram.
    Meta,
    /// Link previews by the Open Graph protocol, on Facebook and elsewhere.
    OpenGraph,
    /// X, formerly Twitter.
    X,
    /// LinkedIn.
    LinkedIn,
    /// YouTube.
    YouTube,
    /// Pinterest.
    Pinterest,
    /// TikTok, and its network of apps.
    TikTok,
}

impl Platform {
    /// Every platform, in the order of the table.
    pub const ALL: [Self; 9] = [
        Self::GoogleAds,
        Self::DisplayVideo360,
        Self::Meta,
        Self::OpenGraph,
        Self::X,
        Self::LinkedIn,
        Self::YouTube,
        Self::Pinterest,
        Self::TikTok,
    ];

    /// Returns the id: lower-case words, joined by `-`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::GoogleAds => "google-ads",
            Self::DisplayVideo360 => "dv360",
            Self::Meta => "meta",
            Self::OpenGraph => "open-graph",
            Self::X => "x",
            Self::LinkedIn => "linkedin",
            Self::YouTube => "youtube",
            Self::Pinterest => "pinterest",
            Self::TikTok => "tiktok",
        }
    }

    /// Returns the name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GoogleAds => "Google Ads",
            Self::DisplayVideo360 => "Display & Video 360",
            Self::Meta => "Instagram and Facebook",
            Self::OpenGraph => "Open Graph",
            Self::X => "X (Twitter)",
            Self::LinkedIn => "LinkedIn",
            Self::YouTube => "YouTube",
            Self::Pinterest => "Pinterest",
            Self::TikTok => "TikTok",
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

impl FromStr for Platform {
    type Err = ParsePlatformError;

    fn from_str(text: &str) -> Result<Self, ParsePlatformError> {
        let platform = Self::ALL.into_iter().find(|platform| platform.id() == text);
        platform.ok_or_else(|| ParsePlatformError { found: text.chars().take(32).collect() })
    }
}

serde_as_text!(Platform, "the id of a platform, such as \"google-ads\"");

/// The error of a text that is not the id of a [`Platform`].
///
/// ```
/// use smart_resize::plan::placement::{ParsePlatformError, Platform};
///
/// let error: ParsePlatformError = "myspace".parse::<Platform>().unwrap_err(); assert_eq!( error.to_string(), "platform
/// is \"myspace\"; expected google-ads, dv360, meta, open-graph, x, linkedin, youtube, pinterest or tiktok", );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "platform is {found:?}; expected google-ads, dv360, meta, open-graph, x, linkedin, youtube, pinterest or tiktok"
)]
#[non_exhaustive]
pub struct ParsePlatformError {
    /// The first 32 characters of the text.
    pub found: String,
}

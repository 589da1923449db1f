//! The table of placements.
//!
//! A row has the values that its page states. `checked` is the day on which a copy of the page was read. Pages of the
//! platforms themselves: Google, Open Graph, the website card of X, LinkedIn ads (read in a mirror), Pinterest and the
//! ad network of TikTok. The other rows come from guides of third parties, since the platform's page could not be read
//! or states no figures.
//!
//! - Bytes: a KB of Google is 1024 bytes, since the same page writes "150 KiB (153600 B)" for another format, and its
//!   5 MB are 5120 KB. The other pages do not define KB and MB. Here they are 1000 and 1,000,000 bytes, which is the
//!   stricter reading, so that a file passes under both.
//! - Formats: a row lists GIF and BMP only if a page that was read states them.
//! - Safe areas: a row has none if no page states one in figures, or if pages disagree.
//!
//! A comment names the page of a value that does not come from the source of its row. `docs/placements.md` lists the
//! values on which pages disagree.

use alloc::borrow::Cow;

use super::{Date, Placement, Platform};
use crate::format::SourceFormat::{self, Bmp, Gif, Jpeg, Png};
use crate::geometry::insets::Insets;
use crate::size::Size;

/// The placements, grouped by platform.
pub(super) static PLACEMENTS: [Placement; 40] = [
    // Google Ads, uploaded display ads: GIF, JPG or PNG, 150 KB, animations of at most 30 s.
    row(Platform::GoogleAds, "google-medium-rectangle", "Medium rectangle", (300, 250), &[Jpeg, Png, Gif])
        .max_bytes(153_600)
        .animated(true)
        .read("https://support.google.com/google-ads/answer/1722096", (2026, 11, 30)),
    row(Platform::GoogleAds, "google-large-rectangle", "Large rectangle", (336, 280), &[Jpeg, Png, Gif])
        .max_bytes(153_600)
        .animated(true)
        .read("https://support.google.com/google-ads/answer/1722096", (2026, 11, 30)),
    row(Platform::GoogleAds, "google-leaderboard", "Leaderboard", (728, 90), &[Jpeg, Png, Gif])
        .max_bytes(153_600)
        .animated(true)
        .read("https://support.google.com/google-ads/answer/1722096", (2026, 11, 30)),
    row(Platform::GoogleAds, "google-half-page", "Half page", (300, 600), &[Jpeg, Png, Gif])
        .max_bytes(153_600)
        .animated(true)
        .read("https://support.google.com/google-ads/answer/1722096", (2026, 11, 30)),
    row(Platform::GoogleAds, "google-wide-skyscraper", "Wide skyscraper", (160, 600), &[Jpeg, Png, Gif])
        .max_bytes(153_600)
        .animated(true)
        .read("https://support.google.com/google-ads/answer/1722096", (2026, 11, 30)),
    row(Platform::GoogleAds, "google-skyscraper", "Skyscraper", (120, 600), &[Jpeg, Png, Gif])
        .max_bytes(153_600)
        .animated(true)
        .read("https://support.google.com/google-ads/answer/1722096", (2026, 11, 30)),
    row(Platform::GoogleAds, "google-billboard", "Billboard", (970, 250), &[Jpeg, Png, Gif])
        .max_bytes(153_600)
        .animated(true)
        .read("https://support.google.com/google-ads/answer/1722096", (2026, 11, 30)),
    row(Platform::GoogleAds, "google-large-leaderboard", "Large leaderboard", (970, 90), &[Jpeg, Png, Gif])
        .max_bytes(153_600)
        .animated(true)
        .read("https://support.google.com/google-ads/answer/1722096", (2026, 11, 30)),
    row(Platform::GoogleAds, "google-mobile-banner", "Mobile banner", (320, 50), &[Jpeg, Png, Gif])
        .max_bytes(153_600)
        .animated(true)
        .read("https://support.google.com/google-ads/answer/1722096", (2026, 11, 30)),
    row(Platform::GoogleAds, "google-large-mobile-banner", "Large mobile banner", (320, 100), &[Jpeg, Png, Gif])
        .max_bytes(153_600)
        .animated(true)
        .read("https://support.google.com/google-ads/answer/1722096", (2026, 11, 30)),
    row(Platform::GoogleAds, "google-banner", "Banner", (468, 60), &[Jpeg, Png, Gif])
        .max_bytes(153_600)
        .animated(true)
        .read("https://support.google.com/google-ads/answer/1722096", (2026, 11, 30)),
    row(Platform::GoogleAds, "google-square", "Square", (250, 250), &[Jpeg, Png, Gif])
        .max_bytes(153_600)
        .animated(true)
        .read("https://support.google.com/google-ads/answer/1722096", (2026, 11, 30)),
    row(Platform::GoogleAds, "google-small-square", "Small square", (200, 200), &[Jpeg, Png, Gif])
        .max_bytes(153_600)
        .animated(true)
        .read("https://support.google.com/google-ads/answer/1722096", (2026, 11, 30)),
    // Google Ads, Performance Max: JPG or PNG, 5 MB, content in the middle 80 %.
    row(Platform::GoogleAds, "google-performance-landscape", "Performance Max, landscape", (1200, 628), &[Jpeg, Png])
        .max_bytes(5_242_880)
        .safe(100, 100, 100, 100)
        .read("https://support.google.com/google-ads/answer/14530211", (2026, 11, 30)),
    row(Platform::GoogleAds, "google-performance-square", "Performance Max, square", (1200, 1200), &[Jpeg, Png])
        .max_bytes(5_242_880)
        .safe(100, 100, 100, 100)
        .read("https://support.google.com/google-ads/answer/14530211", (2026, 11, 30)),
    row(Platform::GoogleAds, "google-performance-portrait", "Performance Max, portrait", (960, 1200), &[Jpeg, Png])
        .max_bytes(5_242_880)
        .safe(100, 100, 100, 100)
        .read("https://support.google.com/google-ads/answer/14530211", (2026, 11, 30)),
    // Display & Video 360, interstitials in mobile apps: 150 KB on the initial load. The formats are stated at
    // https://support.google.com/displayvideo/answer/3017252.
    row(
        Platform::DisplayVideo360,
        "dv360-interstitial-portrait",
        "Mobile interstitial, portrait",
        (320, 480),
        &[Jpeg, Png, Gif],
    )
    .max_bytes(153_600)
    .animated(true)
    .read("https://support.google.com/displayvideo/answer/3208113", (2026, 11, 24)),
    row(
        Platform::DisplayVideo360,
        "dv360-interstitial-landscape",
        "Mobile interstitial, landscape",
        (480, 320),
        &[Jpeg, Png, Gif],
    )
    .max_bytes(153_600)
    .animated(true)
    .read("https://support.google.com/displayvideo/answer/3208113", (2026, 11, 24)),
    // Facebook and Instagram: 30 MB. The ids say Instagram; Facebook accepts the same files.
    row(Platform::Meta, "instagram-square", "Feed, square", (1080, 1080), &[Jpeg, Png])
        .max_bytes(30_000_000)
        .read("https://adbid.me/blog/facebook-post-size-guide-2025", (2026, 11, 24)),
    row(Platform::Meta, "instagram-portrait", "Feed, portrait", (1080, 1350), &[Jpeg, Png])
        .max_bytes(30_000_000)
        .read("https://adbid.me/blog/facebook-post-size-guide-2025", (2026, 11, 24)),
    // `instagram-story`: Formats: Meta's ads guide for Facebook Stories, read in a mirror.
    row(Platform::Meta, "instagram-story", "Story", (1080, 1920), &[Jpeg, Png])
        .max_bytes(30_000_000)
        .safe(140, 0, 200, 0)
        .read("https://www.marketertools.fyi/blog/meta-ad-sizes-safe-zones-2026", (2026, 11, 24)),
    // `instagram-reel`: The source states the size and the safe area. Formats and byte limit:
    // https://mediamaxnetwork.com/?p=4172.
    row(Platform::Meta, "instagram-reel", "Reel", (1080, 1920), &[Jpeg, Png])
        .max_bytes(30_000_000)
        .safe(140, 60, 350, 60)
        .read("https://shotstack.io/learn/vertical-video-safe-zones/", (2026, 11, 24)),
    // `facebook-page-cover`: The source says that a JPG under 100 KB "loads fastest", which is not a limit. Computers
    // show it at 820x312.
    row(Platform::Meta, "facebook-page-cover", "Page cover, Facebook", (851, 315), &[Jpeg])
        .read("https://www.pixelmeasures.com/platform-sizes/facebook/cover-photo/", (2026, 11, 24)),
    // Link previews.
    // `open-graph-link`: It is also the link image of Facebook. The source names no formats; JPG and PNG are the usual
    // ones.
    row(Platform::OpenGraph, "open-graph-link", "Link preview", (1200, 630), &[Jpeg, Png])
        .max_bytes(8_000_000)
        .read("https://developers.facebook.com/docs/sharing/webmasters/images", (2026, 11, 24)),
    // X, formerly Twitter: 5 MB.
    row(Platform::X, "x-post-large", "Post, large", (1600, 900), &[Jpeg, Png])
        .max_bytes(5_000_000)
        .read("https://imageforpost.com/guides/twitter-x-image-sizes-dimensions-guide-2025", (2026, 11, 24)),
    row(Platform::X, "x-post", "Post", (1200, 675), &[Jpeg, Png])
        .max_bytes(5_000_000)
        .read("https://imageforpost.com/guides/twitter-x-image-sizes-dimensions-guide-2025", (2026, 11, 24)),
    row(Platform::X, "x-header", "Profile header", (1500, 500), &[Jpeg, Png])
        .max_bytes(5_000_000)
        .read("https://pixotter.com/blog/twitter-image-size", (2026, 11, 24)),
    row(Platform::X, "x-website-card", "Website card", (800, 418), &[Jpeg, Png])
        .max_bytes(5_000_000)
        .read("https://business.x.com/en/help/campaign-setup/creative-ad-specifications", (2026, 11, 24)),
    // LinkedIn: 5 MB for posts and ads; animated GIFs of at most 250 frames in ads.
    row(Platform::LinkedIn, "linkedin-post", "Post", (1200, 627), &[Jpeg, Png])
        .max_bytes(5_000_000)
        .read("https://ayrshare.com/docs/media-guidelines/linkedin", (2026, 11, 24)),
    row(Platform::LinkedIn, "linkedin-ad-landscape", "Ad, landscape", (1200, 628), &[Jpeg, Png, Gif])
        .max_bytes(5_000_000)
        .animated(true)
        .read("https://www.linkedin.com/help/lms/answer/a426534", (2026, 11, 30)),
    row(Platform::LinkedIn, "linkedin-ad-square", "Ad, square", (1200, 1200), &[Jpeg, Png, Gif])
        .max_bytes(5_000_000)
        .animated(true)
        .read("https://www.linkedin.com/help/lms/answer/a426534", (2026, 11, 30)),
    row(Platform::LinkedIn, "linkedin-ad-vertical", "Ad, vertical", (720, 900), &[Jpeg, Png, Gif])
        .max_bytes(5_000_000)
        .animated(true)
        .read("https://www.linkedin.com/help/lms/answer/a426534", (2026, 11, 30)),
    row(Platform::LinkedIn, "linkedin-profile-background", "Profile background", (1584, 396), &[Jpeg, Png])
        .max_bytes(8_000_000)
        .read("https://picturesizes.com/specs/social-media/linkedin", (2026, 11, 24)),
    row(Platform::LinkedIn, "linkedin-company-cover", "Company cover", (1128, 191), &[Jpeg, Png])
        .read("https://www.cadslist.com/linkedin-image-sizes/", (2026, 11, 24)),
    // YouTube.
    // `youtube-thumbnail`: Animations: https://youtube.fandom.com/wiki/Thumbnail says that only the first frame is
    // used.
    row(Platform::YouTube, "youtube-thumbnail", "Video thumbnail", (1280, 720), &[Jpeg, Png, Gif, Bmp])
        .max_bytes(2_000_000)
        .animated(false)
        .read("https://dropvert.pages.dev/guides/how-to-make-a-youtube-thumbnail", (2026, 11, 30)),
    // `youtube-banner`: The safe area is the middle 1546x423.
    row(Platform::YouTube, "youtube-banner", "Channel banner", (2560, 1440), &[Jpeg, Png])
        .max_bytes(6_000_000)
        .safe_pixels(508, 507, 509, 507)
        .read("https://www.picovert.com/en/blog/image-size-for-youtube-banner", (2026, 11, 24)),
    // Pinterest: 20 MB on the desktop, 32 MB in the app.
    row(Platform::Pinterest, "pinterest-pin", "Pin", (1000, 1500), &[Jpeg, Png])
        .max_bytes(20_000_000)
        .read("https://help.pinterest.com/en/business/article/pinterest-product-specs", (2026, 11, 30)),
    // TikTok.
    // `tiktok-photo-post`: The values are for posts through the API, which does not accept PNG.
    row(Platform::TikTok, "tiktok-photo-post", "Photo post", (1080, 1920), &[Jpeg])
        .max_bytes(20_000_000)
        .read("https://www.ayrshare.com/docs/media-guidelines/tiktok", (2026, 11, 24)),
    row(Platform::TikTok, "tiktok-image-ad", "Image ad", (1080, 1920), &[Jpeg, Png])
        .read("https://geratools.com/tiktok-ad-spec-reference", (2026, 11, 24)),
    row(Platform::TikTok, "tiktok-ad-network-vertical", "Ad network, vertical", (720, 1280), &[Jpeg, Png])
        .max_bytes(100_000_000)
        .read("https://ads.tiktok.com/resources/help/article/specifications-for-pangle-ad-assets", (2026, 11, 24)),
];

/// A row of the table while it is written.
struct Row {
    platform: Platform,
    id: &'static str,
    name: &'static str,
    size: Size,
    formats: &'static [SourceFormat],
    max_bytes: Option<u64>,
    safe_area: Option<Insets>,
    animated: Option<bool>,
}

/// Begins a row without limits.
#[expect(clippy::panic, reason = "a mistake in the table fails to compile")]
const fn row(
    platform: Platform,
    id: &'static str,
    name: &'static str,
    (width, height): (u32, u32),
    formats: &'static [SourceFormat],
) -> Row {
    let Ok(size) = Size::new(width, height) else {
        panic!("a size outside the bounds");
    };
    Row { platform, id, name, size, formats, max_bytes: None, safe_area: None, animated: None }
}

impl Row {
    const fn max_bytes(self, max_bytes: u64) -> Self {
        Self { max_bytes: Some(max_bytes), ..self }
    }

    /// Sets the insets in thousandths: top, right, bottom, left.
    const fn safe(self, top: u16, right: u16, bottom: u16, left: u16) -> Self {
        Self { safe_area: Some(Insets::constant(top, right, bottom, left)), ..self }
    }

    /// Sets the insets in pixels: top, right, bottom, left.
    const fn safe_pixels(self, top: u16, right: u16, bottom: u16, left: u16) -> Self {
        Self { safe_area: Some(Insets::from_pixels(top, right, bottom, left)), ..self }
    }

    const fn animated(self, animated: bool) -> Self {
        Self { animated: Some(animated), ..self }
    }

    /// Ends the row with the page that states its values, and the year, month and day on which a copy was read.
    #[expect(clippy::panic, reason = "a mistake in the table fails to compile")]
    const fn read(self, source: &'static str, (year, month, day): (u16, u8, u8)) -> Placement {
        let Self { platform, id, name, size, formats, max_bytes, safe_area, animated } = self;
        let Some(checked) = Date::new(year, month, day) else {
            panic!("a day that does not exist");
        };
        Placement {
            id: Cow::Borrowed(id),
            platform: Some(platform),
            name: Cow::Borrowed(name),
            size,
            safe_area,
            max_bytes,
            formats: Cow::Borrowed(formats),
            animated,
            source: Some(Cow::Borrowed(source)),
            checked: Some(checked),
        }
    }
}

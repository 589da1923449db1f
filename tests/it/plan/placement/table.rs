//! The table of placements: that it is complete and consistent, and its best-known facts.

use std::collections::BTreeSet;

use smart_resize::SourceFormat;
use smart_resize::geometry::Insets;
use smart_resize::plan::placement::{Date, Placement, Platform};

#[test]
fn there_are_forty_placements_with_ids_of_their_own() {
    let all = Placement::all();
    assert_eq!(all.len(), 40);
    assert_eq!(all.iter().map(|placement| &placement.id).collect::<BTreeSet<_>>().len(), 40);
    for Placement { id, .. } in all {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        assert!(id.split('-').all(is_word), "{id}");
    }
}

/// A name and a platform identify a placement for people.
#[test]
fn every_placement_has_a_name_a_source_and_a_day() {
    let mut names = BTreeSet::new();
    for placement in Placement::all() {
        let id = &placement.id;
        assert!(names.insert((placement.platform.unwrap().id(), &placement.name)), "{id}");
        assert!(placement.source.as_ref().unwrap().starts_with("https://"), "{id}");
        assert!(placement.checked.unwrap() >= Date::new(2026, 11, 24).unwrap(), "{id}");
        assert!(!placement.formats.is_empty(), "{id}");
        assert!(placement.max_bytes.is_none_or(|max| (50_000..=100_000_000).contains(&max)), "{id}");
    }
}

/// The facts that most users rely on.
#[test]
fn well_known_facts_are_in_the_table() {
    let case = |id: &str, size: &str, safe: Option<&str>, max_bytes: Option<u64>| {
        let placement = Placement::named(id).unwrap();
        let insets = safe.map(|text| text.parse::<Insets>().unwrap());
        assert_eq!((placement.size.to_string(), placement.safe_area), (size.to_owned(), insets), "{id}");
        assert_eq!(placement.max_bytes, max_bytes, "{id}");
    };
    case("google-medium-rectangle", "300x250", None, Some(150 * 1024));
    case("google-performance-portrait", "960x1200", Some("10"), Some(5 * 1024 * 1024));
    case("instagram-story", "1080x1920", Some("14,0,20,0"), Some(30_000_000));
    case("instagram-reel", "1080x1920", Some("14,6,35,6"), Some(30_000_000));
    case("x-post", "1200x675", None, Some(5_000_000));
    case("linkedin-ad-square", "1200x1200", None, Some(5_000_000));
    case("pinterest-pin", "1000x1500", None, Some(20_000_000));
    case("tiktok-image-ad", "1080x1920", None, None);
    // The insets of the banner leave the middle 1546x423.
    let banner = Placement::named("youtube-banner").unwrap();
    let [top, right, bottom, left] = banner.safe_area.unwrap().pixels().unwrap().map(u32::from);
    let safe = (banner.size.width() - left - right, banner.size.height() - top - bottom);
    assert_eq!(safe, (1546, 423));
    // Google and LinkedIn accept animated GIFs, Performance Max accepts no GIF.
    for (id, gif) in [("google-banner", true), ("linkedin-ad-vertical", true), ("google-performance-square", false)] {
        assert_eq!(Placement::named(id).unwrap().accepts(SourceFormat::Gif), gif, "{id}");
    }
}

#[test]
fn every_safe_area_leaves_room() {
    for Placement { id, size, safe_area, .. } in Placement::all() {
        let Some(insets) = safe_area else { continue };
        assert_eq!(insets.leave_room_in(*size), Ok(()), "{id}");
        // A placement without a safe area says so, and not with insets of 0.
        assert_ne!(*insets, Insets::default(), "{id}");
    }
}

#[test]
fn every_platform_has_placements_and_a_text_form() {
    let mut counted = 0;
    for platform in Platform::ALL {
        let placements = Placement::on(platform).count();
        assert!(placements > 0, "{platform}");
        counted += placements;
        assert_eq!(platform.to_string().parse(), Ok(platform));
        assert!(Placement::named(platform.id()).is_err(), "{platform} is a platform and a placement");
    }
    assert_eq!(counted, 40);
}

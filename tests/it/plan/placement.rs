//! The table of placements, the search for an unknown id, and the comparison of a file with a placement.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::select;
use smart_resize::geometry::Insets;
use smart_resize::model::Model;
use smart_resize::plan::placement::{Breach, Date, FileFacts, Placement, Platform, lint};
use smart_resize::{Format, Plan, Request, Size, Source, SourceFormat, Target};

fn source() -> Source {
    Source::from_url("https://example.com/a.jpg")
}

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
fn every_placement_is_a_target_that_a_model_covers() {
    for model in [Model::nano_banana_pro(), Model::nano_banana_2_1()] {
        let request = Request::builder(source()).model(model).targets(Placement::all()).build().unwrap();
        let plan = Plan::new(&request).unwrap();
        assert_eq!(plan.renditions().len(), 40);
        for (rendition, placement) in plan.renditions().iter().zip(Placement::all()) {
            assert_eq!(rendition.target(), placement.size);
            assert!(placement.accepts(rendition.format().into()), "{}", placement.id);
        }
    }
}

#[test]
fn every_id_finds_its_placement() {
    for placement in Placement::all() {
        assert_eq!(Placement::named(&placement.id), Ok(placement));
        assert_eq!(Placement::nearest(&placement.id)[0], placement);
        assert!(Placement::on(placement.platform.unwrap()).any(|other| other == placement));
    }
    for id in ["", "Instagram-Story", "instagram-story ", "instagram"] {
        assert!(Placement::named(id).is_err(), "{id:?}");
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

#[test]
fn a_text_that_is_no_id_finds_the_placements_that_it_may_stand_for() {
    let case = |text: &str, expected: &[&str]| {
        let error = Placement::named(text).unwrap_err();
        assert_eq!(error.nearest.get(..expected.len().max(1)).unwrap_or_default(), expected, "{text}: {error}");
    };
    case("instagram-storry", &["instagram-story"]);
    // Only the platform is right in the others, so they are not suggested.
    assert_eq!(Placement::nearest("instagram-storry").len(), 1);
    case("instagramstory", &["instagram-story"]);
    case("Instagram Story", &["instagram-story"]);
    case("facebook-story", &["instagram-story"]);
    case("leaderboard", &["google-leaderboard", "google-large-leaderboard"]);
    case("google-leaderbaord", &["google-leaderboard"]);
    case("twitter-header", &["x-header"]);
    case("tik-tok-ad", &["tiktok-image-ad"]);
    case("youtube-thumb", &["youtube-thumbnail"]);
    // The labels of the former pack.
    case("google-display-half-page", &["google-half-page"]);
    case("meta-stories", &["instagram-story"]);
    case("meta-feed-square", &["instagram-square"]);
    case("zzz", &[]);
    case("", &[]);
    case("日本語", &[]);
    let error = Placement::named("leaderboard").unwrap_err().to_string();
    assert_eq!(error, "placement is \"leaderboard\"; expected google-leaderboard or google-large-leaderboard");
}

proptest! {
    #[test]
    fn one_wrong_letter_still_finds_the_placement(
        placement in select(Placement::all()),
        at in any::<prop::sample::Index>(),
        letter in "[a-z]",
        edit in 0..3,
    ) {
        let letters: Vec<_> = placement.id.chars().map(String::from).collect();
        let at = at.index(letters.len());
        let (before, after) = (letters[..at].concat(), letters[at + 1..].concat());
        let text = match edit {
            0 => format!("{before}{letter}{after}"),
            1 => format!("{before}{after}"),
            _ => format!("{before}{letter}{}{after}", letters[at]),
        };
        let found = Placement::nearest(&text);
        prop_assert!(found.contains(&&placement), "{}: {:?}", text, found.iter().map(|p| &p.id).collect::<Vec<_>>());
    }

    /// Many placements have the words, and at most three are suggested.
    #[test]
    fn any_text_has_at_most_three_suggestions(text in "((google|instagram|ad|banner)[- ]?){0,3}|.{0,200}") {
        prop_assert!(Placement::nearest(&text).len() <= 3);
    }
}

#[test]
fn a_target_has_the_facts_of_its_placement() {
    let story = Placement::named("instagram-story").unwrap();
    let expected = |format| {
        let target = Target::new(Size::new(1080, 1920).unwrap()).id("instagram-story");
        let target = target.safe_area("14,0,20,0".parse().unwrap());
        target.max_bytes(30_000_000).format(format)
    };
    assert_eq!(Target::from(story), expected(Format::Jpeg));
    assert_eq!(story.target_in(Format::Png), expected(Format::Png));
    assert_eq!(story.target_in(Format::WebP), expected(Format::Jpeg));
    // A placement without formats leaves the choice to the request.
    let own = Placement::new("own", Size::new(9, 9).unwrap());
    assert_eq!(Target::from(&own), Target::new(own.size).id("own"));
    assert_eq!(own.target_in(Format::WebP).format, Some(Format::WebP));
}

#[test]
fn a_file_that_complies_has_no_breach() {
    for placement in Placement::all() {
        let format = Target::from(placement).format.unwrap();
        let file = FileFacts::new(placement.size, format, placement.max_bytes.unwrap_or(1 << 40));
        assert_eq!(lint(placement, &file.animated(false).transparent(false)), [], "{}", placement.id);
    }
}

#[test]
fn every_breach_is_found_with_its_value_and_its_bound() {
    let case = |id: &str, file: FileFacts, expected: &[&str]| {
        let breaches = lint(Placement::named(id).unwrap(), &file);
        assert_eq!(breaches.iter().map(Breach::to_string).collect::<Vec<_>>(), expected, "{id}");
    };
    let file = |size: &str, format: SourceFormat, bytes| FileFacts::new(size.parse().unwrap(), format, bytes);
    let (png, jpeg, gif) = (SourceFormat::Png, SourceFormat::Jpeg, SourceFormat::Gif);
    case("google-leaderboard", file("90x728", png, 1), &["size is 90x728; expected 728x90"]);
    case("google-leaderboard", file("728x90", png, 153_600), &[]);
    case("google-leaderboard", file("728x90", png, 153_601), &["file has 153601 bytes; expected at most 153600"]);
    case("google-leaderboard", file("728x90", SourceFormat::Tiff, 1), &["format is tiff; expected jpeg, png or gif"]);
    case("google-leaderboard", file("728x90", gif, 1).animated(true), &[]);
    // Pixels may be transparent where PNG is accepted.
    case("google-leaderboard", file("728x90", png, 1).transparent(true), &[]);
    let only_jpeg =
        ["format is png; expected jpeg", "picture is transparent; expected opaque pixels, since only jpeg is accepted"];
    case("facebook-page-cover", file("851x315", png, 1).transparent(true), &only_jpeg);
    case("facebook-page-cover", file("851x315", jpeg, 1 << 40), &[]);
    case("youtube-thumbnail", file("1280x720", gif, 1).animated(true), &["picture is animated; expected one frame"]);
    // A fact that is not known is no breach.
    case("youtube-thumbnail", file("1280x720", gif, 1), &[]);
    let all = [
        "size is 1x1; expected 1280x720",
        "format is webp; expected jpeg, png, gif or bmp",
        "file has 2000001 bytes; expected at most 2000000",
        "picture is animated; expected one frame",
    ];
    case("youtube-thumbnail", file("1x1", SourceFormat::WebP, 2_000_001).animated(true), &all);
    // A placement of a caller's own without limits accepts every file of its size.
    let own = Placement::new("own", Size::new(9, 9).unwrap());
    assert_eq!(lint(&own, &file("9x9", SourceFormat::Tiff, u64::MAX).animated(true).transparent(true)), []);
}

/// `docs/placements.md` has the table between two marks. `cargo xtask bless` writes it after a change.
#[test]
fn the_page_has_the_table() {
    const MARKS: [&str; 2] = ["<!-- table -->\n", "<!-- end of the table -->\n"];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/placements.md");
    let found = fs::read_to_string(&path).unwrap();
    let (before, rest) = found.split_once(MARKS[0]).unwrap();
    let (_, after) = rest.split_once(MARKS[1]).unwrap();
    let expected = format!("{before}{}{}{}{after}", MARKS[0], table(), MARKS[1]);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &expected).unwrap();
        return;
    }
    assert!(found == expected, "docs/placements.md does not have the table; cargo xtask bless writes it");
}

fn table() -> String {
    let mut text = String::new();
    for platform in Platform::ALL {
        let _ = writeln!(text, "\n## {}\n", platform.name());
        text += "| id | name | size | safe area | formats | animated | byte limit | source | checked |\n";
        text += "|---|---|---|---|---|---|---|---|---|\n";
        for placement in Placement::on(platform) {
            let insets = placement.safe_area.map(|insets| {
                let list = |texts: [String; 4]| texts.join(", ");
                let pixels = || insets.pixels().map(|sides| list(sides.map(|side| side.to_string())) + " px");
                insets.shares().map(|sides| list(sides.map(|side| side.to_string()))).or_else(pixels).unwrap()
            });
            let formats: Vec<_> = placement.formats.iter().map(SourceFormat::to_string).collect();
            let animated = placement.animated.map(|is_accepted| if is_accepted { "yes" } else { "no" });
            let source = placement.source.as_deref().unwrap();
            let host = source.trim_start_matches("https://").split('/').next().unwrap();
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} | {} | {} | {} | [{host}]({source}) | {} |",
                placement.id,
                placement.name,
                placement.size,
                insets.unwrap_or_default(),
                formats.join(", "),
                animated.unwrap_or_default(),
                placement.max_bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
                placement.checked.unwrap(),
            );
        }
    }
    text + "\n"
}

#[cfg(feature = "serde")]
#[test]
fn json_has_every_fact_and_is_read_back() {
    for placement in Placement::all() {
        let json = serde_json::to_string(placement).unwrap();
        assert_eq!(&serde_json::from_str::<Placement>(&json).unwrap(), placement);
    }
    let json = serde_json::to_value(Placement::named("instagram-story").unwrap()).unwrap();
    let percent = serde_json::json!({ "top": 14.0, "right": 0.0, "bottom": 20.0, "left": 0.0 });
    let expected = serde_json::json!({
        "id": "instagram-story",
        "platform": "meta",
        "name": "Story",
        "size": "1080x1920",
        "safe_area": { "percent": percent },
        "max_bytes": 30_000_000,
        "formats": ["jpeg", "png"],
        "animated": null,
        "source": "https://www.marketertools.fyi/blog/meta-ad-sizes-safe-zones-2026",
        "checked": "2026-11-24",
    });
    assert_eq!(json, expected);
    let own: Placement = serde_json::from_str(r#"{ "id": "own", "name": "own", "size": "9x9" }"#).unwrap();
    assert_eq!(own, Placement::new("own", Size::new(9, 9).unwrap()));
    let refused = [
        (r#"{ "id": "own", "name": "own" }"#, "missing field `size`"),
        (r#"{ "id": "own", "name": "own", "size": "9x9", "weight": 1 }"#, "unknown field `weight`"),
        (
            r#"{ "id": "own", "name": "own", "size": "9x9", "platform": "myspace" }"#,
            "platform is \"myspace\"; expected",
        ),
        (r#"{ "id": "own", "name": "own", "size": "9x9", "checked": "today" }"#, "date is \"today\"; expected"),
    ];
    for (text, expected) in refused {
        let error = serde_json::from_str::<Placement>(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let breach = Breach::Size { found: Size::new(1, 2).unwrap(), expected: Size::new(3, 4).unwrap() };
    let expected = serde_json::json!({ "breach": "size", "found": "1x2", "expected": "3x4" });
    assert_eq!(serde_json::to_value(&breach).unwrap(), expected);
}

#[cfg(feature = "pixels")]
mod files {
    use smart_resize::pixels::Picture;
    use smart_resize::pixels::decode::DecodeLimits;
    use smart_resize::pixels::encode::{EncodeOptions, encode};

    use super::*;

    fn read(bytes: &[u8]) -> FileFacts {
        FileFacts::read(bytes, &DecodeLimits::default()).unwrap()
    }

    #[test]
    fn the_facts_are_read_from_the_bytes() {
        let size = Size::new(4, 3).unwrap();
        let opaque = Picture::from_rgb(size, vec![90; 36]).unwrap();
        let transparent = Picture::from_rgba(size, vec![90; 48]).unwrap();
        for format in [Format::Png, Format::Jpeg, Format::WebP] {
            for (picture, is_transparent) in [(&opaque, false), (&transparent, true)] {
                let bytes = encode(picture, format, &EncodeOptions::default()).unwrap().bytes;
                let expected = FileFacts::new(size, format, bytes.len() as u64).animated(false);
                let expected = expected.transparent(is_transparent && format != Format::Jpeg);
                assert_eq!(read(&bytes), expected, "{format}");
            }
        }
        assert!(FileFacts::read(b"plain text", &DecodeLimits::default()).is_err());
    }

    #[test]
    fn an_animated_png_is_found_by_its_chunk() {
        let picture = Picture::from_rgb(Size::new(4, 3).unwrap(), vec![90; 36]).unwrap();
        let mut bytes = encode(&picture, Format::Png, &EncodeOptions::default()).unwrap().bytes;
        assert_eq!(read(&bytes).animated, Some(false));
        // An animation with one frame and no repetition, in front of the pixels. IHDR ends at byte 33.
        let mut chunk = b"acTL\0\0\0\x01\0\0\0\0".to_vec();
        let checksum = crc32fast::hash(&chunk);
        chunk.splice(0..0, 8_u32.to_be_bytes());
        chunk.extend(checksum.to_be_bytes());
        bytes.splice(33..33, chunk);
        assert_eq!(read(&bytes).animated, Some(true));
    }

    #[cfg(feature = "image")]
    #[test]
    fn an_animated_gif_has_a_second_image() {
        use image::codecs::gif::GifEncoder;
        use image::{Frame, RgbaImage};

        for frames in 1..=3 {
            let mut bytes = Vec::new();
            let mut encoder = GifEncoder::new(&mut bytes);
            for shade in 0..frames {
                let image = RgbaImage::from_pixel(8, 6, image::Rgba([40 * shade, 90, 90, 255]));
                encoder.encode_frame(Frame::new(image)).unwrap();
            }
            drop(encoder);
            let facts = read(&bytes);
            assert_eq!((facts.format, facts.animated), (SourceFormat::Gif, Some(frames > 1)), "{frames}");
        }
    }
}

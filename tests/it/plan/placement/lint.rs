//! The comparison of a file with a placement.

use smart_resize::plan::placement::{Breach, FileFacts, Placement, lint};
use smart_resize::{Size, SourceFormat, Target};

#[test]
fn a_file_that_complies_has_no_breach() {
    for placement in Placement::all() {
        let format = Target::from(placement).format.unwrap();
        let file = FileFacts::new(placement.size, format, placement.max_bytes.unwrap_or(1 << 40));
        assert_eq!(lint(placement, &file.animated(false).transparent(false)), [], "{}", placement.id);
    }
}

#[test]
fn a_file_of_exactly_the_byte_limit_complies() {
    let mut placement = Placement::new("own", Size::new(9, 9).unwrap());
    placement.max_bytes = Some(1000);
    let breaches = |bytes| lint(&placement, &FileFacts::new(placement.size, SourceFormat::Png, bytes));
    assert_eq!(breaches(1000), []);
    assert_eq!(breaches(1001), [Breach::Bytes { found: 1001, max: 1000 }]);
}

#[test]
fn a_fact_that_is_not_known_is_no_breach() {
    let thumbnail = Placement::named("youtube-thumbnail").unwrap();
    let gif = FileFacts::new(thumbnail.size, SourceFormat::Gif, 1);
    assert_eq!((gif.animated, lint(thumbnail, &gif)), (None, vec![]));
    assert_eq!(lint(thumbnail, &gif.animated(true)), [Breach::Animated]);
    // It is not known whether this placement accepts animations.
    let own = Placement::new("own", thumbnail.size);
    assert_eq!(lint(&own, &gif.animated(true)), []);
}

#[test]
fn a_jpeg_is_neither_transparent_nor_animated() {
    let facts = |format| FileFacts::new(Size::new(9, 9).unwrap(), format, 1);
    assert_eq!((facts(SourceFormat::Jpeg).transparent, facts(SourceFormat::Jpeg).animated), (Some(false), Some(false)));
    assert_eq!((facts(SourceFormat::Png).transparent, facts(SourceFormat::Png).animated), (None, None));
}

#[test]
fn an_empty_list_of_formats_accepts_every_format_and_transparency() {
    let own = Placement::new("own", Size::new(9, 9).unwrap());
    assert_eq!(lint(&own, &FileFacts::new(own.size, SourceFormat::Tiff, 1).transparent(true)), []);
}

#[test]
fn transparency_is_a_breach_only_where_jpeg_alone_is_accepted() {
    let breaches = |id: &str| {
        let placement = Placement::named(id).unwrap();
        lint(placement, &FileFacts::new(placement.size, SourceFormat::Png, 1).transparent(true))
    };
    assert_eq!(breaches("google-leaderboard"), []);
    assert!(breaches("facebook-page-cover").contains(&Breach::Transparent));
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
    let only_jpeg =
        ["format is png; expected jpeg", "picture is transparent; expected opaque pixels, since only jpeg is accepted"];
    case("facebook-page-cover", file("851x315", png, 1).transparent(true), &only_jpeg);
    case("facebook-page-cover", file("851x315", jpeg, 1 << 40), &[]);
    case("youtube-thumbnail", file("1280x720", gif, 1).animated(true), &["picture is animated; expected one frame"]);
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

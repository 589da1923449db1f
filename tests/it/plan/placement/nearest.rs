//! The search by id: each id finds its placement, and the error for another text suggests at most three ids.

use proptest::prelude::*;
use proptest::sample::select;
use smart_resize::plan::placement::Placement;

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

//! An error quotes as much of a text as its documentation says.

use smart_resize::geometry::{Focus, FocusError, Insets, InsetsError, PerMille, PerMilleError};
use smart_resize::model::{AspectRatio, Model, Tier, UsdMicros};
use smart_resize::plan::Digest;
use smart_resize::plan::placement::{Date, Placement, Platform};
use smart_resize::{Format, Request, Source};

/// A text that no type accepts. Its characters have two bytes.
fn text() -> String {
    "é".repeat(100)
}

fn first(chars: usize) -> String {
    "é".repeat(chars)
}

#[test]
fn an_error_quotes_the_first_16_characters_of_a_label_a_format_a_date_or_a_percentage() {
    assert_eq!(text().parse::<AspectRatio>().unwrap_err().found, first(16));
    assert_eq!(text().parse::<Tier>().unwrap_err().found, first(16));
    assert_eq!(text().parse::<Format>().unwrap_err().found, first(16));
    assert_eq!(text().parse::<Date>().unwrap_err().found, first(16));
    assert_eq!(text().parse::<PerMille>(), Err(PerMilleError::InvalidPercentage { found: first(16) }));
}

#[test]
fn an_error_quotes_the_first_32_characters_of_a_platform() {
    assert_eq!(text().parse::<Platform>().unwrap_err().found, first(32));
}

#[test]
fn an_error_quotes_the_first_40_characters_of_a_focus_insets_an_amount_a_size_or_a_name() {
    let numbers = "1,".repeat(50) + "1";
    let start: String = numbers.chars().take(40).collect();
    assert_eq!(numbers.parse::<Focus>(), Err(FocusError::Form { found: start.clone() }));
    assert_eq!(numbers.parse::<Insets>(), Err(InsetsError::Form { found: start }));
    assert_eq!(format!("1,2:{}", text()).parse::<Focus>(), Err(FocusError::Mode { found: first(40) }));
    assert_eq!(text().parse::<UsdMicros>().unwrap_err().found, first(40));
    let request = Request::builder(Source::from_url("u")).sizes([text()]).purpose(format!("{}\n", text()));
    let error = request.build().unwrap_err().to_string();
    let [name, size] = [format!("is \"{}\" with", first(40)), format!("target 0, \"{}\",", first(40))];
    assert!(error.contains(&name) && error.contains(&size), "{error}");
}

#[test]
fn an_error_quotes_the_first_80_characters_of_a_model_a_placement_or_a_hash() {
    assert_eq!(text().parse::<Model>().unwrap_err().found, first(80));
    assert_eq!(Placement::named(&text()).unwrap_err().found, first(80));
    assert_eq!(text().parse::<Digest>().unwrap_err().found, first(80));
}

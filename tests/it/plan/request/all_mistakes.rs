//! A request with several mistakes reports all of them, in the order of fields and targets. Each kind has its message.

use smart_resize::Format;
use smart_resize::model::{Model, Preset, PriceList, Tier, UsdMicros};
use smart_resize::request::{RequestBuilder, RequestError};

use super::{builder, one, refused};
use crate::any::size;

#[test]
fn each_error_has_its_own_message() {
    let case = |builder: RequestBuilder, expected: &str| {
        assert_eq!(builder.build().unwrap_err().to_string(), expected);
    };
    case(builder(), "request has 0 target sizes; expected at least 1");
    case(builder().sizes(vec!["9x9"; 257]), "request has 257 target sizes; expected at most 256");
    case(
        one().sizes(["1024x"]),
        "target 1, \"1024x\", is not a size: found the end; expected a digit of the height, as in 1080x1920 (at byte 5)",
    );
    case(
        builder().sizes(["1".repeat(41)]),
        "target 0, \"1111111111111111111111111111111111111111\", is not a size: \
         width is 18446744073709551615 or more; expected 1 to 65535 (at byte 0)",
    );
    case(
        builder().sizes(["6336x2689"]),
        "target 0 is too large: no preset of 1K or more covers 6336x2689: the widest is 6336x2688, \
         the tallest is 3072x5504, the largest covered size of this shape is 6334x2688",
    );
    case(one().variants(0), "number of variants is 0; expected 1 to 64");
    case(one().variants(65), "number of variants is 65; expected 1 to 64");
    case(one().instruction("é".repeat(5001)), "instruction has 5001 characters; expected at most 5000");
    case(one().floor(Tier::HALF_K), "floor is 0.5K; expected a tier of nano-banana-pro: [1K, 2K, 4K]");
    case(one().safety_tolerance(0), "safety tolerance is 0; expected 1 to 6");
    case(one().safety_tolerance(7), "safety tolerance is 7; expected 1 to 6");
    case(one().prices(PriceList::new(UsdMicros(0))), "no price is known for nano-banana-pro at 1K");
    let untiered = PriceList::new(UsdMicros(0));
    case(one().model(Model::nano_banana()).prices(untiered), "no price is known for nano-banana");
}

/// A model with one preset of the largest size, so that only the format limits a target.
fn huge() -> RequestBuilder {
    let preset = Preset::new(size(65_535, 65_535)).ratio("1:1".parse().unwrap());
    let prices = PriceList::new(UsdMicros(0)).price("huge", None, UsdMicros(1));
    builder().model(Model::new("huge", vec![preset]).unwrap()).prices(prices)
}

#[test]
fn a_side_that_a_format_cannot_hold_is_refused() {
    let case = |sizes: &str, format: Format, expected: &[&str]| {
        assert_eq!(refused(huge().sizes([sizes]).format(format)), expected, "{sizes} {format}");
    };
    case("16383x16383", Format::WebP, &[]);
    case("16384x1", Format::WebP, &["target 0 is 16384x1; expected sides of at most 16383 pixels for webp"]);
    case("1x16384", Format::WebP, &["target 0 is 1x16384; expected sides of at most 16383 pixels for webp"]);
    case("65535x65535", Format::Png, &[]);
    case("65535x65535", Format::Jpeg, &[]);
}

#[test]
fn all_errors_are_reported_in_the_order_of_fields_and_targets() {
    let errors = builder()
        .sizes(["64x64", "64", "20000x20000"])
        .targets([size(7000, 7000)])
        .sizes(["x"])
        .variants(99)
        .instruction("a".repeat(5001))
        .floor("3K".parse().unwrap())
        .safety_tolerance(9)
        .format(Format::WebP)
        .prices(PriceList::new(UsdMicros(0)))
        .build()
        .unwrap_err();
    let found: Vec<String> = errors.iter().map(RequestError::to_string).collect();
    let expected = [
        "number of variants is 99; expected 1 to 64",
        "instruction has 5001 characters; expected at most 5000",
        "floor is 3K; expected a tier of nano-banana-pro: [1K, 2K, 4K]",
        "safety tolerance is 9; expected 1 to 6",
        "target 1, \"64\", is not a size",
        "target 2 is 20000x20000; expected sides of at most 16383 pixels for webp",
        "target 2 is too large",
        "target 3 is too large",
        "target 4, \"x\", is not a size",
        "no price is known for nano-banana-pro at 1K",
    ];
    assert_eq!(found, expected);
    // The message has all errors on one line, each with its source.
    let message = errors.to_string();
    assert!(message.starts_with(
        "number of variants is 99; expected 1 to 64; instruction has 5001 characters; expected at most 5000; "
    ));
    assert!(message.contains(
        "is not a size: found the end; expected \"x\" after the width, as in 1080x1920 (at byte 2); target 2"
    ));
    assert!(message.ends_with("; no price is known for nano-banana-pro at 1K"));
    // A missing price is reported once for each tier.
    let twice = refused(builder().sizes(["64x64", "64x64", "2000x9"]).prices(PriceList::new(UsdMicros(0))));
    assert_eq!(twice, ["no price is known for nano-banana-pro at 1K", "no price is known for nano-banana-pro at 2K"]);
}

#[test]
fn errors_have_their_causes_as_source() {
    let errors = builder().sizes(["1024x", "9000x9000"]).build().unwrap_err();
    let sources: Vec<String> = errors.iter().map(|e| core::error::Error::source(e).unwrap().to_string()).collect();
    assert_eq!(sources[0], "found the end; expected a digit of the height, as in 1080x1920 (at byte 5)");
    assert!(sources[1].starts_with("no preset of 1K or more covers 9000x9000: "));
}

//! The limits of a request: the values that each allows, and how a caller changes them.

use smart_resize::Target;
use smart_resize::model::{Model, Tier};
use smart_resize::request::{MAX_INSTRUCTION_CHARS, MAX_TARGETS, MAX_VARIANTS, RequestBuilder, RequestLimits};

use super::{builder, one, refused};
use crate::any::size;

fn is_valid(builder: RequestBuilder) -> bool {
    builder.build().is_ok()
}

#[test]
fn a_request_has_1_to_256_targets() {
    let count = |count: usize| is_valid(builder().sizes(vec!["9x9"; count]));
    assert_eq!([0, 1, 256, 257].map(count), [false, true, true, false]);
    assert_eq!(MAX_TARGETS, 256);
}

#[test]
fn a_target_has_1_to_64_variants() {
    assert_eq!([0, 1, 64, 65].map(|variants| is_valid(one().variants(variants))), [false, true, true, false]);
    assert_eq!(MAX_VARIANTS, 64);
}

#[test]
fn an_instruction_has_at_most_5000_characters() {
    assert_eq!([0, 5000, 5001].map(|chars| is_valid(one().instruction("é".repeat(chars)))), [true, true, false]);
    let own = |chars| Target::from(size(9, 9)).instruction("é".repeat(chars));
    assert_eq!([5000, 5001].map(|chars| is_valid(one().targets([own(chars)]))), [true, false]);
    assert_eq!(MAX_INSTRUCTION_CHARS, 5000);
}

#[test]
fn an_id_has_at_most_200_characters_and_a_purpose_1_to_120() {
    let target = || Target::from(size(9, 9));
    let is_valid = |target: Target| is_valid(builder().targets([target]));
    assert_eq!([200, 201].map(|chars| is_valid(target().id("é".repeat(chars)))), [true, false]);
    let purpose = [0, 1, 120, 121].map(|chars| is_valid(target().purpose("é".repeat(chars))));
    assert_eq!(purpose, [false, true, true, false]);
}

#[test]
fn a_quality_is_from_1_to_100_and_a_byte_limit_from_1() {
    let is_valid = |target: Target| is_valid(builder().targets([target]));
    let quality = [0, 1, 100, 101].map(|quality| is_valid(Target::from(size(9, 9)).quality(quality)));
    assert_eq!(quality, [false, true, true, false]);
    assert_eq!([0, 1].map(|bytes| is_valid(Target::from(size(9, 9)).max_bytes(bytes))), [false, true]);
}

#[test]
fn a_safety_tolerance_is_from_1_to_6() {
    let found = [0, 1, 6, 7].map(|tolerance| is_valid(one().safety_tolerance(tolerance)));
    assert_eq!(found, [false, true, true, false]);
}

#[test]
fn a_floor_is_a_tier_of_the_model() {
    assert!(is_valid(one().floor(Tier::K4)) && !is_valid(one().floor(Tier::HALF_K)));
    assert!(is_valid(one().model(Model::nano_banana_2()).floor(Tier::HALF_K)));
}

#[test]
fn limits_can_be_tightened_and_instructions_lengthened() {
    let mut limits = RequestLimits::default();
    (limits.targets, limits.variants, limits.instruction_chars) = (10, 4, 6000);
    let case = |builder: RequestBuilder, expected: &[&str]| {
        assert_eq!(refused(builder.limits(limits)), expected);
    };
    case(builder().sizes(vec!["9x9"; 10]).variants(4).instruction("a".repeat(6000)), &[]);
    case(
        builder().sizes(vec!["9x9"; 11]).variants(5).instruction("a".repeat(6001)),
        &[
            "request has 11 target sizes; expected at most 10",
            "number of variants is 5; expected 1 to 4",
            "instruction has 6001 characters; expected at most 6000",
        ],
    );
    // The limits cannot exceed the bounds of the crate.
    (limits.targets, limits.variants) = (usize::MAX, u32::MAX);
    let wide = builder().sizes(vec!["9x9"; MAX_TARGETS + 1]).variants(MAX_VARIANTS + 1).limits(limits);
    assert_eq!(
        refused(wide),
        ["request has 257 target sizes; expected at most 256", "number of variants is 65; expected 1 to 64"]
    );
    // Targets above the crate's bound are not checked, so a huge list costs no time.
    let many = builder().sizes(vec!["no size"; MAX_TARGETS + 1000]);
    assert_eq!(refused(many).len(), 1 + MAX_TARGETS);
}

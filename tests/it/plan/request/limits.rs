//! The limits of a request: the values that each allows, and how a caller changes them.

use smart_resize::model::{Model, Tier};
use smart_resize::request::{MAX_INSTRUCTION_CHARS, MAX_TARGETS, MAX_VARIANTS, RequestBuilder, RequestLimits};

use super::{builder, one, refused};

#[test]
fn each_limit_allows_its_value() {
    let fine = |builder: RequestBuilder| assert_eq!(refused(builder), Vec::<String>::new());
    fine(builder().sizes(vec!["9x9"; MAX_TARGETS]));
    fine(one().variants(MAX_VARIANTS));
    fine(one().variants(1));
    fine(one().instruction("é".repeat(MAX_INSTRUCTION_CHARS)));
    fine(one().safety_tolerance(1));
    fine(one().safety_tolerance(6));
    fine(builder().sizes(["6336x2688", "3072x5504", "1x1"]));
    fine(one().floor(Tier::K4));
    fine(one().model(Model::nano_banana_2()).floor(Tier::HALF_K));
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

//! The errors of a request with their messages, and the plan of a valid request.

use core::num::NonZeroU16;

use proptest::prelude::*;
use smart_resize::geometry::{Fit, Insets};
use smart_resize::model::{Model, Preset, PriceList, Smallest, Tier, UsdMicros};
use smart_resize::plan::{Call, PlanError};
use smart_resize::request::{
    MAX_INSTRUCTION_CHARS, MAX_TARGETS, MAX_VARIANTS, RequestBuilder, RequestError, RequestLimits, Sharing,
};
use smart_resize::{Format, Plan, Request, Source, Target};

use crate::any::{any_economical_request, any_request, share, size};

fn source() -> Source {
    Source::from_digest(smart_resize::plan::Digest::of(b"a shoe")).url("https://example.com/shoe.jpg")
}

fn builder() -> RequestBuilder {
    Request::builder(source())
}

fn one() -> RequestBuilder {
    builder().sizes(["64x64"])
}

fn plan(builder: RequestBuilder) -> Plan {
    Plan::new(&builder.build().unwrap()).unwrap()
}

/// The messages of a request's errors.
fn refused(builder: RequestBuilder) -> Vec<String> {
    builder.build().map_or_else(|errors| errors.iter().map(RequestError::to_string).collect(), |_| Vec::new())
}

#[test]
fn each_error_has_its_own_message() {
    let case = |builder: RequestBuilder, expected: &str| {
        assert_eq!(builder.build().unwrap_err().to_string(), expected);
    };
    case(builder(), "request has 0 target sizes; expected at least 1");
    case(builder().sizes(vec!["9x9"; 257]), "request has 257 target sizes; expected at most 256");
    case(
        one().sizes(["1024x"]),
        "target 1, \"1024x\", is not a size: found the end; expected a digit of the height (at byte 5)",
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
    assert!(
        message.contains("is not a size: found the end; expected \"x\" between width and height (at byte 2); target 2")
    );
    assert!(message.ends_with("; no price is known for nano-banana-pro at 1K"));
    // A missing price is reported once for each tier.
    let twice = refused(builder().sizes(["64x64", "64x64", "2000x9"]).prices(PriceList::new(UsdMicros(0))));
    assert_eq!(twice, ["no price is known for nano-banana-pro at 1K", "no price is known for nano-banana-pro at 2K"]);
}

#[test]
fn errors_have_their_causes_as_source() {
    let errors = builder().sizes(["1024x", "9000x9000"]).build().unwrap_err();
    let sources: Vec<String> = errors.iter().map(|e| core::error::Error::source(e).unwrap().to_string()).collect();
    assert_eq!(sources[0], "found the end; expected a digit of the height (at byte 5)");
    assert!(sources[1].starts_with("no preset of 1K or more covers 9000x9000: "));
}

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

#[test]
fn the_defaults_are_those_of_the_service() {
    let request = one().build().unwrap();
    assert_eq!(request.model(), &Model::nano_banana_pro());
    assert_eq!(request.prices(), &PriceList::default());
    assert_eq!((request.instruction(), request.scene(), request.variants(), request.seed()), ("", None, 1, None));
    assert_eq!((request.floor(), request.options().safety_tolerance), (Some(Tier::K1), 4));
    assert_eq!((request.format(), request.options().transfer_format), (Format::Png, Format::Png));
    assert_eq!((request.fit(), request.smallest()), (Fit::Cover, Smallest::ByTier));
    assert_eq!(request.source(), &source());
    assert_eq!(one().model(Model::nano_banana()).build().unwrap().floor(), None);
}

#[test]
fn every_option_reaches_the_plan() {
    let insets = Insets::all(share(100)).unwrap();
    let target = Target::new(size(100, 50)).safe_area(insets);
    let prices = PriceList::default().price("nano-banana-2", Some(Tier::K2), UsdMicros(7));
    let builder = builder()
        .targets([target])
        .model(Model::nano_banana_2())
        .prices(prices)
        .instruction("Make it winter.")
        .scene(smart_resize::scene::Scene::new("a shoe").unwrap())
        .variants(3)
        .floor(Tier::K2)
        .smallest(Smallest::ByPixels)
        .format(Format::WebP)
        .fit(Fit::Crop)
        .safety_tolerance(2)
        .seed(5)
        .transfer_format(Format::Jpeg);
    let plan = plan(builder);
    let (generation, rendition) = (&plan.generations()[0], &plan.renditions()[0]);
    assert_eq!(
        (&**plan.model(), plan.options().safety_tolerance, plan.options().transfer_format),
        ("nano-banana-2", 2, Format::Jpeg)
    );
    assert_eq!(plan.source_digest(), source().digest());
    // The selected preset is the smallest of 2K that covers the target.
    assert_eq!(generation.preset().tier, Some(Tier::K2));
    assert_eq!((generation.per_image(), generation.variants()), (UsdMicros(7), 3));
    assert!(generation.prompt().contains("The image shows: a shoe."));
    assert!(generation.prompt().contains("\nMake it winter.\n"));
    assert_eq!((rendition.target(), rendition.generation()), (size(100, 50), Some(0)));
    assert_eq!((rendition.fit(), rendition.format(), rendition.safe_area()), (Fit::Crop, Format::WebP, insets));
    assert_eq!(rendition.crop().size(), size(100, 50));
    assert_eq!(rendition.kept(), rendition.crop().kept_of(generation.preset().size));
    assert_eq!(plan.cost(), UsdMicros(50_000 + 21));
}

/// Variants and seed of each call.
fn calls(builder: RequestBuilder) -> Vec<(u32, Option<u64>)> {
    plan(builder).calls().map(|(_, call)| (call.variants(), call.seed())).collect()
}

#[test]
fn variants_are_split_into_as_few_calls_as_the_model_allows() {
    let variants = |number: u32, per_call: u16| -> Vec<u32> {
        let table = Model::nano_banana_pro().variants_per_call(NonZeroU16::new(per_call).unwrap());
        calls(one().model(table).variants(number)).into_iter().map(|(variants, _)| variants).collect()
    };
    assert_eq!(variants(1, 4), [1]);
    assert_eq!(variants(4, 4), [4]);
    assert_eq!(variants(5, 4), [4, 1]);
    assert_eq!(variants(9, 4), [4, 4, 1]);
    assert_eq!(variants(3, 1), [1, 1, 1]);
    assert_eq!(variants(64, 1), [1; 64]);
    assert_eq!(variants(64, 65_535), [64]);
}

#[test]
fn each_later_call_adds_its_number_to_the_seed() {
    let seeds = |seed: u64| -> Vec<u64> {
        calls(one().seed(seed).variants(9)).into_iter().map(|(_, seed)| seed.unwrap()).collect()
    };
    assert_eq!(seeds(0), [0, 1, 2]);
    assert_eq!(seeds(7), [7, 8, 9]);
    let top = (1 << 31) - 1;
    assert_eq!(seeds(top - 1), [top - 1, top, 0]);
    assert_eq!(seeds(top), [top, 0, 1]);
    // The first seed is the caller's, unchanged.
    assert_eq!(seeds(1 << 31), [1 << 31, 1, 2]);
    assert_eq!(seeds(u64::MAX), [u64::MAX, 0, 1]);
    // Without a seed no call has one. Each target starts with the caller's seed again.
    assert_eq!(calls(one().variants(9)), [(4, None), (4, None), (1, None)]);
    let two = calls(one().sizes(["9x9"]).sharing(Sharing::PerTarget).seed(7).variants(5));
    assert_eq!(two, [(4, Some(7)), (1, Some(8)), (4, Some(7)), (1, Some(8))]);
}

#[test]
fn duplicate_targets_have_separate_generations_if_none_may_be_shared() {
    let sizes = ["64x64", "9x9", "64×64", " 64X64"];
    let plan = plan(builder().sizes(sizes).sharing(Sharing::PerTarget).seed(7));
    assert_eq!(plan.generations().len(), 4);
    let cut_from: Vec<usize> = plan.renditions().iter().filter_map(smart_resize::plan::Rendition::generation).collect();
    assert_eq!(cut_from, [0, 1, 2, 3]);
    // All four are squares with one preset and one prompt, so only their occurrence number differs.
    let occurrences: Vec<u32> = plan.calls().map(|(_, call)| call.occurrence()).collect();
    assert_eq!(occurrences, [0, 1, 2, 3]);
    let fingerprints: std::collections::BTreeSet<_> =
        plan.calls().map(|(_, call)| call.fingerprint().unwrap().to_string()).collect();
    assert_eq!(fingerprints.len(), 4);
}

#[test]
fn the_cost_is_the_price_per_request_plus_each_image() {
    let case = |sizes: &[&str], variants: u32, table: Model, expected: &str| {
        let plan = plan(builder().sizes(sizes).variants(variants).model(table));
        assert_eq!(plan.cost().to_string(), expected, "{sizes:?} {variants}");
    };
    let [pro, _, two, _, one] = Model::all();
    case(&["1024x1024"], 1, pro.clone(), "$0.20");
    case(&["2048x2048"], 1, pro.clone(), "$0.20");
    case(&["3840x2160"], 1, pro.clone(), "$0.35");
    case(&["1024x1024", "1024x1024"], 1, pro.clone(), "$0.20");
    case(&["1024x1024", "1024x1025"], 1, pro.clone(), "$0.35");
    case(&["1024x1024", "1920x1080", "3840x2160"], 5, pro, "$3.05");
    case(&["1024x1024", "1920x1080", "3840x2160"], 1, two.clone(), "$0.41");
    case(&["9x9"], 64, one, "$2.546");
    // A sum that would overflow saturates.
    let dear = PriceList::new(UsdMicros(u64::MAX)).price("nano-banana-2", Some(Tier::K1), UsdMicros(1 << 63));
    assert_eq!(plan(builder().sizes(["9x9"]).variants(2).model(two).prices(dear)).cost(), UsdMicros(u64::MAX));
}

#[test]
fn the_length_of_the_whole_prompt_is_limited_by_the_model() {
    // An instruction lengthens the prompt by a constant plus its own length, so the limit can be met exactly.
    let of = |table: &Model, chars: usize| {
        let request = builder()
            .sizes(["9x9", "64x64"])
            .sharing(Sharing::PerTarget)
            .model(table.clone())
            .instruction("é".repeat(chars))
            .build();
        Plan::new(&request.unwrap())
    };
    let table = Model::nano_banana();
    let own = of(&table, 1).unwrap().generations()[0].prompt().chars().count() - 1;
    let room = 5000 - own;
    assert_eq!(of(&table, room).unwrap().generations()[1].prompt().chars().count(), 5000);
    let error = of(&table, room + 1).unwrap_err();
    assert_eq!(error, PlanError::PromptTooLong { index: 0, chars: 5001, max: 5000 });
    assert_eq!(error.to_string(), "the whole prompt of target 0 has 5001 characters; expected at most 5000");
    // The limit of the other models is ten times as high.
    assert!(of(&Model::nano_banana_pro(), 5000).is_ok());
    let short = Model::nano_banana_pro().prompt_chars(own);
    assert!(matches!(of(&short, 1), Err(PlanError::PromptTooLong { index: 0, .. })));
}

#[test]
fn a_prompt_too_long_names_its_target() {
    let request = builder().sizes(["1024x1024", "1024x100"]).build().unwrap();
    let square = Plan::new(&request).unwrap().generations()[0].prompt().chars().count();
    // The prompt of the second target names a band, so it is longer.
    let table = Model::nano_banana_pro().prompt_chars(square);
    let request = builder().sizes(["1024x1024", "1024x100"]).model(table).build().unwrap();
    assert!(matches!(Plan::new(&request), Err(PlanError::PromptTooLong { index: 1, .. })));
}

proptest! {
    #[test]
    fn a_plan_matches_its_request(request in any_request()) {
        let plan = Plan::new(&request).unwrap();
        prop_assert_eq!(plan.renditions().len(), request.targets().len());
        prop_assert_eq!(plan.generations().len(), request.targets().len());
        let mut cost = u128::from(request.prices().per_request.0);
        for (index, (rendition, target)) in plan.renditions().iter().zip(request.targets()).enumerate() {
            let generation = &plan.generations()[index];
            let frame = generation.preset().size;
            prop_assert_eq!((rendition.generation(), rendition.target()), (Some(index), target.size));
            prop_assert!(frame.covers(target.size));
            prop_assert_eq!(Ok(rendition.crop()), request.fit().rect(frame, target.size));
            prop_assert_eq!(generation.variants(), request.variants());
            let per_call = u32::from(request.model().limits.variants_per_call.get());
            let full = generation.calls().iter().rev().skip(1).all(|call| call.variants() == per_call);
            prop_assert!(full && generation.calls().iter().all(|call| (1..=per_call).contains(&call.variants())));
            for (number, call) in (0_u64..).zip(generation.calls()) {
                let later = |seed: u64| {
                    let sum = (u128::from(seed) + u128::from(number)) % (1 << 31);
                    if number == 0 { seed } else { u64::try_from(sum).unwrap() }
                };
                prop_assert_eq!(call.seed(), request.seed().map(later));
                prop_assert_eq!(call.fingerprint().is_some(), request.source().digest().is_some());
            }
            cost += u128::from(generation.per_image().0) * u128::from(request.variants());
        }
        prop_assert_eq!(plan.cost(), UsdMicros(u64::try_from(cost).unwrap_or(u64::MAX)));
        let ids: Vec<u32> = plan.calls().map(|(_, call)| call.id().0).collect();
        prop_assert!((0..).zip(&ids).all(|(number, id)| number == *id), "{:?}", ids);
        let mut fingerprints: Vec<_> = plan.calls().filter_map(|(_, call)| Call::fingerprint(call)).collect();
        let all = fingerprints.len();
        fingerprints.sort_unstable();
        fingerprints.dedup();
        prop_assert_eq!(fingerprints.len(), all);
    }

    #[test]
    fn an_economical_plan_matches_its_request(request in any_economical_request()) {
        let plan = Plan::new(&request).unwrap();
        prop_assert_eq!(plan.renditions().len(), request.targets().len());
        prop_assert!(plan.cost() <= plan.cost_unshared());
        for (rendition, target) in plan.renditions().iter().zip(request.targets()) {
            prop_assert_eq!((rendition.target(), rendition.safe_area()), (target.size, target.safe_area));
            prop_assert_eq!(rendition.format(), target.format.unwrap_or(request.format()));
            let frame = match rendition.generation() {
                Some(index) => plan.generations()[index].preset().size,
                None => request.source().size.unwrap(),
            };
            prop_assert_eq!(Ok(rendition.crop()), request.fit().rect_at(frame, target.size, request.focus()));
            prop_assert_eq!(rendition.kept(), rendition.crop().kept_of(frame));
        }
        // The generations are in the order of their first renditions, and each has at least one.
        let mut firsts: Vec<usize> = Vec::new();
        for index in plan.renditions().iter().filter_map(smart_resize::plan::Rendition::generation) {
            if !firsts.contains(&index) {
                firsts.push(index);
            }
        }
        prop_assert_eq!(firsts, (0..plan.generations().len()).collect::<Vec<_>>());
        let mut fingerprints: Vec<_> = plan.calls().filter_map(|(_, call)| Call::fingerprint(call)).collect();
        let all = fingerprints.len();
        fingerprints.sort_unstable();
        fingerprints.dedup();
        prop_assert_eq!(fingerprints.len(), all);
    }
}

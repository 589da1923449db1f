//! What a request refuses, in which words, and what a plan makes of a valid one.

use core::num::NonZeroU16;

use proptest::prelude::*;
use smart_resize::geometry::{Fit, Insets};
use smart_resize::model::{Model, Preset, PriceList, Smallest, Tier, UsdMicros};
use smart_resize::plan::{Call, PlanError};
use smart_resize::request::{
    MAX_INSTRUCTION_CHARS, MAX_TARGETS, MAX_VARIANTS, RequestBuilder, RequestError, RequestLimits,
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

/// What a request is refused for, one message a mistake.
fn refused(builder: RequestBuilder) -> Vec<String> {
    builder.build().map_or_else(|errors| errors.iter().map(RequestError::to_string).collect(), |_| Vec::new())
}

#[test]
fn each_mistake_in_its_own_words() {
    let case = |builder: RequestBuilder, expected: &str| {
        assert_eq!(builder.build().unwrap_err().to_string(), expected);
    };
    case(builder(), "no target size");
    case(builder().sizes(vec!["9x9"; 257]), "257 target sizes, at most 256");
    case(
        one().sizes(["1024x"]),
        "target 1, \"1024x\", is not a size: expected a digit of the height, found the end at byte 5",
    );
    case(
        builder().sizes(["1".repeat(41)]),
        "target 0, \"1111111111111111111111111111111111111111\", is not a size: \
         width of 18446744073709551615 or more is above 65535 at byte 0",
    );
    case(
        builder().sizes(["6336x2689"]),
        "target 0 is too large: no preset of 1K or more covers 6336x2689: the widest is 6336x2688, \
         the tallest 3072x5504, the largest size of this shape that is covered 6334x2688",
    );
    case(one().variants(0), "0 variants per size, expected 1 to 64");
    case(one().variants(65), "65 variants per size, expected 1 to 64");
    case(one().instruction("é".repeat(5001)), "an instruction of 5001 characters, at most 5000");
    case(one().floor(Tier::HALF_K), "nano-banana-pro has no 0.5K, only [1K, 2K, 4K]");
    case(one().safety_tolerance(0), "safety tolerance 0, expected 1 to 6");
    case(one().safety_tolerance(7), "safety tolerance 7, expected 1 to 6");
    case(one().prices(PriceList::new(UsdMicros(0))), "no price is known for nano-banana-pro at 1K");
    let untiered = PriceList::new(UsdMicros(0));
    case(one().model(Model::nano_banana()).prices(untiered), "no price is known for nano-banana");
}

/// A model that makes one very large picture, so that only the format is in the way.
fn huge() -> RequestBuilder {
    let preset = Preset::new(size(65_535, 65_535)).ratio("1:1".parse().unwrap());
    let prices = PriceList::new(UsdMicros(0)).image("huge", None, UsdMicros(1));
    builder().model(Model::new("huge", vec![preset]).unwrap()).prices(prices)
}

#[test]
fn a_side_that_a_format_cannot_hold_is_refused() {
    let case = |sizes: &str, format: Format, expected: &[&str]| {
        assert_eq!(refused(huge().sizes([sizes]).format(format)), expected, "{sizes} {format}");
    };
    case("16383x16383", Format::WebP, &[]);
    case("16384x1", Format::WebP, &["target 0, 16384x1, is too long for webp: at most 16383 pixels a side"]);
    case("1x16384", Format::WebP, &["target 0, 1x16384, is too long for webp: at most 16383 pixels a side"]);
    case("65535x65535", Format::Png, &[]);
    case("65535x65535", Format::Jpeg, &[]);
}

#[test]
fn all_mistakes_are_reported_at_once_in_the_order_of_the_fields_and_of_the_targets() {
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
        "99 variants per size, expected 1 to 64",
        "an instruction of 5001 characters, at most 5000",
        "nano-banana-pro has no 3K, only [1K, 2K, 4K]",
        "safety tolerance 9, expected 1 to 6",
        "target 1, \"64\", is not a size",
        "target 2, 20000x20000, is too long for webp: at most 16383 pixels a side",
        "target 2 is too large",
        "target 3 is too large",
        "target 4, \"x\", is not a size",
        "no price is known for nano-banana-pro at 1K",
    ];
    assert_eq!(found, expected);
    // On one line, each with its source.
    let message = errors.to_string();
    assert!(
        message
            .starts_with("99 variants per size, expected 1 to 64; an instruction of 5001 characters, at most 5000; ")
    );
    assert!(
        message.contains("is not a size: expected \"x\" between width and height, found the end at byte 2; target 2")
    );
    assert!(message.ends_with("; no price is known for nano-banana-pro at 1K"));
    // A price that is missing is said once for each tier.
    let twice = refused(builder().sizes(["64x64", "64x64", "2000x9"]).prices(PriceList::new(UsdMicros(0))));
    assert_eq!(twice, ["no price is known for nano-banana-pro at 1K", "no price is known for nano-banana-pro at 2K"]);
}

#[test]
fn a_source_stands_behind_each_error_that_has_one() {
    let errors = builder().sizes(["1024x", "9000x9000"]).build().unwrap_err();
    let sources: Vec<String> = errors.iter().map(|e| core::error::Error::source(e).unwrap().to_string()).collect();
    assert_eq!(sources[0], "expected a digit of the height, found the end at byte 5");
    assert!(sources[1].starts_with("no preset of 1K or more covers 9000x9000: "));
}

#[test]
fn both_sides_of_each_limit() {
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
fn a_service_makes_the_limits_tighter_and_prompts_longer() {
    let mut limits = RequestLimits::default();
    (limits.targets, limits.variants, limits.instruction_chars) = (10, 4, 6000);
    let case = |builder: RequestBuilder, expected: &[&str]| {
        assert_eq!(refused(builder.limits(limits)), expected);
    };
    case(builder().sizes(vec!["9x9"; 10]).variants(4).instruction("a".repeat(6000)), &[]);
    case(
        builder().sizes(vec!["9x9"; 11]).variants(5).instruction("a".repeat(6001)),
        &[
            "11 target sizes, at most 10",
            "5 variants per size, expected 1 to 4",
            "an instruction of 6001 characters, at most 6000",
        ],
    );
    // But never above what the crate bounds.
    (limits.targets, limits.variants) = (usize::MAX, u32::MAX);
    let wide = builder().sizes(vec!["9x9"; MAX_TARGETS + 1]).variants(MAX_VARIANTS + 1).limits(limits);
    assert_eq!(refused(wide), ["257 target sizes, at most 256", "65 variants per size, expected 1 to 64"]);
    // What is above the crate's bound is not looked at, so a huge list costs nothing.
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
fn every_option_arrives_where_it_belongs() {
    let insets = Insets::all(share(100)).unwrap();
    let target = Target::new(size(100, 50)).safe_area(insets);
    let prices = PriceList::default().image("nano-banana-2", Some(Tier::K2), UsdMicros(7));
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
    // Of 2K the 8:1 has the fewest pixels that cover.
    assert_eq!(generation.preset().tier, Some(Tier::K2));
    assert_eq!((generation.per_image(), generation.variants()), (UsdMicros(7), 3));
    assert!(generation.prompt().contains("The image shows: a shoe."));
    assert!(generation.prompt().ends_with("\nMake it winter."));
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
fn variants_are_split_into_as_few_calls_as_the_backend_allows() {
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
fn a_later_call_has_the_seed_plus_its_number() {
    let seeds = |seed: u64| -> Vec<u64> {
        calls(one().seed(seed).variants(9)).into_iter().map(|(_, seed)| seed.unwrap()).collect()
    };
    assert_eq!(seeds(0), [0, 1, 2]);
    assert_eq!(seeds(7), [7, 8, 9]);
    let top = (1 << 31) - 1;
    assert_eq!(seeds(top - 1), [top - 1, top, 0]);
    assert_eq!(seeds(top), [top, 0, 1]);
    // The first is the caller's own, whatever it is.
    assert_eq!(seeds(1 << 31), [1 << 31, 1, 2]);
    assert_eq!(seeds(u64::MAX), [u64::MAX, 0, 1]);
    // No seed stays no seed, and each target begins anew.
    assert_eq!(calls(one().variants(9)), [(4, None), (4, None), (1, None)]);
    let two = calls(one().sizes(["9x9"]).seed(7).variants(5));
    assert_eq!(two, [(4, Some(7)), (1, Some(8)), (4, Some(7)), (1, Some(8))]);
}

#[test]
fn duplicate_targets_have_generations_of_their_own() {
    let plan = plan(builder().sizes(["64x64", "9x9", "64×64", " 64X64"]).seed(7));
    assert_eq!(plan.generations().len(), 4);
    let cut_from: Vec<usize> = plan.renditions().iter().filter_map(smart_resize::plan::Rendition::generation).collect();
    assert_eq!(cut_from, [0, 1, 2, 3]);
    // All four are squares of one preset and one prompt, so only their number tells them apart.
    let occurrences: Vec<u32> = plan.calls().map(|(_, call)| call.occurrence()).collect();
    assert_eq!(occurrences, [0, 1, 2, 3]);
    let mut fingerprints: Vec<_> = plan.calls().map(|(_, call)| call.fingerprint().unwrap()).collect();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), 4);
}

#[test]
fn the_cost_is_the_requests_part_once_and_each_image() {
    let case = |sizes: &[&str], variants: u32, table: Model, expected: &str| {
        let plan = plan(builder().sizes(sizes).variants(variants).model(table));
        assert_eq!(plan.cost().to_string(), expected, "{sizes:?} {variants}");
    };
    let [pro, _, two, _, one] = Model::all();
    case(&["1024x1024"], 1, pro.clone(), "$0.20");
    case(&["2048x2048"], 1, pro.clone(), "$0.20");
    case(&["3840x2160"], 1, pro.clone(), "$0.35");
    case(&["1024x1024", "1024x1024"], 1, pro.clone(), "$0.35");
    case(&["1024x1024", "1920x1080", "3840x2160"], 5, pro, "$3.05");
    case(&["1024x1024", "1920x1080", "3840x2160"], 1, two.clone(), "$0.41");
    case(&["9x9"], 64, one, "$2.546");
    // A price so high that the sum has no number is the highest number, not a small one.
    let dear = PriceList::new(UsdMicros(u64::MAX)).image("nano-banana-2", Some(Tier::K1), UsdMicros(1 << 63));
    assert_eq!(plan(builder().sizes(["9x9"]).variants(2).model(two).prices(dear)).cost(), UsdMicros(u64::MAX));
}

#[test]
fn the_cost_of_forty_common_sizes_is_what_was_found_by_hand() {
    let sizes = "1080x1080 1080x1350 1080x1920 1080x566 1200x628 1200x630 1200x1200 1200x300 1200x675 1600x900 \
        1500x500 1584x396 1128x191 1280x720 2560x1440 1920x1080 1000x1500 1000x1000 960x1200 600x600 300x250 336x280 \
        728x90 970x90 970x250 160x600 120x600 300x600 320x50 320x100 468x60 480x70 250x250 200x200 320x480 640x640 \
        800x418 400x400 820x312 851x315";
    let plan = plan(builder().sizes(sizes.split_whitespace()));
    assert_eq!((plan.renditions().len(), plan.cost().to_string()), (40, "$6.05".to_owned()));
}

#[test]
fn a_whole_prompt_is_held_against_the_models_limit() {
    // A caller's prompt of n characters makes the whole one as much longer, so the limit is met exactly.
    let of = |table: &Model, chars: usize| {
        let request = builder().sizes(["9x9", "64x64"]).model(table.clone()).instruction("é".repeat(chars)).build();
        Plan::new(&request.unwrap())
    };
    let table = Model::nano_banana();
    let own = of(&table, 1).unwrap().generations()[0].prompt().chars().count() - 1;
    let room = 5000 - own;
    assert_eq!(of(&table, room).unwrap().generations()[1].prompt().chars().count(), 5000);
    let error = of(&table, room + 1).unwrap_err();
    assert_eq!(error, PlanError::PromptTooLong { index: 0, chars: 5001, max: 5000 });
    assert_eq!(error.to_string(), "the whole prompt of target 0 has 5001 characters, the model takes 5000");
    // The other models take ten times that.
    assert!(of(&Model::nano_banana_pro(), 5000).is_ok());
    let short = Model::nano_banana_pro().prompt_chars(own);
    assert!(matches!(of(&short, 1), Err(PlanError::PromptTooLong { index: 0, .. })));
}

#[test]
fn the_place_of_a_prompt_that_is_too_long_is_the_targets() {
    let request = builder().sizes(["1024x1024", "1024x100"]).build().unwrap();
    let square = Plan::new(&request).unwrap().generations()[0].prompt().chars().count();
    // The second has a band to speak of, so its prompt is longer.
    let table = Model::nano_banana_pro().prompt_chars(square);
    let request = builder().sizes(["1024x1024", "1024x100"]).model(table).build().unwrap();
    assert!(matches!(Plan::new(&request), Err(PlanError::PromptTooLong { index: 1, .. })));
}

proptest! {
    #[test]
    fn a_plan_is_what_its_request_says(request in any_request()) {
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
    fn a_plan_that_spares_is_what_its_request_says(request in any_economical_request()) {
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
            prop_assert_eq!(Ok(rendition.crop()), request.fit().rect_at(frame, target.size, request.options().focus));
            prop_assert_eq!(rendition.kept(), rendition.crop().kept_of(frame));
        }
        // The generations stand in the order of their first renditions, and each has one.
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

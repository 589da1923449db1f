//! How the variants of a generation are divided into calls, and the seed of each call.

use core::num::NonZeroU16;

use smart_resize::model::Model;
use smart_resize::request::{RequestBuilder, Sharing};

use super::{builder, one, plan};

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
fn the_occurrence_of_a_call_is_the_number_of_earlier_calls_that_ask_for_the_same() {
    let occurrences =
        |builder: RequestBuilder| -> Vec<u32> { plan(builder).calls().map(|(_, call)| call.occurrence()).collect() };
    // The last call makes one variant and not four.
    assert_eq!(occurrences(one().variants(9)), [0, 1, 0]);
    // Each call has its own seed.
    assert_eq!(occurrences(one().variants(9).seed(7)), [0, 0, 0]);
    // The squares ask the same question, and the other target does not.
    let sizes = ["64x64", "160x90", "9x9"];
    assert_eq!(occurrences(builder().sizes(sizes).sharing(Sharing::PerTarget).seed(7)), [0, 0, 1]);
}

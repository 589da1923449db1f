//! Targets that ask the same question share a generation, unless each has its own. Generations are in the order of
//! their first targets.

use smart_resize::Target;
use smart_resize::request::Sharing;

use crate::any::{insets, share, shared, size};
use crate::plan::{builder, cut_from, plan};

#[test]
fn the_same_question_is_asked_once_unless_each_target_has_its_own_generation() {
    // 64x64 and 9x9 are squares of the same preset, so their prompts are equal.
    let sizes = ["64x64", "300x250", "9x9", "600x500"];
    let shared = plan(builder().sizes(sizes).variants(2));
    assert_eq!(shared.sharing(), Sharing::Duplicates);
    assert_eq!(cut_from(&shared), [Some(0), Some(1), Some(0), Some(1)]);
    assert_eq!((shared.cost().to_string(), shared.cost_unshared().to_string()), ("$0.65".into(), "$1.25".into()));
    assert!(shared.renditions().iter().all(|rendition| rendition.loss() == share(0)));
    let one_by_one = plan(builder().sizes(sizes).sharing(Sharing::PerTarget));
    assert_eq!(cut_from(&one_by_one), [Some(0), Some(1), Some(2), Some(3)]);
    assert_eq!(one_by_one.cost_unshared(), one_by_one.cost());
    // The prompt of each generation is the one that its targets have alone.
    for (index, rendition) in shared.renditions().iter().enumerate() {
        let generation = &shared.generations()[rendition.generation().unwrap()];
        assert_eq!(generation.prompt(), one_by_one.generations()[index].prompt());
        assert_eq!(generation.preset(), one_by_one.generations()[index].preset());
    }
    // Another safe area is another question, and so is another tier of the same shape.
    let story = |edges| Target::new(size(64, 64)).safe_area(insets(edges));
    let apart = plan(builder().targets([story([0; 4]), story([100, 0, 0, 0]), Target::new(size(2000, 2000))]));
    assert_eq!(cut_from(&apart), [Some(0), Some(1), Some(2)]);
}

#[test]
fn generations_are_in_the_order_of_their_first_targets() {
    let plan = plan(builder().sizes(["90x160", "160x90", "100x100", "180x320", "99x99"]).sharing(shared(0)));
    assert_eq!(cut_from(&plan), [Some(0), Some(1), Some(2), Some(0), Some(2)]);
    let presets: Vec<_> = plan.generations().iter().map(|generation| generation.preset().to_string()).collect();
    // If two tiers have the same price, the plan takes the one that keeps more. The rounding of a larger preset changes
    // its shape less.
    assert_eq!(presets, ["9:16 2K", "16:9 2K", "1:1 1K"]);
}

#[test]
fn the_unshared_cost_is_that_of_each_target_in_its_own_generation() {
    // Alone, the targets cost $0.30 and $0.15 for each variant, and $0.05 is paid once.
    let cost = |sharing| {
        let plan = plan(builder().sizes(["3840x2160", "1280x720"]).variants(2).sharing(sharing));
        (plan.generations().len(), plan.cost_unshared().to_string())
    };
    assert_eq!(cost(shared(1000)), (1, "$0.95".into()));
    assert_eq!(cost(Sharing::PerTarget), (2, "$0.95".into()));
}

#[test]
fn sharing_uses_no_tier_below_the_floor() {
    use smart_resize::model::{Model, Tier};

    // A draft at 0.5K costs less, and covers both targets.
    let tier = |builder: smart_resize::request::RequestBuilder| {
        let builder = builder.model(Model::nano_banana_2()).sizes(["100x100", "200x200"]).sharing(shared(1000));
        plan(builder).generations()[0].preset().tier
    };
    assert_eq!(tier(builder()), Some(Tier::K1));
    assert_eq!(tier(builder().floor(Tier::HALF_K)), Some(Tier::HALF_K));
}

//! No target loses more of its usable area than the request allows.

use proptest::prelude::*;
use smart_resize::{Plan, Request, Target};

use super::{UNBOUNDED, any_case, source};
use crate::any::shared;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// The law also holds for a search that stops at its limit of nodes.
    #[test]
    fn no_shared_target_loses_more_than_is_allowed(
        case in any_case(7), nodes in prop_oneof![3 => Just(UNBOUNDED), 1 => 0..12_u64],
    ) {
        // A random request may need more calls than it allows. It has no plan, and the case is skipped.
        let Ok(plan) = Plan::new(&case.request(case.loss, None, nodes)) else { return Ok(()) };
        for (id, generation) in plan.generations().iter().enumerate() {
            let members = || plan.renditions().iter().zip(&case.targets).filter(|(cut, _)| cut.generation() == Some(id));
            let targets: Vec<&Target> = members().map(|(_, target)| target).collect();
            let common = case.common_pixels(generation.preset(), &targets);
            prop_assert!(common > 0, "the safe areas of {targets:?} conflict");
            for (rendition, target) in members() {
                // The loss is rounded up.
                let [lost, whole] = case.lost(generation.preset(), target, common);
                prop_assert_eq!(u128::from(rendition.loss().get()), (1000 * lost).div_ceil(whole));
                prop_assert!(rendition.loss().get() <= case.loss);
            }
        }
    }
}

#[test]
fn a_strip_does_not_take_the_common_area_from_banners() {
    let plan = |sizes: &[&str], loss| {
        Plan::new(&Request::builder(source()).sizes(sizes).sharing(shared(loss)).build().unwrap()).unwrap()
    };
    let banners = ["1500x500", "600x200", "851x315"];
    let with_strip = ["1500x500", "600x200", "851x315", "970x90"];
    assert_eq!(plan(&banners, 150).generations().len(), 1);
    let kept_apart = plan(&with_strip, 150);
    let generation = |plan: &Plan, index: usize| plan.renditions()[index].generation().unwrap();
    assert_eq!([0, 1, 2, 3].map(|index| generation(&kept_apart, index)), [0, 0, 0, 1]);
    assert_eq!(kept_apart.generations()[0].prompt(), plan(&banners, 150).generations()[0].prompt());
    // In one generation, all targets can use only the area of the strip. A banner of 3:1 keeps 3 / 10.78 = 27.8 % of
    // it.
    let together = plan(&with_strip, 800);
    assert_eq!(together.generations().len(), 1);
    let losses: Vec<_> = together.renditions().iter().map(|rendition| rendition.loss().to_string()).collect();
    assert_eq!(losses, ["72.2 %", "72.2 %", "75 %", "0 %"]);
}

//! The plan of any valid request: one rendition for each target, cut from a picture that covers it.

use proptest::prelude::*;
use smart_resize::Plan;
use smart_resize::model::UsdMicros;
use smart_resize::plan::Call;

use crate::any::{any_economical_request, any_request};

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

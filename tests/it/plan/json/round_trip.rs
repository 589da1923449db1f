//! A plan is equal after it is written as JSON and read back.

use proptest::prelude::*;
use smart_resize::Plan;

use crate::any::{any_economical_request, any_request};

proptest! {
    #[test]
    fn an_economical_plan_is_equal_after_a_round_trip(request in any_economical_request()) {
        let plan = Plan::new(&request).unwrap();
        let text = serde_json::to_string(&plan).unwrap();
        let again: Plan = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&again, &plan);
        prop_assert_eq!(serde_json::to_string(&again).unwrap(), text);
    }

    #[test]
    fn a_plan_is_equal_after_a_round_trip(request in any_request()) {
        let plan = Plan::new(&request).unwrap();
        let text = serde_json::to_string(&plan).unwrap();
        let again: Plan = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&again, &plan);
        prop_assert_eq!(serde_json::to_string(&again).unwrap(), text);
    }
}

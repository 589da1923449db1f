//! Runs with any replies and any budget, compared with a naive account.

use std::num::NonZeroUsize;

use proptest::collection::vec;
use proptest::prelude::*;
use smart_resize::generate::budget::Budget;
use smart_resize::model::UsdMicros;
use smart_resize::run::Driver;
use smart_resize::{Outcome, Plan};

use super::{Reply, Script, plan, refused, source};

/// The naive account, one call after the other: which calls are made, and the amount spent.
fn oracle(
    prices: &[(u64, u32)],
    per_request: u64,
    replies: &[Reply],
    max_cost: u64,
    max_calls: u32,
) -> (Vec<u32>, u64) {
    let (mut asked, mut spent, mut is_billed) = (Vec::new(), 0, false);
    for (call, ((per_image, images), reply)) in prices.iter().zip(replies).enumerate() {
        let mut price = per_image * u64::from(*images);
        if !is_billed {
            price += per_request;
        }
        if asked.len() as u32 == max_calls || spent + price > max_cost {
            continue;
        }
        asked.push(call as u32);
        if reply.bills > 0 {
            spent += per_image * u64::from(reply.bills);
            if !is_billed {
                spent += per_request;
            }
            is_billed = true;
        }
    }
    (asked, spent)
}

#[derive(Clone, Debug)]
struct Case {
    plan: Plan,
    replies: Vec<Reply>,
    max_cost: u64,
    max_calls: u32,
    at_a_time: NonZeroUsize,
}

/// Plans of up to twelve calls at two prices, with budgets near their cost. Each reply bills up to `bills` images; more
/// than four is more than any call requests.
fn any_case(bills: u32) -> impl Strategy<Value = Case> {
    let sizes = vec(prop_oneof![Just("30x20"), Just("3840x2160")], 1..7);
    let reply = (any::<bool>(), 0..=bills, 0..4_u8).prop_map(|(makes, bills, waits)| Reply { makes, bills, waits });
    let cents = prop_oneof![4 => 0..200_u64, 1 => Just(1_000_000)];
    let limits = (cents, -1..=1_i64, prop_oneof![Just(u32::MAX), 0..9_u32], 1..5_usize);
    (sizes, 1..7_u32, vec(reply, 12), limits).prop_map(
        |(sizes, variants, replies, (cents, nudge, max_calls, threads))| {
            let max_cost = (cents * 50_000).saturating_add_signed(nudge);
            Case { plan: plan(&sizes, variants), replies, max_cost, max_calls, at_a_time: threads.try_into().unwrap() }
        },
    )
}

impl Case {
    fn prices(&self) -> Vec<(u64, u32)> {
        let price = |(generation, call): (usize, &smart_resize::plan::Call)| {
            (self.plan.generations()[generation].per_image().0, call.variants())
        };
        self.plan.calls().map(price).collect()
    }

    /// The same case, in which no call bills more images than planned.
    fn planned(mut self) -> Self {
        let prices = self.prices();
        for (reply, (_, images)) in self.replies.iter_mut().zip(prices) {
            reply.bills = reply.bills.min(images);
        }
        self
    }

    fn budget(&self) -> Budget {
        Budget::new().max_cost(UsdMicros(self.max_cost)).max_calls(self.max_calls)
    }

    /// The laws of every run with several calls in flight.
    fn check(&self, outcome: &Outcome, budget: &Budget, script: &Script<'_>) {
        let log = script.log.lock().unwrap();
        assert_eq!(budget.spent(), outcome.cost(&self.plan));
        assert_eq!(budget.calls() as usize, log.asked.len());
        assert!(budget.calls() <= self.max_calls);
        assert_eq!(budget.remaining(), Some(UsdMicros(self.max_cost.saturating_sub(budget.spent().0))));
        let per_request = if log.is_billed { 0 } else { self.plan.per_request().0 };
        for (call, ((per_image, images), refused)) in self.prices().into_iter().zip(refused(outcome)).enumerate() {
            assert_ne!(refused, log.asked.contains(&(call as u32)));
            // A refused call would not fit even now that no call is in flight.
            let price = per_image * u64::from(images) + per_request;
            assert!(!refused || budget.calls() == self.max_calls || budget.spent().0 + price > self.max_cost);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn sequential_calls_are_those_of_the_naive_account(case in any_case(9)) {
        let (source, budget, script) = (source(), case.budget(), Script::new(&case.replies));
        let outcome = script.run(&Driver::new(&case.plan, &source).budget(&budget));
        let per_request = case.plan.per_request().0;
        let expected = oracle(&case.prices(), per_request, &case.replies, case.max_cost, case.max_calls);
        prop_assert_eq!((script.asked(), budget.spent().0), expected);
        case.check(&outcome, &budget, &script);
    }

    #[test]
    fn concurrent_calls_never_exceed_the_budget_and_none_is_lost(case in any_case(4)) {
        let (case, source) = (case.planned(), source());
        for threads in [true, false] {
            let (budget, script) = (case.budget(), Script::new(&case.replies));
            let driver = Driver::new(&case.plan, &source).budget(&budget);
            let outcome = if threads {
                script.run_on_threads(&driver, case.at_a_time)
            } else {
                script.run_async(&driver, case.at_a_time)
            };
            case.check(&outcome, &budget, &script);
            prop_assert!(budget.spent().0 <= case.max_cost);
            prop_assert!(script.log.lock().unwrap().most_committed <= case.max_cost);
        }
    }

    #[test]
    fn no_concurrent_call_is_lost_whatever_is_billed(case in any_case(9)) {
        let source = source();
        let (budget, script) = (case.budget(), Script::new(&case.replies));
        let outcome = script.run_async(&Driver::new(&case.plan, &source).budget(&budget), case.at_a_time);
        case.check(&outcome, &budget, &script);
    }
}

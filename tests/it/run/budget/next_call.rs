//! A call is made if the rest of the budget covers its price.

use smart_resize::run::Driver;

use super::{BILLED, FAILED, MADE, Reply, Script, budget, dollars, plan, refused, source};

/// Runs four calls within a budget, and checks which of them are made and what is spent. The other calls are refused.
#[track_caller]
fn run_within(max_cost: f64, max_calls: u32, replies: &[Reply], asked: &[u32], spent: f64) {
    let sizes = ["30x20", "3840x2160", "20x30", "9x9"];
    let (plan, source) = (plan(&sizes, 1), source());
    let (budget, script) = (budget(max_cost).max_calls(max_calls), Script::new(replies));
    let outcome = script.run(&Driver::new(&plan, &source).budget(&budget));
    assert_eq!((script.asked(), budget.spent()), (asked.to_vec(), dollars(spent)));
    assert_eq!((outcome.cost(&plan), budget.calls()), (budget.spent(), asked.len() as u32));
    assert_eq!(refused(&outcome), (0..4).map(|call| !asked.contains(&call)).collect::<Vec<_>>());
}

#[test]
fn a_call_is_made_if_the_budget_still_covers_its_price() {
    // The calls cost $0.15, $0.30, $0.15 and $0.15, plus $0.05 once.
    run_within(0.80, 4, &[MADE; 4], &[0, 1, 2, 3], 0.80);
    // A cheaper call is made after a more expensive one was refused.
    run_within(0.79, 4, &[MADE; 4], &[0, 1, 2], 0.65);
    run_within(0.50, 4, &[MADE; 4], &[0, 1], 0.50);
    run_within(0.49, 4, &[MADE; 4], &[0, 2], 0.35);
    run_within(0.20, 4, &[MADE; 4], &[0], 0.20);
    run_within(0.19, 4, &[MADE; 4], &[], 0.0);
    run_within(0.0, 4, &[MADE; 4], &[], 0.0);
    // A limit on the number of calls.
    run_within(9.0, 3, &[MADE; 4], &[0, 1, 2], 0.65);
    run_within(9.0, 1, &[FAILED; 4], &[0], 0.0);
    run_within(9.0, 0, &[MADE; 4], &[], 0.0);
    // A failure that is not billed returns its price to the budget.
    run_within(0.20, 4, &[FAILED, FAILED, MADE, MADE], &[0, 2], 0.20);
    run_within(0.35, 4, &[FAILED; 4], &[0, 1, 2, 3], 0.0);
    // A failure that is billed is deducted before the next call.
    run_within(0.50, 4, &[BILLED; 4], &[0, 1], 0.50);
    run_within(0.64, 4, &[BILLED, BILLED, MADE, MADE], &[0, 1], 0.50);
    // An answer that is not billed costs nothing. After an answer billed above its price, later calls are refused.
    run_within(0.35, 4, &[MADE.billing(0); 4], &[0, 1, 2, 3], 0.0);
    run_within(0.50, 4, &[MADE.billing(4), MADE, MADE, MADE], &[0], 0.65);
    run_within(0.50, 4, &[FAILED.billing(3), MADE, MADE, MADE], &[0], 0.50);
}

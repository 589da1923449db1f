//! Calls of one plan that ask the same have different fingerprints, so that each has its own answer.

use smart_resize::Request;
use smart_resize::request::Sharing;

use super::{plan, preset, prices, source, table};

#[test]
fn no_two_calls_of_a_plan_share_a_fingerprint() {
    // The same target three times, each in calls of 4, 4 and 1 variants without a seed: nine calls in two equal groups.
    let table = table("model", preset());
    let builder = Request::builder(source())
        .prices(prices(&table))
        .model(table)
        .sizes(["900x300", "900x300", "900x300"])
        .sharing(Sharing::PerTarget)
        .variants(9);
    let plan = plan(builder);
    let occurrences: Vec<_> = plan.calls().map(|(_, call)| call.occurrence()).collect();
    assert_eq!(occurrences, [0, 1, 0, 2, 3, 1, 4, 5, 2]);
    let mut found: Vec<_> = plan.calls().map(|(_, call)| call.fingerprint().unwrap()).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 9);
}

//! Targets whose safe areas have no pixel in common do not share a generation.

use smart_resize::{Plan, Request, Target};

use super::source;
use crate::any::{insets, shared, size};

#[test]
fn targets_with_conflicting_safe_areas_are_kept_apart_at_any_loss() {
    let target = |edges| Target::new(size(1024, 1024)).safe_area(insets(edges));
    let generations = |targets: [Target; 2]| {
        let request = Request::builder(source()).targets(targets).sharing(shared(1000)).build();
        Plan::new(&request.unwrap()).unwrap().generations().len()
    };
    // The upper and the lower half.
    assert_eq!(generations([target([0, 0, 500, 0]), target([500, 0, 0, 0])]), 2);
    assert_eq!(generations([target([0, 0, 499, 0]), target([500, 0, 0, 0])]), 1);
}

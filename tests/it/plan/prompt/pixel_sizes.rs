//! No prompt names a size in pixels.

use proptest::prelude::*;
use proptest::sample::select;
use smart_resize::prompt::Wording;
use smart_resize::{Plan, Request};

use super::numbers;
use crate::any::any_request;

proptest! {
    #[test]
    fn no_pixel_size_is_ever_named(request in any_request(), wording in select(Wording::ALL.to_vec())) {
        // Scenes and instructions may name sizes, so both are left out here.
        let mut builder = Request::builder(request.source().clone())
            .targets(request.targets().iter().cloned())
            .model(request.model().clone())
            .prices(request.prices().clone())
            .fit(request.fit())
            .template(wording)
            .smallest(request.smallest());
        if let Some(floor) = request.floor() {
            builder = builder.floor(floor);
        }
        let plan = Plan::new(&builder.build().unwrap()).unwrap();
        for generation in plan.generations() {
            let text: &str = generation.prompt();
            // Every pixel size that could appear is larger than the percentages of version 1.
            prop_assert!(numbers(text).iter().all(|number| *number <= 100), "{}", text);
            prop_assert!(wording == Wording::V1 || !text.contains('%'), "{}", text);
            let by = |c: char| c == 'x' || c == 'X' || c == '×';
            for (before, after) in text.split(by).zip(text.split(by).skip(1)) {
                let digits = before.ends_with(|c: char| c.is_ascii_digit()) && after.starts_with(|c: char| c.is_ascii_digit());
                prop_assert!(!digits, "{}", text);
            }
            let mut words = text.split(|c: char| !c.is_alphanumeric());
            prop_assert!(!words.any(|word| word.ends_with("px") || word.starts_with("pixel")), "{}", text);
        }
    }
}

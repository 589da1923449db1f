//! The brief and the prompt in a plan.

use proptest::prelude::*;
use smart_resize::geometry::Fit;
use smart_resize::model::Tier;
use smart_resize::prompt::{Brief, PromptTemplate, Wording};
use smart_resize::{Plan, Request, Source, Target};

use crate::any::{any_insets, any_request, any_size, size};

proptest! {
    #[test]
    fn a_plan_has_the_brief_of_its_target_and_the_prompt_of_the_brief(
        target in any_size(), safe in any_insets(), source in any_size(), crop in any::<bool>(),
    ) {
        let target = size(target.width().min(3072), target.height().min(2688));
        let fit = if crop { Fit::Crop } else { Fit::Cover };
        let request = Request::builder(Source::from_url("u").size(source))
            .targets([Target::new(target).safe_area(safe).purpose("a test").instruction(" Go. ")])
            .fit(fit)
            .floor(Tier::K4)
            .build()
            .unwrap();
        let plan = Plan::new(&request).unwrap();
        let generation = &plan.generations()[0];
        let part = fit.rect(generation.size(), target).unwrap();
        let brief = Brief::new(*generation.preset())
            .source_size(source)
            .surviving(part)
            .safe_area(safe.inside(part, target))
            .purpose("a test")
            .instruction("Go.");
        prop_assert_eq!(&**generation.brief(), &brief);
        let expected = Wording::V2.prompt(&brief);
        prop_assert_eq!(&**generation.prompt(), expected.as_str());
    }

    #[test]
    fn equal_requests_have_equal_plans(request in any_request()) {
        prop_assert_eq!(Plan::new(&request), Plan::new(&request.clone()));
    }
}

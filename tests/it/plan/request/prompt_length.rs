//! The length of the whole prompt is limited by the model.

use smart_resize::Plan;
use smart_resize::model::Model;
use smart_resize::plan::PlanError;
use smart_resize::request::Sharing;

use super::builder;

#[test]
fn the_length_of_the_whole_prompt_is_limited_by_the_model() {
    // An instruction lengthens the prompt by a constant plus its own length, so the limit can be met exactly.
    let of = |table: &Model, chars: usize| {
        let request = builder()
            .sizes(["9x9", "64x64"])
            .sharing(Sharing::PerTarget)
            .model(table.clone())
            .instruction("é".repeat(chars))
            .build();
        Plan::new(&request.unwrap())
    };
    let table = Model::nano_banana();
    let own = of(&table, 1).unwrap().generations()[0].prompt().chars().count() - 1;
    let room = 5000 - own;
    assert_eq!(of(&table, room).unwrap().generations()[1].prompt().chars().count(), 5000);
    let error = of(&table, room + 1).unwrap_err();
    assert_eq!(error, PlanError::PromptTooLong { index: 0, chars: 5001, max: 5000 });
    assert_eq!(error.to_string(), "the whole prompt of target 0 has 5001 characters; expected at most 5000");
    // The limit of the other models is ten times as high.
    assert!(of(&Model::nano_banana_pro(), 5000).is_ok());
    let short = Model::nano_banana_pro().prompt_chars(own);
    assert!(matches!(of(&short, 1), Err(PlanError::PromptTooLong { index: 0, .. })));
}

#[test]
fn a_prompt_too_long_names_its_target() {
    let request = builder().sizes(["1024x1024", "1024x100"]).build().unwrap();
    let square = Plan::new(&request).unwrap().generations()[0].prompt().chars().count();
    // The prompt of the second target names a band, so it is longer.
    let table = Model::nano_banana_pro().prompt_chars(square);
    let request = builder().sizes(["1024x1024", "1024x100"]).model(table).build().unwrap();
    assert!(matches!(Plan::new(&request), Err(PlanError::PromptTooLong { index: 1, .. })));
}

//! Models whose presets are sizes in pixels, without a label for the aspect ratio or the tier.

use serde_json::Value;
use smart_resize::model::{Model, Preset, PriceList, UsdMicros};
use smart_resize::wire::fal::{EditInput, EditModel};
use smart_resize::wire::gemini::GenerateContentRequest;
use smart_resize::{Plan, Request, Source};

use crate::any::size;

fn plan() -> (Plan, Source) {
    let presets = vec![Preset::new(size(1024, 1024)), Preset::new(size(1536, 1024)), Preset::new(size(1024, 1536))];
    let prices = PriceList::new(UsdMicros(0)).price("by-pixels", None, UsdMicros(40_000));
    let model = Model::new("by-pixels", presets).unwrap().prices(prices);
    let source = Source::from_bytes(*b"the bytes of a photo");
    let request = Request::builder(source.clone()).model(model).sizes(["1000x1000", "1200x800"]).build();
    (Plan::new(&request.unwrap()).unwrap(), source)
}

#[test]
fn a_generation_has_a_size_and_no_label() {
    let (plan, source) = plan();
    let found: Vec<_> = plan.generations().iter().map(|made| (made.size(), made.preset().to_string())).collect();
    assert_eq!(found, [(size(1024, 1024), "1024x1024".into()), (size(1536, 1024), "1536x1024".into())]);
    let start = "Edit the provided image so that it becomes a ";
    assert!(plan.generations().iter().all(|made| made.prompt().starts_with(start)), "{plan:?}");
    assert!(plan.generations().iter().all(|made| !made.prompt().contains("aspect ratio")), "{plan:?}");
    assert_eq!(plan.requests(&source).unwrap()[1].preset().size, size(1536, 1024));
}

#[test]
fn a_missing_label_is_null_in_json_and_read_back() {
    let (plan, _) = plan();
    let document = serde_json::to_value(&plan).unwrap();
    let first = &document["generations"][0];
    assert_eq!((&first["aspect_ratio"], &first["resolution"]), (&Value::Null, &Value::Null));
    assert_eq!((&first["width"], &first["height"]), (&1024.into(), &1024.into()));
    assert_eq!(serde_json::from_value::<Plan>(document.clone()).unwrap(), plan);
    let mut less = document;
    less["generations"][0].as_object_mut().unwrap().remove("aspect_ratio");
    let error = serde_json::from_value::<Plan>(less).unwrap_err().to_string();
    assert!(error.starts_with("missing field `aspect_ratio`"), "{error}");
}

#[test]
fn services_that_need_labels_refuse_the_request() {
    let (plan, source) = plan();
    let request = &plan.requests(&source).unwrap()[0];
    let reason = |error: &dyn std::error::Error| error.source().unwrap().to_string();
    let fal = EditInput::new(EditModel::NanoBananaPro, request, "https://example.com/a.png").unwrap_err();
    assert_eq!(reason(&fal), "preset of 1024x1024 has no aspect ratio; expected one that the endpoint offers");
    let gemini = GenerateContentRequest::new(request).unwrap_err();
    assert_eq!(reason(&gemini), "preset of 1024x1024 has no aspect ratio; expected one that the API offers");
}

#[test]
fn two_presets_of_one_size_without_labels_are_refused() {
    let twice = vec![Preset::new(size(9, 9)), Preset::new(size(8, 9)), Preset::new(size(9, 9))];
    let error = Model::new("by-pixels", twice).unwrap_err();
    assert!(error.to_string().ends_with("preset 2 has the labels of preset 0: 9x9"), "{error}");
}

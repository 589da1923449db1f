//! The JSON Schemas in `schemas/` are those of the types. `cargo xtask bless` writes them after a change.

use std::fs;
use std::path::Path;

use schemars::{Schema, schema_for};
use smart_resize::plan::placement::Placement;
use smart_resize::scene::Scene;
use smart_resize::wire::{fal, gemini};

fn schemas() -> [(&'static str, Schema); 12] {
    [
        ("fal/cancel-answer", schema_for!(fal::CancelAnswer)),
        ("fal/edit-input", schema_for!(fal::EditInput)),
        ("fal/edit-output", schema_for!(fal::EditOutput)),
        ("fal/error-body", schema_for!(fal::ErrorBody)),
        ("fal/queue-status", schema_for!(fal::QueueStatus)),
        ("fal/smart-resize-input", schema_for!(fal::SmartResizeInput)),
        ("fal/smart-resize-output", schema_for!(fal::SmartResizeOutput)),
        ("fal/webhook", schema_for!(fal::Webhook)),
        ("gemini/generate-content-request", schema_for!(gemini::GenerateContentRequest)),
        ("gemini/generate-content-response", schema_for!(gemini::GenerateContentResponse)),
        ("placement", schema_for!(Placement)),
        ("scene", schema_for!(Scene)),
    ]
}

#[test]
fn the_schemas_are_those_of_the_types() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let is_writing = std::env::var_os("BLESS").is_some();
    for (name, schema) in schemas() {
        let path = root.join(format!("{name}.json"));
        let expected = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if is_writing {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &expected).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(found == expected, "schemas/{name}.json is not that of the type; cargo xtask bless writes it");
    }
    let count =
        |folder: &Path| fs::read_dir(folder).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_file()).count();
    let found = ["", "fal", "gemini"].map(|folder| count(&root.join(folder)));
    assert_eq!(found.iter().sum::<usize>(), schemas().len(), "there is a schema without a type");
}

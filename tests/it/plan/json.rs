//! The JSON of a plan.

mod changed_values;
mod document;
mod fields;
mod refusals;
mod round_trip;
mod versions;

use insta::{assert_snapshot, with_settings};
use serde_json::Value;
use smart_resize::geometry::{Focus, Insets};
use smart_resize::model::UsdMicros;
use smart_resize::scene::Area;
use smart_resize::{Format, Plan, Request, Source, Target};

use crate::any::{insets, share, shared, size};

/// Two targets of two shapes, one with a safe area, in two calls each.
fn small() -> Plan {
    let source = Source::from_bytes(*b"the bytes of a photo").size(size(3000, 2000));
    let story = Target::new(size(1080, 1920)).safe_area(insets([140, 0, 200, 0]));
    let request = Request::builder(source)
        .sizes(["1920x1080"])
        .targets([story])
        .variants(5)
        .seed(7)
        .format(Format::Jpeg)
        .instruction("Make it winter.")
        .build();
    Plan::new(&request.unwrap()).unwrap()
}

/// Three targets, two of which share a generation and one of which is cut from the source. Every other option of a
/// target and a request is set.
fn economical() -> Plan {
    let source = Source::from_bytes(*b"the bytes of a photo").size(size(600, 500));
    let banner = Target::new(size(1200, 628)).safe_area(Insets::from_pixels(10, 20, 30, 40));
    let request = Request::builder(source)
        .sizes(["1280x720", "300x250"])
        .targets([banner.format(Format::Jpeg).max_bytes(150_000)])
        .seed(7)
        .focus(Focus::from(Area::new(600, 400, 900, 500).unwrap()))
        .sharing(shared(200))
        .crop_source_above(share(1000))
        .max_cost(UsdMicros(200_000))
        .max_calls(1)
        .build();
    Plan::new(&request.unwrap()).unwrap()
}

fn document(plan: &Plan) -> Value {
    serde_json::to_value(plan).unwrap()
}

fn read(document: &Value) -> Result<Plan, String> {
    // Through text, as from a file, so that numbers are parsed.
    serde_json::from_str(&document.to_string()).map_err(|error| error.to_string())
}

/// The error of a refused document, without the line and column that serde_json adds.
fn refused(document: &Value) -> String {
    let message = read(document).unwrap_err();
    message.split(" at line ").next().unwrap().to_owned()
}

fn golden(name: &str, text: &str) {
    with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        assert_snapshot!(name, text);
    });
}

//! The fingerprint of a call, which identifies a stored answer. This file has what the tests in its modules share.

mod contents;
mod encoding;
mod text;
mod unique;

use core::num::NonZeroU16;

use smart_resize::model::{Model, Preset, PriceList, UsdMicros};
use smart_resize::plan::Fingerprint;
use smart_resize::request::RequestBuilder;
use smart_resize::{Plan, Request, Source};

use crate::any::size;

const PICTURE: &[u8] = b"the encoded bytes of a picture";

/// A model with one preset.
fn table(model: &'static str, preset: Preset) -> Model {
    Model::new(model, vec![preset]).unwrap().variants_per_call(NonZeroU16::new(4).unwrap())
}

fn prices(table: &Model) -> PriceList {
    let model = table.name().to_owned();
    PriceList::new(UsdMicros(0)).price(model, table.presets()[0].tier, UsdMicros(1))
}

fn preset() -> Preset {
    Preset::new(size(900, 300)).ratio("3:1".parse().unwrap()).tier("1K".parse().unwrap())
}

fn source() -> Source {
    Source::from_bytes(PICTURE)
}

/// The request from which each case differs in one respect.
fn base(source: Source, table: Model) -> RequestBuilder {
    of_size("900x300", source, table)
}

fn of_size(target: &str, source: Source, table: Model) -> RequestBuilder {
    Request::builder(source)
        .prices(prices(&table))
        .model(table)
        .sizes([target])
        .instruction("Make it winter.")
        .variants(2)
        .safety_tolerance(4)
        .seed(7)
}

fn usual() -> RequestBuilder {
    base(source(), table("model", preset()))
}

fn plan(builder: RequestBuilder) -> Plan {
    Plan::new(&builder.build().unwrap()).unwrap()
}

/// The fingerprint of each call, which is `None` if the source has no digest.
fn fingerprints(builder: RequestBuilder) -> Vec<Option<Fingerprint>> {
    plan(builder).calls().map(|(_, call)| call.fingerprint()).collect()
}

fn first(builder: RequestBuilder) -> Fingerprint {
    fingerprints(builder)[0].unwrap()
}

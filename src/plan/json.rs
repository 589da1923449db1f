//! A plan as a document: flat, named as people speak of it, and checked in full when it is read.
//!
//! Reading computes every derived value anew and compares. A document that says anything else than what this
//! version would have planned from its own choices is refused, with the place.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Display;

use serde::de::{Deserializer, Error};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::fingerprint::{Digest, Fingerprint};
use super::fit::{Fit, Kept, Rect};
use super::preset::{AspectRatio, Preset, Resolution};
use super::price::UsdMicros;
use super::request::{MAX_TARGETS, MAX_VARIANTS};
use super::target::Insets;
use super::{Call, CallId, Generation, Header, Plan, Rendition, call_seed};
use crate::format::Format;
use crate::size::Size;

/// The longest prompt of a document, in characters: what the most patient of the built-in models takes, twice.
const MAX_DOCUMENT_PROMPT_CHARS: usize = 100_000;

/// The version of the document. It changes with the meaning of any field.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(deserialize_with = "version")]
    version: u32,
    model: String,
    source_digest: Option<Digest>,
    safety_tolerance: u8,
    transfer_format: Format,
    generations: Vec<GenerationDocument>,
    renditions: Vec<RenditionDocument>,
    usd_micros_per_request: UsdMicros,
    cost_usd_micros: UsdMicros,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GenerationDocument {
    id: usize,
    aspect_ratio: AspectRatio,
    resolution: Option<Resolution>,
    width: u32,
    height: u32,
    prompt: String,
    usd_micros_per_image: UsdMicros,
    calls: Vec<CallDocument>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CallDocument {
    id: CallId,
    variants: u32,
    seed: Option<u64>,
    fingerprint: Option<Fingerprint>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RenditionDocument {
    target: Size,
    generation: usize,
    fit: Fit,
    format: Format,
    #[serde(default, skip_serializing_if = "is_none")]
    safe_area: Insets,
    crop: RectDocument,
    kept_percent: Kept,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RectDocument {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none(insets: &Insets) -> bool {
    *insets == Insets::default()
}

/// Checked where it is read, which is first in a document as it is written: another version may have other fields.
fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let found = u32::deserialize(deserializer)?;
    expect("version", &found, &VERSION).map_err(Error::custom)?;
    Ok(found)
}

/// A value that is not what it has to be.
fn expect<T: PartialEq + Display>(place: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{place} is {found}, expected {expected}")) }
}

fn check(condition: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(message()) }
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Document::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Plan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Document::deserialize(deserializer)?.check().map_err(Error::custom)
    }
}

impl Serialize for Rect {
    /// As `{"x", "y", "width", "height"}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RectDocument::from(*self).serialize(serializer)
    }
}

impl From<Rect> for RectDocument {
    fn from(rect: Rect) -> Self {
        Self { x: rect.x(), y: rect.y(), width: rect.width(), height: rect.height() }
    }
}

impl From<&Plan> for Document {
    fn from(plan: &Plan) -> Self {
        let header = &plan.header;
        Self {
            version: VERSION,
            model: header.model.to_string(),
            source_digest: header.source_digest,
            safety_tolerance: header.safety_tolerance,
            transfer_format: header.transfer_format,
            generations: plan.generations.iter().enumerate().map(GenerationDocument::from).collect(),
            renditions: plan.renditions.iter().map(RenditionDocument::from).collect(),
            usd_micros_per_request: header.per_request,
            cost_usd_micros: plan.cost,
        }
    }
}

impl From<(usize, &Generation)> for GenerationDocument {
    fn from((id, generation): (usize, &Generation)) -> Self {
        let preset = &generation.preset;
        let call = |call: &Call| CallDocument {
            id: call.id,
            variants: call.variants,
            seed: call.seed,
            fingerprint: call.fingerprint,
        };
        Self {
            id,
            aspect_ratio: preset.ratio(),
            resolution: preset.resolution(),
            width: preset.size().width(),
            height: preset.size().height(),
            prompt: generation.prompt.to_string(),
            usd_micros_per_image: generation.per_image,
            calls: generation.calls.iter().map(call).collect(),
        }
    }
}

impl From<&Rendition> for RenditionDocument {
    fn from(rendition: &Rendition) -> Self {
        Self {
            target: rendition.target,
            generation: rendition.generation,
            fit: rendition.fit,
            format: rendition.format,
            safe_area: rendition.safe_area,
            crop: rendition.crop.into(),
            kept_percent: rendition.kept,
        }
    }
}

impl Document {
    /// The plan that the document's choices lead to, if the document says the same.
    fn check(self) -> Result<Plan, String> {
        check((1..=6).contains(&self.safety_tolerance), || {
            format!("safety_tolerance is {}, expected 1 to 6", self.safety_tolerance)
        })?;
        check(!self.model.is_empty(), || "model is empty".to_string())?;
        let found = self.renditions.len();
        check((1..=MAX_TARGETS).contains(&found), || format!("{found} renditions, expected 1 to {MAX_TARGETS}"))?;
        let found = self.generations.len();
        check(found <= MAX_TARGETS, || format!("{found} generations, at most {MAX_TARGETS}"))?;

        let generations =
            self.generations.iter().enumerate().map(GenerationDocument::check).collect::<Result<Vec<_>, _>>()?;
        let place = |index| format!("renditions[{index}]");
        let mut renditions = Vec::with_capacity(self.renditions.len());
        let mut used = alloc::vec![false; generations.len()];
        for (index, rendition) in self.renditions.iter().enumerate() {
            renditions.push(rendition.check(&generations).map_err(|error| format!("{}: {error}", place(index)))?);
            used.iter_mut().skip(rendition.generation).take(1).for_each(|used| *used = true);
        }
        if let Some(unused) = used.iter().position(|used| !used) {
            return Err(format!("generations[{unused}] has no rendition"));
        }

        let header = Header {
            model: self.model.into(),
            source_digest: self.source_digest,
            safety_tolerance: self.safety_tolerance,
            transfer_format: self.transfer_format,
            per_request: self.usd_micros_per_request,
        };
        let plan = Plan::assemble(header, generations, renditions);
        expect("cost_usd_micros", &self.cost_usd_micros.0, &plan.cost.0)?;
        let found = self.generations.iter().flat_map(|generation| &generation.calls);
        for (found, (index, call)) in found.zip(plan.calls()) {
            let place = |field| format!("generations[{index}]: call {}: {field}", call.id());
            expect(&place("id"), &found.id, &call.id)?;
            let print = |fingerprint: Option<Fingerprint>| fingerprint.map_or("null".into(), |hash| hash.to_string());
            expect(&place("fingerprint"), &print(found.fingerprint), &print(call.fingerprint))?;
        }
        Ok(plan)
    }
}

impl GenerationDocument {
    fn check((index, this): (usize, &Self)) -> Result<Generation, String> {
        let place = format!("generations[{index}]");
        expect(&format!("{place}: id"), &this.id, &index)?;
        let size = Size::new(this.width, this.height).map_err(|error| format!("{place}: {error}"))?;
        let chars = this.prompt.chars().count();
        check((1..=MAX_DOCUMENT_PROMPT_CHARS).contains(&chars), || {
            format!("{place}: prompt of {chars} characters, expected 1 to {MAX_DOCUMENT_PROMPT_CHARS}")
        })?;
        let seed = this.calls.first().and_then(|call| call.seed);
        let mut total = 0_u32;
        let mut calls = Vec::with_capacity(this.calls.len().min(MAX_VARIANTS as usize));
        for (number, call) in (0_u32..).zip(&this.calls) {
            check(call.variants > 0, || format!("{place}: calls[{number}] has 0 variants"))?;
            let expected = seed.map(|seed| call_seed(seed, number));
            check(call.seed == expected, || {
                let [found, expected] = [call.seed, expected].map(|seed| seed.map_or("null".into(), |n| n.to_string()));
                format!("{place}: calls[{number}] has the seed {found}, expected {expected}")
            })?;
            total = total.saturating_add(call.variants);
            check(total <= MAX_VARIANTS, || format!("{place}: {total} variants, at most {MAX_VARIANTS}"))?;
            calls.push(Call::new(call.variants, call.seed));
        }
        check(total > 0, || format!("{place} has no call"))?;
        Ok(Generation {
            preset: Preset::new(size, this.aspect_ratio, this.resolution),
            prompt: this.prompt.as_str().into(),
            per_image: this.usd_micros_per_image,
            calls,
        })
    }
}

impl RenditionDocument {
    fn check(&self, generations: &[Generation]) -> Result<Rendition, String> {
        let Some(generation) = generations.get(self.generation) else {
            return Err(format!("generation is {}, of {}", self.generation, generations.len()));
        };
        let (target, max) = (self.target, self.format.max_side());
        check(target.width().max(target.height()) <= max, || {
            format!("{target} is too long for {}: at most {max} pixels a side", self.format)
        })?;
        let frame = generation.preset.size();
        let crop = self.fit.rect(frame, target).map_err(|error| error.to_string())?;
        let expected = RectDocument::from(crop);
        expect("crop.x", &self.crop.x, &expected.x)?;
        expect("crop.y", &self.crop.y, &expected.y)?;
        expect("crop.width", &self.crop.width, &expected.width)?;
        expect("crop.height", &self.crop.height, &expected.height)?;
        let kept = crop.kept_of(frame);
        expect("kept_percent", &self.kept_percent, &kept)?;
        Ok(Rendition {
            target,
            generation: self.generation,
            fit: self.fit,
            format: self.format,
            safe_area: self.safe_area,
            crop,
            kept,
        })
    }
}

//! The JSON document of a plan.
//!
//! Reading recomputes every derived value and compares it with the document. A document that differs from what this
//! version of the crate computes is refused. The error names the field.

mod read;

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::de::{Deserializer, Error};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use self::read::expect;
use super::content::{Call, CallId, Generation, Plan, Rendition};
use super::reference::PlannedReference;
use super::share::{Optimality, Unshared};
use crate::digest::{Digest, Fingerprint};
use crate::format::Format;
use crate::geometry::fit::Fit;
use crate::geometry::focus::Focus;
use crate::geometry::insets::Insets;
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::preset::{AspectRatio, Tier};
use crate::model::price::UsdMicros;
use crate::prompt::brief::{Brief, Relation};
use crate::prompt::template::TemplateId;
use crate::request::bounds::Bounds;
use crate::request::options::CallOptions;
use crate::request::sharing::Sharing;
use crate::scene::Scene;
use crate::size::Size;

/// The version of the document. It changes with the meaning of any field.
const VERSION: u32 = 4;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(deserialize_with = "version")]
    version: u32,
    model: String,
    template: TemplateId,
    source_digest: Option<Digest>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    references: Vec<PlannedReference>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_size: Option<Size>,
    options: CallOptions,
    #[serde(default, skip_serializing_if = "is_default")]
    sharing: Sharing,
    /// Present if the set of generations was searched for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    optimality: Option<Optimality>,
    generations: Vec<GenerationDocument>,
    renditions: Vec<RenditionDocument>,
    #[serde(default, rename = "max_enlargement_percent", skip_serializing_if = "is_default")]
    max_enlargement: PerMille,
    usd_micros_per_request: UsdMicros,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_cost_usd_micros: Option<UsdMicros>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_calls: Option<u32>,
    #[serde(default, skip_serializing_if = "is_default")]
    bounds: Bounds,
    cost_usd_micros: UsdMicros,
    /// The cost without sharing. Present if the set of generations was searched for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cost_unshared_usd_micros: Option<UsdMicros>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GenerationDocument {
    id: usize,
    /// Null, and not missing, if the preset has no ratio.
    #[serde(deserialize_with = "Option::deserialize")]
    aspect_ratio: Option<AspectRatio>,
    resolution: Option<Tier>,
    width: u32,
    height: u32,
    brief: BriefDocument,
    prompt: String,
    usd_micros_per_image: UsdMicros,
    calls: Vec<CallDocument>,
}

/// A [`Brief`] without the size and the references, which the document has elsewhere.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BriefDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_size: Option<Size>,
    relation: Relation,
    surviving: RectDocument,
    safe_area: RectDocument,
    #[serde(default, skip_serializing_if = "is_default")]
    focus: Focus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scene: Option<Arc<Scene>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purpose: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instruction: Option<Arc<str>>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Arc<str>>,
    target: Size,
    /// Null, and not missing, if the target is cut from the source.
    #[serde(deserialize_with = "Option::deserialize")]
    generation: Option<usize>,
    fit: Fit,
    format: Format,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quality: Option<u8>,
    #[serde(default, skip_serializing_if = "is_default")]
    focus: Focus,
    #[serde(default, skip_serializing_if = "is_default")]
    safe_area: Insets,
    crop: RectDocument,
    kept_percent: PerMille,
    #[serde(default, skip_serializing_if = "is_default")]
    enlarged_percent: PerMille,
    /// Present if the set of generations was searched for and the target is cut from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unshared: Option<UnsharedDocument>,
}

/// The preset that a target would be cut from alone, and the loss compared with it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnsharedDocument {
    /// Null, and not missing, if the preset has no ratio.
    #[serde(deserialize_with = "Option::deserialize")]
    aspect_ratio: Option<AspectRatio>,
    resolution: Option<Tier>,
    width: u32,
    height: u32,
    usd_micros_per_image: UsdMicros,
    loss_percent: PerMille,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RectDocument {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Reads the version and checks it. It is the first field of a written document, so a document of another version is
/// refused for its version and not for the fields in which it differs.
fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let found = u32::deserialize(deserializer)?;
    expect("version", &found, &VERSION).map_err(Error::custom)?;
    Ok(found)
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
    /// Writes an object with the fields `x`, `y`, `width` and `height`.
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
            template: header.template.clone(),
            references: header.references.clone(),
            source_digest: header.source_digest,
            source_size: header.source_size,
            options: header.options,
            sharing: header.sharing,
            // Without a search the optimality is always the same, so the document leaves it out.
            optimality: header.sharing.is_searched().then_some(header.optimality),
            generations: plan.generations.iter().enumerate().map(GenerationDocument::from).collect(),
            renditions: plan.renditions.iter().map(RenditionDocument::from).collect(),
            max_enlargement: header.max_enlargement,
            usd_micros_per_request: header.per_request,
            max_cost_usd_micros: header.max_cost,
            max_calls: header.max_calls,
            bounds: header.bounds,
            cost_usd_micros: plan.cost,
            cost_unshared_usd_micros: header.sharing.is_searched().then(|| plan.cost_unshared()),
        }
    }
}

impl From<(usize, &Generation)> for GenerationDocument {
    fn from((id, generation): (usize, &Generation)) -> Self {
        let preset = generation.preset();
        let call = |call: &Call| CallDocument {
            id: call.id,
            variants: call.variants,
            seed: call.seed,
            fingerprint: call.fingerprint,
        };
        Self {
            id,
            aspect_ratio: preset.ratio,
            resolution: preset.tier,
            width: preset.size.width(),
            height: preset.size.height(),
            brief: BriefDocument::from(&*generation.brief),
            prompt: generation.prompt.to_string(),
            usd_micros_per_image: generation.per_image,
            calls: generation.calls.iter().map(call).collect(),
        }
    }
}

impl From<&Brief> for BriefDocument {
    fn from(brief: &Brief) -> Self {
        Self {
            source_size: brief.source_size,
            relation: brief.relation(),
            surviving: brief.surviving.into(),
            safe_area: brief.safe_area.into(),
            focus: brief.focus,
            scene: brief.scene.clone(),
            purpose: brief.purpose.clone(),
            instruction: brief.instruction.clone(),
        }
    }
}

impl From<&Rendition> for RenditionDocument {
    fn from(rendition: &Rendition) -> Self {
        Self {
            id: rendition.id.clone(),
            target: rendition.target,
            generation: rendition.generation,
            fit: rendition.fit,
            format: rendition.format,
            max_bytes: rendition.max_bytes,
            quality: rendition.quality,
            focus: rendition.focus,
            safe_area: rendition.safe_area,
            crop: rendition.crop.into(),
            kept_percent: rendition.kept,
            enlarged_percent: rendition.enlarged(),
            unshared: rendition.unshared.map(|unshared| UnsharedDocument::new(&unshared, rendition.loss)),
        }
    }
}

impl UnsharedDocument {
    fn new(unshared: &Unshared, loss: PerMille) -> Self {
        let Unshared { preset, per_image } = unshared;
        Self {
            aspect_ratio: preset.ratio,
            resolution: preset.tier,
            width: preset.size.width(),
            height: preset.size.height(),
            usd_micros_per_image: *per_image,
            loss_percent: loss,
        }
    }
}

//! Reading the JSON document of a plan: every derived value is recomputed and compared.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Display;

use super::{BriefDocument, Document, GenerationDocument, RectDocument, RenditionDocument, UnsharedDocument};
use crate::geometry::fit::{enlargement, reduced};
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::preset::Preset;
use crate::plan::bounds;
use crate::plan::build::common_parts;
use crate::plan::content::{Call, Generation, Header, Plan, Rendition, call_seed};
use crate::plan::reference::PlannedReference;
use crate::plan::share::{Optimality, Unshared, band};
use crate::prompt::brief::Brief;
use crate::prompt::template::{PromptTemplate, TemplateId};
use crate::request::bounds::BoundAction;
use crate::request::builder::{MAX_TARGETS, MAX_VARIANTS, not_a_name};
use crate::request::sharing::Sharing;
use crate::request::target::MAX_ID_CHARS;
use crate::size::Size;

/// The longest prompt of a document, in characters: twice the largest limit of the built-in models.
const MAX_DOCUMENT_PROMPT_CHARS: usize = 100_000;

impl Document {
    /// Checks the document and converts it to a plan.
    pub(super) fn check(self) -> Result<Plan, String> {
        let tolerance = self.options.safety_tolerance;
        check((1..=6).contains(&tolerance), || format!("options: safety_tolerance is {tolerance}; expected 1 to 6"))?;
        check(!self.model.is_empty(), || "model is empty".to_string())?;
        check(self.bounds.max_scale.value > 0, || "bounds: max_scale is 0; expected at least 1".to_string())?;
        // The lengths of the lists are checked before their items, which bounds the work for an untrusted document.
        let found = self.renditions.len();
        check((1..=MAX_TARGETS).contains(&found), || {
            format!("the number of renditions is {found}; expected 1 to {MAX_TARGETS}")
        })?;
        let found = self.generations.len();
        check(found <= MAX_TARGETS, || {
            format!("the number of generations is {found}; expected at most {MAX_TARGETS}")
        })?;

        let name = |(index, reference): (usize, &PlannedReference)| {
            not_a_name(&format!("references[{index}]: name"), &reference.name)
        };
        if let Some(error) = self.references.iter().enumerate().find_map(name) {
            return Err(error.to_string());
        }
        let names: Vec<_> = self.references.iter().map(|reference| reference.name.clone()).collect();
        let read = |indexed| GenerationDocument::check(indexed, &names);
        let generations = self.generations.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        let place = |index| format!("renditions[{index}]");
        let mut renditions = Vec::with_capacity(self.renditions.len());
        for (index, rendition) in self.renditions.iter().enumerate() {
            let rendition =
                rendition.check(&self, &generations).map_err(|error| format!("{}: {error}", place(index)))?;
            renditions.push(rendition);
        }
        for (id, generation) in generations.iter().enumerate() {
            check_members(id, self.sharing, &renditions)?;
            check_brief(generation, renditions.iter().filter(|rendition| rendition.generation == Some(id)))
                .and_then(|()| check_prompt(generation, &self.template))
                .map_err(|error| format!("generations[{id}]: {error}"))?;
        }
        check(self.source_size.is_none() || renditions.iter().any(|cut| cut.generation.is_none()), || {
            "source_size is given; expected none, since no rendition is cut from the source".to_string()
        })?;

        check(self.optimality.is_some() == self.sharing.is_searched(), || {
            let found = if self.optimality.is_none() { "missing; expected a value" } else { "given; expected none" };
            format!("optimality is {found} with this sharing")
        })?;
        let header = Header {
            model: self.model.into(),
            template: self.template,
            references: self.references,
            source_digest: self.source_digest,
            source_size: self.source_size,
            options: self.options,
            sharing: self.sharing,
            // Without a search the assignment is fixed, so it counts as proven.
            optimality: self.optimality.unwrap_or_default(),
            max_enlargement: self.max_enlargement,
            max_cost: self.max_cost_usd_micros,
            max_calls: self.max_calls,
            per_request: self.usd_micros_per_request,
            bounds: self.bounds,
        };
        // A new plan is computed by the same function, so the two agree unless the document was changed.
        let plan = Plan::assemble(header, generations, renditions);
        for (index, (found, rendition)) in self.renditions.iter().zip(&plan.renditions).enumerate() {
            found.check_loss(rendition, plan.header.sharing).map_err(|error| format!("{}: {error}", place(index)))?;
        }
        check_costs(&plan)?;
        let refused = bounds::breaches(self.bounds, BoundAction::Refuse, &plan.generations, &plan.renditions);
        refused.first().map_or(Ok(()), |breach| Err(breach.to_string()))?;
        expect("cost_usd_micros", &self.cost_usd_micros.0, &plan.cost.0)?;
        let unshared = self.sharing.is_searched().then(|| plan.cost_unshared());
        check(self.cost_unshared_usd_micros == unshared, || {
            let [found, expected] = [self.cost_unshared_usd_micros, unshared].map(or_null);
            format!("cost_unshared_usd_micros is {found}; expected {expected}")
        })?;
        let found = self.generations.iter().flat_map(|generation| &generation.calls);
        for (found, (index, call)) in found.zip(plan.calls()) {
            let place = |field| format!("generations[{index}]: call {}: {field}", call.id());
            expect(&place("id"), &found.id, &call.id())?;
            expect(&place("fingerprint"), &or_null(found.fingerprint), &or_null(call.fingerprint))?;
        }
        Ok(plan)
    }
}

/// Checks that the generation `id` has a rendition, and that its renditions may share it.
fn check_members(id: usize, sharing: Sharing, renditions: &[Rendition]) -> Result<(), String> {
    let mut members = renditions.iter().filter(|rendition| rendition.generation == Some(id));
    check(members.next().is_some(), || format!("generations[{id}] has no rendition"))?;
    let is_shared = members.next().is_some();
    check(sharing != Sharing::PerTarget || !is_shared, || {
        format!("generations[{id}] is shared; expected one rendition with this sharing")
    })?;
    let members = || renditions.iter().filter(|rendition| rendition.generation == Some(id));
    check(band::intersection(members().map(Rendition::safe_rect)).is_some(), || {
        format!("generations[{id}] has renditions whose safe areas have no pixel in common")
    })
}

/// Checks the parts of the brief that follow from the renditions of the generation.
fn check_brief<'a>(
    generation: &Generation,
    renditions: impl Iterator<Item = &'a Rendition> + Clone,
) -> Result<(), String> {
    let brief = &generation.brief;
    let text = |rect: Rect| format!("{} at {},{}", rect.size(), rect.x(), rect.y());
    let (surviving, safe_area) = common_parts(renditions.clone());
    expect("brief.surviving", &text(brief.surviving), &text(surviving))?;
    expect("brief.safe_area", &text(brief.safe_area), &text(safe_area))?;
    let mut foci = renditions.map(|rendition| rendition.focus);
    check(foci.all(|focus| focus == brief.focus), || "brief.focus differs from the focus of a rendition".into())
}

/// Checks that a prompt of the built-in template is what that template writes. The text of another template is not
/// known here.
fn check_prompt(generation: &Generation, template: &TemplateId) -> Result<(), String> {
    let Some(wording) = template.wording() else { return Ok(()) };
    check(*generation.prompt == *wording.prompt(&generation.brief), || {
        format!("prompt differs from the text that {template} writes for the brief")
    })
}

/// Checks the cost and the number of calls against the limits, and the lower bound against the cost.
fn check_costs(plan: &Plan) -> Result<(), String> {
    let Header { max_cost, max_calls, optimality, .. } = plan.header;
    let at_most = |place: &str, found: u64, max: Option<u64>| {
        let max = max.filter(|max| found > *max);
        max.map_or(Ok(()), |max| Err(format!("{place} is {found}; expected at most {max}")))
    };
    at_most("cost_usd_micros", plan.cost.0, max_cost.map(|max| max.0))?;
    at_most("the number of calls", plan.calls().count() as u64, max_calls.map(u64::from))?;
    match optimality {
        Optimality::Proven => Ok(()),
        Optimality::BestFound { lower_bound } => at_most("the lower bound", lower_bound.0, Some(plan.cost.0)),
    }
}

fn or_null<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "null".into(), |value| value.to_string())
}

impl GenerationDocument {
    fn check((index, this): (usize, &Self), references: &[Arc<str>]) -> Result<Generation, String> {
        let place = format!("generations[{index}]");
        expect(&format!("{place}: id"), &this.id, &index)?;
        let size = Size::new(this.width, this.height).map_err(|error| format!("{place}: {error}"))?;
        let chars = this.prompt.chars().count();
        check((1..=MAX_DOCUMENT_PROMPT_CHARS).contains(&chars), || {
            format!("{place}: prompt has {chars} characters; expected 1 to {MAX_DOCUMENT_PROMPT_CHARS}")
        })?;
        // The first call has the seed of the request, from which the seeds of the other calls follow.
        let seed = this.calls.first().and_then(|call| call.seed);
        let mut total = 0_u32;
        // Each call has a variant or more, so a valid list is not longer than the maximum number of variants.
        let mut calls = Vec::with_capacity(this.calls.len().min(MAX_VARIANTS as usize));
        for (number, call) in (0_u32..).zip(&this.calls) {
            check(call.variants > 0, || format!("{place}: calls[{number}] has 0 variants; expected at least 1"))?;
            let expected = seed.map(|seed| call_seed(seed, number));
            check(call.seed == expected, || {
                let [found, expected] = [call.seed, expected].map(or_null);
                format!("{place}: calls[{number}] has the seed {found}; expected {expected}")
            })?;
            total = total.saturating_add(call.variants);
            check(total <= MAX_VARIANTS, || {
                format!("{place}: the number of variants is {total}; expected at most {MAX_VARIANTS}")
            })?;
            calls.push(Call::new(call.variants, call.seed));
        }
        check(total > 0, || format!("{place} has no call"))?;
        let preset = Preset { size, ratio: this.aspect_ratio, tier: this.resolution };
        let brief = this.brief.check(preset, references).map_err(|error| format!("{place}: brief: {error}"))?;
        Ok(Generation {
            brief: brief.into(),
            prompt: this.prompt.as_str().into(),
            per_image: this.usd_micros_per_image,
            calls,
        })
    }
}

impl BriefDocument {
    fn check(&self, preset: Preset, references: &[Arc<str>]) -> Result<Brief, String> {
        let rect = |rect: &RectDocument| {
            let size = Size::new(rect.width, rect.height).map_err(|error| error.to_string())?;
            Ok::<_, String>(Rect::new(rect.x, rect.y, size))
        };
        let mut brief = Brief::new(preset);
        brief.source_size = self.source_size;
        brief.surviving = rect(&self.surviving)?;
        brief.safe_area = rect(&self.safe_area)?;
        brief.focus = self.focus;
        brief.scene.clone_from(&self.scene);
        brief.purpose.clone_from(&self.purpose);
        brief.references = references.to_vec();
        brief.instruction.clone_from(&self.instruction);
        check(self.relation == brief.relation(), || {
            format!("relation is {:?}; expected {:?}", self.relation, brief.relation())
        })?;
        if let Some(error) = self.purpose.as_deref().and_then(|purpose| not_a_name("purpose", purpose)) {
            return Err(error.to_string());
        }
        check(brief.instruction.as_deref().is_none_or(|text| !text.is_empty() && text == text.trim()), || {
            "instruction is blank or has blanks around it; expected none".into()
        })?;
        Ok(brief)
    }
}

impl RenditionDocument {
    fn check(&self, plan: &Document, generations: &[Generation]) -> Result<Rendition, String> {
        let frame = match self.generation {
            Some(index) => generations
                .get(index)
                .map(Generation::size)
                .ok_or_else(|| format!("generation is {index}; expected less than {}", generations.len())),
            None => plan
                .source_size
                .ok_or_else(|| "generation is null; expected a number, since source_size is null".into()),
        }?;
        let (target, max) = (self.target, self.format.max_side());
        check(target.width().max(target.height()) <= max, || {
            format!("target is {target}; expected sides of at most {max} pixels for {}", self.format)
        })?;
        check(self.max_bytes != Some(0), || "max_bytes is 0; expected at least 1".into())?;
        self.safe_area.leave_room_in(target).map_err(|error| format!("safe_area: {error}"))?;
        // Only a generated image may be enlarged.
        let max = if self.generation.is_some() { plan.max_enlargement } else { PerMille::ZERO };
        // The document repeats the geometry for its readers. It follows from the fields that are checked above, and
        // must agree with them.
        let crop = self.fit.rect_within(frame, target, self.focus, max).map_err(|error| error.to_string())?;
        let expected = RectDocument::from(crop);
        expect("crop.x", &self.crop.x, &expected.x)?;
        expect("crop.y", &self.crop.y, &expected.y)?;
        expect("crop.width", &self.crop.width, &expected.width)?;
        expect("crop.height", &self.crop.height, &expected.height)?;
        let kept = crop.kept_of(frame);
        expect("kept_percent", &self.kept_percent, &kept)?;
        expect("enlarged_percent", &self.enlarged_percent, &enlargement(crop.size(), target))?;
        let is_shared = self.generation.is_some() && plan.sharing.is_searched();
        check(self.unshared.is_some() == is_shared, || {
            let found = if is_shared { "missing; expected a value" } else { "given; expected none" };
            format!("unshared is {found} with this sharing")
        })?;
        let unshared = self.unshared.as_ref().map(|own| own.check(reduced(target, max), target)).transpose()?;
        let id_chars = self.id.as_deref().map_or(0, |id| id.chars().count());
        check(id_chars <= MAX_ID_CHARS, || format!("id has {id_chars} characters; expected at most {MAX_ID_CHARS}"))?;
        check(self.quality.is_none_or(|quality| (1..=100).contains(&quality)), || {
            format!("quality is {}; expected 1 to 100", or_null(self.quality))
        })?;
        Ok(Rendition {
            id: self.id.clone(),
            target,
            generation: self.generation,
            fit: self.fit,
            format: self.format,
            max_bytes: self.max_bytes,
            quality: self.quality,
            focus: self.focus,
            safe_area: self.safe_area,
            crop,
            kept,
            // `Plan::assemble` computes it from all renditions of the generation.
            loss: PerMille::ZERO,
            unshared,
        })
    }

    /// Checks the loss against that of the plan's rendition and against the bound of the sharing.
    fn check_loss(&self, rendition: &Rendition, sharing: Sharing) -> Result<(), String> {
        let Some(unshared) = &self.unshared else { return Ok(()) };
        expect("unshared: loss_percent", &unshared.loss_percent, &rendition.loss)?;
        let max = sharing.max_loss();
        check(rendition.loss <= max, || format!("unshared: loss_percent is {}; expected at most {max}", rendition.loss))
    }
}

impl UnsharedDocument {
    /// Checks the preset, which covers `least` so that it is large enough for `target`.
    fn check(&self, least: Size, target: Size) -> Result<Unshared, String> {
        let size = Size::new(self.width, self.height).map_err(|error| format!("unshared: {error}"))?;
        check(size.covers(least), || format!("unshared: a preset of {size} does not cover {target}"))?;
        let preset = Preset { size, ratio: self.aspect_ratio, tier: self.resolution };
        Ok(Unshared { preset, per_image: self.usd_micros_per_image })
    }
}

/// Checks that a value of the document is the expected one.
pub(super) fn expect<T: PartialEq + Display>(place: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{place} is {found}; expected {expected}")) }
}

fn check(condition: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(message()) }
}

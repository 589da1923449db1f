//! The construction of a plan: which targets are cut from the source, and which images are generated for the others.

use alloc::vec::Vec;

use super::bounds::{self, OutOfBoundsError};
use super::budget;
use super::content::{Call, Generation, Header, Plan, Rendition, call_seed};
use super::error::PlanError;
use super::reference::PlannedReference;
use super::share::band;
use super::share::search::{Group, Groups, PlannedTarget, groups};
use super::share::{Optimality, Unshared};
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::preset::Preset;
use crate::model::price::UsdMicros;
use crate::prompt::brief::Brief;
use crate::request::bounds::BoundAction;
use crate::request::source::Reference;
use crate::request::target::Target;
use crate::request::valid::{CutFrom, Request};
use crate::size::Size;

impl Plan {
    /// Creates the plan of `request`.
    ///
    /// # Errors
    ///
    /// [`PlanError::OutOfBounds`] if a rendition is beyond a bound that refuses it, [`PlanError::OverBudget`] if the
    /// plan would cost more or make more calls than the request allows, and [`PlanError::PromptTooLong`] if a whole
    /// prompt exceeds the limit of the model.
    pub fn new(request: &Request) -> Result<Self, PlanError> {
        let mut renditions = Vec::with_capacity(request.targets().len());
        let mut targets = Vec::with_capacity(request.targets().len());
        let mut source_size = None;
        for (index, (target, cut_from)) in request.targets().iter().zip(request.cut_from()).enumerate() {
            match *cut_from {
                CutFrom::Source { size, crop } => {
                    // A target that is cut from the source needs no generation, so it takes no part in the search.
                    source_size = Some(size);
                    renditions.push((index, rendition(request, target, None, size, crop)));
                }
                CutFrom::Generation { row, preset, per_image } => {
                    let own = Unshared { preset, per_image };
                    let class = first_alike(request, index, target);
                    targets.push(PlannedTarget { index, target, class, row, own });
                }
            }
        }
        let question = |planned: &PlannedTarget<'_>| {
            let preset = planned.own.preset();
            let crop = crop(request, planned, preset.size);
            let cut = rendition(request, planned.target, Some((0, planned.own)), preset.size, crop);
            let safe = cut.safe_rect();
            (request.template().prompt(&brief(request, preset, &[(planned.index, cut)])), safe)
        };
        let Groups { groups, least_sum } = groups(request, &targets, budget::max_groups(request), question);
        let mut generations = Vec::with_capacity(groups.len());
        for (id, group) in groups.iter().enumerate() {
            let (generation, cuts) = generate(request, &targets, id, group)?;
            generations.push(generation);
            renditions.extend(cuts);
        }
        // The renditions are those of the source, then those of one group after the other. Sorting by the distinct
        // indices of the targets restores the order of the request.
        renditions.sort_unstable_by_key(|(index, _)| *index);
        // The search adds up the price of one image of each generation. The plan pays for every variant, and once for
        // the request.
        let bound = |sum: UsdMicros| sum.times(request.variants().into()).plus(request.prices().per_request);
        let header = Header {
            model: request.model().name().into(),
            template: request.template().id(),
            references: request.source().references.iter().map(planned).collect(),
            source_digest: request.source().digest(),
            source_size,
            options: request.options(),
            sharing: request.sharing(),
            optimality: least_sum.map_or(Optimality::Proven, |sum| Optimality::BestFound { lower_bound: bound(sum) }),
            max_cost: request.max_cost(),
            max_enlargement: request.max_enlargement(),
            max_calls: request.max_calls(),
            per_request: request.prices().per_request,
            bounds: request.bounds(),
        };
        let plan = Self::assemble(header, generations, renditions.into_iter().map(|(_, cut)| cut).collect());
        let warnings = bounds::breaches(request.bounds(), BoundAction::Refuse, &plan.generations, &plan.renditions);
        if !warnings.is_empty() {
            return Err(OutOfBoundsError { warnings }.into());
        }
        // The budget is checked last, since the calls and the cost are those of the finished plan.
        budget::check(request, &targets, plan.cost(), u32::try_from(plan.calls().count()).unwrap_or(u32::MAX))?;
        Ok(plan)
    }
}

/// Creates the generation of a group, and the renditions that are cut from it. `id` is the index of the generation.
/// Each rendition is paired with the index of its target.
fn generate(
    request: &Request,
    targets: &[PlannedTarget<'_>],
    id: usize,
    group: &Group,
) -> Result<(Generation, Vec<(usize, Rendition)>), PlanError> {
    let (frame, mut cuts) = (group.preset.size, Vec::with_capacity(group.members.len()));
    for planned in group.members.iter().filter_map(|member| targets.get(*member)) {
        let cut = rendition(request, planned.target, Some((id, planned.own)), frame, crop(request, planned, frame));
        cuts.push((planned.index, cut));
    }
    let brief = brief(request, &group.preset, &cuts);
    let text = request.template().prompt(&brief);
    let (chars, max) = (text.chars().count(), request.model().limits.prompt_chars);
    if chars > max {
        // All targets of the generation have this prompt. The error names the first.
        let index = cuts.first().map_or(0, |(index, _)| *index);
        return Err(PlanError::PromptTooLong { index, chars, max });
    }
    let calls = calls(request);
    Ok((Generation { brief: brief.into(), prompt: text.into(), per_image: group.per_image, calls }, cuts))
}

/// Returns the index of the first target that has the instruction and the focus of `target`, which is at `index`. Only
/// such targets can share a generation, since one image cannot be composed in two ways.
fn first_alike(request: &Request, index: usize, target: &Target) -> usize {
    let alike = |other: &Target| {
        request.instruction_of(other).trim() == request.instruction_of(target).trim()
            && request.focus_of(other) == request.focus_of(target)
    };
    request.targets().iter().take(index).position(alike).unwrap_or(index)
}

/// Returns the rectangle of a picture of `frame` pixels that becomes the target.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
fn crop(request: &Request, planned: &PlannedTarget<'_>, frame: Size) -> Rect {
    let (fit, focus, max) = (request.fit(), request.focus_of(planned.target), request.max_enlargement());
    let crop = fit.rect_within(frame, planned.target.size, focus, max);
    crop.expect("invariant: the preset of a generation is large enough for its targets")
}

/// Creates the rendition of `target`, which is the rectangle `crop` of a picture of `frame` pixels. `generation` is the
/// index of the generation and the preset that the target would have alone; `None` for a crop of the source.
fn rendition(
    request: &Request,
    target: &Target,
    generation: Option<(usize, Unshared)>,
    frame: Size,
    crop: Rect,
) -> Rendition {
    // Without a search, each target is cut from its own preset.
    let unshared = generation.map(|(_, own)| own).filter(|_| request.sharing().is_searched());
    Rendition {
        id: target.id.clone(),
        target: target.size,
        generation: generation.map(|(id, _)| id),
        fit: request.fit(),
        format: target.format.unwrap_or(request.format()),
        max_bytes: target.max_bytes,
        quality: target.quality,
        focus: request.focus_of(target),
        safe_area: target.safe_area,
        crop,
        kept: crop.kept_of(frame),
        // `Plan::assemble` computes it from all renditions of the generation.
        loss: PerMille::ZERO,
        unshared,
    }
}

/// Returns what a plan keeps of a reference picture.
fn planned(reference: &Reference) -> PlannedReference {
    PlannedReference { name: reference.name.clone(), digest: reference.picture.digest() }
}

/// Collects the facts for the prompt of a generation. `cuts` are its renditions, each with the index of its target.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
fn brief(request: &Request, preset: &Preset, cuts: &[(usize, Rendition)]) -> Brief {
    let members: Vec<&Target> = cuts.iter().filter_map(|(index, _)| request.targets().get(*index)).collect();
    let first = members.first().expect("invariant: a generation has a target");
    let (surviving, safe_area) = common_parts(cuts.iter().map(|(_, cut)| cut));
    // Targets of one generation have the same instruction and focal point. If their purposes differ, the picture has no
    // single one.
    let purposes = members.iter().map(|target| target.purpose.as_ref().or(request.purpose()));
    let purpose = purposes.reduce(|one, other| one.filter(|_| one == other)).flatten();
    let mut brief = Brief::new(*preset)
        .surviving(surviving)
        .safe_area(safe_area)
        .focus(request.focus_of(first))
        .instruction(request.instruction_of(first));
    brief.source_size = request.source().size;
    brief.scene = request.scene().cloned();
    brief.purpose = purpose.cloned();
    brief.references = request.source().references.iter().map(|reference| reference.name.clone()).collect();
    brief
}

/// Returns the part of a generated image that survives all crops of `cuts`, and the common safe area in it.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
pub(super) fn common_parts<'a>(cuts: impl Iterator<Item = &'a Rendition> + Clone) -> (Rect, Rect) {
    // The safe areas of the targets of one generation have pixels in common, and so do their crops, which contain them.
    let surviving = band::intersection(cuts.clone().map(Rendition::crop));
    let safe_area = band::intersection(cuts.map(Rendition::safe_rect));
    surviving.zip(safe_area).expect("invariant: the targets of a generation share an area")
}

/// Creates the calls that make the request's variants: as few as the model's limit of variants per call allows.
fn calls(request: &Request) -> Vec<Call> {
    let per_call = u32::from(request.model().limits.variants_per_call.get());
    (0..request.calls_per_generation())
        .map(|number| {
            // The last call makes the rest, and every other call as many as the model allows.
            let variants = (request.variants() - number * per_call).min(per_call);
            Call::new(variants, request.seed().map(|seed| call_seed(seed, number)))
        })
        .collect()
}

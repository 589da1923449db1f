//! The construction of a plan: which targets are cut from the source, and which images are generated for the others.

use alloc::vec::Vec;

use super::bounds::{self, OutOfBoundsError};
use super::budget;
use super::content::{Call, Generation, Header, Plan, PlanError, Rendition, call_seed};
use super::share::band;
use super::share::search::{Group, Groups, PlannedTarget, groups};
use super::share::{Optimality, Unshared};
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::preset::Preset;
use crate::model::price::UsdMicros;
use crate::prompt::{Brief, prompt};
use crate::request::bounds::BoundAction;
use crate::request::builder::{CutFrom, Request};
use crate::request::sharing::Sharing;
use crate::request::target::Target;
use crate::size::Size;

impl Plan {
    /// Creates the plan of `request`.
    ///
    /// # Errors
    ///
    /// [`PlanError::OutOfBounds`] if a rendition is beyond a bound that refuses it, [`PlanError::OverBudget`] if the plan
    /// would cost more or make more calls than the request allows, and [`PlanError::PromptTooLong`] if a whole prompt
    /// exceeds the limit of the model.
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
                    targets.push(PlannedTarget { index, target: *target, row, own });
                }
            }
        }
        let question = |planned: &PlannedTarget| {
            let crop = crop(request, planned, planned.own.preset().size);
            let safe = planned.target.safe_area.inside(crop, planned.target.size);
            (prompt(&brief(request, planned.own.preset(), &[crop], &[safe])), safe)
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
            source_digest: request.source().digest(),
            source_size,
            options: request.options(),
            sharing: request.sharing(),
            optimality: least_sum.map_or(Optimality::Proven, |sum| Optimality::BestFound { lower_bound: bound(sum) }),
            max_cost: request.max_cost(),
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
    targets: &[PlannedTarget],
    id: usize,
    group: &Group,
) -> Result<(Generation, Vec<(usize, Rendition)>), PlanError> {
    let (frame, mut cuts) = (group.preset.size, Vec::with_capacity(group.members.len()));
    for planned in group.members.iter().filter_map(|member| targets.get(*member)) {
        let cut = rendition(request, &planned.target, Some((id, planned.own)), frame, crop(request, planned, frame));
        cuts.push((planned.index, cut));
    }
    let crops: Vec<Rect> = cuts.iter().map(|(_, cut)| cut.crop).collect();
    let safe: Vec<Rect> = cuts.iter().map(|(_, cut)| cut.safe_area.inside(cut.crop, cut.target)).collect();
    let text = prompt(&brief(request, &group.preset, &crops, &safe));
    let (chars, max) = (text.chars().count(), request.model().limits.prompt_chars);
    if chars > max {
        // All targets of the generation have this prompt. The error names the first.
        let index = cuts.first().map_or(0, |(index, _)| *index);
        return Err(PlanError::PromptTooLong { index, chars, max });
    }
    let Group { preset, per_image, .. } = *group;
    Ok((Generation { preset, prompt: text.into(), per_image, calls: calls(request) }, cuts))
}

/// Returns the rectangle of a picture of `frame` pixels that becomes the target.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
fn crop(request: &Request, planned: &PlannedTarget, frame: Size) -> Rect {
    let crop = request.fit().rect_at(frame, planned.target.size, request.options().focus);
    crop.expect("invariant: the preset of a generation covers its targets")
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
    let is_searched = matches!(request.sharing(), Sharing::Shared { .. });
    let unshared = generation.map(|(_, own)| own).filter(|_| is_searched);
    Rendition {
        target: target.size,
        generation: generation.map(|(id, _)| id),
        fit: request.fit(),
        format: target.format.unwrap_or(request.format()),
        max_bytes: target.max_bytes,
        safe_area: target.safe_area,
        crop,
        kept: crop.kept_of(frame),
        // `Plan::assemble` computes it from all renditions of the generation.
        loss: PerMille::ZERO,
        unshared,
    }
}

/// Collects the facts for the prompt of a generation. `crops` are the rectangles that are cut from it, and `safe` are
/// their safe areas.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
fn brief<'a>(request: &'a Request, preset: &'a Preset, crops: &[Rect], safe: &[Rect]) -> Brief<'a> {
    // The safe areas of the targets of one generation have pixels in common, and so do their crops, which contain them.
    let common = |rects: &[Rect]| band::intersection(rects.iter().copied()).expect("invariant: targets share an area");
    let mut brief =
        Brief::new(preset).surviving(common(crops)).safe_area(common(safe)).instruction(request.instruction());
    if let Some(upright) = request.source().size {
        brief = brief.source(upright);
    }
    if let Some(scene) = request.scene() {
        brief = brief.scene(scene);
    }
    brief
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

//! The construction of a plan: which targets are cut from the source, and which images are generated for the others.

use alloc::vec::Vec;

use super::budget;
use super::content::{Call, Generation, Header, Plan, PlanError, PlannedReference, Rendition, call_seed};
use super::share::search::{Group, Groups, PlannedTarget, groups};
use super::share::{Optimality, Unshared, loss};
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::preset::Preset;
use crate::model::price::UsdMicros;
use crate::prompt::brief::Brief;
use crate::request::builder::{CutFrom, Request};
use crate::request::sharing::Sharing;
use crate::request::source::Reference;
use crate::request::target::Target;
use crate::size::Size;

impl Plan {
    /// Creates the plan of `request`.
    ///
    /// # Errors
    ///
    /// [`PlanError::OverBudget`] if the plan would cost more or make more calls than the request allows, and
    /// [`PlanError::PromptTooLong`] if a whole prompt exceeds the limit of the model.
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
                    targets.push(PlannedTarget { index, size: target.size, row, own });
                }
            }
        }
        let Groups { groups, least_sum } = groups(request, &targets, budget::max_groups(request));
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
            max_calls: request.max_calls(),
            per_request: request.prices().per_request,
        };
        let plan = Self::assemble(header, generations, renditions.into_iter().map(|(_, cut)| cut).collect());
        // The budget is checked last, since the calls and the cost are those of the finished plan.
        budget::check(request, &targets, plan.cost(), u32::try_from(plan.calls().count()).unwrap_or(u32::MAX))?;
        Ok(plan)
    }
}

/// Creates the generation of a group, and the renditions that are cut from it. `id` is the index of the generation.
/// Each rendition is paired with the index of its target.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
fn generate(
    request: &Request,
    targets: &[PlannedTarget],
    id: usize,
    group: &Group,
) -> Result<(Generation, Vec<(usize, Rendition)>), PlanError> {
    let (frame, mut cuts) = (group.preset.size, Vec::with_capacity(group.members.len()));
    for planned in group.members.iter().filter_map(|member| targets.get(*member)) {
        let Some(target) = request.targets().get(planned.index) else { continue };
        let crop = request.fit().rect_at(frame, planned.size, target.focus.unwrap_or(request.focus()));
        let crop = crop.expect("invariant: the preset of a group covers its members");
        let cut = rendition(request, target, Some((id, planned.own)), frame, crop);
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

/// Creates the rendition of `target`, which is the rectangle `crop` of a picture of `frame` pixels. `generation` is the
/// index of the generation and the preset that the target would have alone; `None` for a crop of the source.
fn rendition(
    request: &Request,
    target: &Target,
    generation: Option<(usize, Unshared)>,
    frame: Size,
    crop: Rect,
) -> Rendition {
    // Without sharing, each target is cut from its own preset and loses no share.
    let shared = generation.map(|(_, own)| own).filter(|_| request.sharing() != Sharing::PerTarget);
    Rendition {
        id: target.id.clone(),
        target: target.size,
        generation: generation.map(|(id, _)| id),
        fit: request.fit(),
        format: target.format.unwrap_or(request.format()),
        max_bytes: target.max_bytes,
        quality: target.quality,
        focus: target.focus.unwrap_or(request.focus()),
        safe_area: target.safe_area,
        crop,
        kept: crop.kept_of(frame),
        loss: shared.map_or(PerMille::ZERO, |own| loss(target.size, own.preset().size, frame)),
        unshared: shared,
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
    let (surviving, safe_area) = common_parts(preset.size, cuts.iter().map(|(_, cut)| cut));
    // Targets of one generation have the same instruction and focal point. If their purposes differ, the picture has no
    // single one.
    let purposes = members.iter().map(|target| target.purpose.as_ref().or(request.purpose()));
    let purpose = purposes.reduce(|one, other| one.filter(|_| one == other)).flatten();
    let mut brief = Brief::new(*preset)
        .surviving(surviving)
        .safe_area(safe_area)
        .focus(first.focus.unwrap_or(request.focus()))
        .instruction(first.instruction.as_deref().unwrap_or(request.instruction()));
    brief.source_size = request.source().size;
    brief.scene = request.scene().cloned();
    brief.purpose = purpose.cloned();
    brief.references = request.source().references.iter().map(|reference| reference.name.clone()).collect();
    brief
}

/// Returns the part of a generated image that survives all crops of `cuts`, and the common safe area in it.
pub(super) fn common_parts<'a>(frame: Size, cuts: impl Iterator<Item = &'a Rendition>) -> (Rect, Rect) {
    let (crops, safe): (Vec<Rect>, Vec<Rect>) =
        cuts.map(|cut| (cut.crop, cut.safe_area.inside(cut.crop, cut.target))).unzip();
    let surviving = intersection(&crops, Rect::new(0, 0, frame));
    (surviving, intersection(&safe, surviving))
}

/// Returns the intersection of `rects`. On an axis on which it is empty, the extent of `outer` replaces it.
///
/// Crops of one picture always intersect, since the narrower ones lie inside the wider ones. Their safe areas may not:
/// that of one target can be its lower half, and that of another its upper half.
fn intersection(rects: &[Rect], outer: Rect) -> Rect {
    let axis = |span: fn(&Rect) -> (u32, u32)| {
        let start = rects.iter().map(|rect| span(rect).0).max()?;
        let end = rects.iter().map(|rect| span(rect).0 + span(rect).1).min()?;
        // An end that is not after the start is an empty intersection.
        Some((start, end.checked_sub(start).filter(|length| *length > 0)?))
    };
    let (x, width) = axis(|rect| (rect.x(), rect.width())).unwrap_or((outer.x(), outer.width()));
    let (y, height) = axis(|rect| (rect.y(), rect.height())).unwrap_or((outer.y(), outer.height()));
    // Invariant: both sides are from 1 to those of a rectangle.
    Size::new(width, height).map_or(outer, |size| Rect::new(x, y, size))
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

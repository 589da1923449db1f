//! From a request to its plan: what is cut from the source, and what is generated for which targets.

use alloc::vec::Vec;

use super::budget;
use super::content::{Call, Generation, Header, Plan, PlanError, Rendition, call_seed};
use super::share::search::{Asked, Group, Groups, groups};
use super::share::{Optimality, Unshared, loss};
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::preset::Preset;
use crate::model::price::UsdMicros;
use crate::prompt::{Brief, prompt};
use crate::request::builder::{Placement, Request};
use crate::request::sharing::Sharing;
use crate::request::target::Target;
use crate::size::Size;

impl Plan {
    /// The plan of `request`.
    ///
    /// # Errors
    ///
    /// [`PlanError::OverBudget`] if it would cost more or make more calls than the request allows, and
    /// [`PlanError::PromptTooLong`] if a whole prompt exceeds the model's limit.
    pub fn new(request: &Request) -> Result<Self, PlanError> {
        let mut renditions = Vec::with_capacity(request.targets().len());
        let mut asked = Vec::with_capacity(request.targets().len());
        let mut source_size = None;
        for (index, (target, placement)) in request.targets().iter().zip(request.placements()).enumerate() {
            match *placement {
                Placement::Source { size, crop } => {
                    source_size = Some(size);
                    renditions.push((index, rendition(request, target, None, size, crop)));
                }
                Placement::Generation { row, preset, per_image } => {
                    let own = Unshared { preset, per_image };
                    asked.push(Asked { index, size: target.size, row, own });
                }
            }
        }
        let Groups { groups, least_sum } = groups(request, &asked, budget::max_groups(request));
        let mut generations = Vec::with_capacity(groups.len());
        for (id, group) in groups.iter().enumerate() {
            let (generation, cuts) = generate(request, &asked, id, group)?;
            generations.push(generation);
            renditions.extend(cuts);
        }
        renditions.sort_unstable_by_key(|(index, _)| *index);
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
        };
        let plan = Self::assemble(header, generations, renditions.into_iter().map(|(_, cut)| cut).collect());
        budget::check(request, &asked, plan.cost(), u32::try_from(plan.calls().count()).unwrap_or(u32::MAX))?;
        Ok(plan)
    }
}

/// The generation of a group with the number `id`, and what is cut from it, each with the index of its target.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
fn generate(
    request: &Request,
    asked: &[Asked],
    id: usize,
    group: &Group,
) -> Result<(Generation, Vec<(usize, Rendition)>), PlanError> {
    let (frame, mut cuts) = (group.preset.size, Vec::with_capacity(group.members.len()));
    for asked in group.members.iter().filter_map(|member| asked.get(*member)) {
        let Some(target) = request.targets().get(asked.index) else { continue };
        let crop = request.fit().rect_at(frame, asked.size, request.options().focus);
        let crop = crop.expect("invariant: the preset of a group covers its members");
        let cut = rendition(request, target, Some((id, asked.own)), frame, crop);
        cuts.push((asked.index, cut));
    }
    let crops: Vec<Rect> = cuts.iter().map(|(_, cut)| cut.crop).collect();
    let safe: Vec<Rect> = cuts.iter().map(|(_, cut)| cut.safe_area.inside(cut.crop, cut.target)).collect();
    let text = prompt(&brief(request, &group.preset, &crops, &safe));
    let (chars, max) = (text.chars().count(), request.model().limits.prompt_chars);
    if chars > max {
        let index = cuts.first().map_or(0, |(index, _)| *index);
        return Err(PlanError::PromptTooLong { index, chars, max });
    }
    let Group { preset, per_image, .. } = *group;
    Ok((Generation { preset, prompt: text.into(), per_image, calls: calls(request) }, cuts))
}

/// What is cut for `target` from a frame: of the generation of this number, or of the source.
fn rendition(
    request: &Request,
    target: &Target,
    generation: Option<(usize, Unshared)>,
    frame: Size,
    crop: Rect,
) -> Rendition {
    let shared = generation.map(|(_, own)| own).filter(|_| request.sharing() != Sharing::PerTarget);
    Rendition {
        target: target.size,
        generation: generation.map(|(id, _)| id),
        fit: request.fit(),
        format: target.format.unwrap_or(request.format()),
        max_bytes: target.max_bytes,
        safe_area: target.safe_area,
        crop,
        kept: crop.kept_of(frame),
        loss: shared.map_or(PerMille::ZERO, |own| loss(target.size, own.preset().size, frame)),
        unshared: shared,
    }
}

fn brief<'a>(request: &'a Request, preset: &'a Preset, crops: &[Rect], safe: &[Rect]) -> Brief<'a> {
    let whole = Rect::new(0, 0, preset.size);
    let survives = common(crops, whole);
    let mut brief =
        Brief::new(preset).surviving(survives).safe_area(common(safe, survives)).instruction(request.instruction());
    if let Some(upright) = request.source().size {
        brief = brief.source(upright);
    }
    if let Some(scene) = request.scene() {
        brief = brief.scene(scene);
    }
    brief
}

/// What `rects` have in common; on an axis on which that is nothing, what `outer` has there.
///
/// The rectangles of one frame always have something in common, since the narrower lie inside the wider. Their safe
/// areas need not: one target may keep its upper half free, and another its lower.
fn common(rects: &[Rect], outer: Rect) -> Rect {
    let axis = |span: fn(&Rect) -> (u32, u32)| {
        let start = rects.iter().map(|rect| span(rect).0).max()?;
        let end = rects.iter().map(|rect| span(rect).0 + span(rect).1).min()?;
        Some((start, end.checked_sub(start).filter(|length| *length > 0)?))
    };
    let (x, width) = axis(|rect| (rect.x(), rect.width())).unwrap_or((outer.x(), outer.width()));
    let (y, height) = axis(|rect| (rect.y(), rect.height())).unwrap_or((outer.y(), outer.height()));
    // Invariant: both sides are from 1 to those of a rectangle.
    Size::new(width, height).map_or(outer, |size| Rect::new(x, y, size))
}

/// The calls that make the request's variants, as few as the model allows.
fn calls(request: &Request) -> Vec<Call> {
    let per_call = u32::from(request.model().limits.variants_per_call.get());
    (0..request.calls_per_generation())
        .map(|number| {
            let variants = (request.variants() - number * per_call).min(per_call);
            Call::new(variants, request.seed().map(|seed| call_seed(seed, number)))
        })
        .collect()
}

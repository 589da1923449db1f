//! The assignment of targets to generations: one for each target, one for each question, or the cheapest set.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use super::band::{Need, feasible_sets, intersection};
use super::bits::Bits;
use super::cover::{Cover, Problem, Row};
use super::{Unshared, least_common};
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::preset::Preset;
use crate::model::price::UsdMicros;
use crate::plan::bounds;
use crate::request::sharing::Sharing;
use crate::request::target::Target;
use crate::request::valid::Request;
use crate::size::Size;

/// The denominator of the shares that targets keep, when sets of generations are compared.
const PARTS: u32 = 1_000_000_000;
/// The maximum number of common areas that are examined for one preset. 256 targets without insets have at most 16,641.
const MAX_COMMON_AREAS: usize = 1 << 15;

/// A target that is cut from a generated image.
#[derive(Clone, Copy, Debug)]
pub(in crate::plan) struct PlannedTarget<'a> {
    /// The index of the target in the request.
    pub(in crate::plan) index: usize,
    pub(in crate::plan) target: &'a Target,
    /// The index of the first target with the same instruction and focus. Only such targets can share a generation.
    pub(in crate::plan) class: usize,
    /// The index of the target's own best preset in the model's table.
    pub(in crate::plan) row: usize,
    /// The target's own best preset.
    pub(in crate::plan) own: Unshared,
}

/// A generation and the targets that it serves.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Group {
    pub(in crate::plan) preset: Preset,
    pub(in crate::plan) per_image: UsdMicros,
    /// The indices of the targets in the list of [`PlannedTarget`]s.
    pub(in crate::plan) members: Vec<usize>,
}

/// The generations of a plan, in the order of their first targets.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Groups {
    pub(in crate::plan) groups: Vec<Group>,
    /// A lower bound of [`sum`](Self::sum) over all sets; `None` if this set is proven to be the best.
    pub(in crate::plan) least_sum: Option<UsdMicros>,
}

impl Groups {
    /// Returns the price of one image of each generation, in total.
    pub(in crate::plan) fn sum(&self) -> UsdMicros {
        self.groups.iter().fold(UsdMicros(0), |sum, group| sum.plus(group.per_image))
    }
}

/// Assigns the targets to generations by the sharing of the request. With [`Sharing::Shared`] the set has at most
/// `max_groups` generations, if such a set exists. `question` returns the prompt that a target would have alone, and
/// its safe area in its own preset.
pub(in crate::plan) fn groups(
    request: &Request,
    targets: &[PlannedTarget<'_>],
    max_groups: u32,
    question: impl Fn(&PlannedTarget<'_>) -> (String, Rect),
) -> Groups {
    let own = |target: &PlannedTarget<'_>| (target.own.preset, target.own.per_image);
    match request.sharing() {
        Sharing::PerTarget => grouped(targets, |index, target| (index, own(target))),
        Sharing::Duplicates => same_questions(targets, question),
        Sharing::Shared { max_loss } => {
            cheapest(request, targets, max_loss, max_groups)
                // If no set is small enough, the error about the budget reports the cost of the cheapest.
                .or_else(|| cheapest(request, targets, max_loss, u32::MAX))
                // Invariant: without a limit, the targets' own presets are a valid set.
                .unwrap_or_else(|| grouped(targets, |index, target| (index, own(target))))
        }
    }
}

/// The share of each safe area that all targets of one question have in common at least. A prompt is coarser than the
/// rectangles behind it, so equal prompts do not ensure it.
const SAME_QUESTION: PerMille = PerMille::constant(990);

/// A question that one or more targets ask of the model.
struct Question {
    /// The own preset, and the class of instruction and focus.
    key: [usize; 2],
    prompt: String,
    /// The part that the safe areas of its targets have in common.
    common: Rect,
    /// The area of the largest of them.
    largest: u32,
}

/// Groups the targets that have the same own preset, instruction, focus and prompt, as long as they have nearly all of
/// their safe areas in common.
fn same_questions(targets: &[PlannedTarget<'_>], question: impl Fn(&PlannedTarget<'_>) -> (String, Rect)) -> Groups {
    let mut question_of: Vec<usize> = Vec::with_capacity(targets.len());
    let mut questions: Vec<Question> = Vec::new();
    for target in targets {
        let (prompt, safe) = question(target);
        let key = [target.row, target.class];
        let known = questions.iter_mut().enumerate().find_map(|(index, known)| {
            let common = intersection([known.common, safe]).filter(|_| known.key == key && known.prompt == prompt)?;
            let largest = known.largest.max(safe.size().area());
            let shared = PerMille::rounded_down(common.size().area().into(), largest.into());
            (shared >= SAME_QUESTION).then(|| {
                (known.common, known.largest) = (common, largest);
                index
            })
        });
        question_of.push(known.unwrap_or(questions.len()));
        if known.is_none() {
            questions.push(Question { key, prompt, common: safe, largest: safe.size().area() });
        }
    }
    grouped(targets, |index, target| (question_of.get(index).copied(), (target.own.preset, target.own.per_image)))
}

/// Finds the cheapest set of at most `max_groups` generations in which no target loses more than `max_loss`. Returns
/// `None` if there is no such set, or if none was found within the request's maximum number of search nodes.
///
/// This is a weighted set cover. Its rows are the presets of the model's table, each with a maximal set of targets that
/// may be cut from one picture of it.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
pub(in crate::plan) fn cheapest(
    request: &Request,
    targets: &[PlannedTarget<'_>],
    max_loss: PerMille,
    max_groups: u32,
) -> Option<Groups> {
    let (mut rows, mut relaxed, mut is_complete) = (Vec::new(), Vec::new(), true);
    let classes: BTreeSet<usize> = targets.iter().map(|target| target.class).collect();
    for (preset, price) in priced(request) {
        let needs: Vec<Option<Need>> = targets.iter().map(|target| need(request, preset, target, max_loss)).collect();
        for class in &classes {
            let of_class =
                |(need, target): (&Option<Need>, &PlannedTarget<'_>)| need.filter(|_| target.class == *class);
            let needs: Vec<Option<Need>> = needs.iter().zip(targets).map(of_class).collect();
            let feasible = feasible_sets(&needs, MAX_COMMON_AREAS);
            is_complete &= feasible.is_complete;
            let row = |serves| Row { preset, cost: price.0, serves };
            rows.extend(feasible.sets.into_iter().map(row));
            relaxed.push(row(Bits::of(needs.len(), |target| needs.get(target).is_some_and(Option::is_some))));
        }
    }
    let nodes = request.max_search_nodes();
    let problem = problem(request, targets, rows);
    let Cover { assignment, is_proven, mut least_cost } = problem.solve(max_groups, nodes)?;
    if !is_complete {
        // Without the limits on what targets have in common, the rows are a superset of all rows that were not found.
        // The cheapest cover of these rows is a lower bound.
        let relaxed = self::problem(request, targets, relaxed).solve(u32::MAX, nodes);
        least_cost = least_cost.min(relaxed.map_or(0, |cover| cover.least_cost));
    }
    // A row that no target selects yields no group.
    let groups = grouped(targets, |index, _| {
        let row = *assignment.get(index).expect("invariant: every target is assigned to a row");
        let Row { preset, cost, .. } = problem.row(row);
        (row, (preset_of(request, *preset), UsdMicros(*cost)))
    });
    Some(Groups { least_sum: (!is_proven || !is_complete).then_some(UsdMicros(least_cost)), ..groups })
}

/// Returns the presets that may be used, by their index in the model's table, with the price of one image.
fn priced(request: &Request) -> impl Iterator<Item = (usize, UsdMicros)> {
    let model = request.model();
    model.presets().iter().enumerate().filter_map(move |(index, preset)| {
        let is_allowed = request.floor().is_none_or(|floor| preset.tier >= Some(floor));
        let price = request.prices().per_image(model.name(), preset.tier).filter(|_| is_allowed)?;
        Some((index, price))
    })
}

/// Returns what a target needs of a picture of the preset at index `preset`; `None` if it may not be cut from it.
fn need(request: &Request, preset: usize, planned: &PlannedTarget<'_>, max_loss: PerMille) -> Option<Need> {
    let (frame, target) = (preset_of(request, preset).size, planned.target);
    let (focus, max) = (request.focus_of(target), request.max_enlargement());
    let crop = request.fit().rect_within(frame, target.size, focus, max).ok()?;
    // A preset that has to be enlarged is used only where it was selected because it costs less.
    if preset != planned.row && !frame.covers(target.size) {
        return None;
    }
    // A bound that refuses a rendition keeps it from being cut from a preset other than its own, whose breach is an
    // error of the plan.
    if preset != planned.row && bounds::is_refused(request.bounds(), crop.size(), frame, target.size) {
        return None;
    }
    let safe = target.safe_area.inside(crop, target.size);
    let area = least_common(target.size, planned.own.preset.size, frame, safe, max_loss);
    (area <= u64::from(safe.size().area())).then_some(Need { safe, area })
}

/// Creates the set cover problem of these rows.
#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
fn problem(request: &Request, targets: &[PlannedTarget<'_>], rows: Vec<Row>) -> Problem {
    Problem::new(rows, targets.len(), PARTS, |row, target| {
        // Shares of different pictures are integers of one unit, so that their sums are compared exactly. An area has
        // 32 bits and `PARTS` 30, so the product fits a `u64`.
        let frame = preset_of(request, row.preset).size;
        let size = |target: Size| request.fit().size_within(frame, target, request.max_enlargement()).ok();
        let kept = targets.get(target).and_then(|target| size(target.target.size));
        let kept = kept.map(|size| u64::from(size.area()) * u64::from(PARTS) / u64::from(frame.area()));
        kept.and_then(|kept| u32::try_from(kept).ok()).expect("invariant: a row that serves a target covers it")
    })
}

#[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
fn preset_of(request: &Request, index: usize) -> Preset {
    *request.model().presets().get(index).expect("invariant: the preset is one of the model's")
}

/// Groups the targets that have equal keys, in the order of their first members.
fn grouped<K: PartialEq>(
    targets: &[PlannedTarget<'_>],
    key: impl Fn(usize, &PlannedTarget<'_>) -> (K, (Preset, UsdMicros)),
) -> Groups {
    let mut keys: Vec<K> = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        let (key, (preset, per_image)) = key(index, target);
        let place = keys.iter().position(|known| *known == key);
        if let Some(group) = place.and_then(|place| groups.get_mut(place)) {
            group.members.push(index);
        } else {
            keys.push(key);
            groups.push(Group { preset, per_image, members: alloc::vec![index] });
        }
    }
    Groups { groups, least_sum: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The groups of targets that ask the same question and have these safe areas.
    fn groups(safe: &[(u32, u32)]) -> Vec<Vec<usize>> {
        let target = Target::new(Size::new(9, 9).unwrap());
        let own = Unshared { preset: Preset::new(target.size), per_image: UsdMicros(1) };
        let planned = |index| PlannedTarget { index, target: &target, class: 0, row: 0, own };
        let targets: Vec<_> = (0..safe.len()).map(planned).collect();
        let question = |planned: &PlannedTarget<'_>| {
            let (x, width) = safe[planned.index];
            (String::new(), Rect::new(x, 0, Size::new(width, 1).unwrap()))
        };
        same_questions(&targets, question).groups.into_iter().map(|group| group.members).collect()
    }

    #[test]
    fn targets_of_one_question_have_at_least_99_percent_of_their_safe_areas_in_common() {
        assert_eq!(groups(&[(0, 1000), (0, 990)]), [[0, 1]]);
        assert_eq!(groups(&[(0, 1000), (0, 989)]), [[0], [1]]);
        assert_eq!(groups(&[(0, 989), (0, 1000)]), [[0], [1]]);
    }

    #[test]
    fn a_third_target_of_a_question_is_compared_with_what_the_first_two_have_in_common() {
        // The first has 990 pixels of 995 in common with either of the others, and all three have 985.
        assert_eq!(groups(&[(5, 995), (10, 995), (0, 995)]), [&[0, 1][..], &[2]]);
        // The largest is the second, which the third is compared with.
        assert_eq!(groups(&[(0, 995), (0, 1000), (0, 989)]), [&[0, 1][..], &[2]]);
    }
}

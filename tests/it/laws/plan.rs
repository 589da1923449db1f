//! The law of planning: what a request is refused for, and what its plan holds.

use std::collections::BTreeSet;

use arbitrary::{Result, Unstructured};
use smart_resize::generate::GenerationRequest;
use smart_resize::geometry::{Fit, Focus, FocusMode, PerMille};
use smart_resize::model::{AspectRatio, Model, Preset, PriceList, Smallest, Tier, UsdMicros, smallest_covering};
use smart_resize::plan::{Digest, OverBudgetError, PlanError, Rendition};
use smart_resize::request::{RequestError, RequestLimits, Sharing};
use smart_resize::scene::{Region, Scene};
use smart_resize::{Format, Plan, Request, Size, Source, Target};

use super::any::{any_focus, any_format, any_scene, any_share, any_size, any_table, any_target, any_text, any_tier};
use super::size::naive_size;

/// A request is refused with all its errors, or its plan is correct. The JSON of a plan reads back as the same plan.
/// JSON with a changed byte is refused or reads as a valid plan.
pub(crate) fn plan(data: &[u8]) {
    read_document(data);
    let mut input = Unstructured::new(data);
    let Ok(Some(asked)) = Asked::draw(&mut input) else { return };
    let Some(plan) = asked.check() else { return };
    let document = serde_json::to_vec(&plan).unwrap();
    assert_eq!(serde_json::from_slice::<Plan>(&document).unwrap(), plan);
    let mut tampered = document;
    let at = input.choose_index(tampered.len()).unwrap_or_default();
    tampered[at] ^= input.int_in_range(1..=255_u8).unwrap_or(1);
    read_document(&tampered);
}

fn read_document(document: &[u8]) {
    if let Ok(plan) = serde_json::from_slice::<Plan>(document) {
        check_costs_and_geometry(&plan);
        let written = serde_json::to_vec(&plan).unwrap();
        let read: Plan = serde_json::from_slice(&written).unwrap();
        assert_eq!((serde_json::to_vec(&read).unwrap(), read), (written, plan));
    }
}

/// The parts of a request, from which its errors are counted without the crate.
struct Asked {
    source: Source,
    texts: Vec<String>,
    targets: Vec<Target>,
    table: Model,
    prices: PriceList,
    prompt: String,
    scene: Option<Scene>,
    variants: u32,
    floor: Option<Tier>,
    smallest: Smallest,
    formats: [Format; 2],
    fit: Fit,
    safety_tolerance: u8,
    seed: Option<u64>,
    focus: Focus,
    sharing: Sharing,
    max_search_nodes: u64,
    crop_source_above: Option<PerMille>,
    max_cost: Option<UsdMicros>,
    max_calls: Option<u32>,
    limits: RequestLimits,
}

impl Asked {
    fn draw(input: &mut Unstructured<'_>) -> Result<Option<Self>> {
        let Some(table) = any_table(input)? else { return Ok(None) };
        let texts = (0..input.int_in_range(0..=3)?).map(|_| any_text(input)).collect::<Result<_>>()?;
        let count = if input.ratio(1, 64_u8)? { 260 } else { input.int_in_range(0..=6)? };
        let targets = (0..count).map(|_| any_target(input, &table)).collect::<Result<_>>()?;
        let mut prices = PriceList::default();
        if !input.ratio(1, 8_u8)? {
            for tier in table.tiers().into_iter().map(Some).chain([None]) {
                let micros = if input.ratio(1, 16_u8)? { u64::MAX } else { input.int_in_range(0..=1_000_000)? };
                prices = prices.price(table.name().to_owned(), tier, UsdMicros(micros));
            }
        }
        let mut source = match input.int_in_range(0..=2_u8)? {
            0 => Source::from_bytes(input.arbitrary::<[u8; 4]>()?),
            1 => Source::from_digest(Digest::of(&[input.arbitrary()?])).url("https://example.com/a.jpg"),
            _ => Source::from_url("https://example.com/a.jpg"),
        };
        if input.arbitrary()? {
            source = source.size(any_size(input)?);
        }
        let mut limits = RequestLimits::default();
        if input.ratio(1, 8_u8)? {
            limits.targets = input.int_in_range(0..=300)?;
            limits.variants = input.int_in_range(0..=70)?;
            limits.instruction_chars = input.int_in_range(0..=20)?;
        }
        let asked = Self {
            source,
            texts,
            targets,
            prices,
            prompt: if input.ratio(1, 64_u8)? { "y".repeat(5001) } else { input.arbitrary()? },
            scene: if input.arbitrary()? { any_scene(input)? } else { None },
            variants: if input.ratio(1, 16_u8)? { input.arbitrary()? } else { input.int_in_range(0..=10)? },
            floor: match input.int_in_range(0..=3_u8)? {
                0 => any_tier(input)?,
                1 => table.tiers().last().copied(),
                _ => None,
            },
            smallest: if input.arbitrary()? { Smallest::ByPixels } else { Smallest::ByTier },
            formats: [any_format(input)?, any_format(input)?],
            fit: if input.arbitrary()? { Fit::Crop } else { Fit::Cover },
            safety_tolerance: input.int_in_range(0..=7)?,
            seed: input.arbitrary()?,
            focus: any_focus(input)?,
            sharing: match input.int_in_range(0..=4_u8)? {
                0 | 1 => Sharing::PerTarget,
                2 => Sharing::Duplicates,
                3 => Sharing::Shared { max_loss: any_share(input)? },
                _ => Sharing::Shared { max_loss: "10 %".parse().unwrap() },
            },
            max_search_nodes: if input.arbitrary()? { 10_000 } else { input.int_in_range(0..=20)? },
            crop_source_above: if input.arbitrary()? { Some(any_share(input)?) } else { None },
            max_cost: if input.ratio(1, 4_u8)? { Some(UsdMicros(input.int_in_range(0..=5_000_000)?)) } else { None },
            max_calls: if input.ratio(1, 4_u8)? { Some(input.int_in_range(0..=8)?) } else { None },
            table,
            limits,
        };
        Ok(Some(asked))
    }

    fn build(&self, prompt: &str) -> std::result::Result<Request, Vec<RequestError>> {
        self.build_sharing(prompt, self.sharing)
    }

    fn build_sharing(&self, prompt: &str, sharing: Sharing) -> std::result::Result<Request, Vec<RequestError>> {
        let mut builder = Request::builder(self.source.clone())
            .sizes(&self.texts)
            .targets(self.targets.iter().cloned())
            .model(self.table.clone())
            .prices(self.prices.clone())
            .instruction(prompt)
            .variants(self.variants)
            .smallest(self.smallest)
            .format(self.formats[0])
            .transfer_format(self.formats[1])
            .fit(self.fit)
            .safety_tolerance(self.safety_tolerance)
            .focus(self.focus)
            .sharing(sharing)
            .max_search_nodes(self.max_search_nodes)
            .limits(self.limits);
        if let Some(min_kept) = self.crop_source_above {
            builder = builder.crop_source_above(min_kept);
        }
        if let Some(max_cost) = self.max_cost {
            builder = builder.max_cost(max_cost);
        }
        if let Some(max_calls) = self.max_calls {
            builder = builder.max_calls(max_calls);
        }
        if let Some(scene) = &self.scene {
            builder = builder.scene(scene.clone());
        }
        if let Some(floor) = self.floor {
            builder = builder.floor(floor);
        }
        if let Some(seed) = self.seed {
            builder = builder.seed(seed);
        }
        builder.build().map_err(|errors| {
            assert!(!errors.to_string().is_empty());
            errors.iter().cloned().collect()
        })
    }

    /// The first 256 targets, which are those that a request checks. `None` for a text that is not a size.
    fn asked(&self) -> Vec<Option<Target>> {
        let texts = self.texts.iter().map(|text| naive_size(text, false).map(|(w, h)| Size::new(w, h).unwrap().into()));
        texts.chain(self.targets.iter().cloned().map(Some)).take(256).collect()
    }

    /// Whether the target is cut from the source, by the documented rule.
    fn is_cut_from_source(&self, target: Size) -> bool {
        let (Some(min_kept), Some(_), Some(frame)) = (self.crop_source_above, self.source.bytes(), self.source.size)
        else {
            return false;
        };
        let rect = self.fit.rect(frame, target).map(|rect| u64::from(rect.size().area()));
        rect.is_ok_and(|kept| 1000 * kept >= u64::from(min_kept.get()) * u64::from(frame.area()))
    }

    fn lowest_tier(&self) -> Option<Tier> {
        let has = |tier: &Tier| self.table.tiers().contains(tier);
        self.floor.filter(has).or(Some(Tier::K1).filter(has))
    }

    /// The number of errors in the request.
    fn mistakes(&self) -> usize {
        let found = self.texts.len() + self.targets.len();
        let mut mistakes = usize::from(found == 0 || found > self.limits.targets.min(256))
            + usize::from(self.variants == 0 || self.variants > self.limits.variants.min(64))
            + usize::from(self.prompt.chars().count() > self.limits.instruction_chars)
            + usize::from(self.floor.is_some_and(|floor| !self.table.tiers().contains(&floor)))
            + usize::from(self.safety_tolerance == 0 || self.safety_tolerance > 6);
        if self.crop_source_above.is_some() {
            mistakes += usize::from(self.source.bytes().is_none()) + usize::from(self.source.size.is_none());
        }
        let mut unpriced = Vec::new();
        for target in self.asked() {
            let Some(target) = target else {
                mistakes += 1;
                continue;
            };
            let size = target.size;
            let longest = if target.format.unwrap_or(self.formats[0]) == Format::WebP { 16_383 } else { 65_535 };
            mistakes += usize::from(size.width() > longest || size.height() > longest);
            mistakes += usize::from(target.max_bytes == Some(0));
            if let Some(edges) = target.safe_area.pixels() {
                let [top, right, bottom, left] = edges.map(u32::from);
                mistakes += usize::from(top + bottom >= size.height() || left + right >= size.width());
            }
            if self.is_cut_from_source(size) {
                continue;
            }
            match smallest_covering(&self.table, size, self.lowest_tier(), self.smallest) {
                Err(_) => mistakes += 1,
                Ok(preset) if self.prices.per_image(self.table.name(), preset.tier).is_none() => {
                    unpriced.push(preset.tier);
                }
                Ok(_) => {}
            }
        }
        unpriced.sort_unstable();
        unpriced.dedup();
        mistakes + unpriced.len()
    }

    /// Checks the laws. Returns the plan, or `None` if the request or the plan is refused.
    fn check(&self) -> Option<Plan> {
        let request = match self.build(&self.prompt) {
            Ok(request) => request,
            Err(errors) => {
                assert_eq!(errors.len(), self.mistakes(), "{errors:?}");
                return None;
            }
        };
        assert_eq!(self.mistakes(), 0);
        let plan = match Plan::new(&request) {
            Ok(plan) => plan,
            Err(PlanError::PromptTooLong { chars, max, .. }) => {
                assert!(chars > max && max == self.table.limits.prompt_chars);
                return None;
            }
            Err(PlanError::OverBudget(error)) => {
                self.check_over_budget(&error);
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        check_costs_and_geometry(&plan);
        // With a limit on calls, the cheapest set may cost more than unshared generations.
        assert!(plan.cost() <= plan.cost_unshared() || self.max_calls.is_some());
        let fits = |alternative: UsdMicros| self.max_cost.is_none_or(|max| alternative <= max);
        assert!(fits(plan.cost()) && self.max_calls.is_none_or(|max| plan.calls().count() <= max as usize));
        // The prompt without the user's instruction is a prefix of the prompt with it.
        let without_prompt = Plan::new(&self.build("").unwrap()).unwrap();
        assert_eq!(plan.renditions().len(), self.asked().len());
        for (rendition, target) in plan.renditions().iter().zip(self.asked()) {
            let target = target.unwrap();
            assert_eq!((rendition.target(), rendition.fit()), (target.size, self.fit));
            assert_eq!(rendition.format(), target.format.unwrap_or(self.formats[0]));
            assert_eq!((rendition.max_bytes(), rendition.safe_area()), (target.max_bytes, target.safe_area));
            assert_eq!(rendition.generation().is_none(), self.is_cut_from_source(target.size));
            assert_eq!(rendition.unshared().is_some(), self.is_shared(rendition));
            if let Some(own) = rendition.unshared() {
                self.check_preset(own.preset(), target.size);
                assert!(rendition.loss() <= self.max_loss());
            }
            let generation = rendition.generation().map(|index| &plan.generations()[index]);
            if let (Some(generation), Sharing::PerTarget | Sharing::Duplicates) = (generation, self.sharing) {
                self.check_preset(generation.preset(), target.size);
            }
        }
        for (index, generation) in plan.generations().iter().enumerate() {
            let members = plan.renditions().iter().filter(|rendition| rendition.generation() == Some(index)).count();
            assert!(members == 1 || (members > 1 && self.sharing != Sharing::PerTarget));
            assert!(self.table.presets().contains(generation.preset()));
            assert_eq!(generation.variants(), self.variants);
            let per_call = u32::from(self.table.limits.variants_per_call.get());
            assert_eq!(generation.calls().len(), self.variants.div_ceil(per_call) as usize);
            assert!(generation.calls().iter().all(|call| (1..=per_call).contains(&call.variants())));
            assert_eq!(generation.calls()[0].seed(), self.seed);
            let own = without_prompt.generations()[index].prompt();
            assert_eq!(generation.prompt().get(..own.len()), Some(&**own));
            if !self.scene_has_digits() {
                assert_no_sizes(own, generation.preset().ratio.unwrap(), if self.has_boxes() { 1000 } else { 100 });
            }
        }
        let requests = plan.requests(&self.source).unwrap();
        assert!(
            requests.iter().map(GenerationRequest::fingerprint).eq(plan.calls().map(|(_, call)| call.fingerprint()))
        );
        Some(plan)
    }

    fn is_shared(&self, rendition: &Rendition) -> bool {
        rendition.generation().is_some() && matches!(self.sharing, Sharing::Shared { .. })
    }

    fn max_loss(&self) -> PerMille {
        match self.sharing {
            Sharing::Shared { max_loss } => max_loss,
            _ => PerMille::ZERO,
        }
    }

    /// Checks that the plan exceeds a bound, and that the alternatives in the error keep the bounds.
    fn check_over_budget(&self, error: &OverBudgetError) {
        let over_cost = self.max_cost.is_some_and(|max| error.cost > max);
        assert!(over_cost || self.max_calls.is_some_and(|max| error.calls > max), "{error}");
        assert_eq!(error.least_loss.is_some(), error.cheapest.is_some());
        for found in [error.least_loss, error.cheapest].into_iter().flatten() {
            assert!(self.max_cost.is_none_or(|max| found.cost <= max), "{error}");
            assert!(self.max_calls.is_none_or(|max| found.calls <= max), "{error}");
            let sharing = Sharing::Shared { max_loss: found.max_loss };
            match Plan::new(&self.build_sharing("", sharing).unwrap()) {
                Ok(plan) => assert_eq!((plan.cost(), plan.calls().count()), (found.cost, found.calls as usize)),
                Err(other) => assert!(matches!(other, PlanError::PromptTooLong { .. }), "{other}"),
            }
        }
    }

    fn check_preset(&self, chosen: &Preset, target: Size) {
        assert!(self.table.presets().contains(chosen) && chosen.tier >= self.lowest_tier());
        for preset in self.table.presets().iter().filter(|p| p.tier >= self.lowest_tier() && p.covers(target)) {
            match self.smallest {
                Smallest::ByPixels => assert!(preset.size.area() >= chosen.size.area()),
                _ => assert!(preset.tier >= chosen.tier),
            }
        }
    }

    /// Whether the prompt has boxes, whose edges are from 0 to 1000.
    fn has_boxes(&self) -> bool {
        self.scene.as_ref().is_some_and(|scene| scene.subjects().len() + scene.texts().len() > 0)
    }

    fn scene_has_digits(&self) -> bool {
        let Some(scene) = &self.scene else { return false };
        let labels = scene.subjects().iter().chain(scene.texts()).map(Region::label);
        labels.chain([scene.summary()]).any(|text| text.contains(|c: char| c.is_ascii_digit()))
    }
}

/// The laws of every plan, whether built or read.
fn check_costs_and_geometry(plan: &Plan) {
    let mut cost = if plan.generations().is_empty() { 0 } else { u128::from(plan.per_request().0) };
    for (number, (generation, call)) in plan.calls().enumerate() {
        assert_eq!(call.id().0 as usize, number);
        assert_eq!(call.fingerprint().is_some(), plan.source_digest().is_some());
        cost += u128::from(plan.generations()[generation].per_image().0) * u128::from(call.variants());
    }
    assert_eq!(u128::from(plan.cost().0), cost.min(u64::MAX.into()));
    let fingerprints: Vec<_> = plan.calls().filter_map(|(_, call)| call.fingerprint()).collect();
    let distinct: BTreeSet<_> = fingerprints.iter().map(ToString::to_string).collect();
    assert_eq!(distinct.len(), fingerprints.len(), "two calls share a fingerprint");
    for rendition in plan.renditions() {
        let frame = match rendition.generation() {
            Some(index) => plan.generations()[index].preset().size,
            None => plan.source_size().unwrap(),
        };
        let (crop, target) = (rendition.crop(), rendition.target());
        assert!(frame.covers(target) && crop.is_inside(frame) && crop.size().covers(target));
        if rendition.fit() == Fit::Crop {
            assert_eq!(crop.size(), target);
        }
        check_place(rendition.focus(), [crop.x(), crop.width(), frame.width()], 0);
        check_place(rendition.focus(), [crop.y(), crop.height(), frame.height()], 1);
        let kept = u64::from(crop.size().area()) * 1000 / u64::from(frame.area());
        assert_eq!(u64::from(rendition.kept().get()), kept);
    }
}

/// On one axis, the rectangle is where the mode of the focus places it.
fn check_place(focus: Focus, [start, length, whole]: [u32; 3], axis: usize) {
    let edges = focus.edges().map(PerMille::get);
    let from = u32::from(edges[axis]) * whole / 1000;
    let to = (u32::from(edges[axis + 2]) * whole).div_ceil(1000);
    let (end, centred) = (start + length, (whole - length) / 2);
    let place = || format!("{start} to {end} of {whole}, of {focus:?}");
    let FocusMode::Nudge { margin } = focus.mode else {
        // Twice the distance of the two centres. A move by one pixel in either direction does not reduce it, unless it
        // leaves the picture.
        let distance = |start: u32| (2 * start + length).abs_diff(from + to);
        assert!(start == 0 || distance(start - 1) > distance(start), "{}", place());
        assert!(end == whole || distance(start + 1) >= distance(start), "{}", place());
        return;
    };
    let margin = ((to - from) * u32::from(margin.get())).div_ceil(1000);
    let (outer_from, outer_to) = (from.saturating_sub(margin), (to + margin).min(whole));
    // A place is allowed if the rectangle and the focus lie one in the other, and if it and the focus with its margin
    // do. A rectangle off the centre could not be any nearer to it.
    let is_allowed = |start: u32| {
        let nested = |from, to| (start <= from && to <= start + length) || (from <= start && start + length <= to);
        nested(from, to) && nested(outer_from, outer_to)
    };
    assert!(is_allowed(start), "{}", place());
    let nearer = if start < centred { start + 1 } else { start.saturating_sub(1) };
    assert!(start == centred || !is_allowed(nearer), "{}", place());
}

/// No number in the text is above `most`, except those of the ratio.
fn assert_no_sizes(text: &str, ratio: AspectRatio, most: u32) {
    let text = text.replacen(&ratio.to_string(), "", 1);
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    for number in numbers {
        assert!(number.parse::<u32>().is_ok_and(|number| number <= most), "{number} in {text:?}");
    }
}

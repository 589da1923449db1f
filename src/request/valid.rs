//! A valid request.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::bounds::Bounds;
use super::options::CallOptions;
use super::sharing::Sharing;
use super::source::Source;
use super::target::Target;
use crate::format::Format;
use crate::geometry::fit::Fit;
use crate::geometry::focus::Focus;
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::catalog::Model;
use crate::model::preset::{Preset, Tier};
use crate::model::price::{PriceList, UsdMicros};
use crate::model::select::Smallest;
use crate::prompt::template::PromptTemplate;
use crate::scene::Scene;
use crate::size::Size;

/// A valid request. See [`builder`](Self::builder).
///
/// # Guarantees
///
/// The request has from 1 to [`MAX_TARGETS`](super::MAX_TARGETS) targets. The size of each target is within the limit
/// of its format. Each target is either cut from the source, or covered by a preset that is not below the floor and has
/// a known price. The preset may be too small by at most the [enlargement](Self::max_enlargement) that is allowed.
///
/// ```
/// use smart_resize::{Format, Request, Source};
/// use smart_resize::model::Tier;
///
/// let source = Source::from_url("https://example.com/shoe.jpg");
/// let request = Request::builder(source).sizes(["300x250", "728x90"]).format(Format::Jpeg).build()?;
/// assert_eq!((request.targets().len(), request.variants()), (2, 1));
/// assert_eq!((request.format(), request.floor()), (Format::Jpeg, Some(Tier::K1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) fields: Fields,
    pub(super) targets: Vec<Target>,
    /// One entry for each target, in the order of the targets.
    pub(super) cut_from: Vec<CutFrom>,
    pub(super) floor: Option<Tier>,
}

/// Where a target is cut from, as found by the validation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CutFrom {
    /// The rectangle `crop` of the source, which has `size`.
    Source { size: Size, crop: Rect },
    /// A generated image. `preset` is the smallest for the target, and `row` is its index in the model's table.
    /// If generations are shared, the plan can select another preset.
    Generation { row: usize, preset: Preset, per_image: UsdMicros },
}

/// The fields that the builder sets and the request keeps unchanged.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub(super) source: Source,
    pub(super) model: Model,
    pub(super) prices: Option<PriceList>,
    pub(super) instruction: String,
    pub(super) purpose: Option<Arc<str>>,
    pub(super) scene: Option<Arc<Scene>>,
    pub(super) template: Arc<dyn PromptTemplate>,
    pub(super) focus: Focus,
    pub(super) max_enlargement: PerMille,
    pub(super) variants: u32,
    pub(super) smallest: Smallest,
    pub(super) format: Format,
    pub(super) fit: Fit,
    pub(super) options: CallOptions,
    pub(super) seed: Option<u64>,
    pub(super) sharing: Sharing,
    pub(super) max_search_nodes: u64,
    pub(super) crop_source_above: Option<PerMille>,
    pub(super) max_cost: Option<UsdMicros>,
    pub(super) max_calls: Option<u32>,
    pub(super) bounds: Bounds,
}

impl Fields {
    /// Returns a generated image of `preset`, as what a target is cut from.
    #[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
    pub(super) fn generated(&self, preset: Preset, per_image: UsdMicros) -> CutFrom {
        // The presets of a model are distinct, so the first equal one is the preset itself.
        let row = self.model.presets().iter().position(|other| *other == preset);
        CutFrom::Generation { row: row.expect("invariant: the preset is one of the model's"), preset, per_image }
    }

    pub(super) fn prices(&self) -> &PriceList {
        self.prices.as_ref().unwrap_or(&self.model.prices)
    }

    /// Returns the size of the source and the rectangle that becomes `target`; `None` if the target may not be cut from
    /// the source.
    pub(super) fn cut_from_source(&self, target: &Target) -> Option<(Size, Rect)> {
        let min_kept = self.crop_source_above?;
        // A source without bytes would have to be fetched before it can be cut.
        let frame = self.source.bytes().and(self.source.size)?;
        // A source that does not cover the target would have to be enlarged, so it is not cut.
        let rect = self.fit.rect_at(frame, target.size, target.focus.unwrap_or(self.focus)).ok()?;
        (rect.kept_of(frame) >= min_kept).then_some((frame, rect))
    }
}

impl Request {
    /// Returns the picture to resize.
    pub const fn source(&self) -> &Source {
        &self.fields.source
    }

    /// Returns the targets, in the order in which they were added.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Returns the model.
    pub const fn model(&self) -> &Model {
        &self.fields.model
    }

    /// Returns the prices of the request: those that were set, otherwise the model's own.
    pub fn prices(&self) -> &PriceList {
        self.fields.prices()
    }

    /// Returns the user's own text, which follows in a separate block of each prompt; `""` if there is none.
    pub fn instruction(&self) -> &str {
        &self.fields.instruction
    }

    /// Returns what the results are for, for targets that do not say it themselves; `None` if it is not known.
    pub const fn purpose(&self) -> Option<&Arc<str>> {
        self.fields.purpose.as_ref()
    }

    /// Returns the description of what the source shows; `None` if it is not known.
    pub const fn scene(&self) -> Option<&Arc<Scene>> {
        self.fields.scene.as_ref()
    }

    /// Returns the template that writes the prompts.
    pub fn template(&self) -> &dyn PromptTemplate {
        &*self.fields.template
    }

    /// Returns by how much a generated image may be enlarged to become a target.
    pub const fn max_enlargement(&self) -> PerMille {
        self.fields.max_enlargement
    }

    /// Returns the focal point or region, for targets that do not set their own.
    pub const fn focus(&self) -> Focus {
        self.fields.focus
    }

    /// Returns the number of variants of each target, from 1.
    pub const fn variants(&self) -> u32 {
        self.fields.variants
    }

    /// Returns the lowest tier that may be used; `None` if all may be.
    pub const fn floor(&self) -> Option<Tier> {
        self.floor
    }

    /// Returns the order that decides which covering preset is the smallest.
    pub const fn smallest(&self) -> Smallest {
        self.fields.smallest
    }

    /// Returns the format of the results, for targets that do not set their own.
    pub const fn format(&self) -> Format {
        self.fields.format
    }

    /// Returns how targets are cut.
    pub const fn fit(&self) -> Fit {
        self.fields.fit
    }

    /// Returns the options of the backend's calls.
    pub const fn options(&self) -> CallOptions {
        self.fields.options
    }

    /// Returns the seed of each generation's first call; `None` if calls have no seed.
    pub const fn seed(&self) -> Option<u64> {
        self.fields.seed
    }

    /// Returns which targets may be cut from one generation.
    pub const fn sharing(&self) -> Sharing {
        self.fields.sharing
    }

    /// Returns the maximum number of nodes that a search for the cheapest set of generations visits.
    pub const fn max_search_nodes(&self) -> u64 {
        self.fields.max_search_nodes
    }

    /// Returns the share of the source that a target must keep to be cut from the source; `None` disables it.
    pub const fn crop_source_above(&self) -> Option<PerMille> {
        self.fields.crop_source_above
    }

    /// Returns the maximum cost of the plan; `None` if there is no limit.
    pub const fn max_cost(&self) -> Option<UsdMicros> {
        self.fields.max_cost
    }

    /// Returns the maximum number of calls of the plan; `None` if there is no limit.
    pub const fn max_calls(&self) -> Option<u32> {
        self.fields.max_calls
    }

    /// Returns the focal point or region of a target: its own, otherwise that of the request.
    pub(crate) fn focus_of(&self, target: &Target) -> Focus {
        target.focus.unwrap_or(self.fields.focus)
    }

    /// Returns the instruction for a target: its own, otherwise that of the request.
    pub(crate) fn instruction_of<'a>(&'a self, target: &'a Target) -> &'a str {
        target.instruction.as_deref().unwrap_or(&self.fields.instruction)
    }

    /// Returns the bounds that each rendition is compared with.
    pub const fn bounds(&self) -> Bounds {
        self.fields.bounds
    }

    /// Returns the number of calls that the variants of one generation take.
    pub(crate) fn calls_per_generation(&self) -> u32 {
        self.fields.variants.div_ceil(self.fields.model.limits.variants_per_call.get().into())
    }

    /// Returns where each target is cut from, in the order of the targets.
    pub(crate) fn cut_from(&self) -> &[CutFrom] {
        &self.cut_from
    }
}

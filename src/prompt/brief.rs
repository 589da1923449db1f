//! The brief: the facts from which a prompt is written.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::geometry::focus::Focus;
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::preset::Preset;
use crate::scene::Scene;
use crate::size::Size;

/// The least nearness of two shapes that count as the same.
const SAME_SHAPE: PerMille = PerMille::constant(970);
/// Below this nearness more than half of the generated image shows what is not in the source.
const MUCH: PerMille = PerMille::HALF;

/// The facts about one image to generate.
///
/// A plan has a brief for each of its generations. A backend receives it with the prompt, so that a backend that takes
/// no text, such as the built-in one, composes by the same facts.
///
/// ```
/// use smart_resize::geometry::Fit;
/// use smart_resize::model::Model;
/// use smart_resize::prompt::{Brief, PromptTemplate, Relation, Wording};
///
/// let pro = Model::nano_banana_pro();
/// let preset = pro.presets()[8]; // 16:9 1K
/// let kept = Fit::Cover.rect(preset.size, "1000x300".parse()?)?;
/// let brief = Brief::new(preset).source_size("3000x2000".parse()?).surviving(kept).purpose("a display banner");
/// assert_eq!(brief.relation(), Relation::Wider);
/// assert!(Wording::V2.prompt(&brief).contains("It is for a display banner."));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Brief {
    /// The size in pixels to generate, with its labels.
    pub preset: Preset,
    /// The source's upright size in pixels; `None` if it is not known.
    pub source_size: Option<Size>,
    /// The part of the generated image that survives the crop, in pixels. For several crops, this is their
    /// intersection.
    pub surviving: Rect,
    /// The part of the generated image that must contain everything that matters, in pixels. In the brief of a plan it is
    /// inside the surviving part, and is the same if no target has a safe area.
    pub safe_area: Rect,
    /// The focal point or region of the source.
    pub focus: Focus,
    /// The description of what the source shows; `None` if it is not known.
    pub scene: Option<Arc<Scene>>,
    /// What the result is for, as a noun with its article, such as "a display banner"; `None` if it is not known.
    pub purpose: Option<Arc<str>>,
    /// The names of the reference pictures that follow the source, in their order.
    pub references: Vec<Arc<str>>,
    /// The user's own instruction; `None` if there is none or if it is blank.
    pub instruction: Option<Arc<str>>,
}

impl Brief {
    /// Creates a brief for `preset`, without a crop and without any fact about the source.
    #[must_use]
    pub const fn new(preset: Preset) -> Self {
        let whole = Rect::new(0, 0, preset.size);
        Self {
            preset,
            source_size: None,
            surviving: whole,
            safe_area: whole,
            focus: Focus::CENTRE,
            scene: None,
            purpose: None,
            references: Vec::new(),
            instruction: None,
        }
    }

    /// Sets the source's upright size in pixels.
    #[must_use]
    pub const fn source_size(mut self, upright: Size) -> Self {
        self.source_size = Some(upright);
        self
    }

    /// Sets the part of the generated image that survives the crop. The part is clipped to the image. It is also the
    /// safe area, until [`safe_area`](Self::safe_area) is called after it.
    #[must_use]
    pub fn surviving(mut self, part: Rect) -> Self {
        self.surviving = part.clipped_to(self.preset.size);
        self.safe_area = self.surviving;
        self
    }

    /// Sets the safe area: the part of the generated image that must contain everything that matters. The part is
    /// clipped to the image.
    #[must_use]
    pub fn safe_area(mut self, part: Rect) -> Self {
        self.safe_area = part.clipped_to(self.preset.size);
        self
    }

    /// Sets the focal point or region of the source.
    #[must_use]
    pub const fn focus(mut self, focus: Focus) -> Self {
        self.focus = focus;
        self
    }

    /// Sets the description of what the source shows.
    #[must_use]
    pub fn scene(mut self, scene: impl Into<Arc<Scene>>) -> Self {
        self.scene = Some(scene.into());
        self
    }

    /// Sets what the result is for, as a noun with its article, such as "a display banner".
    #[must_use]
    pub fn purpose(mut self, purpose: impl Into<Arc<str>>) -> Self {
        self.purpose = Some(purpose.into());
        self
    }

    /// Adds the name of a reference picture, such as "the logo".
    #[must_use]
    pub fn reference(mut self, name: impl Into<Arc<str>>) -> Self {
        self.references.push(name.into());
        self
    }

    /// Sets the user's own instruction. Blanks around it are removed; a blank one counts as none.
    #[must_use]
    pub fn instruction(mut self, instruction: &str) -> Self {
        let instruction = instruction.trim();
        self.instruction = (!instruction.is_empty()).then(|| instruction.into());
        self
    }

    /// Returns how the shape of the generated image relates to the shape of the source.
    #[must_use]
    pub fn relation(&self) -> Relation {
        let (frame, Some(source)) = (self.preset.size, self.source_size) else {
            return Relation::Unknown;
        };
        let nearness = frame.nearness(source).share();
        if nearness >= SAME_SHAPE {
            return Relation::Same;
        }
        match (frame.cmp_shape(source).is_gt(), nearness < MUCH) {
            (true, false) => Relation::Wider,
            (true, true) => Relation::MuchWider,
            (false, false) => Relation::Taller,
            (false, true) => Relation::MuchTaller,
        }
    }
}

/// How the shape of a generated image relates to the shape of the source.
///
/// The measure is the [nearness](crate::geometry::Nearness) of the two shapes: from 97 % on they count as the same, and
/// below 50 % the generated image is much wider or much taller.
///
/// ```
/// use smart_resize::model::Preset;
/// use smart_resize::prompt::{Brief, Relation};
///
/// let relation = |source: &str| {
///     let brief = Brief::new(Preset::new("1000x1000".parse().unwrap()));
///     brief.source_size(source.parse().unwrap()).relation()
/// };
/// assert_eq!(relation("1000x970"), Relation::Same);
/// assert_eq!(relation("1000x969"), Relation::Taller);
/// assert_eq!(relation("499x1000"), Relation::MuchWider);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Relation {
    /// The shape of the source is not known.
    Unknown,
    /// The shapes are the same.
    Same,
    /// The generated image is wider.
    Wider,
    /// The generated image is much wider.
    MuchWider,
    /// The generated image is taller.
    Taller,
    /// The generated image is much taller.
    MuchTaller,
}

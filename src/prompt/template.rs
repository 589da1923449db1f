//! Prompt templates: the trait, the identity of a template, and the built-in one.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use super::brief::Brief;
use super::{v1, v2};

/// The name of the built-in template.
const BUILT_IN: &str = "smart-resize";

/// Writes the whole prompt for a brief. The [module](super) has an example.
///
/// The same brief must always give the same prompt. Planning writes the prompt once and keeps it in the plan. The
/// fingerprint of a call covers the brief and the template's [`id`](Self::id). For a template of the caller it also
/// covers the prompt, so that a forgotten change of version never returns the stored answer to another prompt.
pub trait PromptTemplate: fmt::Debug + Send + Sync {
    /// Returns the name and the version. A template whose wording changes needs a new version.
    fn id(&self) -> TemplateId;

    /// Writes the whole prompt, including the user's instruction.
    fn prompt(&self, brief: &Brief) -> String;
}

/// The name and the version of a template, printed as `name/version`.
///
/// ```
/// use smart_resize::prompt::{PromptTemplate, TemplateId, Wording};
///
/// assert_eq!(Wording::default().id().to_string(), "smart-resize/2");
/// assert_eq!(TemplateId::new("my-shop", 7).to_string(), "my-shop/7");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct TemplateId {
    /// The name. The built-in template is `smart-resize`.
    pub name: Cow<'static, str>,
    /// The version of the wording.
    pub version: u32,
}

impl TemplateId {
    /// Creates the identity of a template.
    pub fn new(name: impl Into<Cow<'static, str>>, version: u32) -> Self {
        Self { name: name.into(), version }
    }

    /// Returns the built-in wording with this identity; `None` for a template of the caller.
    ///
    /// ```
    /// use smart_resize::prompt::{PromptTemplate, TemplateId, Wording};
    ///
    /// assert_eq!(Wording::V1.id().wording(), Some(Wording::V1));
    /// assert_eq!(TemplateId::new("my-shop", 1).wording(), None);
    /// ```
    pub fn wording(&self) -> Option<Wording> {
        Wording::ALL.into_iter().find(|wording| wording.id() == *self)
    }
}

impl fmt::Display for TemplateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.version)
    }
}

/// The built-in template, in each of its versions. The text of a version never changes.
///
/// ```
/// use smart_resize::model::Model;
/// use smart_resize::prompt::{Brief, PromptTemplate, Wording};
///
/// let brief = Brief::new(Model::nano_banana_pro().presets()[9]); // 21:9 1K
/// assert!(Wording::V1.prompt(&brief).starts_with("Recreate this exact image for a frame of ratio 21:9, "));
/// assert!(Wording::V2.prompt(&brief).starts_with("Edit the provided image so that it becomes a very wide panorama"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wording {
    /// The first version. It names the part that survives in percent, and ignores purpose and references.
    V1,
    /// The second version, by Google's guidance for editing images: the task and the placement come first, positions
    /// are in halves and thirds, and new areas hold background only.
    #[default]
    V2,
}

impl Wording {
    /// All versions, the first one first.
    pub const ALL: [Self; 2] = [Self::V1, Self::V2];
}

impl PromptTemplate for Wording {
    fn id(&self) -> TemplateId {
        let version = match self {
            Self::V1 => 1,
            Self::V2 => 2,
        };
        TemplateId::new(BUILT_IN, version)
    }

    fn prompt(&self, brief: &Brief) -> String {
        match self {
            Self::V1 => v1::prompt(brief),
            Self::V2 => v2::prompt(brief),
        }
    }
}

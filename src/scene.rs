//! What is known of the source picture beyond its size: the answer of a vision model, or of a person, as plain data.
//!
//! Places are in thousandths of the upright picture, from its upper left corner, so that a scene fits every size of
//! one picture.
//!
//! ```
//! use smart_resize::scene::{Area, Region, Scene};
//!
//! let scene = Scene::new("a blue bottle on a table")?
//!     .subject(Region::new("the bottle", Area::new(350, 100, 650, 900)?)?)?
//!     .text(Region::new("SUMMER SALE", Area::new(100, 20, 900, 90)?)?)?;
//! assert_eq!(scene.subjects().len(), 1);
//! assert_eq!(
//!     Area::new(650, 100, 350, 900).unwrap_err().to_string(),
//!     "left 650, top 100, right 350, bottom 900 is no area: left < right and top < bottom, all at most 1000",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::string::String;
use alloc::vec::Vec;

use crate::geometry::focus::Focus;
use crate::geometry::per_mille::PerMille;

/// The most characters of a scene's summary.
pub const MAX_SUMMARY_CHARS: usize = 1000;
/// The most characters of a region's label.
pub const MAX_LABEL_CHARS: usize = 120;
/// The most subjects, and the most texts, of a scene.
pub const MAX_REGIONS: usize = 16;

/// A part of the upright picture, in thousandths of its width and height.
///
/// ```
/// use smart_resize::geometry::{Focus, PerMille};
/// use smart_resize::scene::Area;
///
/// let bottle = Area::new(350, 100, 650, 900)?;
/// assert_eq!(bottle.centre(), (PerMille::HALF, PerMille::HALF));
/// assert_eq!(Focus::from(bottle), "35,10,65,90".parse()?);
/// assert!(Area::new(650, 100, 350, 900).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "schemars",
    schemars(description = "A part of the upright picture, in thousandths of its width and height.")
)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "RawArea", into = "RawArea")
)]
pub struct Area {
    /// It has a width and a height.
    region: Focus,
}

impl Area {
    /// The area from (`left`, `top`) to (`right`, `bottom`), in thousandths.
    ///
    /// # Errors
    ///
    /// [`SceneError::Area`] unless left < right ≤ 1000 and top < bottom ≤ 1000.
    pub fn new(left: u16, top: u16, right: u16, bottom: u16) -> Result<Self, SceneError> {
        let region = || {
            let [x, y, to_x, to_y] = [left, top, right, bottom].map(|edge| PerMille::new(edge).ok());
            Focus::region(x?, y?, to_x?, to_y?).ok().filter(|_| left < right && top < bottom)
        };
        region().map(|region| Self { region }).ok_or(SceneError::Area { left, top, right, bottom })
    }

    /// The centre (x, y), rounded down.
    pub const fn centre(self) -> (PerMille, PerMille) {
        let [left, top, right, bottom] = self.edges();
        (left.midpoint(right), top.midpoint(bottom))
    }

    /// Left, top, right and bottom.
    pub const fn edges(self) -> [PerMille; 4] {
        self.region.edges()
    }
}

impl From<Area> for Focus {
    /// The whole of the area.
    fn from(area: Area) -> Self {
        area.region
    }
}

/// Something in the picture, and where.
///
/// ```
/// use smart_resize::scene::{Area, Region};
///
/// let region = Region::new("  the\n bottle ", Area::new(350, 100, 650, 900)?)?;
/// assert_eq!(region.label(), "the bottle");
/// assert_eq!(region.area(), Area::new(350, 100, 650, 900)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "Something in the picture, and where."))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "RawRegion"))]
pub struct Region {
    label: String,
    area: Area,
}

impl Region {
    /// `label`, on one line, at `area`: what a subject is, or what a text says.
    ///
    /// # Errors
    ///
    /// [`SceneError::Text`] where the label is blank or longer than [`MAX_LABEL_CHARS`].
    pub fn new(label: impl AsRef<str>, area: Area) -> Result<Self, SceneError> {
        Ok(Self { label: one_line("label", label.as_ref(), MAX_LABEL_CHARS)?, area })
    }

    /// What it is, or what it says.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Where it is.
    pub const fn area(&self) -> Area {
        self.area
    }
}

/// What the picture shows.
///
/// ```
/// use smart_resize::scene::{Area, Region, Scene};
///
/// let logo = Region::new("the logo", Area::new(0, 0, 200, 100)?)?;
/// let scene = Scene::new("a blue bottle on a table")?.subject(logo)?;
/// assert_eq!(scene.summary(), "a blue bottle on a table");
/// assert_eq!(scene.subjects()[0].label(), "the logo");
/// assert!(scene.texts().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(description = "What the picture shows."))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "RawScene"))]
pub struct Scene {
    summary: String,
    subjects: Vec<Region>,
    texts: Vec<Region>,
}

impl Scene {
    /// A scene of which a summary is known: one line, such as "a blue bottle on a table".
    ///
    /// # Errors
    ///
    /// [`SceneError::Text`] where the summary is blank or longer than [`MAX_SUMMARY_CHARS`].
    pub fn new(summary: impl AsRef<str>) -> Result<Self, SceneError> {
        let summary = one_line("summary", summary.as_ref(), MAX_SUMMARY_CHARS)?;
        Ok(Self { summary, subjects: Vec::new(), texts: Vec::new() })
    }

    /// Adds a subject: a person, a product, a logo.
    ///
    /// # Errors
    ///
    /// [`SceneError::TooMany`] above [`MAX_REGIONS`].
    pub fn subject(mut self, subject: Region) -> Result<Self, SceneError> {
        push("subjects", &mut self.subjects, subject)?;
        Ok(self)
    }

    /// Adds a text that is written in the picture.
    ///
    /// # Errors
    ///
    /// [`SceneError::TooMany`] above [`MAX_REGIONS`].
    pub fn text(mut self, text: Region) -> Result<Self, SceneError> {
        push("texts", &mut self.texts, text)?;
        Ok(self)
    }

    /// What the picture shows, in one line.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// The subjects, the most important first.
    pub fn subjects(&self) -> &[Region] {
        &self.subjects
    }

    /// The texts in the picture.
    pub fn texts(&self) -> &[Region] {
        &self.texts
    }
}

fn push(list: &'static str, regions: &mut Vec<Region>, region: Region) -> Result<(), SceneError> {
    if regions.len() >= MAX_REGIONS {
        return Err(SceneError::TooMany { list, found: regions.len() + 1 });
    }
    regions.push(region);
    Ok(())
}

/// The words of `text` with one blank between them, so that a label cannot open a paragraph of its own in a prompt.
fn one_line(field: &'static str, text: &str, max: usize) -> Result<String, SceneError> {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    match line.chars().count() {
        chars if chars == 0 || chars > max => Err(SceneError::Text { field, chars, max }),
        _ => Ok(line),
    }
}

/// Values that do not make a [`Scene`].
///
/// ```
/// use smart_resize::scene::{Scene, SceneError};
///
/// let error = Scene::new(" \n ").unwrap_err();
/// assert_eq!(error, SceneError::Text { field: "summary", chars: 0, max: 1000 });
/// assert_eq!(error.to_string(), "summary of 0 characters, expected 1 to 1000");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SceneError {
    /// Edges that are outside the picture or in the wrong order.
    #[error(
        "left {left}, top {top}, right {right}, bottom {bottom} is no area: \
         left < right and top < bottom, all at most 1000"
    )]
    #[expect(missing_docs, reason = "the four edges")]
    Area { left: u16, top: u16, right: u16, bottom: u16 },
    /// A summary or a label that is blank or too long.
    #[error("{field} of {chars} characters, expected 1 to {max}")]
    Text {
        /// Which text.
        field: &'static str,
        /// Its characters.
        chars: usize,
        /// The most it can have.
        max: usize,
    },
    /// More subjects or texts than a prompt can carry.
    #[error("{found} {list}, at most {MAX_REGIONS}")]
    TooMany {
        /// Which list.
        list: &'static str,
        /// How many there are.
        found: usize,
    },
}

/// A vision model answers with integers from 0 to 1000, so JSON has them too.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(rename = "Area"))]
struct RawArea {
    #[cfg_attr(feature = "schemars", schemars(range(max = 999)))]
    left: u16,
    #[cfg_attr(feature = "schemars", schemars(range(max = 999)))]
    top: u16,
    #[cfg_attr(feature = "schemars", schemars(range(min = 1, max = 1000)))]
    right: u16,
    #[cfg_attr(feature = "schemars", schemars(range(min = 1, max = 1000)))]
    bottom: u16,
}

#[cfg(feature = "serde")]
impl TryFrom<RawArea> for Area {
    type Error = SceneError;

    fn try_from(raw: RawArea) -> Result<Self, SceneError> {
        Self::new(raw.left, raw.top, raw.right, raw.bottom)
    }
}

#[cfg(feature = "serde")]
impl From<Area> for RawArea {
    fn from(area: Area) -> Self {
        let [left, top, right, bottom] = area.edges().map(PerMille::get);
        Self { left, top, right, bottom }
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(rename = "Region"))]
struct RawRegion {
    #[cfg_attr(feature = "schemars", schemars(length(min = 1, max = MAX_LABEL_CHARS)))]
    label: String,
    area: Area,
}

#[cfg(feature = "serde")]
impl TryFrom<RawRegion> for Region {
    type Error = SceneError;

    fn try_from(raw: RawRegion) -> Result<Self, SceneError> {
        Self::new(raw.label, raw.area)
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(rename = "Scene"))]
struct RawScene {
    #[cfg_attr(feature = "schemars", schemars(length(min = 1, max = MAX_SUMMARY_CHARS)))]
    summary: String,
    #[serde(default)]
    #[cfg_attr(feature = "schemars", schemars(length(max = MAX_REGIONS)))]
    subjects: Vec<Region>,
    #[serde(default)]
    #[cfg_attr(feature = "schemars", schemars(length(max = MAX_REGIONS)))]
    texts: Vec<Region>,
}

#[cfg(feature = "serde")]
impl TryFrom<RawScene> for Scene {
    type Error = SceneError;

    fn try_from(raw: RawScene) -> Result<Self, SceneError> {
        let scene = raw.subjects.into_iter().try_fold(Self::new(raw.summary)?, Self::subject)?;
        raw.texts.into_iter().try_fold(scene, Self::text)
    }
}

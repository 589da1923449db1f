//! A description of the source picture: a summary, the subjects and the texts in it.
//!
//! A vision model or a person provides it as plain data. Positions are in thousandths of the upright picture, from its
//! upper left corner, so one scene is valid for every size of the picture.
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
//!     "area is left 650, top 100, right 350, bottom 900; expected left < right and top < bottom, all at most 1000",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::string::String;
use alloc::vec::Vec;

use crate::geometry::focus::Focus;
use crate::geometry::per_mille::PerMille;

/// The maximum number of characters of a scene's summary.
pub const MAX_SUMMARY_CHARS: usize = 1000;
/// The maximum number of characters of a region's label.
pub const MAX_LABEL_CHARS: usize = 120;
/// The maximum number of subjects of a scene, and also of its texts.
pub const MAX_REGIONS: usize = 16;

/// A rectangle of the upright picture, in thousandths of its width and height.
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
    schemars(description = "A rectangle of the upright picture, in thousandths of its width and height.")
)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "RawArea", into = "RawArea")
)]
pub struct Area {
    /// A region whose width and height are at least 1 thousandth.
    region: Focus,
}

impl Area {
    /// Creates the area from (`left`, `top`) to (`right`, `bottom`), in thousandths.
    ///
    /// # Errors
    ///
    /// [`SceneError::Area`] unless left < right ≤ 1000 and top < bottom ≤ 1000.
    pub fn new(left: u16, top: u16, right: u16, bottom: u16) -> Result<Self, SceneError> {
        let region = || {
            let [x, y, to_x, to_y] = [left, top, right, bottom].map(|edge| PerMille::new(edge).ok());
            // A focal region may be a point. An area has at least one thousandth on either axis.
            Focus::region(x?, y?, to_x?, to_y?).ok().filter(|_| left < right && top < bottom)
        };
        region().map(|region| Self { region }).ok_or(SceneError::Area { left, top, right, bottom })
    }

    /// Returns the centre (x, y), rounded down.
    pub const fn centre(self) -> (PerMille, PerMille) {
        let [left, top, right, bottom] = self.edges();
        (left.midpoint(right), top.midpoint(bottom))
    }

    /// Returns the left, top, right and bottom edges.
    pub const fn edges(self) -> [PerMille; 4] {
        self.region.edges()
    }
}

impl From<Area> for Focus {
    /// Returns the whole area as a focal region.
    fn from(area: Area) -> Self {
        area.region
    }
}

/// A subject or a text in the picture, and its position.
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
#[cfg_attr(feature = "schemars", schemars(description = "A subject or a text in the picture, and its position."))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "RawRegion"))]
pub struct Region {
    label: String,
    area: Area,
}

impl Region {
    /// Creates a region at `area`. `label` names the subject, or is the wording of the text. Runs of whitespace and
    /// control characters in it become single blanks.
    ///
    /// # Errors
    ///
    /// [`SceneError::Text`] if the label is blank or longer than [`MAX_LABEL_CHARS`].
    pub fn new(label: impl AsRef<str>, area: Area) -> Result<Self, SceneError> {
        Ok(Self { label: one_line("label", label.as_ref(), MAX_LABEL_CHARS)?, area })
    }

    /// Returns the name of the subject, or the wording of the text.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Returns the position in the picture.
    pub const fn area(&self) -> Area {
        self.area
    }
}

/// A description of what the picture shows.
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
#[cfg_attr(feature = "schemars", schemars(description = "A description of what the picture shows."))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "RawScene"))]
pub struct Scene {
    summary: String,
    subjects: Vec<Region>,
    texts: Vec<Region>,
}

impl Scene {
    /// Creates a scene with a summary, such as "a blue bottle on a table", and without subjects and texts. Runs of
    /// whitespace and control characters in the summary become single blanks.
    ///
    /// # Errors
    ///
    /// [`SceneError::Text`] if the summary is blank or longer than [`MAX_SUMMARY_CHARS`].
    pub fn new(summary: impl AsRef<str>) -> Result<Self, SceneError> {
        let summary = one_line("summary", summary.as_ref(), MAX_SUMMARY_CHARS)?;
        Ok(Self { summary, subjects: Vec::new(), texts: Vec::new() })
    }

    /// Adds a subject, such as a person, a product or a logo. Add the most important subject first.
    ///
    /// # Errors
    ///
    /// [`SceneError::TooMany`] if the scene has [`MAX_REGIONS`] subjects already.
    pub fn subject(mut self, subject: Region) -> Result<Self, SceneError> {
        push("subjects", &mut self.subjects, subject)?;
        Ok(self)
    }

    /// Adds a text that appears in the picture.
    ///
    /// # Errors
    ///
    /// [`SceneError::TooMany`] if the scene has [`MAX_REGIONS`] texts already.
    pub fn text(mut self, text: Region) -> Result<Self, SceneError> {
        push("texts", &mut self.texts, text)?;
        Ok(self)
    }

    /// Returns the summary, which is one line.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// Returns the subjects, the most important first.
    pub fn subjects(&self) -> &[Region] {
        &self.subjects
    }

    /// Returns the texts in the picture.
    pub fn texts(&self) -> &[Region] {
        &self.texts
    }
}

/// Appends a region to the list that errors call `list`.
fn push(list: &'static str, regions: &mut Vec<Region>, region: Region) -> Result<(), SceneError> {
    if regions.len() >= MAX_REGIONS {
        return Err(SceneError::TooMany { list, found: regions.len() + 1 });
    }
    regions.push(region);
    Ok(())
}

/// Joins the words of `text` by single blanks. Without line breaks a label cannot start a new paragraph in a prompt.
fn one_line(field: &'static str, text: &str, max: usize) -> Result<String, SceneError> {
    // A run of separators yields empty words. Dropping these collapses the run to one blank.
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    // The limit counts characters and not bytes, as `maxLength` in the JSON Schema does.
    match line.chars().count() {
        chars if chars == 0 || chars > max => Err(SceneError::Text { field, chars, max }),
        _ => Ok(line),
    }
}

/// The error of values that do not make a [`Scene`].
///
/// ```
/// use smart_resize::scene::{Scene, SceneError};
///
/// let error = Scene::new(" \n ").unwrap_err();
/// assert_eq!(error, SceneError::Text { field: "summary", chars: 0, max: 1000 });
/// assert_eq!(error.to_string(), "summary has 0 characters; expected 1 to 1000");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SceneError {
    /// Edges that are outside the picture or in the wrong order.
    #[error(
        "area is left {left}, top {top}, right {right}, bottom {bottom}; \
         expected left < right and top < bottom, all at most 1000"
    )]
    #[expect(missing_docs, reason = "the four edges")]
    Area { left: u16, top: u16, right: u16, bottom: u16 },
    /// A summary or a label that is blank or too long.
    #[error("{field} has {chars} characters; expected 1 to {max}")]
    Text {
        /// The name of the field.
        field: &'static str,
        /// The number of characters after whitespace was collapsed.
        chars: usize,
        /// The maximum number of characters.
        max: usize,
    },
    /// More than [`MAX_REGIONS`] subjects or texts.
    #[error("scene has {found} {list}; expected at most {MAX_REGIONS}")]
    TooMany {
        /// The name of the list.
        list: &'static str,
        /// The number of entries.
        found: usize,
    },
}

/// The JSON form of an [`Area`]. Its edges are integers from 0 to 1000, as vision models answer.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn region() -> Region {
        Region::new("a", Area::new(0, 0, 1, 1).unwrap()).unwrap()
    }

    #[test]
    fn an_area_has_at_least_a_thousandth_on_either_axis_and_ends_at_1000() {
        let is_area = |left, top, right, bottom| Area::new(left, top, right, bottom).is_ok();
        assert!(is_area(0, 0, 1000, 1000) && is_area(5, 6, 6, 7));
        assert!(!is_area(5, 6, 5, 7) && !is_area(5, 6, 6, 6));
        assert!(!is_area(0, 0, 1001, 1) && !is_area(0, 0, 1, 1001));
    }

    #[test]
    fn the_centre_of_an_area_is_rounded_down() {
        let (x, y) = Area::new(0, 0, 1, 3).unwrap().centre();
        assert_eq!((x.get(), y.get()), (0, 1));
    }

    #[test]
    fn a_summary_has_1_to_1000_characters_and_a_label_1_to_120() {
        let summary = |chars| Scene::new("é".repeat(chars)).is_ok();
        assert_eq!([0, 1, 1000, 1001].map(summary), [false, true, true, false]);
        let label = |chars| Region::new("é".repeat(chars), region().area()).is_ok();
        assert_eq!([0, 1, 120, 121].map(label), [false, true, true, false]);
    }

    #[test]
    fn runs_of_whitespace_and_control_characters_become_single_blanks() {
        assert_eq!(Scene::new(" a\n\n\tb\u{0}\u{a0}c ").unwrap().summary(), "a b c");
        assert_eq!(Region::new("a\u{2028}b", region().area()).unwrap().label(), "a b");
        // The limit counts the characters after that.
        assert!(Region::new(" ".repeat(500) + "a", region().area()).is_ok());
    }

    #[test]
    fn a_scene_has_at_most_16_subjects_and_16_texts() {
        let mut scene = Scene::new("a").unwrap();
        for _ in 0..16 {
            scene = scene.subject(region()).and_then(|scene| scene.text(region())).unwrap();
        }
        let found = |list| Err(SceneError::TooMany { list, found: 17 });
        assert_eq!((scene.clone().subject(region()), scene.text(region())), (found("subjects"), found("texts")));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn the_json_of_a_scene_is_checked_and_keeps_subjects_and_texts_apart() {
        let area = r#"{"left": 0, "top": 0, "right": 1, "bottom": 2}"#;
        let read = |text: &str| serde_json::from_str::<Scene>(text);
        let scene =
            read(&alloc::format!(r#"{{"summary": "a", "texts": [{{"label": "b", "area": {area}}}]}}"#)).unwrap();
        assert_eq!((scene.subjects().len(), scene.texts()[0].label()), (0, "b"));
        assert!(read(r#"{"summary": " "}"#).is_err());
        assert!(serde_json::from_str::<Area>(&area.replace('1', "0")).is_err());
    }
}

//! The adaptive prompt: what the model is told about one generation, as deterministic text.
//!
//! Sentences in a fixed order, each there only where it has something to say: the frame's shape in words; how the
//! source's shape differs from it; what must stay identical; the scene, where it is known; the band that survives the
//! crop, in percent; the safe area; one full-bleed picture. The caller's own instruction follows in a block set
//! apart, and our text is byte for byte the same with and without it. Pixel sizes are never named: a model paints
//! them into the picture. Wording is positive throughout, and all of it stands in one table at the end of this file.
//!
//! ```
//! use smart_resize::Size;
//! use smart_resize::geometry::cover;
//! use smart_resize::model::Model;
//! use smart_resize::prompt::{Brief, prompt};
//!
//! let pro = Model::nano_banana_pro();
//! let preset = pro.presets()[8]; // 16:9 1K
//! let brief = Brief::new(&preset).source(Size::new(1024, 1024)?);
//! let text = prompt(&brief);
//! assert!(text.starts_with("Recreate this exact image for a frame of ratio 16:9, a wide landscape."));
//! assert!(text.contains("extend the scene to the left and to the right"));
//! # Ok::<(), smart_resize::geometry::InvalidSideError>(())
//! ```

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::model::preset::Preset;
use crate::scene::{Area, Region, Scene};
use crate::size::Size;

/// From this nearness of shapes on, in thousandths, the source's composition is kept as it is.
const SAME_SHAPE_PER_MILLE: u16 = 970;
/// Below this nearness of shapes, in thousandths, more than half of the frame is new, and the scene is recomposed.
const RECOMPOSE_PER_MILLE: u16 = 500;
/// From this share of the frame's width and height on, in thousandths, what matters fits without a change of scale.
const ROOMY_PER_MILLE: u32 = 900;

/// What a prompt is made of.
///
/// ```
/// use smart_resize::geometry::Fit;
/// use smart_resize::model::Model;
/// use smart_resize::prompt::{Brief, prompt};
///
/// let pro = Model::nano_banana_pro();
/// let preset = &pro.presets()[0]; // 1:1 1K
/// let kept = Fit::Cover.rect(preset.size, "1000x500".parse()?)?;
/// let text = prompt(&Brief::new(preset).surviving(kept).instruction("Make it snow."));
/// assert!(text.contains("Only the middle 50 % of the frame's height is kept"));
/// assert!(text.ends_with("Make it snow."));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Brief<'a> {
    preset: &'a Preset,
    source: Option<Size>,
    survives: Rect,
    safe: Option<Rect>,
    scene: Option<&'a Scene>,
    instruction: &'a str,
}

impl<'a> Brief<'a> {
    /// The whole of `preset`, of a source of which nothing is known.
    pub const fn new(preset: &'a Preset) -> Self {
        let whole = Rect::new(0, 0, preset.size);
        Self { preset, source: None, survives: whole, safe: None, scene: None, instruction: "" }
    }

    /// The source's upright size in pixels.
    pub const fn source(mut self, upright: Size) -> Self {
        self.source = Some(upright);
        self
    }

    /// The part of the preset's frame that survives the cut; of several cuts, what they have in common. All of it
    /// is safe unless [`safe_area`](Self::safe_area) says less. What is outside the frame does not count.
    pub const fn surviving(mut self, part: Rect) -> Self {
        self.survives = part;
        self
    }

    /// The part of the preset's frame in which whatever matters has to be, inside the surviving part.
    pub const fn safe_area(mut self, part: Rect) -> Self {
        self.safe = Some(part);
        self
    }

    /// What the source shows.
    pub const fn scene(mut self, scene: &'a Scene) -> Self {
        self.scene = Some(scene);
        self
    }

    /// The caller's own instruction; blank for none.
    pub const fn instruction(mut self, instruction: &'a str) -> Self {
        self.instruction = instruction;
        self
    }
}

/// The whole prompt of `brief`.
///
/// ```
/// use smart_resize::model::Model;
/// use smart_resize::prompt::{Brief, prompt};
///
/// let pro = Model::nano_banana_pro();
/// let text = prompt(&Brief::new(&pro.presets()[9])); // 21:9 1K
/// assert!(text.starts_with("Recreate this exact image for a frame of ratio 21:9, a very wide panorama."));
/// assert!(text.ends_with("fills the whole frame."));
/// ```
pub fn prompt(brief: &Brief<'_>) -> String {
    let frame = brief.preset.size;
    let survives = brief.survives.clipped_to(frame);
    let safe = brief.safe.map_or(survives, |safe| safe.clipped_to(frame));
    let mut sentences: Vec<Cow<'static, str>> = Vec::with_capacity(10);
    let shape = ("shape", shape_word(frame));
    sentences.push(match brief.preset.ratio {
        Some(ratio) => fill(PHRASES.task, &[("ratio", &ratio.to_string()), shape]),
        None => fill(PHRASES.task_without_ratio, &[shape]),
    });
    sentences.push(difference(brief.source, frame, safe.size()).into());
    sentences.push(PHRASES.identical.into());
    if let Some(scene) = brief.scene {
        describe(scene, &mut sentences);
    }
    let whole = Rect::new(0, 0, frame);
    bands(whole, [whole, survives], &PHRASES.survives, &mut sentences);
    bands(whole, [survives, safe], &PHRASES.safe, &mut sentences);
    sentences.push(PHRASES.full_bleed.into());
    let mut text = sentences.join(" ");
    let instruction = brief.instruction.trim();
    if !instruction.is_empty() {
        text.push_str(PHRASES.instruction);
        text.push_str(instruction);
    }
    text
}

/// The frame's shape in words, from its pixels.
fn shape_word(frame: Size) -> &'static str {
    let (long, short) = (frame.width().max(frame.height()), frame.width().min(frame.height()));
    let words = match frame.width().cmp(&frame.height()) {
        Ordering::Equal => return PHRASES.square,
        Ordering::Greater => PHRASES.landscape,
        Ordering::Less => PHRASES.portrait,
    };
    // Up to 3:2 it is plain, up to 2:1 wide or tall, then very much so.
    if 10 * long < 16 * short {
        words[0]
    } else if long < 2 * short {
        words[1]
    } else {
        words[2]
    }
}

/// What the model has to do about the difference of the shapes, where `safe` has to hold all that matters.
fn difference(source: Option<Size>, frame: Size, safe: Size) -> &'static str {
    let Some(source) = source else {
        return PHRASES.unknown_source;
    };
    let nearness = frame.nearness(source).share().get();
    let [extend, recompose] = if frame.cmp_shape(source).is_gt() { PHRASES.wider } else { PHRASES.taller };
    let roomy = |part: u32, whole: u32| 1000 * part >= ROOMY_PER_MILLE * whole;
    if nearness < RECOMPOSE_PER_MILLE {
        recompose
    } else if !roomy(safe.width(), frame.width()) || !roomy(safe.height(), frame.height()) {
        // To keep the scale, as the two below say, would contradict the bands.
        PHRASES.step_back
    } else if nearness < SAME_SHAPE_PER_MILLE {
        extend
    } else {
        PHRASES.same_shape
    }
}

fn describe(scene: &Scene, sentences: &mut Vec<Cow<'static, str>>) {
    let stop = if scene.summary().ends_with(['.', '!', '?', '…']) { "" } else { "." };
    sentences.push(fill(PHRASES.summary, &[("summary", scene.summary()), ("stop", stop)]));
    let mut list = |phrase: &'static str, regions: &[Region], quote: bool| {
        if regions.is_empty() {
            return;
        }
        let items: Vec<String> = regions
            .iter()
            .map(|region| {
                let place = place(region.area());
                if quote {
                    format!("\"{}\" ({place})", region.label())
                } else {
                    format!("{} ({place})", region.label())
                }
            })
            .collect();
        sentences.push(fill(phrase, &[("items", &items.join("; "))]));
    };
    list(PHRASES.subjects, scene.subjects(), false);
    list(PHRASES.texts, scene.texts(), true);
}

/// Where in the source an area is, by the third in which its centre lies.
fn place(area: Area) -> &'static str {
    let third = |at: PerMille| usize::from(at.get() >= 334) + usize::from(at.get() >= 667);
    let (x, y) = area.centre();
    PHRASES.places.get(third(y) * 3 + third(x)).copied().unwrap_or_default()
}

/// The sentence for each axis on which `part` is not all of `outer`, in percent of `whole`, to the nearest: what a
/// model can tell apart is coarser than that.
fn bands(whole: Rect, [outer, part]: [Rect; 2], phrases: &BandPhrases, sentences: &mut Vec<Cow<'static, str>>) {
    let mut axis = |[middle, moved]: [&'static str; 2], outer: [u32; 2], [start, length]: [u32; 2], whole: u32| {
        let end = start + length;
        if [start, length] == outer {
            return;
        }
        let percent = |of: u32| (200 * of + whole) / (2 * whole);
        if start.abs_diff(whole.saturating_sub(end)) <= 1 {
            sentences.push(fill(middle, &[("percent", &percent(length).clamp(1, 99).to_string())]));
        } else {
            let (from, to) = match (percent(start), percent(end)) {
                (0, 100) if end < whole => (0, 99),
                (0, 100) => (1, 100),
                (from, to) if from < to => (from, to),
                // Less than a percent: the one in which it begins.
                _ => (100 * start / whole, 100 * start / whole + 1),
            };
            sentences.push(fill(moved, &[("from", &from.to_string()), ("to", &to.to_string())]));
        }
    };
    let columns = |rect: Rect| [rect.x(), rect.width()];
    let rows = |rect: Rect| [rect.y(), rect.height()];
    axis(phrases.width, columns(outer), columns(part), whole.width());
    axis(phrases.height, rows(outer), rows(part), whole.height());
}

/// The phrase with each `{name}` replaced. A value is never searched for further names.
fn fill(phrase: &'static str, values: &[(&str, &str)]) -> Cow<'static, str> {
    let mut text = String::with_capacity(phrase.len() + 32);
    let mut rest = phrase;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        let value = values.iter().find(|(key, _)| *key == name);
        debug_assert!(value.is_some(), "no value for {name} in {phrase:?}");
        text.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    text.push_str(rest);
    text.into()
}

/// For the width and for the height: where the band is in the middle, and where it is not.
struct BandPhrases {
    width: [&'static str; 2],
    height: [&'static str; 2],
}

/// Every word of the prompt that is not the caller's.
struct Phrases {
    task: &'static str,
    task_without_ratio: &'static str,
    square: &'static str,
    /// Plain, wide, very wide.
    landscape: [&'static str; 3],
    /// Plain, tall, very tall.
    portrait: [&'static str; 3],
    unknown_source: &'static str,
    same_shape: &'static str,
    /// In place of `same_shape` and of extending, where a band leaves less room.
    step_back: &'static str,
    /// To extend, to recompose.
    wider: [&'static str; 2],
    /// To extend, to recompose.
    taller: [&'static str; 2],
    identical: &'static str,
    summary: &'static str,
    subjects: &'static str,
    texts: &'static str,
    /// Row by row from the upper left.
    places: [&'static str; 9],
    survives: BandPhrases,
    safe: BandPhrases,
    full_bleed: &'static str,
    instruction: &'static str,
}

const PHRASES: Phrases = Phrases {
    task: "Recreate this exact image for a frame of ratio {ratio}, {shape}.",
    task_without_ratio: "Recreate this exact image for a frame that is {shape}.",
    square: "a square",
    landscape: ["a landscape", "a wide landscape", "a very wide panorama"],
    portrait: ["a portrait", "a tall portrait", "a very tall column"],
    unknown_source: "Fit the composition to this shape: where the frame has more room than the image, continue the \
        background, light and perspective naturally, and keep every subject whole and in its true proportions.",
    same_shape: "The frame has the shape of the image: keep the composition, the framing and the scale as they are.",
    step_back: "The part of the frame that is named below has to hold everything that matters: show the scene from as \
        far away as that takes, keep every subject whole and in its true proportions, and continue the background, \
        light and perspective seamlessly all around.",
    wider: [
        "The frame is wider than the image: extend the scene to the left and to the right, continuing the background, \
         light and perspective seamlessly, and leave what is already there at its scale and in its true proportions.",
        "The frame is much wider than the image: recompose the scene for it, keep every subject whole and in its true \
         proportions, and fill the room to the left and to the right with a natural continuation of the surroundings.",
    ],
    taller: [
        "The frame is taller than the image: extend the scene at the top and at the bottom, continuing the background, \
         light and perspective seamlessly, and leave what is already there at its scale and in its true proportions.",
        "The frame is much taller than the image: recompose the scene for it, keep every subject whole and in its true \
         proportions, and fill the room above and below with a natural continuation of the surroundings.",
    ],
    identical: "Keep identical: the subjects, faces and expressions, products, wording, fonts, logos, colours, \
        textures, style and light.",
    summary: "The image shows: {summary}{stop}",
    subjects: "Keep each of these whole, unchanged and exactly once (in brackets, its place in the original image): \
        {items}.",
    texts: "Keep this wording letter for letter (in brackets, its place in the original image): {items}.",
    places: [
        "upper left",
        "top centre",
        "upper right",
        "centre left",
        "centre",
        "centre right",
        "lower left",
        "bottom centre",
        "lower right",
    ],
    survives: BandPhrases {
        width: [
            "Only the middle {percent} % of the frame's width is kept in the end: compose everything that matters \
             inside that band and let plain background run on to the left and right edges.",
            "Only the part from {from} % to {to} % of the frame's width, counted from the left, is kept in the end: \
             compose everything that matters inside that band and let plain background run on beyond it.",
        ],
        height: [
            "Only the middle {percent} % of the frame's height is kept in the end: compose everything that matters \
             inside that band and let plain background run on to the top and bottom edges.",
            "Only the part from {from} % to {to} % of the frame's height, counted from the top, is kept in the end: \
             compose everything that matters inside that band and let plain background run on beyond it.",
        ],
    },
    safe: BandPhrases {
        width: [
            "Place faces, products, wording and logos inside the middle {percent} % of the frame's width.",
            "Place faces, products, wording and logos between {from} % and {to} % of the frame's width, counted from \
             the left.",
        ],
        height: [
            "Place faces, products, wording and logos inside the middle {percent} % of the frame's height.",
            "Place faces, products, wording and logos between {from} % and {to} % of the frame's height, counted from \
             the top.",
        ],
    },
    full_bleed: "Make one single full-bleed picture: the scene continues to every edge and fills the whole frame.",
    instruction: "\n\nInstruction from the user; where it changes what the picture shows, it overrides the above:\n",
};

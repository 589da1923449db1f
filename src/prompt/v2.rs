//! Version 2 of the built-in wording. Its text is frozen.
//!
//! It follows Google's guidance for editing images with Gemini
//! (<https://ai.google.dev/gemini-api/docs/image-generation>, and
//! <https://blog.google/products/gemini/image-generation-prompting-tips>, both read in November 2026): name the change
//! and keep everything else the same, give context and intent, describe what is wanted instead of what is not, and put
//! the most important constraint first. `docs/prompts.md` shows it in twelve situations.
//!
//! The prompt consists of these sentences, in this order. A sentence that does not apply is left out.
//!
//! 1. The task: the shape of the result, and the change that leads to it.
//! 2. The purpose.
//! 3. The placement: where everything that matters has to be, and, if that is less than 75 % of a side, that the
//!    subjects are made smaller. It is left out if everything that matters may cover at least 95 % of both sides.
//! 4. The arrangement, for a strip beyond 3:1.
//! 5. What the new areas hold.
//! 6. What stays the same.
//! 7. The scene: its summary, subjects and lettering, with boxes in thousandths as Gemini writes them.
//! 8. The reference pictures.
//! 9. That the picture fills the frame.
//!
//! The caller's own instruction follows in a separate block. A last sentence keeps the shape, the placement and the
//! lettering out of its reach.
//!
//! Positions are in words: halves, thirds and smaller parts. The prompt has no percentages and no sizes in pixels,
//! because models paint such numbers into the picture.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::brief::{Brief, Relation};
use super::phrase::{fill, shape};
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::scene::{Region, Scene};

/// From this share of a side on, the placement does not mention the side.
const UNBOUND: u16 = 950;
/// From this share on, the placement names the edges to keep clear, and below it the part to stay within.
const CLEAR_OF_EDGES: u16 = 850;
/// Below this share of a side the subjects have to be shown smaller than in the source.
const FARTHER_AWAY: u16 = 750;
/// The distance from an edge, in thousandths of a side, that is not worth a word.
const AT_EDGE: u16 = 20;
/// The difference of the two margins, in thousandths of a side, up to which a part is called the middle one.
const CENTRED: u16 = 120;
/// A surviving part whose long side is at least this many times the short one is a strip.
const STRIP: u32 = 3;

/// The parts of a side that have a word, the largest first, in thousandths.
const PARTS: [(u16, &str); 11] = [
    (750, "three quarters"),
    (667, "two thirds"),
    (500, "half"),
    (333, "third"),
    (250, "quarter"),
    (200, "fifth"),
    (167, "sixth"),
    (125, "eighth"),
    (100, "tenth"),
    (50, "twentieth"),
    (0, "sliver"),
];

/// Writes the whole prompt for `brief`.
pub(super) fn prompt(brief: &Brief) -> String {
    let frame = brief.preset.size;
    let survives = brief.surviving.clipped_to(frame);
    let placement = Placement::new(brief.safe_area.clipped_to(frame), Rect::new(0, 0, frame));
    let texts = brief.scene.as_deref().map_or(&[][..], Scene::texts);

    let mut sentences = Vec::with_capacity(12);
    sentences.push(task(brief, &placement));
    if let Some(purpose) = &brief.purpose {
        sentences.push(fill(PHRASES.purpose, &[("purpose", purpose)]));
    }
    if !placement.parts.is_empty() {
        sentences.push(fill(PHRASES.placement, &[("parts", &placement.text())]));
    }
    if placement.is_farther_away {
        sentences.push(PHRASES.farther_away.to_string());
    }
    sentences.extend(arrangement(brief.scene.as_deref(), survives).map(ToString::to_string));
    if brief.relation() != Relation::Same || !placement.parts.is_empty() {
        sentences.push(PHRASES.new_areas.to_string());
    }
    sentences.push(PHRASES.identical.to_string());
    match &brief.scene {
        Some(scene) => describe(scene, &mut sentences),
        None => sentences.push(PHRASES.any_lettering.to_string()),
    }
    for (number, name) in (2..).zip(&brief.references) {
        sentences.push(fill(PHRASES.reference, &[("number", &number.to_string()), ("name", name)]));
    }
    sentences.push(PHRASES.full_bleed.to_string());

    let mut text = sentences.join(" ");
    if let Some(instruction) = &brief.instruction {
        let kept = match (placement.parts.is_empty(), texts.is_empty()) {
            (true, true) => "the shape",
            (false, true) => "the shape and the placement",
            (true, false) => "the shape and the lettering",
            (false, false) => "the shape, the placement and the lettering",
        };
        text.push_str(&fill(PHRASES.instruction, &[("instruction", instruction), ("kept", kept)]));
    }
    text
}

/// Writes the task: the shape of the result, and the change that leads to it.
fn task(brief: &Brief, placement: &Placement) -> String {
    let image = if brief.references.is_empty() { "the provided image" } else { "the first image" };
    let change = match brief.relation() {
        Relation::MuchWider => PHRASES.much_wider,
        Relation::MuchTaller => PHRASES.much_taller,
        // The changes below keep the scale of the subjects, which would contradict a small placement.
        _ if placement.is_farther_away => PHRASES.smaller,
        Relation::Same if !placement.parts.is_empty() => PHRASES.smaller,
        Relation::Unknown => PHRASES.unknown,
        Relation::Same => PHRASES.same,
        Relation::Wider => PHRASES.wider,
        Relation::Taller => PHRASES.taller,
    };
    let ratio = brief.preset.ratio.map_or_else(String::new, |ratio| format!(" of aspect ratio {ratio}"));
    let shape = shape(brief.preset.size);
    fill(PHRASES.task, &[("image", image), ("shape", shape), ("ratio", &ratio), ("change", change)])
}

/// Where everything that matters has to be, in words.
struct Placement {
    /// A description for each axis on which less than [`UNBOUND`] is available.
    parts: Vec<String>,
    /// Whether the subjects have to be shown smaller than in the source to fit.
    is_farther_away: bool,
}

impl Placement {
    /// Joins the parts. The second one need not repeat what it is a part of.
    fn text(&self) -> String {
        self.parts.join(" and ").replacen(" and within the", " and the", 1)
    }

    /// Describes the position of `part` in `whole`, which has its corner at the origin.
    fn new(part: Rect, whole: Rect) -> Self {
        let axes =
            [(part.y(), part.height(), whole.height(), &HEIGHT), (part.x(), part.width(), whole.width(), &WIDTH)];
        let mut placement = Self { parts: Vec::new(), is_farther_away: false };
        for (start, length, side, words) in axes {
            let share = |of: u32| PerMille::rounded_down(of.into(), side.into()).get();
            let (available, before, after) = (share(length), share(start), share(side - start - length));
            if available < UNBOUND {
                placement.parts.push(words.place(available, before, after));
                placement.is_farther_away |= available < FARTHER_AWAY;
            }
        }
        // The two sentences about all four edges are shorter as one.
        if placement.parts.len() == 2 && placement.parts.iter().all(|part| part.ends_with(" edges")) {
            placement.parts = alloc::vec!["clear of all four edges".to_string()];
        }
        placement
    }
}

/// The words for positions on one axis.
struct AxisWords {
    side: &'static str,
    /// The edges at the start and at the end.
    edges: [&'static str; 2],
    /// The adjectives of a part that begins or ends at an edge.
    ends: [&'static str; 2],
    /// A place off the middle, towards the start or the end.
    beside: [&'static str; 2],
}

const WIDTH: AxisWords = AxisWords {
    side: "width",
    edges: ["left", "right"],
    ends: ["left", "right"],
    beside: ["to the left of", "to the right of"],
};
const HEIGHT: AxisWords =
    AxisWords { side: "height", edges: ["top", "bottom"], ends: ["upper", "lower"], beside: ["above", "below"] };

impl AxisWords {
    /// Describes a part by its length and by the margins before and after it, all in thousandths of the side.
    #[expect(clippy::expect_used, reason = "a broken invariant must be loud")]
    fn place(&self, available: u16, before: u16, after: u16) -> String {
        let Self { side, edges: [start, end], ends, beside } = self;
        if available >= CLEAR_OF_EDGES {
            return match (before < AT_EDGE, after < AT_EDGE) {
                (true, false) => format!("clear of the {end} edge"),
                (false, true) => format!("clear of the {start} edge"),
                _ => format!("clear of the {start} and {end} edges"),
            };
        }
        // A part may be named larger than it is by a twentieth of itself, so that 48 % are half and 66 % two thirds.
        let named = PARTS.iter().find(|(share, _)| 20 * *share <= 21 * available);
        let &(_, part) = named.expect("invariant: the last part has no least share");
        if before < AT_EDGE {
            format!("within the {} {part} of the picture's {side}", ends[0])
        } else if after < AT_EDGE {
            format!("within the {} {part} of the picture's {side}", ends[1])
        } else if before.abs_diff(after) <= CENTRED {
            format!("within the middle {part} of the picture's {side}")
        } else {
            let beside = if before < after { beside[0] } else { beside[1] };
            let article = if part.contains(' ') || part == "half" { "" } else { "a " };
            format!("within {article}{part} of the picture's {side}, {beside} its middle")
        }
    }
}

/// Returns the sentence that arranges the content of a strip; `None` for any other shape, and for a scene with a single
/// thing in it.
fn arrangement(scene: Option<&Scene>, survives: Rect) -> Option<&'static str> {
    let (width, height) = (survives.width(), survives.height());
    let arrangements = if width >= STRIP * height {
        &PHRASES.in_a_row
    } else if height >= STRIP * width {
        &PHRASES.in_a_column
    } else {
        return None;
    };
    match scene {
        None => Some(arrangements[0]),
        Some(scene) if !scene.texts().is_empty() => Some(arrangements[1]),
        Some(scene) if scene.subjects().len() > 1 => Some(arrangements[2]),
        Some(_) => None,
    }
}

/// Appends the sentences that describe the scene.
fn describe(scene: &Scene, sentences: &mut Vec<String>) {
    // A summary that ends its own sentence gets no second full stop.
    let stop = if scene.summary().ends_with(['.', '!', '?', '…']) { "" } else { "." };
    sentences.push(fill(PHRASES.summary, &[("summary", scene.summary()), ("stop", stop)]));
    let list = |regions: &[Region], quote: &str| {
        let item = |region: &Region| {
            let [left, top, right, bottom] = region.area().edges().map(PerMille::get);
            format!("{quote}{}{quote} [{top}, {left}, {bottom}, {right}]", region.label())
        };
        regions.iter().map(item).collect::<Vec<_>>().join("; ")
    };
    let (subjects, texts) = (scene.subjects(), scene.texts());
    if subjects.is_empty() && texts.is_empty() {
        return;
    }
    sentences.push(PHRASES.boxes.to_string());
    if !subjects.is_empty() {
        sentences.push(fill(PHRASES.subjects, &[("items", &list(subjects, ""))]));
    }
    if !texts.is_empty() {
        sentences.push(fill(PHRASES.texts, &[("items", &list(texts, "\""))]));
    }
}

/// All wording except the words of [`AxisWords`], [`PARTS`] and the caller's.
struct Phrases {
    task: &'static str,
    unknown: &'static str,
    same: &'static str,
    /// Replaces the change of scale 1 where the placement leaves little room.
    smaller: &'static str,
    wider: &'static str,
    much_wider: &'static str,
    taller: &'static str,
    much_taller: &'static str,
    purpose: &'static str,
    placement: &'static str,
    farther_away: &'static str,
    /// For an unknown scene, for one with lettering, and for one with several subjects.
    in_a_row: [&'static str; 3],
    /// As [`in_a_row`](Self::in_a_row).
    in_a_column: [&'static str; 3],
    new_areas: &'static str,
    identical: &'static str,
    any_lettering: &'static str,
    summary: &'static str,
    boxes: &'static str,
    subjects: &'static str,
    texts: &'static str,
    reference: &'static str,
    full_bleed: &'static str,
    instruction: &'static str,
}

const PHRASES: Phrases = Phrases {
    task: "Edit {image} so that it becomes {shape}{ratio}: {change}.",
    unknown: "where the new shape has more room, extend the background",
    same: "keep the composition, the framing and the scale as they are",
    smaller: "show the same scene from farther away, with more of its background on every side",
    wider: "extend the background to the left and to the right",
    much_wider: "arrange the same subjects for the new shape, and continue their surroundings to the left and to the \
        right",
    taller: "extend the background upwards and downwards",
    much_taller: "arrange the same subjects for the new shape, and continue their surroundings upwards and downwards",
    purpose: "It is for {purpose}.",
    placement: "Place everything that matters {parts}, with only background around it.",
    farther_away: "Make the subjects small enough to fit there whole.",
    in_a_row: [
        "Arrange the subject and any lettering side by side in one row, with the lettering large.",
        "Arrange the subject and the lettering side by side in one row, with the lettering large.",
        "Arrange the subjects side by side in one row.",
    ],
    in_a_column: [
        "Arrange the subject and any lettering one above the other, with the lettering large.",
        "Arrange the subject and the lettering one above the other, with the lettering large.",
        "Arrange the subjects one above the other.",
    ],
    new_areas: "The new areas continue the existing background, light and perspective, and hold no new subjects, text \
        or logos.",
    identical: "Keep everything else in the image exactly the same: the subjects in their true proportions, the style, \
        the light and the colours.",
    any_lettering: "Keep any lettering in it letter for letter.",
    summary: "The image shows: {summary}{stop}",
    boxes: "Boxes give positions in the original image as [top, left, bottom, right], from 0 to 1000.",
    subjects: "Keep each of these whole, unchanged and exactly once: {items}.",
    texts: "Keep this lettering letter for letter, in its typeface: {items}.",
    reference: "Image {number} shows {name}: where that appears in the picture, it looks exactly like there.",
    full_bleed: "The result is a single picture that fills the whole frame to every edge.",
    instruction: "\n\nInstruction from the user:\n{instruction}\n\nFollow the instruction in what the picture shows, and \
        keep {kept} as described above.",
};

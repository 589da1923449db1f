//! Version 1 of the built-in wording. Its text is frozen.
//!
//! The prompt calls the generated image "the frame". It consists of these sentences, in this order. A sentence that
//! does not apply is left out.
//!
//! 1. The shape of the generated image, in words.
//! 2. How the shape of the source differs from it, and what to do about the difference.
//! 3. What must stay identical.
//! 4. The scene, if it is known.
//! 5. The band that survives the crop, in percent.
//! 6. The safe area, in percent.
//! 7. That the result is one full-bleed picture.
//!
//! The caller's own instruction follows in a separate block. Purpose and references are ignored.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::brief::{Brief, Relation};
use super::phrase::{fill, shape};
use crate::geometry::per_mille::PerMille;
use crate::geometry::rect::Rect;
use crate::scene::{Area, Region, Scene};
use crate::size::Size;

/// The least share of the generated image's width and height, in thousandths, in which everything that matters fits
/// without a change of scale.
const ROOMY: PerMille = PerMille::constant(900);

/// Writes the whole prompt for `brief`.
pub(super) fn prompt(brief: &Brief) -> String {
    let frame = brief.preset.size;
    // Both parts are clipped to the image, so that all percentages are from 0 to 100.
    let survives = brief.surviving.clipped_to(frame);
    let safe = brief.safe_area.clipped_to(frame);
    let mut sentences: Vec<String> = Vec::with_capacity(10);
    let shape = ("shape", shape(frame));
    sentences.push(match brief.preset.ratio {
        Some(ratio) => fill(PHRASES.task, &[("ratio", &ratio.to_string()), shape]),
        None => fill(PHRASES.task_without_ratio, &[shape]),
    });
    sentences.push(difference(brief, safe.size()).into());
    sentences.push(PHRASES.identical.into());
    if let Some(scene) = &brief.scene {
        describe(scene, &mut sentences);
    }
    let whole = Rect::new(0, 0, frame);
    bands(whole, [whole, survives], &PHRASES.survives, &mut sentences);
    // The safe area is named only on an axis on which it is smaller than the surviving part. Elsewhere the sentence
    // about that part already places all content.
    bands(whole, [survives, safe], &PHRASES.safe, &mut sentences);
    sentences.push(PHRASES.full_bleed.into());
    let mut text = sentences.join(" ");
    if let Some(instruction) = &brief.instruction {
        text.push_str(PHRASES.instruction);
        text.push_str(instruction);
    }
    text
}

/// Returns the sentence about the difference between the shapes of the source and of the generated image. `safe` is the
/// size of the safe area.
fn difference(brief: &Brief, safe: Size) -> &'static str {
    let frame = brief.preset.size;
    let roomy = |part: u32, whole: u32| PerMille::rounded_down(part.into(), whole.into()) >= ROOMY;
    let is_roomy = roomy(safe.width(), frame.width()) && roomy(safe.height(), frame.height());
    match brief.relation() {
        Relation::Unknown => PHRASES.unknown_source,
        // A new composition does not keep the scale of the source, so this sentence agrees with any band.
        Relation::MuchWider => PHRASES.wider[1],
        Relation::MuchTaller => PHRASES.taller[1],
        // The sentences below keep the scale of the source, which would contradict the bands.
        _ if !is_roomy => PHRASES.step_back,
        Relation::Same => PHRASES.same_shape,
        Relation::Wider => PHRASES.wider[0],
        Relation::Taller => PHRASES.taller[0],
    }
}

/// Appends the sentences that describe the scene.
fn describe(scene: &Scene, sentences: &mut Vec<String>) {
    // A summary that ends its own sentence gets no second full stop.
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
                // Quotation marks show where a wording begins and ends. The name of a subject is plain text.
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

/// Returns the position of an area in words. Thirds of each axis divide the source into nine places; the centre of the
/// area selects one.
fn place(area: Area) -> &'static str {
    let third = |at: PerMille| usize::from(at.get() >= 334) + usize::from(at.get() >= 667);
    let (x, y) = area.centre();
    PHRASES.places.get(third(y) * 3 + third(x)).copied().unwrap_or_default()
}

/// Appends a sentence for each axis on which `part` is not all of `outer`.
///
/// Positions are in percent of `whole`, rounded to the nearest percent. Models do not place content more precisely than
/// that. A band counts as centred if the margins at its two ends differ by at most one pixel.
fn bands(whole: Rect, [outer, part]: [Rect; 2], phrases: &BandPhrases, sentences: &mut Vec<String>) {
    let mut axis = |[middle, moved]: [&'static str; 2], outer: [u32; 2], [start, length]: [u32; 2], whole: u32| {
        let end = start + length;
        if [start, length] == outer {
            return;
        }
        // The nearest percent in integers: the floor of 100 · of / whole + 1/2, as one fraction.
        let percent = |of: u32| (200 * of + whole) / (2 * whole);
        if start.abs_diff(whole.saturating_sub(end)) <= 1 {
            // 0 % would mean that no content is kept, and 100 % that there is no band.
            sentences.push(fill(middle, &[("percent", &percent(length).clamp(1, 99).to_string())]));
        } else {
            let (from, to) = match (percent(start), percent(end)) {
                // The band leaves out less than half a percent, which must not be rounded away.
                (0, 100) if end < whole => (0, 99),
                (0, 100) => (1, 100),
                (from, to) if from < to => (from, to),
                // Both ends round to the same percent, so the sentence has the percent in which the band begins.
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

/// The sentences about a band of the width and of the height. The first of each pair is for a centred band, the second
/// for any other.
struct BandPhrases {
    width: [&'static str; 2],
    height: [&'static str; 2],
}

/// All wording of the prompt except the caller's.
struct Phrases {
    task: &'static str,
    task_without_ratio: &'static str,
    unknown_source: &'static str,
    same_shape: &'static str,
    /// Replaces `same_shape` and the sentences that extend the scene, if a band leaves less room than these assume.
    step_back: &'static str,
    /// The sentences to extend and to recompose the scene.
    wider: [&'static str; 2],
    /// The sentences to extend and to recompose the scene.
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

//! `docs/prompts.md` has twelve situations with the prompt and the reason of each.
//!
//! The test compares the page with what the wording writes, so the page is also the golden text of version 2.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use smart_resize::prompt::{Brief, PromptTemplate, Wording};

use super::{bottle, brief, poster};

/// The situations of the page: a title, the reason for the wording, and the brief.
fn situations() -> Vec<(&'static str, &'static str, Brief)> {
    const NONE: [u16; 4] = [0; 4];
    vec![
        (
            "The shape of the source is not known",
            "Without the size of the source the change has to be conditional.",
            brief("1:1 1K", None, None, NONE),
        ),
        (
            "The same shape",
            "Nothing is new, so the prompt asks for the image as it is. A crop that keeps 99 % is not mentioned: a model \
             cannot place content that precisely, and the number would be noise.",
            brief("16:9 2K", Some("3840x2160"), Some("1920x1080"), NONE),
        ),
        (
            "A little wider",
            "The prompt names the sides to extend, and says what the new areas hold. Without that sentence models fill \
             them with a second subject.",
            brief("4:3 1K", Some("2000x2000"), None, NONE),
        ),
        ("A little taller", "As above, for the other two sides.", brief("9:16 1K", Some("3000x4000"), None, NONE)),
        (
            "Much wider",
            "More than half of the result is new, so the subjects may be arranged for the new shape. The prompt does not \
             also ask to keep the composition, which would contradict that.",
            brief("21:9 1K", Some("3000x4000"), None, NONE),
        ),
        (
            "A leaderboard",
            "728x90 is cut from a 21:9 image, which keeps 29 % of the height. The placement is one sentence with one \
             simple part, and comes before everything else that could distract. The purpose gives it a meaning. A strip \
             beyond 3:1 needs its content side by side, with lettering that stays readable.",
            brief("21:9 1K", Some("3000x2000"), Some("728x90"), NONE)
                .purpose("a display banner at the top of a web page"),
        ),
        (
            "A skyscraper",
            "The same for 160x600, with the content in a column.",
            brief("9:16 1K", Some("3000x2000"), Some("160x600"), NONE).purpose("a display banner beside an article"),
        ),
        (
            "A story with a safe area",
            "The app covers 14 % at the top and 20 % at the bottom. Two thirds of the height remain, about in the middle.",
            brief("9:16 1K", Some("1080x1920"), None, [140, 0, 200, 0]).purpose("a full-screen story"),
        ),
        (
            "A margin on every side",
            "From 85 % on the prompt names the edges to keep clear. A fraction would be more exact than models are.",
            brief("1:1 1K", Some("3000x3000"), None, [50; 4]),
        ),
        (
            "A known scene",
            "The scene has one subject and no lettering, so the prompt does not mention lettering. Boxes are in the order \
             and the unit in which Gemini describes positions.",
            brief("4:3 1K", Some("2000x2000"), None, NONE).scene(bottle()),
        ),
        (
            "A poster with lettering, a reference and an instruction",
            "The lettering is named letter for letter. The second image is named by its number. The instruction comes \
             from an end user, so the last sentence keeps the shape, the placement and the lettering out of its reach.",
            brief("21:9 1K", Some("2000x2000"), Some("970x250"), NONE)
                .scene(poster())
                .reference("the logo")
                .instruction("Make it winter.\nIgnore the safe area."),
        ),
        (
            "A part that is not in the middle",
            "The free part is to the right, so that a headline can be set over the left.",
            brief("16:9 1K", Some("3000x2000"), None, [0, 0, 0, 500]),
        ),
    ]
}

/// The page `docs/prompts.md`.
fn page() -> String {
    let mut page = String::from(
        "# Prompts\n\n\
         The prompt of each generation is written from a [brief](architecture.md), by a template that a caller can \
         replace\n(`RequestBuilder::template`). This page shows the built-in wording, version 2, in twelve situations, \
         with the reason for\neach. `BLESS=1 cargo test --test it prompt` writes it.\n\n\
         The wording follows what Google publishes about editing images with Gemini: say what changes and keep \
         everything\nelse the same, give context and intent, describe what is wanted rather than what is not, and name \
         the constraint that\nmatters most first\n\
         ([image generation](https://ai.google.dev/gemini-api/docs/image-generation),\n\
         [prompting tips](https://blog.google/products/gemini/image-generation-prompting-tips), read in November 2026). \
         No\nlive model was asked for this project, so the page promises nothing about what a model makes of a prompt.\n",
    );
    for (number, (title, reason, brief)) in (1..).zip(situations()) {
        let source = brief.source_size.map_or("of unknown size".to_owned(), |size| size.to_string());
        let prompt = Wording::V2.prompt(&brief).replace('\n', "\n> ").replace("> \n", ">\n");
        writeln!(page, "\n## {number}. {title}\n\nSource {source}, generated as {}.\n", brief.preset).unwrap();
        writeln!(page, "> {prompt}\n\n{reason}").unwrap();
    }
    page
}

#[test]
fn the_page_of_prompts_shows_what_the_wording_writes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/prompts.md");
    let expected = page();
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert_eq!(found, expected, "docs/prompts.md differs from the wording; BLESS=1 writes it");
}

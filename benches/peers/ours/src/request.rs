//! What a worker is asked for, and what it makes.

use serde::Deserialize;

/// One line of a worker's input. What a worker does not know of, it does not look at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "as they stand in a line of JSON")]
pub(crate) struct Request {
    /// The file of the encoded picture; for a tool the raw pixels.
    pub(crate) input: String,
    /// `1920x1080` and so on.
    pub(crate) targets: Vec<String>,
    /// Whether the target's own pixels are cut from the centre, without resampling.
    pub(crate) crop: bool,
    /// `png`, `jpeg` or `webp`.
    pub(crate) format: String,
    /// Of a JPEG or a WebP.
    pub(crate) quality: u8,
    /// Whether each target gets a decode of its own.
    pub(crate) separate: bool,
    /// The effort of a PNG: `fast`, `balanced`, `small`.
    pub(crate) effort: String,
    /// Who writes a PNG: `own` or `crate`.
    pub(crate) encoder: String,
    /// Of the `image` crate's PNG, of zlib; 0 for its default.
    pub(crate) level: u8,
    /// Whether C reads and writes.
    pub(crate) c: bool,
    /// Whether the picture is looked at for frames and for being blank, as it is by default.
    pub(crate) inspect: bool,
    /// Where results are written, each with `.0`, `.1` and so on behind it.
    pub(crate) save: Option<String>,
    /// Whether the peak of memory is wanted.
    pub(crate) memory: bool,
    /// `photo`, `flat` or `score`.
    pub(crate) tool: Option<String>,
    /// For a score, the size of the input.
    pub(crate) frame: [usize; 2],
    /// For a score, what the output shows of the input: left, top, width, height.
    pub(crate) rect: [f64; 4],
    /// For a score, the output's raw pixels.
    pub(crate) output: String,
}

impl Request {
    /// Width and height of each target.
    pub(crate) fn sizes(&self) -> Vec<(u32, u32)> {
        let size = |target: &String| {
            let (width, height) = target.split_once('x')?;
            Some((width.parse().ok()?, height.parse().ok()?))
        };
        self.targets.iter().map(|target| size(target).expect("a size")).collect()
    }
}

/// One result.
#[derive(Debug)]
pub(crate) struct Made {
    /// The file.
    pub(crate) bytes: Vec<u8>,
    /// What it shows of the input: left, top, width, height.
    pub(crate) rect: [f64; 4],
}

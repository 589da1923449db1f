//! A request to a worker, and one result.

use serde::Deserialize;

/// One line of a worker's input. A worker ignores the fields that it does not use.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "the fields of a line of JSON")]
pub(crate) struct Request {
    /// The path of the encoded picture. For a tool it is the path of the raw pixels.
    pub(crate) input: String,
    /// The sizes of the results, such as `1920x1080`.
    pub(crate) targets: Vec<String>,
    /// `true` cuts the target's own pixels from the centre, without resampling.
    pub(crate) crop: bool,
    /// `png`, `jpeg` or `webp`.
    pub(crate) format: String,
    /// The quality of a JPEG or a WebP, 1 to 100.
    pub(crate) quality: u8,
    /// `true` decodes the input once for each target.
    pub(crate) separate: bool,
    /// The effort of smart-resize's PNG encoder: `balanced` or `small`.
    pub(crate) effort: String,
    /// The zlib level of the `image` crate's PNG encoder; 0 for the crate's default.
    pub(crate) level: u8,
    /// `true` decodes and encodes with the codecs in C.
    pub(crate) c: bool,
    /// `true` inspects the picture for borders and blankness, as smart-resize does by default.
    pub(crate) inspect: bool,
    /// Where to write the results: this path with `.0`, `.1` and so on appended.
    pub(crate) save: Option<String>,
    /// `true` measures the peak of memory.
    pub(crate) memory: bool,
    /// The tool to run: `photo`, `flat` or `score`.
    pub(crate) tool: Option<String>,
    /// For a score: width and height of the input.
    pub(crate) frame: [usize; 2],
    /// For a score: the rectangle of the input that the output shows, as left, top, width, height.
    pub(crate) rect: [f64; 4],
    /// For a score: the path of the output's raw pixels.
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
    /// The encoded file.
    pub(crate) bytes: Vec<u8>,
    /// The rectangle of the input that it shows: left, top, width, height.
    pub(crate) rect: [f64; 4],
}

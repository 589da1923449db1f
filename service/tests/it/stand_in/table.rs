//! The table of misbehaviours, with the expected result and cost of each.

use super::Trick::{self, *};

/// A row of the table.
pub(crate) struct Case {
    pub(crate) backend: &'static str,
    pub(crate) what: &'static str,
    pub(crate) tricks: &'static [Trick],
    pub(crate) variants: u32,
    /// The result, as summarised by [`told`](super::run::told).
    pub(crate) gives: &'static str,
    /// The number of calls that reached the upstream.
    pub(crate) calls: usize,
    /// The number of images that the upstream made and billed.
    pub(crate) billed: usize,
    /// The number of images charged to the job's budget: at least `billed`.
    pub(crate) counted: u64,
    /// The number of calls reported as possibly paid twice.
    pub(crate) twice: usize,
    /// Whether the job is run again after it has failed.
    pub(crate) is_asked_again: bool,
}

impl Case {
    /// A case that results in one picture from one call.
    const fn new(backend: &'static str, what: &'static str, tricks: &'static [Trick]) -> Self {
        let (gives, is_asked_again) = (PICTURE, false);
        Self { backend, what, tricks, variants: 1, gives, calls: 1, billed: 1, counted: 1, twice: 0, is_asked_again }
    }

    const fn gives(mut self, gives: &'static str) -> Self {
        self.gives = gives;
        self
    }

    const fn costs(mut self, calls: usize, billed: usize, counted: u64) -> Self {
        (self.calls, self.billed, self.counted) = (calls, billed, counted);
        self
    }

    /// The job fails after a call that may have been paid, and is run again.
    const fn asked_again(mut self) -> Self {
        (self.calls, self.billed, self.counted, self.twice) = (2, 2, 2, 1);
        self.is_asked_again = true;
        self
    }

    const fn variants(mut self, variants: u32) -> Self {
        self.variants = variants;
        self
    }
}

const PICTURE: &str = "a picture";
const SMALLER: &str = "a picture; the picture is 432x348; expected 576x464";
const TOO_SMALL: &str = "a picture of 144x116 does not cover 300x250";
const FRAMED: &str = "a picture; the picture has a border: 58 px at the top, 58 px at the bottom";
const REFUSED: &str = "refused by a safety filter";
const NOTHING: &str = "nothing was made";
const LIMITED: &str = "rate limited";
const UNREACHED: &str = "the backend was not reached";
const INVALID: &str = "the backend's answer is invalid";
const TIMED_OUT: &str = "timed out";

/// All cases. Unless stated otherwise, the job is one picture of 300x250, and a call has up to three attempts.
pub(crate) const CASES: &[Case] = &[
    Case::new("local", "none", &[Well]).costs(0, 0, 0),
    Case::new("fal", "none", &[Well]),
    Case::new("fal", "pictures as data URIs", &[Embedded]),
    Case::new("fal", "a picture smaller than requested that covers the target", &[Smaller]).gives(SMALLER),
    Case::new("fal", "a picture too small to cover the target", &[TooSmall]).gives(TOO_SMALL),
    Case::new("fal", "a JPEG declared as PNG", &[JpegAsPng]),
    Case::new("fal", "a border in the picture", &[Bordered]).gives(FRAMED),
    Case::new("fal", "one image more than requested", &[More]).costs(1, 2, 2),
    Case::new("fal", "one image fewer than requested", &[Fewer])
        .variants(2)
        .gives("a picture + call 0 made fewer images than requested"),
    Case::new("fal", "a text without a picture, then success", &[TextOnly]).costs(2, 1, 1),
    Case::new("fal", "a text without a picture, each time", &[TextOnly; 3]).gives(NOTHING).costs(2, 0, 0),
    Case::new("fal", "a refusal", &[Refused]).gives(REFUSED).costs(1, 0, 0),
    Case::new("fal", "429 with a delay of a second, then success", &[RateLimited]).costs(2, 1, 1),
    Case::new("fal", "429 with a delay of an hour", &[RateLimitedForLong]).gives(LIMITED).costs(1, 0, 0),
    Case::new("fal", "500, then success", &[Broken]).costs(2, 1, 1),
    Case::new("fal", "500, each time", &[Broken; 3]).gives(UNREACHED).costs(3, 0, 0),
    Case::new("fal", "500 from a gateway after the call was accepted", &[Gateway(500)]).gives(UNREACHED),
    Case::new("fal", "502 from a gateway after the call was accepted", &[Gateway(502)]).gives(UNREACHED),
    Case::new("fal", "503 from a gateway after the call was accepted", &[Gateway(503)]).gives(UNREACHED),
    Case::new("fal", "520 from a gateway after the call was accepted", &[Gateway(520)]).gives(UNREACHED),
    Case::new("fal", "524 from a gateway after the call was accepted", &[Gateway(524)]).gives(UNREACHED),
    Case::new("fal", "504 from a gateway after the call was accepted", &[Gateway(504)]).gives(TIMED_OUT),
    Case::new("fal", "503 from a gateway after the call was accepted, and the job is run again", &[Gateway(503)])
        .asked_again(),
    Case::new("fal", "the model fails, then success", &[ModelFails]).costs(2, 1, 1),
    Case::new("fal", "the connection is lost during submission", &[Lost]).gives(UNREACHED),
    Case::new("fal", "the connection is lost during submission, and the job is run again", &[Lost]).asked_again(),
    Case::new("fal", "slower than the timeout, after acceptance", &[Slow]),
    Case::new("fal", "the first download of the picture fails", &[NoDownload]),
    Case::new("fal", "the picture is gone", &[Gone(404)]).gives(INVALID),
    Case::new("fal", "the picture is at a private address", &[ElsewherePrivate]).gives(INVALID),
    Case::new("fal", "the picture's URL redirects to a private address", &[RedirectsPrivate]).gives(INVALID),
    Case::new("fal", "a proxy's HTML page instead of the status and the result, once each", &[HtmlOnce]),
    Case::new("fal", "a proxy's HTML page instead of the result, each time", &[Html]).gives(INVALID),
    Case::new("fal", "a result of 200 MiB", &[Huge]).gives(INVALID),
    Case::new("fal", "a picture of 60 MiB", &[HugePicture]).gives(INVALID),
    Case::new("fal", "the accepted call is forgotten", &[Forgotten]).gives(UNREACHED),
    Case::new("fal", "the accepted call is forgotten, and the job is run again", &[Forgotten]).asked_again(),
    Case::new("fal", "the URLs of the call are on another host", &[ElsewhereUrls]),
    Case::new("gemini", "none", &[Well]),
    Case::new("gemini", "a picture smaller than requested that covers the target", &[Smaller]).gives(SMALLER),
    Case::new("gemini", "a picture too small to cover the target", &[TooSmall]).gives(TOO_SMALL),
    Case::new("gemini", "a JPEG declared as PNG", &[JpegAsPng]),
    Case::new("gemini", "a border in the picture", &[Bordered]).gives(FRAMED),
    Case::new("gemini", "an interim picture first", &[ThoughtFirst]),
    Case::new("gemini", "a text without a picture, then success", &[TextOnly]).costs(2, 1, 1),
    Case::new("gemini", "a text without a picture, each time", &[TextOnly; 3]).gives(NOTHING).costs(2, 0, 0),
    Case::new("gemini", "a refusal", &[Refused]).gives(REFUSED).costs(1, 0, 0),
    Case::new("gemini", "the prompt is blocked", &[Blocked]).gives(REFUSED).costs(1, 0, 0),
    Case::new("gemini", "429 with a delay of a second, then success", &[RateLimited]).costs(2, 1, 1),
    Case::new("gemini", "429 with a delay of an hour", &[RateLimitedForLong]).gives(LIMITED).costs(1, 0, 0),
    Case::new("gemini", "500, then success", &[Broken]).costs(2, 1, 1),
    Case::new("gemini", "500, each time", &[Broken; 3]).gives(UNREACHED).costs(3, 0, 0),
    Case::new("gemini", "500 from a gateway after the call was accepted", &[Gateway(500)]).gives(UNREACHED),
    Case::new("gemini", "502 from a gateway after the call was accepted", &[Gateway(502)]).gives(UNREACHED),
    Case::new("gemini", "503 from a gateway after the call was accepted", &[Gateway(503)]).gives(UNREACHED),
    Case::new("gemini", "520 from a gateway after the call was accepted", &[Gateway(520)]).gives(UNREACHED),
    Case::new("gemini", "524 from a gateway after the call was accepted", &[Gateway(524)]).gives(UNREACHED),
    Case::new("gemini", "504 from a gateway after the call was accepted", &[Gateway(504)]).gives(TIMED_OUT),
    Case::new("gemini", "503 from a gateway after the call was accepted, and the job is run again", &[Gateway(503)])
        .asked_again(),
    Case::new("gemini", "504 from the model, then success", &[ModelFails]).costs(2, 1, 1),
    Case::new("gemini", "the connection is lost during the answer", &[Lost]).gives(UNREACHED),
    Case::new("gemini", "the connection is lost during the answer, and the job is run again", &[Lost]).asked_again(),
    Case::new("gemini", "slower than the timeout", &[Slow]).gives(TIMED_OUT),
    Case::new("gemini", "a proxy's HTML page instead of the answer", &[Html]).gives(INVALID),
    Case::new("gemini", "an answer of 200 MiB", &[Huge]).gives(INVALID),
];

/// The table in Markdown, as in `tests/misbehaviour.md`.
pub(crate) fn markdown() -> String {
    let head = "| backend | misbehaviour | result | calls | billed | counted | reported as possibly paid twice |\n\
                |---|---|---|---|---|---|---|\n";
    let row = |case: &Case| {
        let Case { backend, what, gives, calls, billed, counted, twice, .. } = case;
        let twice = if *twice == 0 { "no" } else { "yes" };
        format!("| {backend} | {what} | {gives} | {calls} | {billed} | {counted} | {twice} |\n")
    };
    CASES.iter().map(row).fold(head.to_owned(), |table, row| table + &row)
}

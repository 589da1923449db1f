//! Each misbehaviour, and what it is expected to give and to cost.

use super::Trick::{self, *};

/// One row.
pub(crate) struct Case {
    pub(crate) backend: &'static str,
    pub(crate) what: &'static str,
    pub(crate) tricks: &'static [Trick],
    pub(crate) variants: u32,
    /// As [`told`](super::run::told) tells it.
    pub(crate) gives: &'static str,
    /// The calls that the upstream has seen.
    pub(crate) calls: usize,
    /// The images that it has made, and bills.
    pub(crate) billed: usize,
    /// The images that were counted against the job's budget: never fewer.
    pub(crate) counted: u64,
    /// The calls that were reported as perhaps paid twice.
    pub(crate) twice: usize,
    /// Whether the same is asked again, when it has failed.
    pub(crate) is_asked_again: bool,
}

impl Case {
    /// A call that gives a picture in the end, of one call.
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

    /// It may have been paid the first time, and is asked again.
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
const SMALLER: &str = "a picture; the picture is 432x348, asked was 576x464";
const TOO_SMALL: &str = "a picture of 144x116 does not cover 300x250";
const FRAMED: &str = "a picture; the picture has a frame: 58 px at the top, 58 px at the bottom";
const REFUSED: &str = "refused by a safety filter";
const NOTHING: &str = "nothing was made";
const LIMITED: &str = "rate limited";
const UNREACHED: &str = "the backend was not reached";
const INVALID: &str = "the backend's answer is invalid";
const TIMED_OUT: &str = "timed out";

/// Every case, for a job of one picture of 300x250 unless it says otherwise, with three tries of a call.
pub(crate) const CASES: &[Case] = &[
    Case::new("local", "none", &[Well]).costs(0, 0, 0),
    Case::new("fal", "none", &[Well]),
    Case::new("fal", "pictures as data URIs", &[Embedded]),
    Case::new("fal", "a picture smaller than asked that covers", &[Smaller]).gives(SMALLER),
    Case::new("fal", "a picture too small to cover", &[TooSmall]).gives(TOO_SMALL),
    Case::new("fal", "a JPEG that is called a PNG", &[JpegAsPng]),
    Case::new("fal", "bars baked in", &[Framed]).gives(FRAMED),
    Case::new("fal", "one image more than asked", &[More]).costs(1, 2, 2),
    Case::new("fal", "one image fewer than asked", &[Fewer])
        .variants(2)
        .gives("a picture + call 0 made fewer images than asked"),
    Case::new("fal", "a text alone, then well", &[TextOnly]).costs(2, 1, 1),
    Case::new("fal", "a text alone, each time", &[TextOnly; 3]).gives(NOTHING).costs(2, 0, 0),
    Case::new("fal", "a refusal", &[Refused]).gives(REFUSED).costs(1, 0, 0),
    Case::new("fal", "429 and a second to wait, then well", &[RateLimited]).costs(2, 1, 1),
    Case::new("fal", "429 and an hour to wait", &[RateLimitedForLong]).gives(LIMITED).costs(1, 0, 0),
    Case::new("fal", "500, then well", &[Broken]).costs(2, 1, 1),
    Case::new("fal", "500, each time", &[Broken; 3]).gives(UNREACHED).costs(3, 0, 0),
    Case::new("fal", "500 of a gateway after the call was taken", &[Gateway(500)]).gives(UNREACHED),
    Case::new("fal", "502 of a gateway after the call was taken", &[Gateway(502)]).gives(UNREACHED),
    Case::new("fal", "503 of a gateway after the call was taken", &[Gateway(503)]).gives(UNREACHED),
    Case::new("fal", "520 of a gateway after the call was taken", &[Gateway(520)]).gives(UNREACHED),
    Case::new("fal", "524 of a gateway after the call was taken", &[Gateway(524)]).gives(UNREACHED),
    Case::new("fal", "504 of a gateway after the call was taken", &[Gateway(504)]).gives(TIMED_OUT),
    Case::new("fal", "503 of a gateway after the call was taken, and the same is asked again", &[Gateway(503)])
        .asked_again(),
    Case::new("fal", "the model fails, then well", &[ModelFails]).costs(2, 1, 1),
    Case::new("fal", "the connection is lost while submitting", &[Lost]).gives(UNREACHED),
    Case::new("fal", "the connection is lost while submitting, and the same is asked again", &[Lost]).asked_again(),
    Case::new("fal", "slower than a try may be, after acceptance", &[Slow]),
    Case::new("fal", "the first download of the picture fails", &[NoDownload]),
    Case::new("fal", "the picture is gone", &[Gone(404)]).gives(INVALID),
    Case::new("fal", "the picture is at a private address", &[ElsewherePrivate]).gives(INVALID),
    Case::new("fal", "the picture's URL redirects to a private address", &[RedirectsPrivate]).gives(INVALID),
    Case::new("fal", "a page of a proxy in the place of status and result, once", &[HtmlOnce]),
    Case::new("fal", "a page of a proxy in the place of the result, each time", &[Html]).gives(INVALID),
    Case::new("fal", "a result of 200 MiB", &[Huge]).gives(INVALID),
    Case::new("fal", "a picture of 60 MiB", &[HugePicture]).gives(INVALID),
    Case::new("fal", "the accepted call is forgotten", &[Forgotten]).gives(UNREACHED),
    Case::new("fal", "the accepted call is forgotten, and the same is asked again", &[Forgotten]).asked_again(),
    Case::new("fal", "the URLs of the call are on another host", &[ElsewhereUrls]),
    Case::new("gemini", "none", &[Well]),
    Case::new("gemini", "a picture smaller than asked that covers", &[Smaller]).gives(SMALLER),
    Case::new("gemini", "a picture too small to cover", &[TooSmall]).gives(TOO_SMALL),
    Case::new("gemini", "a JPEG that is called a PNG", &[JpegAsPng]),
    Case::new("gemini", "bars baked in", &[Framed]).gives(FRAMED),
    Case::new("gemini", "an interim picture first", &[ThoughtFirst]),
    Case::new("gemini", "a text alone, then well", &[TextOnly]).costs(2, 1, 1),
    Case::new("gemini", "a text alone, each time", &[TextOnly; 3]).gives(NOTHING).costs(2, 0, 0),
    Case::new("gemini", "a refusal", &[Refused]).gives(REFUSED).costs(1, 0, 0),
    Case::new("gemini", "the prompt is blocked", &[Blocked]).gives(REFUSED).costs(1, 0, 0),
    Case::new("gemini", "429 and a second to wait, then well", &[RateLimited]).costs(2, 1, 1),
    Case::new("gemini", "429 and an hour to wait", &[RateLimitedForLong]).gives(LIMITED).costs(1, 0, 0),
    Case::new("gemini", "500, then well", &[Broken]).costs(2, 1, 1),
    Case::new("gemini", "500, each time", &[Broken; 3]).gives(UNREACHED).costs(3, 0, 0),
    Case::new("gemini", "500 of a gateway after the call was taken", &[Gateway(500)]).gives(UNREACHED),
    Case::new("gemini", "502 of a gateway after the call was taken", &[Gateway(502)]).gives(UNREACHED),
    Case::new("gemini", "503 of a gateway after the call was taken", &[Gateway(503)]).gives(UNREACHED),
    Case::new("gemini", "520 of a gateway after the call was taken", &[Gateway(520)]).gives(UNREACHED),
    Case::new("gemini", "524 of a gateway after the call was taken", &[Gateway(524)]).gives(UNREACHED),
    Case::new("gemini", "504 of a gateway after the call was taken", &[Gateway(504)]).gives(TIMED_OUT),
    Case::new("gemini", "503 of a gateway after the call was taken, and the same is asked again", &[Gateway(503)])
        .asked_again(),
    Case::new("gemini", "504 of the model, then well", &[ModelFails]).costs(2, 1, 1),
    Case::new("gemini", "the connection is lost in the answer", &[Lost]).gives(UNREACHED),
    Case::new("gemini", "the connection is lost in the answer, and the same is asked again", &[Lost]).asked_again(),
    Case::new("gemini", "slower than a try may be", &[Slow]).gives(TIMED_OUT),
    Case::new("gemini", "a page of a proxy in the place of the answer", &[Html]).gives(INVALID),
    Case::new("gemini", "an answer of 200 MiB", &[Huge]).gives(INVALID),
];

/// The table in Markdown, as `tests/misbehaviour.md` has it.
pub(crate) fn markdown() -> String {
    let head = "| backend | misbehaviour | what comes of it | calls | billed | counted | reported as perhaps paid twice |\n\
                |---|---|---|---|---|---|---|\n";
    let row = |case: &Case| {
        let Case { backend, what, gives, calls, billed, counted, twice, .. } = case;
        let twice = if *twice == 0 { "no" } else { "yes" };
        format!("| {backend} | {what} | {gives} | {calls} | {billed} | {counted} | {twice} |\n")
    };
    CASES.iter().map(row).fold(head.to_owned(), |table, row| table + &row)
}

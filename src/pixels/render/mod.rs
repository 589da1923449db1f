//! The hot path: encoded bytes to exact encoded bytes.
//!
//! There are three ways, and the bytes at their end are the same. Most pictures are decoded as a whole, looked at, and cut for
//! each target (this file). One whose rows come one by one, and of which one PNG is cut, is encoded while it is decoded
//! (`rows`). With several threads, whatever is cut of such a picture is resampled while it is decoded (`early`).
//!
//! ```
//! use smart_resize::{EncodeOptions, Format, Picture, RenderOptions, RenderTarget, Renderer, Size, encode};
//!
//! # let grey = Picture::from_rgb(Size::new(160, 90)?, vec![128; 160 * 90 * 3])?;
//! # let generated = encode(&grey, Format::Png, &EncodeOptions::default())?.bytes;
//! let renderer = Renderer::new(RenderOptions::default());
//! for side in [60, 70, 80] {
//!     let target = RenderTarget::new(Size::new(side, side)?).with_format(Format::WebP);
//!     assert_eq!(renderer.render(&generated, &target)?.size, Size::new(side, side)?);
//! }
//! let error = renderer.render(b"GIF89a", &RenderTarget::new(Size::new(1, 1)?)).unwrap_err();
//! assert_eq!(error.to_string(), "not a PNG, JPEG or WebP picture: it begins with [47, 49, 46, 38, 39, 61]");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod colours;
#[cfg(feature = "parallel")]
mod early;
mod rows;
mod workspace;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

#[cfg(feature = "parallel")]
use rayon::prelude::*;

use self::workspace::{Workspace, Workspaces};
use super::codec::Codec;
use super::decode::rows::RowReader;
use super::decode::{Colour, Decoded, Room, decode_into, is_sound, probe};
use super::encode::weight::encode_within_in;
use super::encode::{Encoded, encode_in};
use super::inspect::{Findings, inspect};
use super::picture::Picture;
use super::resample::{self, Scaling};
use super::{Inspect, PassThrough, RenderError, RenderOptions, RenderTarget, Rendered, Undersized, Warning};
use crate::format::Format;
use crate::plan::fit::largest_inside;
use crate::plan::focus::around;
use crate::plan::rect::Rect;
use crate::size::Size;

/// Cuts `target` from the encoded picture `bytes`.
///
/// # Errors
///
/// [`RenderError`] where the picture cannot be read, is too small or is rejected, or the result cannot be written.
pub fn render(bytes: &[u8], target: &RenderTarget, options: &RenderOptions) -> Result<Rendered, RenderError> {
    render_all(bytes, slice::from_ref(target), options).pop().unwrap_or(Err(RenderError::Panicked))
}

/// Cuts every target from the encoded picture `bytes`, which is decoded once; one result each, in their order.
///
/// With the feature `parallel` targets are cut beside each other, and of a PNG while it is decoded, on the threads of the rayon pool that this is called in; the results are the same. Without it no thread is
/// started.
pub fn render_all(
    bytes: &[u8],
    targets: &[RenderTarget],
    options: &RenderOptions,
) -> Vec<Result<Rendered, RenderError>> {
    Renderer::new(options.clone()).render_all(bytes, targets)
}

/// Renders pictures, and keeps the memory that it works in from one to the next, which spares asking the system for it anew.
///
/// It may be used from several threads at once. It keeps as much memory as the largest pictures took, once for each of the
/// renderings that there were at the same time: for one of 2752x1536 cut to 1920x1080 about 25 MB.
#[derive(Debug, Default)]
pub struct Renderer {
    options: RenderOptions,
    workspaces: Workspaces,
}

impl Renderer {
    /// A renderer with these options, which has no memory yet.
    pub fn new(options: RenderOptions) -> Self {
        Self { options, workspaces: Workspaces::default() }
    }

    /// How it renders.
    pub const fn options(&self) -> &RenderOptions {
        &self.options
    }

    /// Cuts `target` from the encoded picture `bytes`: what [`render`] does.
    ///
    /// # Errors
    ///
    /// [`RenderError`] where the picture cannot be read, is too small or is rejected, or the result cannot be written.
    pub fn render(&self, bytes: &[u8], target: &RenderTarget) -> Result<Rendered, RenderError> {
        self.render_all(bytes, slice::from_ref(target)).pop().unwrap_or(Err(RenderError::Panicked))
    }

    /// Cuts every target from the encoded picture `bytes`, which is decoded once: what [`render_all`] does.
    pub fn render_all(&self, bytes: &[u8], targets: &[RenderTarget]) -> Vec<Result<Rendered, RenderError>> {
        let Self { options, workspaces } = self;
        if options.pass_through == PassThrough::Trusted && options.inspect == Inspect::Off {
            let passed: Option<Vec<_>> = targets.iter().map(|target| unread(bytes, target, options)).collect();
            if let Some(passed) = passed {
                return passed.into_iter().map(Ok).collect();
            }
        }
        let job = Job { bytes, targets, options, workspaces };
        if let [target] = targets
            && let Some(rendered) = guarded(|| rows::render(&job, target)).transpose()
        {
            return vec![rendered];
        }
        #[cfg(feature = "parallel")]
        if let Some(results) = early::render_all(&job) {
            return results;
        }
        workspaces.with(|workspace| {
            let seen = guarded(|| job.see(workspace));
            let one = |target: &RenderTarget| {
                let seen = seen.as_ref().map_err(Clone::clone)?;
                guarded(|| workspaces.with(|workspace| seen.cut(target, None, &job, workspace)))
            };
            let results = each(targets, one);
            if let Ok(seen) = seen {
                workspace.pixels = seen.picture.into_pixels();
            }
            results
        })
    }
}

/// What `work` makes of each item, in their order: one after the other, or with the feature `parallel` on the threads of
/// the rayon pool that this is called in.
#[cfg(not(feature = "parallel"))]
fn each<T, R>(items: &[T], work: impl Fn(&T) -> R) -> Vec<R> {
    items.iter().map(work).collect()
}

#[cfg(feature = "parallel")]
fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    items.par_iter().map(work).collect()
}

/// A panic in a decoder, in the resampler or in an encoder is an error of this picture alone, where panics unwind.
fn guarded<T>(work: impl FnOnce() -> Result<T, RenderError>) -> Result<T, RenderError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(RenderError::Panicked))
}

/// The file itself, if its header says that it is what is wanted.
fn unread(bytes: &[u8], target: &RenderTarget, options: &RenderOptions) -> Option<Rendered> {
    let probe = probe(bytes, &options.limits).ok()?;
    let wanted = (target.size, target.format) == (probe.size, probe.format) && target.allows(bytes);
    (wanted && probe.is_bare && options.limits.allow(target.size) && options.encode.asks_nothing_of(target.format))
        .then(|| {
            let rect = Rect::new(0, 0, probe.size);
            passed(bytes, target, probe.size, rect, preset_mismatch(target, probe.size).into_iter().collect())
        })
}

/// The picture's own bytes as a result.
fn passed(bytes: &[u8], target: &RenderTarget, frame: Size, rect: Rect, warnings: Vec<Warning>) -> Rendered {
    let &RenderTarget { format, size, .. } = target;
    Rendered { bytes: bytes.to_vec(), format, size, frame, rect, encoder: None, warnings }
}

fn preset_mismatch(target: &RenderTarget, frame: Size) -> Option<Warning> {
    let asked = target.preset.filter(|asked| *asked != frame)?;
    Some(Warning::PresetMismatch { asked, got: frame })
}

/// What is rendered from what, how, and in which memory.
#[derive(Clone, Copy)]
struct Job<'a> {
    bytes: &'a [u8],
    targets: &'a [RenderTarget],
    options: &'a RenderOptions,
    workspaces: &'a Workspaces,
}

impl Job<'_> {
    /// Decodes the picture and looks at it.
    fn see(&self, workspace: &mut Workspace) -> Result<Seen, RenderError> {
        let Self { bytes, options, .. } = *self;
        let Workspace { pixels, decoding, .. } = workspace;
        let pixels = std::mem::take(pixels);
        if options.inspect == Inspect::Off
            && !options.trim_frames
            && let Some(reader) = RowReader::new(bytes, &options.limits)?
        {
            return self.see_rows(reader, pixels, decoding);
        }
        if let Some((frame, reduce)) = self.reduced()
            && let Ok(decoded) = decode_into(bytes, &options.limits, reduce, Vec::new(), decoding)
            && decoded.picture.size().width() * reduce == frame.width()
        {
            let (about, picture) = About::of(decoded);
            return Ok(Seen { reduce, ..Seen::new(picture, frame, about, options) });
        }
        let (about, picture) = About::of(decode_into(bytes, &options.limits, 1, pixels, decoding)?);
        let frame = picture.size();
        Ok(Seen::new(picture, frame, about, options))
    }

    /// The size of a JPEG that may be read at one part in so many of its sides, since each target is cut from at least the
    /// square of that times its own pixels, and where the parts are whole. Only the fast codec can, and only where
    /// nobody looks at the picture.
    ///
    /// A picture that is read at half its size and then reduced to half that is 48 dB from one that is reduced in one go; one that
    /// is not reduced any further is 35 dB from it, and so is not read like that.
    fn reduced(&self) -> Option<(Size, u32)> {
        let Self { bytes, targets, options, .. } = *self;
        let is_fast_jpeg = options.limits.codec == Codec::Fast && Format::sniff(bytes) == Some(Format::Jpeg);
        if options.inspect != Inspect::Off || options.trim_frames || !is_fast_jpeg {
            return None;
        }
        let probe = probe(bytes, &options.limits).ok()?;
        let (frame, whole) = (probe.size, Rect::new(0, 0, probe.size));
        let allows = |reduce: u32| {
            let is_whole = |side: u32| side.is_multiple_of(reduce);
            let is_large = |target: &RenderTarget| {
                place(target, frame, whole, options).is_ok_and(|(rect, _)| {
                    let [x, y, width, height] = [rect.x(), rect.y(), rect.width(), rect.height()];
                    let enough = |side: u32, target: u32| u64::from(side) >= u64::from(target * reduce * reduce);
                    let is_large = enough(width, target.size.width()) && enough(height, target.size.height());
                    is_large && [x, y, width, height].into_iter().all(is_whole)
                })
            };
            is_whole(frame.width()) && is_whole(frame.height()) && targets.iter().all(is_large)
        };
        let found = [8, 4, 2].into_iter().find(|reduce| allows(*reduce));
        found.filter(|_| probe.is_upright).map(|reduce| (frame, reduce))
    }

    /// How many rows from the top are needed where nobody looks at the others.
    fn bottom(&self, frame: Size) -> u32 {
        let whole = Rect::new(0, 0, frame);
        // Where a target cannot be cut, that is found again when it is to be.
        let places = self.targets.iter().filter_map(|target| place(target, frame, whole, self.options).ok());
        places.map(|(rect, _)| rect.y() + rect.height()).max().unwrap_or(1)
    }

    /// Decodes the rows that are needed, since nobody looks at the others.
    fn see_rows(&self, reader: RowReader<'_>, mut pixels: Vec<u8>, decoding: &mut Room) -> Result<Seen, RenderError> {
        let (frame, row_bytes) = (reader.size, reader.row_bytes());
        let bottom = self.bottom(frame);
        let size = Size::new(frame.width(), bottom).unwrap_or(frame);
        // Each row is filled, so what was here before does not show.
        pixels.resize(row_bytes * bottom as usize, 0);
        let mut about = About::from(&reader);
        let mut rows = reader.rows(std::mem::take(decoding));
        rows.read(&mut pixels)?;
        about.ends_exactly = rows.ends_exactly();
        *decoding = rows.into_room();
        Ok(Seen::new(Picture::from_rgb(size, pixels)?, frame, about, self.options))
    }
}

/// What else is known of a picture.
#[derive(Debug)]
struct About {
    format: Format,
    colour: Colour,
    has_content_credentials: bool,
    is_bare: bool,
    ends_exactly: bool,
}

impl About {
    fn of(decoded: Decoded) -> (Self, Picture) {
        let Decoded { picture, format, colour, has_content_credentials, is_bare, ends_exactly } = decoded;
        (Self { format, colour, has_content_credentials, is_bare, ends_exactly }, picture)
    }
}

impl From<&RowReader<'_>> for About {
    fn from(reader: &RowReader<'_>) -> Self {
        let RowReader { colour, has_content_credentials, is_bare, .. } = reader;
        let (colour, has_content_credentials, is_bare) = (colour.clone(), *has_content_credentials, *is_bare);
        Self { format: Format::Png, colour, has_content_credentials, is_bare, ends_exactly: false }
    }
}

/// A picture that has been decoded and looked at.
struct Seen {
    /// It may lack rows at its bottom that nobody needs.
    picture: Picture,
    /// Its sides are one part in so many of those of the frame.
    reduce: u32,
    frame: Size,
    about: About,
    findings: Findings,
    /// What targets are cut from.
    inside: Rect,
}

impl Seen {
    fn new(picture: Picture, frame: Size, about: About, options: &RenderOptions) -> Self {
        let looks = options.inspect != Inspect::Off || options.trim_frames;
        let findings = if looks { inspect(&picture) } else { Findings::default() };
        let trimmed = findings.frame.as_ref().filter(|_| options.trim_frames).and_then(|found| found.interior(frame));
        let inside = trimmed.unwrap_or(Rect::new(0, 0, frame));
        Self { picture, reduce: 1, frame, about, findings, inside }
    }

    /// Cuts the target, unless it was `encoded` while the picture was decoded.
    fn cut(
        &self,
        target: &RenderTarget,
        encoded: Option<Result<Encoded, RenderError>>,
        job: &Job<'_>,
        workspace: &mut Workspace,
    ) -> Result<Rendered, RenderError> {
        let Job { bytes, options, workspaces, .. } = job;
        let Self { picture, reduce, frame, about, inside, .. } = self;
        let mut warnings = self.warnings(target, options)?;
        let (rect, enlarged) = place(target, *frame, *inside, options)?;
        warnings.extend(enlarged);
        let is_trusted = options.pass_through == PassThrough::Trusted;
        if may_pass(target, *frame, rect, about, options)
            && target.allows(bytes)
            && (is_trusted || is_sound(bytes, about.format, about.ends_exactly))
        {
            return Ok(passed(bytes, target, *frame, rect, warnings));
        }
        if let Some(encoded) = encoded {
            return Ok(finished(encoded?, target, *frame, rect, warnings));
        }
        let part = Size::new(rect.width() / reduce, rect.height() / reduce).unwrap_or(rect.size());
        let (placed, rect) = (rect, Rect::new(rect.x() / reduce, rect.y() / reduce, part));
        let scaling = (rect.size() != target.size).then(|| workspaces.scaling(rect.size(), target.size));
        let encoded = if rows::can_be_strips(target, options, picture.layout())
            && colours::are_many(resample::rows(picture, rect, 0..rect.height() as usize))
        {
            rows::encode_all(picture, rect, scaling.as_ref(), target, job, workspace)?
        } else {
            let (encoded, flattened) = encode_whole(picture, rect, target, scaling.as_deref(), job, workspace)?;
            warnings.extend(flattened);
            encoded
        };
        Ok(finished(encoded, target, *frame, placed, warnings))
    }

    /// What is to be said about the picture before it is cut, or the error that it is.
    fn warnings(&self, target: &RenderTarget, options: &RenderOptions) -> Result<Vec<Warning>, RenderError> {
        warnings(target, options, self.frame, self.inside.size(), &self.findings, &self.about)
    }
}

/// What is to be said about a picture of which `inside` is used, or the error that it is.
fn warnings(
    target: &RenderTarget,
    options: &RenderOptions,
    size: Size,
    inside: Size,
    Findings { frame, blank }: &Findings,
    about: &About,
) -> Result<Vec<Warning>, RenderError> {
    let trimmed = inside != size;
    let mut found: Vec<_> = preset_mismatch(target, size).into_iter().collect();
    if options.inspect != Inspect::Off || trimmed {
        found.extend(frame.map(|frame| Warning::Framed { frame, trimmed }));
    }
    if options.inspect != Inspect::Off {
        found.extend(blank.map(Warning::Blank));
    }
    if options.inspect == Inspect::Fail {
        let is_mended = |warning: &Warning| matches!(warning, Warning::Framed { trimmed: true, .. });
        if let Some(warning) = found.iter().find(|warning| !is_mended(warning)) {
            return Err(RenderError::Rejected(warning.clone()));
        }
    }
    if let Colour::Ignored { reason } = &about.colour {
        found.push(Warning::ColourProfileIgnored { reason: reason.clone() });
    }
    if about.has_content_credentials {
        found.push(Warning::ContentCredentialsDropped);
    }
    Ok(found)
}

/// Makes the whole target, then encodes it; and says whether it was laid on a background.
fn encode_whole(
    picture: &Picture,
    rect: Rect,
    target: &RenderTarget,
    scaling: Option<&Scaling>,
    job: &Job<'_>,
    workspace: &mut Workspace,
) -> Result<(Encoded, Option<Warning>), RenderError> {
    let Job { options, workspaces, .. } = job;
    let made = if rect.size() == picture.size() && scaling.is_none() {
        None
    } else {
        let room = std::mem::take(&mut workspace.resampled);
        let scratch =
            |work: &mut dyn FnMut(&mut resample::Scratch)| workspaces.with(|other| work(&mut other.resampling));
        let made = resample::resample_into(picture, rect, target.size, scaling, room, &scratch)?;
        Some(made.without_needless_alpha())
    };
    let picture = made.as_ref().unwrap_or(picture);
    let encoded = encode_made(picture, target, options, workspace);
    let flattened = target.format == Format::Jpeg && picture.layout().has_alpha();
    if let Some(made) = made {
        workspace.resampled = made.into_pixels();
    }
    Ok((encoded?, flattened.then_some(Warning::Flattened)))
}

/// Encodes a picture that already is the target.
fn encode_made(
    picture: &Picture,
    target: &RenderTarget,
    options: &RenderOptions,
    workspace: &mut Workspace,
) -> Result<Encoded, RenderError> {
    let (format, options, scratch) = (target.format, &options.encode, &mut workspace.encoding);
    Ok(match target.max_bytes {
        Some(max_bytes) => encode_within_in(picture, format, options, max_bytes, scratch)?,
        None => encode_in(picture, format, options, scratch)?,
    })
}

/// Where in a picture the target lies, of which `inside` may be used; and what is to be said about that.
fn place(
    target: &RenderTarget,
    frame: Size,
    inside: Rect,
    options: &RenderOptions,
) -> Result<(Rect, Option<Warning>), RenderError> {
    let (size, enlarged) = match (target.fit.size(inside.size(), target.size), options.undersized) {
        (Ok(size), _) => (size, None),
        (Err(_), Undersized::Enlarge) => {
            let size = largest_inside(inside.size(), target.size);
            (size, Some(Warning::Enlarged { from: size, to: target.size }))
        }
        (Err(error), Undersized::Fail) => return Err(error.into()),
    };
    let rect = around(target.focus_in(frame, inside), inside.size(), size);
    if !options.limits.allow(target.size) {
        return Err(RenderError::TargetTooLarge { target: target.size, max: options.limits.most_pixels() });
    }
    Ok((Rect::new(inside.x() + rect.x(), inside.y() + rect.y(), size), enlarged))
}

/// Whether the picture already is what is wanted.
fn may_pass(target: &RenderTarget, frame: Size, rect: Rect, about: &About, options: &RenderOptions) -> bool {
    let is_wanted = rect.size() == frame && (target.size, target.format) == (frame, about.format);
    let may_pass = options.pass_through != PassThrough::Off && options.encode.asks_nothing_of(target.format);
    is_wanted && about.is_bare && may_pass
}

/// A result.
fn finished(encoded: Encoded, target: &RenderTarget, frame: Size, rect: Rect, mut warnings: Vec<Warning>) -> Rendered {
    let Encoded { bytes, settings, exact, .. } = encoded;
    warnings.extend(settings.palette().filter(|_| !exact).map(|colours| Warning::Quantised { colours }));
    let &RenderTarget { format, size, .. } = target;
    Rendered { bytes, format, size, frame, rect, encoder: Some(settings), warnings }
}

//! Pictures that are encoded as PNG while their rows are decoded, or made.
//!
//! A PNG of ours is written strip by strip, and so need not be there as a whole before: rows come from the decoder, or from
//! the picture, through the resampler and into the encoder, while they are in the processor's caches. With one thread and
//! nobody who looks at the picture, no more of it is kept than that, and what lies below the rectangle is not decoded.
//! With several threads the strips are made and encoded by the others while this one decodes.
//!
//! What has few colours, or is grey, may be smaller than red, green and blue, which is known at its last row only. So
//! rows are kept until there have been too many colours for that; in a photograph those are the first ones.

use std::mem;
use std::sync::Arc;

use super::colours::Colours;
use super::workspace::Workspace;
use super::{About, Job, RenderError, encode_whole, finished, may_pass, place, warnings};
use crate::format::Format;
use crate::pixels::decode::rows::{RowReader, Rows};
use crate::pixels::encode::png::{PngEncoder, PngOptions, RowSink};
use crate::pixels::encode::{Encoded, EncoderSettings, can_be_written, read_back};
use crate::pixels::inspect::Findings;
use crate::pixels::picture::{Layout, Picture};
use crate::pixels::resample::{self, Resampling, Scaling};
use crate::pixels::{Inspect, RenderOptions, RenderTarget, Rendered};
use crate::plan::rect::Rect;
use crate::size::Size;

#[cfg(feature = "parallel")]
mod overlap;

/// Below this many pixels a picture is made as a whole before it is encoded: it has few strips, and perhaps few colours.
const SMALL: u32 = 1 << 16;

/// Whether the target is a PNG that can be written strip by strip, as long as it has many colours.
pub(super) fn can_be_strips(target: &RenderTarget, options: &RenderOptions, layout: Layout) -> bool {
    let is_own = target.format == Format::Png && options.encode.png.encoder == PngEncoder::Own;
    is_own && layout == Layout::Rgb && target.max_bytes.is_none() && target.size.area() >= SMALL
}

/// Renders while it decodes; nothing for a picture or a target with which that cannot be done, or need not.
pub(super) fn render(job: &Job<'_>, target: &RenderTarget) -> Result<Option<Rendered>, RenderError> {
    let Job { bytes, options, workspaces, .. } = *job;
    let is_looked_at = options.inspect != Inspect::Off;
    let by_rows =
        can_be_strips(target, options, Layout::Rgb) && !options.trim_frames && (has_threads() || !is_looked_at);
    let Some(reader) = by_rows.then(|| RowReader::new(bytes, &options.limits)).transpose()?.flatten() else {
        return Ok(None);
    };
    let (frame, about) = (reader.size, About::from(&reader));
    let Ok((rect, enlarged)) = place(target, frame, Rect::new(0, 0, frame), options) else { return Ok(None) };
    if may_pass(target, frame, rect, &about, options) {
        return Ok(None);
    }
    can_be_written(target.size, Format::Png, &options.encode)?;
    let scaling = (rect.size() != target.size).then(|| workspaces.scaling(rect.size(), target.size));
    #[cfg(feature = "parallel")]
    if has_threads() {
        return overlap::render(job, target, reader, about, (rect, enlarged), scaling.as_ref()).map(Some);
    }
    let mut warnings = warnings(target, options, frame, frame, &Findings::default(), &about)?;
    warnings.extend(enlarged);
    let encoded = workspaces.with(|workspace| stream(job, target, reader, rect, scaling.as_deref(), workspace))?;
    Ok(Some(finished(encoded, target, frame, rect, warnings)))
}

/// Whether there are threads to decode, resample and encode at the same time.
#[cfg(not(feature = "parallel"))]
const fn has_threads() -> bool {
    false
}

#[cfg(feature = "parallel")]
fn has_threads() -> bool {
    rayon::current_num_threads() > 1
}

/// Row by row, in this thread.
fn stream(
    job: &Job<'_>,
    target: &RenderTarget,
    reader: RowReader<'_>,
    rect: Rect,
    scaling: Option<&Scaling>,
    workspace: &mut Workspace,
) -> Result<Encoded, RenderError> {
    let (mut some, mut kept) = (mem::take(&mut workspace.rows), mem::take(&mut workspace.pixels));
    let row_bytes = reader.row_bytes();
    some.resize(row_bytes * Rows::GROUP, 0);
    kept.clear();
    let mut source = reader.rows(mem::take(&mut workspace.decoding));
    let mut rows = RowsOut::new(target, job.options, scaling, workspace);
    let mut colours = Colours::default();
    let mut are_many = false;
    let bottom = (rect.y() + rect.height()) as usize;
    for y in (0..bottom).step_by(Rows::GROUP) {
        some.truncate(row_bytes * (bottom - y));
        source.read(&mut some)?;
        for row in some.chunks_exact(row_bytes).skip((rect.y() as usize).saturating_sub(y)) {
            let part = row.get(columns(rect)).unwrap_or_default();
            if are_many {
                rows.push(part);
                continue;
            }
            kept.extend_from_slice(part);
            are_many = colours.are_many(part);
            if are_many {
                kept.chunks_exact(part.len()).for_each(|row| rows.push(row));
            }
        }
    }
    if are_many {
        let encoded = rows.finish(target, job.options);
        (workspace.rows, workspace.pixels, workspace.decoding) = (some, kept, source.into_room());
        return encoded;
    }
    (workspace.rows, workspace.decoding) = (some, source.into_room());
    let picture = Picture::from_rgb(rect.size(), kept)?;
    let encoded = encode_whole(&picture, Rect::new(0, 0, rect.size()), target, scaling, job, workspace);
    workspace.pixels = picture.into_pixels();
    encoded.map(|(encoded, _)| encoded)
}

/// The bytes of a row that lie in the rectangle.
fn columns(rect: Rect) -> std::ops::Range<usize> {
    let start = rect.x() as usize * 3;
    start..start + rect.width() as usize * 3
}

/// All of a picture that is there, strip by strip.
pub(super) fn encode_all(
    picture: &Picture,
    rect: Rect,
    scaling: Option<&Arc<Scaling>>,
    target: &RenderTarget,
    job: &Job<'_>,
    workspace: &mut Workspace,
) -> Result<Encoded, RenderError> {
    can_be_written(target.size, Format::Png, &job.options.encode)?;
    #[cfg(feature = "parallel")]
    if has_threads() {
        return overlap::encode_all(picture, rect, scaling, target, job);
    }
    let mut rows = RowsOut::new(target, job.options, scaling.map(Arc::as_ref), workspace);
    resample::rows(picture, rect, 0..rect.height() as usize).for_each(|row| rows.push(row));
    rows.finish(target, job.options)
}

/// Where rows of the rectangle go: through the resampler, unless they stay as they are, and into the encoder.
struct RowsOut<'a> {
    resampling: Option<Resampling<'a>>,
    sink: RowSink<'a>,
}

impl<'a> RowsOut<'a> {
    fn new(
        target: &RenderTarget,
        options: &RenderOptions,
        scaling: Option<&'a Scaling>,
        workspace: &'a mut Workspace,
    ) -> Self {
        let Workspace { resampling, encoding, .. } = workspace;
        let all = 0..target.size.height() as usize;
        Self {
            resampling: scaling.map(|scaling| Resampling::new(scaling, Layout::Rgb, all, resampling)),
            sink: RowSink::new(target.size, Layout::Rgb, options.encode.png.effort, &mut encoding.png),
        }
    }

    fn push(&mut self, row: &[u8]) {
        let Self { resampling, sink } = self;
        match resampling {
            Some(resampling) => resampling.push(row, |made| sink.push(made)),
            None => sink.push(row),
        }
    }

    fn finish(self, target: &RenderTarget, options: &RenderOptions) -> Result<Encoded, RenderError> {
        encoded(self.sink.finish()?, target.size, &options.encode.png)
    }
}

/// A file of red, green and blue.
fn encoded(file: Vec<u8>, size: Size, png: &PngOptions) -> Result<Encoded, RenderError> {
    let settings = EncoderSettings::Png { effort: png.effort, encoder: PngEncoder::Own, palette: None };
    Ok(read_back(size, Format::Png, Ok(Encoded::once(file, settings, true)))?)
}

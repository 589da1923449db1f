//! Strips that are made and encoded by the threads of the rayon pool, while this one decodes.

use std::mem;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::super::workspace::{Workspace, Workspaces};
use super::super::{About, Seen};
use super::{Colours, Job, RenderError, columns, encoded, finished};
use crate::pixels::decode::rows::{RowReader, Rows};
use crate::pixels::encode::Encoded;
use crate::pixels::encode::png::{Part, Parts};
use crate::pixels::picture::{Layout, Picture};
use crate::pixels::resample::{self, Resampling, Scaling};
use crate::pixels::{Inspect, RenderTarget, Rendered, Warning};
use crate::plan::rect::Rect;
use crate::size::Size;

/// How many rows are decoded before it is looked whether the next strip can be made.
const PIECE: usize = 16;

/// What the strips of a target are made of.
#[derive(Clone)]
struct Strips {
    parts: Parts,
    scaling: Option<Arc<Scaling>>,
    rect: Rect,
}

impl Strips {
    fn new(target: &RenderTarget, job: &Job<'_>, rect: Rect, scaling: Option<&Arc<Scaling>>) -> Self {
        let parts = Parts::new(target.size, Layout::Rgb, job.options.encode.png.effort);
        Self { parts, scaling: scaling.cloned(), rect }
    }

    /// For each strip the rows of the target, and those of the rectangle that they are made of.
    fn needs(&self) -> Vec<(Range<usize>, Range<usize>)> {
        let needs = |rows: Range<usize>| match &self.scaling {
            Some(scaling) => (rows.clone(), scaling.needs(rows)),
            None => (rows.clone(), rows),
        };
        self.parts.rows().map(needs).collect()
    }

    /// One strip, of the rows of the rectangle that it needs.
    fn encode<'a>(
        &self,
        number: usize,
        rows: Range<usize>,
        source: impl Iterator<Item = &'a [u8]>,
        workspace: &mut Workspace,
    ) -> Part {
        let Workspace { resampling, resampled, encoding, .. } = workspace;
        resampled.clear();
        match &self.scaling {
            Some(scaling) => {
                let mut resampling = Resampling::new(scaling, Layout::Rgb, rows, resampling);
                source.for_each(|row| resampling.push(row, |made| resampled.extend_from_slice(made)));
            }
            None => source.for_each(|row| resampled.extend_from_slice(row)),
        }
        self.parts.encode(number, resampled, &mut encoding.png)
    }
}

/// All of a picture that is there.
pub(super) fn encode_all(
    picture: &Picture,
    rect: Rect,
    scaling: Option<&Arc<Scaling>>,
    target: &RenderTarget,
    job: &Job<'_>,
) -> Result<Encoded, RenderError> {
    let strips = Strips::new(target, job, rect, scaling);
    let one = |(number, (rows, needs)): (usize, (Range<usize>, Range<usize>))| {
        let source = resample::rows(picture, rect, needs);
        job.workspaces.with(|workspace| strips.encode(number, rows, source, workspace))
    };
    let all: Vec<_> = strips.needs().into_par_iter().enumerate().map(one).collect();
    encoded(strips.parts.join(all.into_iter()), target.size, &job.options.encode.png)
}

/// Renders while it decodes.
pub(super) fn render(
    job: &Job<'_>,
    target: &RenderTarget,
    reader: RowReader<'_>,
    about: About,
    (rect, enlarged): (Rect, Option<Warning>),
    scaling: Option<&Arc<Scaling>>,
) -> Result<Rendered, RenderError> {
    let (frame, row_bytes) = (reader.size, reader.row_bytes());
    let bottom = if job.options.inspect == Inspect::Off { rect.y() + rect.height() } else { frame.height() };
    job.workspaces.with(|workspace| {
        let mut pixels = mem::take(&mut workspace.pixels);
        // Each row is filled, so what was here before does not show.
        pixels.resize(row_bytes * bottom as usize, 0);
        let strips = Strips::new(target, job, rect, scaling);
        let mut source = reader.rows(mem::take(&mut workspace.decoding));
        let parts = decode(&mut source, row_bytes, &mut pixels, &strips, job.workspaces)?;
        workspace.decoding = source.into_room();
        let size = Size::new(frame.width(), bottom).unwrap_or(frame);
        let seen = Seen::new(Picture::from_rgb(size, pixels)?, frame, about, job.options);
        let rendered = match parts {
            Some(parts) => {
                let mut warnings = seen.warnings(target, job.options)?;
                warnings.extend(enlarged);
                let file = strips.parts.join(parts.into_iter());
                let encoded = encoded(file, target.size, &job.options.encode.png)?;
                Ok(finished(encoded, target, frame, rect, warnings))
            }
            None => seen.cut(target, None, job, workspace),
        };
        workspace.pixels = seen.picture.into_pixels();
        rendered
    })
}

/// Fills `pixels`, and gives the strips, unless the rectangle has few colours or is grey.
fn decode(
    source: &mut Rows<'_>,
    row_bytes: usize,
    pixels: &mut [u8],
    strips: &Strips,
    workspaces: &Workspaces,
) -> Result<Option<Vec<Part>>, RenderError> {
    let rect = strips.rect;
    let needs = strips.needs();
    let made: Vec<Mutex<Option<Part>>> = needs.iter().map(|_| Mutex::default()).collect();
    rayon::in_place_scope(|scope| {
        let mut colours = Colours::default();
        let mut are_many = false;
        let mut waiting = needs.iter().zip(&made).enumerate().peekable();
        let (mut pieces, mut decoded) = (Vec::new(), 0);
        for piece in pixels.chunks_mut(PIECE * row_bytes) {
            source.read(piece)?;
            for row in piece.chunks_exact(row_bytes) {
                if !are_many && decoded >= rect.y() as usize && decoded < (rect.y() + rect.height()) as usize {
                    are_many = colours.are_many(row.get(columns(rect)).unwrap_or_default());
                }
                decoded += 1;
            }
            pieces.push(&*piece);
            let is_ready = |needs: &Range<usize>| are_many && rect.y() as usize + needs.end <= decoded;
            while let Some((number, ((rows, needs), made))) = waiting.next_if(|(_, ((_, needs), _))| is_ready(needs)) {
                let first = rect.y() as usize + needs.start;
                let some: Vec<&[u8]> = pieces.get(first / PIECE..).unwrap_or_default().to_vec();
                scope.spawn(move |_| {
                    let all = some.iter().flat_map(|piece| piece.chunks_exact(row_bytes));
                    let source = all.skip(first % PIECE).take(needs.len());
                    let source = source.map(|row| row.get(columns(rect)).unwrap_or_default());
                    let part = workspaces.with(|workspace| strips.encode(number, rows.clone(), source, workspace));
                    *made.lock().unwrap_or_else(PoisonError::into_inner) = Some(part);
                });
            }
        }
        Ok::<_, RenderError>(())
    })?;
    Ok(made.into_iter().map(|made| made.into_inner().unwrap_or_else(PoisonError::into_inner)).collect())
}

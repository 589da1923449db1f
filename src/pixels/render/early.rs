//! Targets that are resampled, and encoded, while the picture that they are cut from is decoded.
//!
//! This thread decodes, and the others of the rayon pool take the rows as they come: for each target one of them at a time
//! takes those that are new through the resampler, and with the last one encodes what has been made. What is known of the
//! whole picture only, that it ends as it should and what is found in it, decides afterwards whether that counts.

use std::mem;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;

use super::workspace::Workspace;
use super::{About, Job, RenderError, Seen, encode_made, guarded, place};
use crate::pixels::decode::rows::{RowReader, Rows};
use crate::pixels::encode::{Encoded, can_be_written};
use crate::pixels::picture::{Layout, Picture};
use crate::pixels::resample::{Resampling, Scaling};
use crate::pixels::{Inspect, RenderTarget, Rendered};
use crate::plan::rect::Rect;
use crate::size::Size;

/// How many rows are decoded before the others hear of them.
const PIECE: usize = 32;

/// Cuts every target; nothing for a picture whose rows do not come one by one, or where that would not help.
pub(super) fn render_all(job: &Job<'_>) -> Option<Vec<Result<Rendered, RenderError>>> {
    let all = || {
        let Job { bytes, targets, options, .. } = *job;
        if rayon::current_num_threads() < 2 || options.trim_frames {
            return Ok(None);
        }
        let Some(reader) = RowReader::new(bytes, &options.limits)? else { return Ok(None) };
        let scaled = scaled(targets, reader.size, job);
        scaled.iter().any(Option::is_some).then(|| while_decoding(reader, &scaled, job)).transpose()
    };
    guarded(all).unwrap_or_else(|error| Some(job.targets.iter().map(|_| Err(error.clone())).collect()))
}

/// For each target that is resampled the rectangle that it is cut from, and how it is scaled: as many as take no more memory
/// than the picture itself, since they are all in the making at once.
fn scaled(targets: &[RenderTarget], frame: Size, job: &Job<'_>) -> Vec<Option<(Rect, Arc<Scaling>)>> {
    let mut left = frame.area();
    let scaled = |target: &RenderTarget| {
        let (rect, _) = place(target, frame, Rect::new(0, 0, frame), job.options).ok()?;
        can_be_written(target.size, target.format, &job.options.encode).ok().filter(|()| rect.size() != target.size)?;
        left = left.checked_sub(target.size.area())?;
        Some((rect, job.workspaces.scaling(rect.size(), target.size)))
    };
    targets.iter().map(scaled).collect()
}

/// Decodes, and renders what is `scaled` meanwhile, the rest afterwards.
fn while_decoding(
    reader: RowReader<'_>,
    scaled: &[Option<(Rect, Arc<Scaling>)>],
    job: &Job<'_>,
) -> Result<Vec<Result<Rendered, RenderError>>, RenderError> {
    let Job { targets, options, workspaces, .. } = *job;
    let (frame, mut about, row_bytes) = (reader.size, About::from(&reader), reader.row_bytes());
    let bottom = if options.inspect == Inspect::Off { job.bottom(frame) } else { frame.height() };
    workspaces.with(|workspace| {
        let mut pixels = mem::take(&mut workspace.pixels);
        // Each row is filled, so what was here before does not show.
        pixels.resize(row_bytes * bottom as usize, 0);
        let mut rooms: Vec<_> = scaled.iter().map(|scaled| scaled.as_ref().map(|_| workspaces.take())).collect();
        let tasks: Vec<_> = targets.iter().zip(scaled).zip(&mut rooms).map(Task::new).collect();
        let mut source = reader.rows(mem::take(&mut workspace.decoding));
        let decoded = decode(&mut source, row_bytes, &mut pixels, &tasks, job);
        about.ends_exactly = source.ends_exactly();
        workspace.decoding = source.into_room();
        let made = tasks.into_iter().map(|task| task.map_or_else(Default::default, Task::into_made));
        let mut encoded = Vec::new();
        for (made, room) in made.collect::<Vec<_>>().into_iter().zip(rooms) {
            encoded.push(made.1);
            if let Some(mut room) = room {
                room.resampled = made.0;
                workspaces.give(room);
            }
        }
        decoded?;
        let size = Size::new(frame.width(), bottom).unwrap_or(frame);
        let seen = Seen::new(Picture::from_rgb(size, pixels)?, frame, about, options);
        let one =
            |(target, encoded)| guarded(|| workspaces.with(|workspace| seen.cut(target, encoded, job, workspace)));
        let results = targets.par_iter().zip(encoded).map(one).collect();
        workspace.pixels = seen.picture.into_pixels();
        Ok(results)
    })
}

/// Fills `pixels`, and has the tasks done that can be.
fn decode(
    source: &mut Rows<'_>,
    row_bytes: usize,
    pixels: &mut [u8],
    tasks: &[Option<Task<'_>>],
    job: &Job<'_>,
) -> Result<(), RenderError> {
    let pieces: Vec<OnceLock<&[u8]>> = pixels.chunks(PIECE * row_bytes).map(|_| OnceLock::new()).collect();
    let pieces = &pieces;
    rayon::in_place_scope(|scope| {
        for (number, rows) in pixels.chunks_mut(PIECE * row_bytes).enumerate() {
            source.read(rows)?;
            pieces.get(number).map(|piece| piece.set(rows));
            let now = number * PIECE..(number + 1) * PIECE;
            for task in tasks.iter().flatten().filter(|task| task.takes(&now)) {
                if task.is_free() {
                    scope.spawn(move |_| task.run(pieces, row_bytes, job));
                }
            }
        }
        Ok(())
    })
}

/// A target, and who is at it.
struct Task<'a> {
    /// The rows of the picture that it is made of.
    rows: Range<usize>,
    /// How often it has been asked since somebody is at it.
    asked: AtomicUsize,
    making: Mutex<Making<'a>>,
}

impl<'a> Task<'a> {
    #[expect(clippy::type_complexity, reason = "what comes of three iterators")]
    fn new(
        ((target, scaled), room): ((&'a RenderTarget, &'a Option<(Rect, Arc<Scaling>)>), &'a mut Option<Workspace>),
    ) -> Option<Self> {
        let ((rect, scaling), Workspace { resampling, resampled, .. }) = (scaled.as_ref()?, room.as_mut()?);
        let all = 0..target.size.height() as usize;
        let resampling = Resampling::new(scaling, Layout::Rgb, all, resampling);
        let (Range { start, end }, top) = (resampling.needs(), rect.y() as usize);
        let rows = top + start..top + end;
        let mut made = mem::take(resampled);
        made.clear();
        made.reserve(target.size.area() as usize * Layout::Rgb.channels());
        let making = Making { target, rect: *rect, resampling, rows: rows.clone(), made, encoded: None };
        Some(Self { rows, asked: AtomicUsize::new(0), making: Mutex::new(making) })
    }

    fn takes(&self, rows: &Range<usize>) -> bool {
        self.rows.start < rows.end && rows.start < self.rows.end
    }

    /// Tells that rows have come; whether nobody is at it who will see to them.
    fn is_free(&self) -> bool {
        self.asked.fetch_add(1, Ordering::AcqRel) == 0
    }

    /// Does what can be done, also with rows that come meanwhile.
    fn run(&self, pieces: &[OnceLock<&[u8]>], row_bytes: usize, job: &Job<'_>) {
        let mut making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let asked = self.asked.load(Ordering::Acquire);
            making.go_on(pieces, row_bytes, job);
            // Invariant: who asks after this finds the task free.
            if self.asked.compare_exchange(asked, 0, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return;
            }
        }
    }

    /// The room of the pixels, and the file, or why there is none; nothing where rows are missing.
    fn into_made(self) -> (Vec<u8>, Option<Result<Encoded, RenderError>>) {
        let Making { made, encoded, .. } = self.making.into_inner().unwrap_or_else(PoisonError::into_inner);
        (made, encoded)
    }
}

/// A target in the making.
struct Making<'a> {
    target: &'a RenderTarget,
    rect: Rect,
    resampling: Resampling<'a>,
    /// The rows of the picture that are still to come.
    rows: Range<usize>,
    made: Vec<u8>,
    encoded: Option<Result<Encoded, RenderError>>,
}

impl Making<'_> {
    fn go_on(&mut self, pieces: &[OnceLock<&[u8]>], row_bytes: usize, job: &Job<'_>) {
        if self.encoded.is_none() {
            let work = || {
                self.take(pieces, row_bytes);
                self.rows.is_empty().then(|| self.encode(job)).transpose()
            };
            self.encoded = guarded(work).transpose();
        }
    }

    /// Takes the rows that are there.
    fn take(&mut self, pieces: &[OnceLock<&[u8]>], row_bytes: usize) {
        let Self { rect, resampling, rows, made, .. } = self;
        let start = rect.x() as usize * Layout::Rgb.channels();
        let columns = start..start + rect.width() as usize * Layout::Rgb.channels();
        for piece in pieces.iter().skip(rows.start / PIECE).map_while(OnceLock::get) {
            for row in piece.chunks_exact(row_bytes).skip(rows.start % PIECE).take(rows.len()) {
                let row = row.get(columns.clone()).unwrap_or_default();
                resampling.push(row, |some| made.extend_from_slice(some));
                rows.start += 1;
            }
        }
    }

    fn encode(&mut self, job: &Job<'_>) -> Result<Encoded, RenderError> {
        let picture = Picture::from_rgb(self.target.size, mem::take(&mut self.made))?;
        let encoded = job.workspaces.with(|workspace| encode_made(&picture, self.target, job.options, workspace));
        self.made = picture.into_pixels();
        encoded
    }
}

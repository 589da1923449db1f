//! The job of a command line: its inputs, its plan, its backend and the files of its results.

use std::error::Error;
use std::io::{self, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use smart_resize::generate::SourceOptions;
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::decode;
use smart_resize::pixels::encode::{EncodeError, EncodeOptions, encode};
use smart_resize::pixels::render::{RenderError, RenderOptions};
use smart_resize::plan::Rendition;
use smart_resize::request::Reference;
use smart_resize::run::{Driver, Event, Output, RenditionError};
use smart_resize::{Format, Outcome, Plan, Size, Source};

use crate::args::{Args, Purpose, placement_prefix};
use crate::backend::Backend;
use crate::files::{self, Written};
use crate::report::{self, Line, Log, print_error, replaced_suffix};
use crate::{pack, sample, sheet};

/// Everything that is determined before the run starts.
pub(crate) struct Job<'a> {
    args: &'a Args,
    /// The first part of each file name.
    stem: String,
    source: Source,
    plan: Plan,
    /// What each rendition is for, by index: its name in file names, and its placement if it has one.
    purposes: Vec<Purpose>,
    options: RenderOptions,
    backend: Backend,
}

impl<'a> Job<'a> {
    /// Reads the inputs, makes the plan and checks the outputs.
    ///
    /// # Errors
    ///
    /// The text of what is wrong with the arguments, an input or an output. Nothing has been started.
    pub(crate) fn prepare(args: &'a Args) -> Result<Self, Box<dyn Error>> {
        let from_standard = args.inputs().filter(|path| files::is_standard(path)).count();
        if from_standard > 1 {
            return Err(format!("number of files from standard input is {from_standard}; expected at most 1").into());
        }
        let (stem, bytes) = match &args.image {
            Some(path) => (stem(path), files::read(path)?),
            None => ("sample".to_owned(), sample_png()?),
        };
        // Decodes the whole picture and not only its header, so that a truncated file is reported once and not for each
        // size.
        let (name, reading) = (source_name(args.image.as_deref()), args.decode_options());
        let decoded = decode(&bytes, &reading).map_err(|error| format!("cannot read {name}: {error}"))?;
        if let Some(damage) = decoded.damage {
            print_error(format_args!("warning: {name} is damaged: {damage}"));
        }
        let source_options = SourceOptions::default().decode(reading).keep_metadata(args.keep_metadata);
        let source =
            Source::read_with(bytes, &source_options).map_err(|error| format!("cannot read {name}: {error}"))?;
        let source = args.reference.iter().try_fold(source, |source, (name, path)| {
            let picture = Source::read_with(files::read(path)?, &source_options)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            Ok::<_, Box<dyn Error>>(source.reference(Reference::new(name, picture)))
        })?;
        let mut placements = args.placements()?;
        if let Some(path) = &args.pack {
            placements.extend(pack::read(path, &files::read(path)?)?);
        }
        let (request, purposes) = args.request(source.clone(), placements)?;
        let plan = Plan::new(&request)?;
        let backend = match &args.generated {
            Some(path) => {
                let bytes = files::read(path)?;
                decode(&bytes, &reading).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
                Backend::Returned(bytes.into())
            }
            None => Backend::Local(args.local_generator()),
        };
        let options = args.render_options(&plan)?;
        if let Some(sheet) = &args.sheet {
            sheet::format(sheet)?;
        }
        let job = Self { args, stem, source, plan, purposes, options, backend };
        job.check_files()?;
        Ok(job)
    }

    /// Checks, before anything is generated, that all outputs can be written and that none replaces an input. Creates
    /// the folders that are missing.
    fn check_files(&self) -> Result<(), Box<dyn Error>> {
        let args = self.args;
        let mut outputs: Vec<_> = if args.plan { Vec::new() } else { self.outputs().collect() };
        let mut folder = Some(args.out.as_path()).filter(|_| !args.plan);
        if !args.plan && files::is_standard(&args.out) {
            if outputs.len() != 1 {
                let found = outputs.len();
                return Err(format!("number of pictures for --out - is {found}; expected 1").into());
            }
            outputs.clear();
            folder = None;
        }
        outputs.extend(args.sheet.clone());
        let inputs: Vec<_> = args.inputs().collect();
        files::check_outputs(&inputs, &outputs)?;
        let sheet = args.sheet.as_deref().and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
        Ok([folder, sheet].into_iter().flatten().try_for_each(files::prepare_folder)?)
    }

    /// Returns the file of each result.
    fn outputs(&self) -> impl Iterator<Item = PathBuf> {
        let file = |(rendition, purpose): (&Rendition, &Purpose)| {
            (0..self.variants(rendition))
                .map(|variant| self.path(purpose, variant, rendition.format()))
                .collect::<Vec<_>>()
        };
        self.plan.renditions().iter().zip(&self.purposes).flat_map(file)
    }

    /// Returns the number of results of a rendition.
    fn variants(&self, rendition: &Rendition) -> usize {
        let generation = rendition.generation().and_then(|index| self.plan.generations().get(index));
        generation.map_or(1, |generation| generation.variants() as usize)
    }

    /// Returns the path of a result.
    fn path(&self, purpose: &Purpose, variant: usize, format: Format) -> PathBuf {
        if files::is_standard(&self.args.out) {
            return self.args.out.clone();
        }
        let file = format!("{}_{}_{}.{}", self.stem, purpose.name, variant + 1, format.extension());
        self.args.out.join(file)
    }

    /// Runs the plan, writes the files and reports them, or writes the plan if only that is wanted.
    ///
    /// # Errors
    ///
    /// A [`RunError`](smart_resize::run::RunError) before the first call. Otherwise the number of pictures that
    /// failed or would be rejected, or why the report or the sheet could not be written.
    pub(crate) fn run(&self) -> Result<(), Box<dyn Error>> {
        for warning in self.plan.warnings() {
            print_error(format_args!("warning: {}{warning}", placement_prefix(&self.purposes, warning.index())));
        }
        if self.args.plan {
            writeln!(files::Output, "{}", serde_json::to_string_pretty(&self.plan)?)?;
            // Standard output has the plan alone.
            self.write_sheet(None)?;
            return Ok(());
        }
        let progress = self.progress_bar();
        let log = Mutex::new(Log::default());
        let on_event = |event: &Event<'_>| {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            match event {
                Event::CallStarted { call } => drop(log.started.insert(*call, Instant::now())),
                Event::Rendered { rendition, variant, result } => {
                    let line = self.write_result(*rendition, *variant, *result, &log);
                    log.lines.insert((*rendition, *variant), line);
                    progress.inc(1);
                }
                _ => {}
            }
        };
        let threads = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let driver = Driver::new(&self.plan, &self.source).options(self.options.clone()).on_event(&on_event);
        let outcome = driver.run_on_threads(&self.backend, threads)?;
        progress.finish_and_clear();

        let log = log.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Standard output may be a picture.
        let mut out: Box<dyn io::Write> =
            if files::is_standard(&self.args.out) { Box::new(io::stderr()) } else { Box::new(files::Output) };
        let [mut failed, mut rejected] = [0; 2];
        for line in log.lines.values() {
            match line {
                Line::Made(line) => writeln!(out, "{line}")?,
                Line::Rejected { line, reasons } => {
                    rejected += 1;
                    writeln!(out, "{line}")?;
                    print_error(format_args!("rejected: {reasons}"));
                }
                Line::Failed(line) => {
                    failed += 1;
                    print_error(format_args!("error: {line}"));
                }
            }
        }
        report::print_failed_calls(&outcome);
        writeln!(out, "{}", report::summary(&self.plan))?;
        if let Some((path, written)) = self.write_sheet(Some(&outcome))? {
            writeln!(out, "{}{}", path.display(), replaced_suffix(written))?;
        }
        match (failed, rejected, log.lines.len()) {
            (0, 0, _) => Ok(()),
            (0, _, all) => Err(format!("{rejected} of {all} pictures would be rejected").into()),
            (_, 0, all) => Err(format!("{failed} of {all} pictures failed").into()),
            (_, _, all) => Err(format!("{failed} of {all} pictures failed, {rejected} would be rejected").into()),
        }
    }

    /// Writes the sheet of an outcome, or of the plan if nothing was run. Returns its path if a sheet is wanted.
    fn write_sheet(&self, outcome: Option<&Outcome>) -> Result<Option<(&Path, Written)>, Box<dyn Error>> {
        let Some(path) = self.args.sheet.as_deref() else { return Ok(None) };
        let (local, format) = (self.args.local_generator(), sheet::format(path)?);
        let drawn_from = (&self.plan, &self.source);
        let sheet = match outcome {
            Some(outcome) => sheet::draw(drawn_from, &self.purposes, (outcome, &local), format)?,
            None => sheet::draw_plan(drawn_from, &self.purposes, &local, format)?,
        };
        let written = files::write(path, &sheet, self.args.force)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(Some((path, written)))
    }

    /// Creates the progress bar. It is drawn only if standard error is a terminal.
    fn progress_bar(&self) -> ProgressBar {
        let pictures = self.plan.renditions().iter().map(|rendition| self.variants(rendition) as u64).sum();
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(pictures).with_style(style);
        bar.tick();
        bar
    }

    /// Writes a finished picture, and returns its line of the report. A picture that failed has the error as its line.
    fn write_result(
        &self,
        rendition: usize,
        variant: usize,
        result: Result<&Output, &RenditionError>,
        log: &Log,
    ) -> Line {
        let (Some(cut), Some(purpose)) = (self.plan.renditions().get(rendition), self.purposes.get(rendition)) else {
            return Line::Failed(format!("rendition {rendition} is not in the plan"));
        };
        let output = match result {
            Ok(output) => output,
            Err(error) => return self.write_smallest(purpose, variant, error),
        };
        let format = output.provenance.format;
        let (path, written) = match self.write(purpose, variant, format, &output.bytes) {
            Ok(written) => written,
            Err(error) => return Line::Failed(error),
        };
        let width = self.purposes.iter().map(|purpose| purpose.name.len()).max().unwrap_or_default().max(11);
        let file = format!("{}{}  {} bytes", path.display(), replaced_suffix(written), output.bytes.len());
        let line = format!("{:>width$}  {}", purpose.name, log.picture(&output.provenance, self.plan.sharing(), &file));
        Line::new(line, purpose, cut.target(), format, output.bytes.len())
    }

    /// Writes the smallest file of a picture that exceeds its byte limit, since it may be useful elsewhere. Any other
    /// error has no file.
    fn write_smallest(&self, purpose: &Purpose, variant: usize, error: &RenditionError) -> Line {
        let reasons = format!("{}: {error}", purpose.name);
        let RenditionError::Render(RenderError::Encode(EncodeError::OverByteLimit { format, smallest, .. })) = error
        else {
            return Line::Failed(reasons);
        };
        match self.write(purpose, variant, *format, &smallest.bytes) {
            Ok((path, written)) => {
                let line = format!("{}{}  (above the byte limit)", path.display(), replaced_suffix(written));
                Line::Rejected { line, reasons }
            }
            Err(error) => Line::Failed(error),
        }
    }

    /// Writes a result and returns its path.
    fn write(
        &self,
        purpose: &Purpose,
        variant: usize,
        format: Format,
        bytes: &[u8],
    ) -> Result<(PathBuf, Written), String> {
        let path = self.path(purpose, variant, format);
        match files::write(&path, bytes, self.args.force) {
            Ok(written) => Ok((path, written)),
            Err(error) => Err(format!("{}: cannot write {}: {error}", purpose.name, path.display())),
        }
    }
}

/// Returns the sample picture as a PNG file.
fn sample_png() -> Result<Vec<u8>, Box<dyn Error>> {
    let (width, height, pixels) = sample::sample();
    let picture = Picture::from_rgb(Size::new(width, height)?, pixels)?;
    Ok(encode(&picture, Format::Png, &EncodeOptions::default())?.bytes)
}

/// Returns the name of the source for error texts.
fn source_name(image: Option<&Path>) -> String {
    match image {
        None => "the sample".to_owned(),
        Some(path) if files::is_standard(path) => "standard input".to_owned(),
        Some(path) => path.display().to_string(),
    }
}

/// Returns the file name without its extension.
fn stem(path: &Path) -> String {
    if files::is_standard(path) {
        return "stdin".to_owned();
    }
    path.file_stem().map_or("image".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stem_of_a_result_is_the_file_name_without_its_extension() {
        let stems = ["a/my photo.v2.png", "-", "..", "photo"].map(|path| stem(Path::new(path)));
        assert_eq!(stems, ["my photo.v2", "stdin", "image", "photo"]);
    }
}

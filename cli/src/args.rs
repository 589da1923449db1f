//! The command line, and the request that is built from it.

use std::collections::BTreeSet;
use std::error::Error;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use smart_resize::generate::local::{Fallback, Keep, LocalGenerator};
use smart_resize::geometry::{Fit, Focus, Insets, PerMille};
use smart_resize::model::{Model, Tier, UsdMicros};
use smart_resize::pixels::Codec;
use smart_resize::pixels::decode::{Damaged, DecodeOptions};
use smart_resize::pixels::encode::{WebPMode, WebPOptions};
use smart_resize::pixels::metadata::Mark;
use smart_resize::pixels::render::RenderOptions;
use smart_resize::plan::Rendition;
use smart_resize::plan::placement::{Placement, Platform};
use smart_resize::request::{Bound, MAX_VARIANTS, RequestError, Sharing};
use smart_resize::{Format, Plan, Request, Size, Source, Target};

/// Writes one picture of exactly each SIZE. By default each picture is generated at the smallest preset, from 1K on,
/// that covers its size, and is cut from it without being enlarged. The exit code is 0 if every file was written, 1
/// if a picture, the report or the sheet failed or a placement would reject a picture, and 2 if nothing was started.
#[derive(Debug, Parser)]
#[command(name = "smart-resize", version, allow_negative_numbers = true)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command")]
pub(crate) struct Args {
    /// Exact sizes such as 1920x1080 [default: 1024x1024 1920x1080 768x1344, or those of the placements]
    #[arg(value_name = "SIZE")]
    sizes: Vec<String>,
    /// A TOML list of placements, each with a label, a size and the accepted formats
    #[arg(long, value_name = "FILE")]
    pub(crate) pack: Option<PathBuf>,
    /// Built-in placements: ids such as instagram-story, platforms such as google-ads, or "all"
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    placements: Vec<String>,
    /// Print the built-in placements with their sizes, formats, byte limits and safe areas, and do nothing else
    #[arg(long)]
    pub(crate) list_placements: bool,
    /// The picture to resize: PNG, JPEG, WebP, GIF, BMP or TIFF; "-" is standard input [default: a built-in sample
    /// picture]
    #[arg(long, value_name = "FILE")]
    pub(crate) image: Option<PathBuf>,
    /// The folder for the results; "-" writes a single result to standard output
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub(crate) out: PathBuf,
    /// Replace existing files that differ from the results. Without it, such a result fails
    #[arg(long)]
    pub(crate) force: bool,
    /// The format of the results [default: png, or the first format that a placement accepts]
    #[arg(long)]
    format: Option<FormatArg>,
    /// The quality of JPEG results, 1 to 100 [default: 90]. It also makes WebP results lossy (needs the cargo feature
    /// "libwebp")
    #[arg(long, value_name = "N", value_parser = whole::<u8>(1..=100))]
    quality: Option<u8>,
    /// The number of variants of each size
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u32>(1..=MAX_VARIANTS.into()))]
    variants: u32,
    /// The lowest tier to generate at: 0.5K, 1K, 2K or 4K [default: 1K if the model has it]
    #[arg(long, value_name = "TIER")]
    resolution: Option<Tier>,
    /// The model whose presets and prices are used: nano-banana-pro, nano-banana-2.1, nano-banana-2,
    /// nano-banana-2-lite or nano-banana
    #[arg(long, default_value = "nano-banana-pro")]
    model: Model,
    /// An instruction that is added to the generated prompt
    #[arg(long, value_name = "TEXT", default_value = "")]
    prompt: String,
    /// What the results are for, such as "a display banner"; the prompt mentions it
    #[arg(long, value_name = "TEXT")]
    purpose: Option<String>,
    /// A picture that a model receives after the source, and what it shows, such as "the logo=logo.png". The flag can
    /// be repeated
    #[arg(long, value_name = "NAME=FILE", value_parser = reference)]
    pub(crate) reference: Vec<(String, PathBuf)>,
    /// The seed of each generation's first call
    #[arg(long, value_name = "N", value_parser = whole::<u64>(0..=u64::MAX))]
    seed: Option<u64>,
    /// How a size is cut: "cover" keeps as much of the picture as the shape allows and scales it, "crop" takes the
    /// pixels of the size unscaled; both from the centre, or around --focus
    #[arg(long, default_value = "cover")]
    fit: FitArg,
    /// Cut several sizes from one generation if each loses at most PERCENT of the area that it could use alone: of the
    /// picture's shape, and of what all sizes of the generation keep
    #[arg(long, value_name = "PERCENT")]
    share: Option<PerMille>,
    /// The maximum cost of the plan in US dollars
    #[arg(long, value_name = "USD")]
    budget: Option<UsdMicros>,
    /// The maximum number of bytes of a file
    #[arg(long, value_name = "N", value_parser = whole::<u64>(1..=u64::MAX))]
    max_bytes: Option<u64>,
    /// The lowest quality, 1 to 100, to which a byte limit may reduce a JPEG or a lossy WebP [default: 40]. If it is
    /// above --quality, only --quality is tried
    #[arg(long, value_name = "N", value_parser = whole::<u8>(1..=100))]
    min_quality: Option<u8>,
    /// Allow a byte limit to reduce a PNG to a palette, with dithering
    #[arg(long)]
    palette: bool,
    /// Encode JPEG and decode WebP with the C codecs (needs the cargo features "turbojpeg" and "libwebp")
    #[arg(long)]
    fast: bool,
    /// What happens with a picture whose data is damaged: "refuse" fails with the place, "report" reads a JPEG as far as
    /// possible and warns. A picture whose pixels are all there is read and reported in any case
    #[arg(long, default_value = "refuse")]
    damaged: DamagedArg,
    /// Give the backend --image and the references with their metadata, such as the GPS position, if they are not encoded
    /// again
    #[arg(long)]
    pub(crate) keep_metadata: bool,
    /// The credit line in the metadata of the results, instead of the one of --image
    #[arg(long, value_name = "TEXT")]
    credit: Option<String>,
    /// The title in the metadata of the results
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Do not write in the results whether a model made them (IPTC DigitalSourceType)
    #[arg(long)]
    no_mark: bool,
    /// The edges to keep free of important content: one percentage for all of them, or top,right,bottom,left. The safe
    /// area of a placement takes precedence
    #[arg(long, value_name = "PERCENT")]
    safe: Option<Insets>,
    /// The focal point x,y, or the focal region left,top,right,bottom, in percent of the picture that a size is cut
    /// from: the one of --generated, and otherwise --image. The crop is centred on it. With ":nudge" at the end, the
    /// crop moves off the centre of the picture only as far as necessary
    #[arg(long, value_name = "X,Y")]
    focus: Option<Focus>,
    /// Refuse a plan in which a size keeps less than PERCENT of its generated picture. Without it, a size that keeps
    /// less than 50 has a warning
    #[arg(long, value_name = "PERCENT")]
    min_kept: Option<PerMille>,
    /// Refuse a plan in which a size is more than N times smaller than generated. Without it, a size that is more than
    /// 4 times smaller has a warning
    #[arg(long, value_name = "N", value_parser = whole::<u32>(1..=u32::MAX.into()))]
    max_scale: Option<u32>,
    /// Allow a preset that has to be enlarged by at most PERCENT, if it costs less than one that covers the size, or if
    /// none covers it
    #[arg(long, value_name = "PERCENT")]
    enlarge: Option<PerMille>,
    /// Cut a size from the picture itself if the crop keeps at least PERCENT of the picture
    #[arg(long, value_name = "PERCENT")]
    skip_covered: Option<PerMille>,
    /// A picture that a model returned; "-" is standard input. Sizes are cut from it, and nothing is generated
    #[arg(long, value_name = "FILE")]
    pub(crate) generated: Option<PathBuf>,
    /// Trim a border, or letterbox or pillarbox bars, from a picture before a size is cut from it
    // The flag has the name that scripts use.
    #[arg(long = "trim-frames")]
    trim_borders: bool,
    /// What the built-in generator makes if a reframing would be plausible to less than 50 %: "backdrop" shows the
    /// whole picture over a blurred enlargement of itself, "refuse" fails, "anyway" shows the reframing
    #[arg(long, default_value = "backdrop", conflicts_with = "generated")]
    fallback: FallbackArg,
    /// How much of the picture the built-in generator keeps: "auto" weighs cropping against stretching, "all" crops
    /// nothing
    #[arg(long, default_value = "auto", conflicts_with = "generated")]
    keep: KeepArg,
    /// Print the plan as JSON, and generate nothing. With --sheet, the contact sheet shows small previews by the
    /// built-in generator
    #[arg(long)]
    pub(crate) plan: bool,
    /// Write a contact sheet of the generated pictures, the crops and the results; with --plan, of previews with their
    /// plausibility
    #[arg(long, value_name = "FILE")]
    pub(crate) sheet: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    Png,
    #[value(alias = "jpeg")]
    Jpg,
    Webp,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DamagedArg {
    Refuse,
    Report,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FitArg {
    Cover,
    Crop,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FallbackArg {
    Backdrop,
    Refuse,
    Anyway,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KeepArg {
    Auto,
    All,
}

/// The purpose of a result: a size of the command line, or a placement.
#[derive(Debug)]
pub(crate) struct Purpose {
    /// The middle part of the file name.
    pub(crate) name: String,
    /// `None` for a size of the command line.
    pub(crate) placement: Option<Placement>,
}

impl Args {
    fn format(&self) -> Option<Format> {
        self.format.map(|format| match format {
            FormatArg::Png => Format::Png,
            FormatArg::Jpg => Format::Jpeg,
            FormatArg::Webp => Format::WebP,
        })
    }

    /// Returns the files that are read.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = &Path> {
        let references = self.reference.iter().map(|(_, path)| path);
        [&self.image, &self.generated, &self.pack].into_iter().flatten().chain(references).map(PathBuf::as_path)
    }

    /// Returns the placements of `--placements`. The error lists all ids that are unknown.
    pub(crate) fn placements(&self) -> Result<Vec<Placement>, String> {
        let (mut placements, mut mistakes) = (Vec::new(), Vec::new());
        for text in &self.placements {
            match (text.as_str(), text.parse::<Platform>()) {
                ("all", _) => placements.extend_from_slice(Placement::all()),
                (_, Ok(platform)) => placements.extend(Placement::on(platform).cloned()),
                (id, Err(_)) => match Placement::named(id) {
                    Ok(placement) => placements.push(placement.clone()),
                    Err(error) => mistakes.push(error.to_string()),
                },
            }
        }
        if mistakes.is_empty() { Ok(placements) } else { Err(mistakes.join("; ")) }
    }

    /// Builds the request for `source`, and returns the purpose of each target. The sizes of the command line must
    /// differ, since the files are named after them.
    pub(crate) fn request(
        &self,
        source: Source,
        placements: Vec<Placement>,
    ) -> Result<(Request, Vec<Purpose>), Box<dyn Error>> {
        let mut request = Request::builder(source)
            .model(self.model.clone())
            .instruction(&self.prompt)
            .variants(self.variants)
            .format(self.format().unwrap_or_default())
            .fit(match self.fit {
                FitArg::Cover => Fit::Cover,
                FitArg::Crop => Fit::Crop,
            })
            .focus(self.focus.unwrap_or_default())
            .sharing(self.share.map_or(Sharing::default(), |max_loss| Sharing::Shared { max_loss }));
        if let Some(floor) = self.resolution {
            request = request.floor(floor);
        }
        if let Some(seed) = self.seed {
            request = request.seed(seed);
        }
        if let Some(budget) = self.budget {
            request = request.max_cost(budget);
        }
        if let Some(purpose) = &self.purpose {
            request = request.purpose(purpose.as_str());
        }
        if let Some(max_enlargement) = self.enlarge {
            request = request.max_enlargement(max_enlargement);
        }
        if let Some(min_kept) = self.min_kept {
            request = request.min_kept(Bound::refuse(min_kept));
        }
        if let Some(max_scale) = self.max_scale {
            request = request.max_scale(Bound::refuse(max_scale));
        }
        if let Some(min_kept) = self.skip_covered {
            request = request.crop_source_above(min_kept);
        }
        let mut purposes = Vec::new();
        for text in self.sizes(placements.is_empty()) {
            // The builder reports a text that is not a size together with all other mistakes.
            request = match text.parse::<Size>() {
                Ok(size) => request.targets([self.with_limits(Target::new(size))]),
                Err(_) => request.sizes([text]),
            };
            purposes.push(Purpose {
                name: text.parse::<Size>().map_or_else(|_| text.into(), |s| s.to_string()),
                placement: None,
            });
        }
        for placement in placements {
            let mut target = Target::from(&placement);
            if let Some(format) = self.format() {
                target = target.format(format);
            }
            request = request.targets([self.with_limits(target)]);
            let name = format!("{}_{}", placement.id, placement.size);
            purposes.push(Purpose { name, placement: Some(placement) });
        }
        let repeated = self.duplicates().map(|size| format!("size {size}"));
        let repeated =
            repeated.chain(repeated_ids(&purposes)).map(|what| format!("{what} appears twice; expected once"));
        let mistakes: Vec<String> = match request.build() {
            Ok(request) => {
                let repeated: Vec<_> = repeated.collect();
                if repeated.is_empty() {
                    return Ok((request, purposes));
                }
                repeated
            }
            Err(errors) => errors.into_iter().map(|error| described(&error, &purposes)).chain(repeated).collect(),
        };
        Err(mistakes.join("; ").into())
    }

    /// Returns the sizes of the command line. Without sizes and without a pack (`is_alone`) there are three defaults.
    fn sizes(&self, is_alone: bool) -> impl Iterator<Item = &str> {
        let usual: &[&str] =
            if is_alone && self.sizes.is_empty() { &["1024x1024", "1920x1080", "768x1344"] } else { &[] };
        self.sizes.iter().map(String::as_str).chain(usual.iter().copied())
    }

    /// Applies the byte limit of the command line, and its insets unless the target has insets of its own.
    fn with_limits(&self, mut target: Target) -> Target {
        if let Some(max_bytes) = self.max_bytes {
            target.max_bytes = Some(target.max_bytes.map_or(max_bytes, |own| own.min(max_bytes)));
        }
        match self.safe {
            Some(insets) if target.safe_area == Insets::default() => target.safe_area(insets),
            _ => target,
        }
    }

    /// Returns each size that an earlier size equals.
    fn duplicates(&self) -> impl Iterator<Item = Size> {
        let mut seen = BTreeSet::new();
        let sizes = self.sizes.iter().filter_map(|text| text.parse::<Size>().ok());
        sizes.filter(move |size| !seen.insert((size.width(), size.height())))
    }

    /// Returns the built-in generator with the options of the command line.
    pub(crate) fn local_generator(&self) -> LocalGenerator {
        let fallback = match self.fallback {
            FallbackArg::Backdrop => Fallback::Backdrop,
            FallbackArg::Refuse => Fallback::Refuse,
            FallbackArg::Anyway => Fallback::Anyway,
        };
        let keep = match self.keep {
            KeepArg::Auto => Keep::Auto,
            KeepArg::All => Keep::All,
        };
        LocalGenerator::default().fallback(fallback).keep(keep).damaged(self.damaged())
    }

    /// Returns the options for reading pictures.
    pub(crate) fn decode_options(&self) -> DecodeOptions {
        DecodeOptions::default().damaged(self.damaged())
    }

    const fn damaged(&self) -> Damaged {
        match self.damaged {
            DamagedArg::Refuse => Damaged::Refuse,
            DamagedArg::Report => Damaged::Report,
        }
    }

    /// Returns the options for rendering. A quality that would have no effect is an error.
    pub(crate) fn render_options(&self, plan: &Plan) -> Result<RenderOptions, Box<dyn Error>> {
        let mut options = RenderOptions::default();
        options.decode = self.decode_options();
        let formats = || plan.renditions().iter().map(Rendition::format);
        if let Some(quality) = self.quality {
            if formats().all(|format| format == Format::Png) {
                return Err("--quality has no effect on png, which is lossless".into());
            }
            options.encode.jpeg.quality = self.quality;
            options.encode.webp = WebPOptions::default().mode(WebPMode::Lossy { quality });
        }
        if self.fast {
            options = options.codec(Codec::Fast);
        }
        options.encode.min_quality = self.min_quality.unwrap_or(options.encode.min_quality);
        options.encode.palette = self.palette;
        options.trim_borders = self.trim_borders;
        options.metadata.fields.credit.clone_from(&self.credit);
        options.metadata.fields.title.clone_from(&self.title);
        options.metadata.mark = if self.no_mark { Mark::Off } else { Mark::Auto };
        formats().try_for_each(|format| options.encode.check(format))?;
        Ok(options)
    }
}

/// Returns the arguments that begin with a single dash and name existing files.
pub(crate) fn dashed_paths(arguments: impl Iterator<Item = OsString>) -> impl Iterator<Item = PathBuf> {
    let is_dashed = |path: &PathBuf| {
        let text = path.to_string_lossy();
        text.len() > 1 && text.starts_with('-') && !text.starts_with("--") && path.exists()
    };
    arguments.map(PathBuf::from).filter(is_dashed)
}

/// Returns a parser of whole numbers within `bounds`.
fn whole<T: TryFrom<u64>>(bounds: RangeInclusive<u64>) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| {
        let number = text.parse::<u64>().ok().filter(|number| bounds.contains(number));
        number
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| format!("expected a whole number from {} to {}", bounds.start(), bounds.end()))
    }
}

/// Reads the name and the file of a reference picture.
fn reference(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.trim().is_empty() && !file.is_empty() => Ok((name.to_owned(), file.into())),
        _ => Err("expected what the picture shows, \"=\" and a file, such as \"the logo=logo.png\"".into()),
    }
}

/// Returns each id that an earlier placement has too. The files are named after the ids.
fn repeated_ids(purposes: &[Purpose]) -> impl Iterator<Item = String> {
    let mut seen = BTreeSet::new();
    let ids = purposes.iter().filter_map(|purpose| purpose.placement.as_ref()).map(|placement| &*placement.id);
    ids.filter(move |id| !seen.insert(*id)).map(|id| format!("placement {id}"))
}

/// Returns `<id>: ` for the target of a placement, and an empty text for a size of the command line.
pub(crate) fn placement_prefix(purposes: &[Purpose], index: usize) -> String {
    let placement = purposes.get(index).and_then(|purpose| purpose.placement.as_ref());
    placement.map_or(String::new(), |placement| format!("{}: ", placement.id))
}

/// Describes a mistake of the request. A mistake of a placement's target begins with the id of the placement.
fn described(error: &RequestError, purposes: &[Purpose]) -> String {
    let index = match error {
        RequestError::TooLongForFormat { index, .. }
        | RequestError::NothingCovers { index, .. }
        | RequestError::NoBytes { index }
        | RequestError::IdTooLong { index, .. }
        | RequestError::Quality { index, .. }
        | RequestError::Insets { index, .. } => Some(*index),
        _ => None,
    };
    let mut text = index.map_or(String::new(), |index| placement_prefix(purposes, index));
    // Writing to a `String` cannot fail, so the results are ignored.
    let _ = write!(text, "{error}");
    if let Some(source) = error.source() {
        let _ = write!(text, ": {source}");
    }
    // The name of a target that is not a placement is the text of the command line.
    if let RequestError::InvalidSize { index, .. } = error
        && purposes.get(*index).is_some_and(|purpose| Path::new(&purpose.name).is_file())
    {
        text.push_str("; use --image for a picture");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(more: &[&str]) -> Args {
        Args::try_parse_from([&["smart-resize"], more].concat()).unwrap()
    }

    fn target() -> Target {
        Target::new("300x250".parse().unwrap())
    }

    #[test]
    fn the_lower_of_two_byte_limits_applies() {
        let limit = |own: Option<u64>| {
            let mut target = target();
            target.max_bytes = own;
            args(&["--max-bytes", "100"]).with_limits(target).max_bytes
        };
        assert_eq!([None, Some(99), Some(101)].map(limit), [Some(100), Some(99), Some(100)]);
        assert_eq!(args(&[]).with_limits(target()).max_bytes, None);
    }

    #[test]
    fn the_safe_area_of_a_placement_takes_precedence_over_the_flag() {
        let [own, flag] = ["20", "10"].map(|text| text.parse::<Insets>().unwrap());
        let args = args(&["--safe", "10"]);
        assert_eq!(args.with_limits(target()).safe_area, flag);
        assert_eq!(args.with_limits(target().safe_area(own)).safe_area, own);
    }

    #[test]
    fn without_sizes_and_placements_there_are_three_default_sizes() {
        let none = args(&[]);
        assert_eq!(none.sizes(true).collect::<Vec<_>>(), ["1024x1024", "1920x1080", "768x1344"]);
        assert_eq!(none.sizes(false).count(), 0);
        assert_eq!(args(&["9x9"]).sizes(true).collect::<Vec<_>>(), ["9x9"]);
    }

    #[test]
    fn a_size_that_appears_twice_is_found_in_any_spelling() {
        let duplicates = |sizes: &[&str]| args(sizes).duplicates().map(|size| size.to_string()).collect::<Vec<_>>();
        assert_eq!(duplicates(&["10x20", "20x10", "10X20"]), ["10x20"]);
        assert_eq!(duplicates(&["10x20", "20x10"]), [""; 0]);
    }

    #[test]
    fn a_whole_number_is_within_its_bounds_both_included() {
        let number = whole::<u8>(1..=100);
        assert_eq!(["1", "100"].map(&number), [Ok(1), Ok(100)]);
        for text in ["0", "101", "-1", "1.5", ""] {
            assert_eq!(number(text), Err("expected a whole number from 1 to 100".into()), "{text}");
        }
    }

    #[test]
    fn a_reference_has_what_the_picture_shows_and_a_file() {
        assert_eq!(reference("the logo=a=b.png"), Ok(("the logo".into(), "a=b.png".into())));
        assert!(["logo.png", "=logo.png", " =logo.png", "the logo="].iter().all(|text| reference(text).is_err()));
    }

    #[test]
    fn the_fallback_of_the_generator_is_that_of_the_flag_and_the_default_a_backdrop() {
        let fallback = |more: &[&str]| args(more).local_generator().fallback;
        assert_eq!(fallback(&[]), Fallback::Backdrop);
        assert_eq!(fallback(&["--fallback", "refuse"]), Fallback::Refuse);
        assert_eq!(fallback(&["--fallback", "anyway"]), Fallback::Anyway);
    }
}

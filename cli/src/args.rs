//! The command line, and the request that it makes.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use smart_resize::geometry::{Fit, Focus, Insets, PerMille};
use smart_resize::model::{Model, Tier, UsdMicros};
use smart_resize::pixels::Codec;
use smart_resize::pixels::encode::{WebPMode, WebPOptions};
use smart_resize::pixels::render::RenderOptions;
use smart_resize::plan::Rendition;
use smart_resize::request::Sharing;
use smart_resize::{Format, Plan, Request, Size, Source, Target};

use crate::pack::Placement;

/// Makes a picture of exactly each SIZE, regenerated at the smallest preset that covers it and never enlarged.
#[derive(Debug, Parser)]
#[command(name = "smart-resize", version)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command")]
pub(crate) struct Args {
    /// Exact sizes such as 1920x1080 [default: 1024x1024 1920x1080 768x1344, or those of the pack]
    #[arg(value_name = "SIZE")]
    sizes: Vec<String>,
    /// A TOML list of placements, each a label, a size, and what is accepted there
    #[arg(long, value_name = "FILE")]
    pub(crate) pack: Option<PathBuf>,
    /// The picture to resize: PNG, JPEG or WebP [default: a drawn sample]
    #[arg(long, value_name = "FILE")]
    pub(crate) image: Option<PathBuf>,
    /// Where the results go
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub(crate) out: PathBuf,
    /// The format of the results [default: png, or the first that a placement accepts]
    #[arg(long)]
    format: Option<FormatArg>,
    /// The quality of a JPEG, 1 to 100 [default: 90], or of a WebP, which without one is lossless (with the cargo
    /// feature "libwebp")
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: Option<u8>,
    /// How many variants of each size
    #[arg(long, value_name = "N", default_value_t = 1)]
    variants: u32,
    /// The lowest tier that may be used: 0.5K, 1K, 2K or 4K
    #[arg(long, value_name = "TIER")]
    resolution: Option<Tier>,
    /// The model to plan and price for: nano-banana-pro, nano-banana-2.1, nano-banana-2, nano-banana-2-lite or
    /// nano-banana
    #[arg(long, default_value = "nano-banana-pro")]
    model: Model,
    /// An instruction to pass on beside the adaptive prompt
    #[arg(long, value_name = "TEXT", default_value = "")]
    prompt: String,
    /// The seed of each generation's first call
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How sizes are cut: as much as the shape allows, or the very pixels; from the centre, or around --focus
    #[arg(long, default_value = "cover")]
    fit: FitArg,
    /// Let one generation serve several sizes, at a loss of shape of at most so many percent
    #[arg(long, value_name = "PERCENT")]
    share: Option<PerMille>,
    /// The most that the plan may cost, in US dollars
    #[arg(long, value_name = "USD")]
    budget: Option<UsdMicros>,
    /// The most bytes of a file
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_bytes: Option<u64>,
    /// The lowest quality of a JPEG or a lossy WebP that a limit of bytes may lead to, 1 to 100; above --quality only
    /// that is tried [default: 40]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
    min_quality: Option<u8>,
    /// Let a byte limit reduce a PNG to a palette, with dithering
    #[arg(long)]
    palette: bool,
    /// Read and write with the codecs in C (with the cargo features "turbojpeg" for JPEG and "libwebp" for WebP)
    #[arg(long)]
    fast: bool,
    /// Keep the edges free of what matters: a percentage for all of them, or top,right,bottom,left. A placement's own
    /// safe area comes first
    #[arg(long, value_name = "PERCENT")]
    safe: Option<Insets>,
    /// Where the interest lies, in percent of the picture that is cut: a point, or a region left,top,right,bottom
    #[arg(long, value_name = "X,Y")]
    focus: Option<Focus>,
    /// Cut a size from the picture itself where that keeps at least so many percent of it, and equal sizes from one
    /// generation
    #[arg(long, value_name = "PERCENT")]
    skip_covered: Option<PerMille>,
    /// What the model returned, for every size: finish it
    #[arg(long, value_name = "FILE")]
    pub(crate) generated: Option<PathBuf>,
    /// Cut away a frame or bars that a picture came with
    #[arg(long)]
    trim_frames: bool,
    /// Print the plan as JSON and generate nothing
    #[arg(long)]
    pub(crate) plan: bool,
    /// A contact sheet of frames, crops and results
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
enum FitArg {
    Cover,
    Crop,
}

/// What a picture is made for: a size that was asked, or a placement of the pack.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The middle part of its file's name.
    pub(crate) name: String,
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

    /// The request for `source`, and what each of its targets is for. Sizes have to differ, since files are named after
    /// them.
    pub(crate) fn request(
        &self,
        source: Source,
        placements: Vec<Placement>,
    ) -> Result<(Request, Vec<Wanted>), Box<dyn Error>> {
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
            .sharing(match (self.share, self.skip_covered) {
                (Some(max_loss), _) => Sharing::Shared { max_loss },
                (None, Some(_)) => Sharing::Duplicates,
                (None, None) => Sharing::PerTarget,
            });
        if let Some(floor) = self.resolution {
            request = request.floor(floor);
        }
        if let Some(seed) = self.seed {
            request = request.seed(seed);
        }
        if let Some(budget) = self.budget {
            request = request.max_cost(budget);
        }
        if let Some(min_kept) = self.skip_covered {
            request = request.crop_source_above(min_kept);
        }
        let mut wanted = Vec::new();
        for text in self.sizes(placements.is_empty()) {
            // What is no size is told of with all other mistakes.
            request = match text.parse::<Size>() {
                Ok(size) => request.targets([self.limited(Target::new(size))]),
                Err(_) => request.sizes([text]),
            };
            wanted.push(Wanted {
                name: text.parse::<Size>().map_or_else(|_| text.into(), |s| s.to_string()),
                placement: None,
            });
        }
        for placement in placements {
            request = request.targets([self.limited(placement.target(self.format())?)]);
            let name = format!("{}_{}", placement.label, placement.size);
            wanted.push(Wanted { name, placement: Some(placement) });
        }
        let mut mistakes: Vec<String> = self.duplicates().map(|size| format!("{size} is asked twice")).collect();
        match request.build() {
            Ok(request) if mistakes.is_empty() => return Ok((request, wanted)),
            Ok(_) => {}
            Err(errors) => mistakes.insert(0, errors.to_string()),
        }
        Err(mistakes.join("; ").into())
    }

    fn sizes(&self, is_alone: bool) -> impl Iterator<Item = &str> {
        let usual: &[&str] =
            if is_alone && self.sizes.is_empty() { &["1024x1024", "1920x1080", "768x1344"] } else { &[] };
        self.sizes.iter().map(String::as_str).chain(usual.iter().copied())
    }

    /// The target within the limits of the command line too; the insets only where it has none of its own.
    fn limited(&self, mut target: Target) -> Target {
        if let Some(max_bytes) = self.max_bytes {
            target = target.max_bytes(target.max_bytes.map_or(max_bytes, |own| own.min(max_bytes)));
        }
        match self.safe {
            Some(insets) if target.safe_area == Insets::default() => target.safe_area(insets),
            _ => target,
        }
    }

    fn duplicates(&self) -> impl Iterator<Item = Size> {
        let mut seen = BTreeSet::new();
        let sizes = self.sizes.iter().filter_map(|text| text.parse::<Size>().ok());
        sizes.filter(move |size| !seen.insert((size.width(), size.height())))
    }

    /// How results are written. A quality is refused where it would have no effect.
    pub(crate) fn render_options(&self, plan: &Plan) -> Result<RenderOptions, Box<dyn Error>> {
        let mut options = RenderOptions::default();
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
            // Who has neither would be told only when a JPEG or a WebP comes along.
            if !cfg!(any(feature = "turbojpeg", feature = "libwebp")) {
                options.decode.check(Format::Jpeg)?;
            }
        }
        options.encode.min_quality = self.min_quality.unwrap_or(options.encode.min_quality);
        options.encode.palette = self.palette;
        options.trim_frames = self.trim_frames;
        formats().try_for_each(|format| options.encode.check(format))?;
        Ok(options)
    }
}

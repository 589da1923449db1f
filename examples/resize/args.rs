//! The command line, and the request that it makes.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use smart_resize::{Fit, Format, PresetTable, RenderOptions, ResizeRequest, Resolution, Size, Source};

/// Makes a picture of exactly each SIZE, regenerated at the smallest preset that covers it and never enlarged.
#[derive(Debug, Parser)]
#[command(name = "resize", version)]
pub(crate) struct Args {
    /// Exact sizes such as 1920x1080
    #[arg(value_name = "SIZE", default_values = ["1024x1024", "1920x1080", "768x1344"])]
    sizes: Vec<String>,
    /// The picture to resize: PNG, JPEG or WebP [default: a drawn sample]
    #[arg(long, value_name = "FILE")]
    pub(crate) image: Option<PathBuf>,
    /// Where the results go
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub(crate) out: PathBuf,
    /// The format of the results
    #[arg(long, default_value = "png")]
    format: FormatArg,
    /// The quality of a JPEG, 1 to 100 [default: 90]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: Option<u8>,
    /// How many variants of each size
    #[arg(long, value_name = "N", default_value_t = 1)]
    variants: u32,
    /// The lowest tier that may be used: 0.5K, 1K, 2K or 4K
    #[arg(long, value_name = "TIER")]
    resolution: Option<Resolution>,
    /// The model to plan and price for
    #[arg(long, default_value = "nano-banana-pro")]
    model: ModelArg,
    /// An instruction to pass on beside the adaptive prompt
    #[arg(long, value_name = "TEXT", default_value = "")]
    prompt: String,
    /// The seed of each size's first call
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How sizes are cut: as much as the shape allows, or the very pixels from the centre
    #[arg(long, default_value = "cover")]
    fit: FitArg,
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
enum ModelArg {
    NanoBananaPro,
    #[value(name = "nano-banana-2")]
    NanoBanana2,
    NanoBanana,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FitArg {
    Cover,
    Crop,
}

impl Args {
    fn format(&self) -> Format {
        match self.format {
            FormatArg::Png => Format::Png,
            FormatArg::Jpg => Format::Jpeg,
            FormatArg::Webp => Format::WebP,
        }
    }

    /// The request for `source`. Sizes have to differ, since files are named after them.
    pub(crate) fn request(&self, source: Source) -> Result<ResizeRequest, Box<dyn Error>> {
        let table = match self.model {
            ModelArg::NanoBananaPro => PresetTable::nano_banana_pro(),
            ModelArg::NanoBanana2 => PresetTable::nano_banana_2(),
            ModelArg::NanoBanana => PresetTable::nano_banana(),
        };
        let mut request = ResizeRequest::builder(source)
            .sizes(&self.sizes)
            .table(table)
            .prompt(&self.prompt)
            .variants(self.variants)
            .format(self.format())
            .fit(match self.fit {
                FitArg::Cover => Fit::Cover,
                FitArg::Crop => Fit::Crop,
            });
        if let Some(floor) = self.resolution {
            request = request.floor(floor);
        }
        if let Some(seed) = self.seed {
            request = request.seed(seed);
        }
        let mut mistakes: Vec<String> = self.duplicates().map(|size| format!("{size} is asked twice")).collect();
        match request.build() {
            Ok(request) if mistakes.is_empty() => return Ok(request),
            Ok(_) => {}
            Err(errors) => mistakes.insert(0, errors.to_string()),
        }
        Err(mistakes.join("; ").into())
    }

    fn duplicates(&self) -> impl Iterator<Item = Size> {
        let mut seen = BTreeSet::new();
        let sizes = self.sizes.iter().filter_map(|text| text.parse::<Size>().ok());
        sizes.filter(move |size| !seen.insert((size.width(), size.height())))
    }

    /// How results are written. A quality is refused where it would have no effect.
    pub(crate) fn render_options(&self) -> Result<RenderOptions, Box<dyn Error>> {
        let mut options = RenderOptions::default();
        if self.quality.is_some() && self.format != FormatArg::Jpg {
            return Err(format!("--quality has no effect on {}, which is lossless", self.format()).into());
        }
        options.encode.jpeg.quality = self.quality;
        options.trim_frames = self.trim_frames;
        Ok(options)
    }
}

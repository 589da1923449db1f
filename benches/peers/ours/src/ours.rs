//! The worker for smart-resize, which uses it as a caller does.

use smart_resize::geometry::Fit;
use smart_resize::pixels::Codec;
use smart_resize::pixels::encode::{JpegOptions, PngEffort, PngOptions, WebPMode, WebPOptions};
use smart_resize::pixels::render::{Inspect, PassThrough, RenderOptions, RenderTarget, Renderer};
use smart_resize::{Format, Size};

use crate::request::{Made, Request};

/// Renders the targets. The renderer `kept` is reused for each request; it keeps its scratch buffers and no picture.
pub(crate) fn run(request: &Request, kept: &Renderer, bytes: &[u8]) -> Vec<Made> {
    let format = match request.format.as_str() {
        "png" => Format::Png,
        "jpeg" => Format::Jpeg,
        _ => Format::WebP,
    };
    let fit = if request.crop { Fit::Crop } else { Fit::Cover };
    let target = |(width, height)| RenderTarget::new(Size::new(width, height).unwrap()).format(format).fit(fit);
    let targets: Vec<_> = request.sizes().into_iter().map(target).collect();
    let rendered = match targets.as_slice() {
        [target] => vec![kept.render(bytes, target)],
        targets => kept.render_all(bytes, targets),
    };
    let made = |rendered: Result<smart_resize::pixels::render::Rendered, _>| {
        let rendered = rendered.unwrap();
        let rect = rendered.rect;
        let rect = [rect.x(), rect.y(), rect.width(), rect.height()].map(f64::from);
        Made { bytes: rendered.bytes, rect }
    };
    rendered.into_iter().map(made).collect()
}

pub(crate) fn options(request: &Request) -> RenderOptions {
    let codec = if request.c { Codec::Fast } else { Codec::Pure };
    let mut options = RenderOptions::default().codec(codec);
    options.pass_through = PassThrough::Off;
    options.inspect = if request.inspect { Inspect::Report } else { Inspect::Off };
    let effort = if request.effort == "small" { PngEffort::Small } else { PngEffort::Balanced };
    options.encode.png = PngOptions::default().effort(effort);
    options.encode.jpeg = JpegOptions::default().quality(request.quality);
    options.encode.webp = WebPOptions::default().mode(WebPMode::Lossy { quality: request.quality });
    options
}

//! The worker for the `image` crate with its own resampling and encoders.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat, load_from_memory};

use crate::request::{Made, Request};

pub(crate) fn run(request: &Request, bytes: &[u8]) -> Vec<Made> {
    let once = (!request.separate).then(|| load_from_memory(bytes).unwrap());
    let made = |(width, height): (u32, u32)| {
        let own;
        let picture = if let Some(picture) = &once {
            picture
        } else {
            own = load_from_memory(bytes).unwrap();
            &own
        };
        let (result, rect) = if request.crop {
            let (left, top) = ((picture.width() - width) / 2, (picture.height() - height) / 2);
            (picture.crop_imm(left, top, width, height), [left, top, width, height].map(f64::from))
        } else {
            (picture.resize_to_fill(width, height, FilterType::Lanczos3), filled(picture, width, height))
        };
        Made { bytes: encoded(request, &result), rect }
    };
    request.sizes().into_iter().map(made).collect()
}

fn encoded(request: &Request, picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    match request.format.as_str() {
        "png" if request.level == 0 => picture.write_to(&mut bytes, ImageFormat::Png).unwrap(),
        "png" => {
            let level = CompressionType::Level(request.level);
            picture.write_with_encoder(PngEncoder::new_with_quality(&mut bytes, level, PngFilter::Adaptive)).unwrap();
        }
        _ => picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, request.quality)).unwrap(),
    }
    bytes.into_inner()
}

/// The rectangle of the input that `resize_to_fill` shows. It resizes to the smallest whole size that covers the
/// target, then crops whole pixels.
fn filled(picture: &DynamicImage, width: u32, height: u32) -> [f64; 4] {
    let [w, h, width, height] = [picture.width(), picture.height(), width, height].map(f64::from);
    let scale = f64::max(width / w, height / h);
    let (between_w, between_h) = ((w * scale).round(), (h * scale).round());
    let (left, top) = (((between_w - width) / 2.0).floor(), ((between_h - height) / 2.0).floor());
    let (across, down) = (w / between_w, h / between_h);
    [left * across, top * down, width * across, height * down]
}

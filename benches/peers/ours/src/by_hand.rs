//! What a Rust team writes without smart-resize: a decoder, `fast_image_resize` and an encoder, each with its own
//! defaults, joined by a centred crop in whole pixels. One thread.
//!
//! It reads RGB pictures with 8 bits per sample. It does not handle profiles, orientation, alpha or limits.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use jpeg_encoder::{ChromaSubsamplingMethod, SamplingFactor};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::request::{Made, Request};

/// RGB pixels, rows from top to bottom without padding.
struct Picture {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

/// A rectangle in whole pixels.
#[derive(Clone, Copy)]
struct Rect {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

/// Decodes once for all targets, unless the request wants a decode for each.
pub(crate) fn run(request: &Request, bytes: &[u8]) -> Vec<Made> {
    let mut resizer = Resizer::new();
    let mut decoded = decode(bytes);
    let mut made = Vec::new();
    for (at, (width, height)) in request.sizes().into_iter().enumerate() {
        if request.separate && at > 0 {
            decoded = decode(bytes);
        }
        let (rect, result) = if request.crop {
            let rect = centred(&decoded, width, height);
            (rect, crop(&decoded, rect))
        } else {
            let (across, down) = covered(&decoded, width, height);
            let rect = centred(&decoded, across, down);
            (rect, resize(&mut resizer, &decoded, rect, width, height))
        };
        let rect = [rect.left, rect.top, rect.width, rect.height].map(f64::from);
        made.push(Made { bytes: encode(request, &result), rect });
    }
    made
}

fn decode(bytes: &[u8]) -> Picture {
    if bytes.starts_with(b"\x89PNG") { decode_png(bytes) } else { decode_jpeg(bytes) }
}

fn decode_png(bytes: &[u8]) -> Picture {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    assert_eq!(reader.output_color_type(), (png::ColorType::Rgb, png::BitDepth::Eight));
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    Picture { width: info.width, height: info.height, pixels }
}

fn decode_jpeg(bytes: &[u8]) -> Picture {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let pixels = decoder.decode().unwrap();
    let info = decoder.info().unwrap();
    Picture { width: info.width.into(), height: info.height.into(), pixels }
}

/// The sides of the largest rectangle of the picture with the target's shape; the side that is cut is rounded.
fn covered(picture: &Picture, width: u32, height: u32) -> (u32, u32) {
    let side = |of: u32, by: u32, per: u32| ((2 * of * by + per) / (2 * per)).max(1);
    if u64::from(picture.width) * u64::from(height) < u64::from(picture.height) * u64::from(width) {
        (picture.width, side(picture.width, height, width))
    } else {
        (side(picture.height, width, height), picture.height)
    }
}

/// The rectangle with these sides in the middle of the picture.
fn centred(picture: &Picture, width: u32, height: u32) -> Rect {
    Rect { left: (picture.width - width) / 2, top: (picture.height - height) / 2, width, height }
}

/// Copies the rows of the rectangle.
fn crop(picture: &Picture, rect: Rect) -> Picture {
    let mut pixels = Vec::with_capacity((rect.width * rect.height * 3) as usize);
    for row in
        picture.pixels.chunks_exact(picture.width as usize * 3).skip(rect.top as usize).take(rect.height as usize)
    {
        pixels.extend_from_slice(&row[rect.left as usize * 3..][..rect.width as usize * 3]);
    }
    Picture { width: rect.width, height: rect.height, pixels }
}

/// Resamples the rectangle with Lanczos3.
fn resize(resizer: &mut Resizer, picture: &Picture, rect: Rect, width: u32, height: u32) -> Picture {
    let source = TypedImageRef::<U8x3>::from_buffer(picture.width, picture.height, &picture.pixels).unwrap();
    let mut pixels = vec![0; width as usize * height as usize * 3];
    let mut result = TypedImage::<U8x3>::from_buffer(width, height, &mut pixels).unwrap();
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).crop(
        rect.left.into(),
        rect.top.into(),
        rect.width.into(),
        rect.height.into(),
    );
    resizer.resize_typed(&source, &mut result, &options).unwrap();
    Picture { width, height, pixels }
}

fn encode(request: &Request, picture: &Picture) -> Vec<u8> {
    let mut bytes = Vec::new();
    match request.format.as_str() {
        "png" => {
            let mut encoder = png::Encoder::new(&mut bytes, picture.width, picture.height);
            encoder.set_color(png::ColorType::Rgb);
            encoder.set_depth(png::BitDepth::Eight);
            encoder.set_compression(png::Compression::Balanced);
            encoder.set_filter(png::Filter::Adaptive);
            encoder.write_header().unwrap().write_image_data(&picture.pixels).unwrap();
        }
        "jpeg" => {
            let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, request.quality);
            encoder.set_sampling_factor(SamplingFactor::F_2_2);
            // The default drops three of four chroma samples, which costs 5 points of SSIMULACRA2.
            encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
            let [width, height] = [picture.width, picture.height].map(|side| u16::try_from(side).unwrap());
            encoder.encode(&picture.pixels, width, height, jpeg_encoder::ColorType::Rgb).unwrap();
        }
        other => panic!("no encoder for {other}"),
    }
    bytes
}

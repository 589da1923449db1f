//! Every kind of sample, also in interlaced and animated files, checked against decoders that the crate does not use.
//!
//! The files are the seeds of the fuzz targets. The published crate does not contain them.

use std::fs;
use std::path::Path;

use smart_resize::pixels::Layout;
use smart_resize::pixels::decode::{DecodeOptions, decode};
use zune_png::zune_core::bytestream::ZCursor;
use zune_png::zune_core::colorspace::ColorSpace;
use zune_png::zune_core::result::DecodingResult;

/// The bytes of a seed before its file: they choose the options of the law.
const HEAD: usize = 40;

/// The names and files of the seeds whose names begin with `prefix`.
fn files(prefix: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/decode_render");
    let Ok(folder) = fs::read_dir(folder) else { return Vec::new() };
    let paths = folder.map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let named = paths.filter(|path| name(path).starts_with(prefix));
    named.map(|path| (name(&path), fs::read(&path).unwrap()[HEAD..].to_vec())).collect()
}

/// Expands grey samples to RGB or RGBA.
fn spread(samples: &[u8], kind: ColorSpace) -> Vec<u8> {
    match kind {
        ColorSpace::Luma => samples.iter().flat_map(|grey| [*grey; 3]).collect(),
        ColorSpace::LumaA => samples.chunks(2).flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]]).collect(),
        _ => samples.to_vec(),
    }
}

#[test]
fn every_kind_of_png_has_the_pixels_of_an_independent_decoder() {
    let mut compared = 0;
    for (name, file) in files("png-") {
        let Ok(ours) = decode(&file, &DecodeOptions::default()) else { continue };
        let mut decoder = zune_png::PngDecoder::new(ZCursor::new(&file));
        // Files that zune-png cannot read are compared in other tests. It does not expand the transparent colour of a
        // grey PNG.
        let Ok(theirs) = decoder.decode() else { continue };
        let theirs: Vec<u8> = match theirs {
            DecodingResult::U8(samples) => samples,
            DecodingResult::U16(samples) => {
                samples.iter().map(|sample| (f64::from(*sample) / 257.0).round() as u8).collect()
            }
            _ => unreachable!("a PNG has 8 or 16 bits"),
        };
        let mut theirs = spread(&theirs, decoder.colorspace().unwrap());
        let ours = ours.picture;
        let pixels = ours.size().area() as usize;
        if ours.layout() == Layout::Rgb && theirs.len() == 4 * pixels {
            assert!(theirs.iter().skip(3).step_by(4).all(|alpha| *alpha == 255), "{name}");
            theirs = theirs.chunks(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        }
        if name.contains("exif") || theirs.len() != ours.pixels().len() {
            continue;
        }
        assert_eq!(ours.pixels(), theirs, "{name}");
        compared += 1;
    }
    assert!(compared >= 9 || files("png-").is_empty(), "{compared}");
}

#[test]
fn every_kind_of_jpeg_has_nearly_the_pixels_of_an_independent_decoder() {
    let mut compared = 0;
    for (name, file) in files("jpeg-") {
        let Ok(decoded) = decode(&file, &DecodeOptions::default()) else { continue };
        // Inks are compared in `tests/codecs/jpeg.rs`.
        if name.contains("exif") || name.contains("cmyk") {
            continue;
        }
        // `jpeg-decoder` refuses some odd files, which are compared in other tests.
        let Ok(theirs) = jpeg_decoder::Decoder::new(&file[..]).decode() else { continue };
        let ours = decoded.picture.pixels();
        let theirs = if theirs.len() == ours.len() { theirs } else { spread(&theirs, ColorSpace::Luma) };
        assert_eq!(ours.len(), theirs.len(), "{name}");
        let sum: u32 = ours.iter().zip(&theirs).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
        // The pictures are noise, and decoders upsample subsampled chroma differently.
        let most = if name.contains("444") || name.contains("grey") { 1 } else { 8 };
        assert!(sum <= most * ours.len() as u32, "{name}: {sum} over {}", ours.len());
        compared += 1;
    }
    assert!(compared >= 8 || files("jpeg-").is_empty(), "{compared}");
}

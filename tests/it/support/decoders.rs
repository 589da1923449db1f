//! The crate's decoder with its defaults, and other decoders that check what the crate writes.

use smart_resize::Format;
use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::{DecodeLimits, DecodeOptions, decode, probe};

/// Decodes a file with the default options.
pub(crate) fn decoded(bytes: &[u8]) -> Picture {
    decode(bytes, &DecodeOptions::default()).unwrap().picture
}

/// Returns the error of a file that is refused, which `probe` and `decode` must do alike.
pub(crate) fn refused(bytes: &[u8], limits: &DecodeLimits) -> String {
    let error = decode(bytes, &DecodeOptions::default().limits(*limits)).unwrap_err();
    let probed = probe(bytes, limits);
    assert_eq!(probed.unwrap_err(), error, "`probe` and `decode` must refuse a file alike");
    error.to_string()
}

/// Reads the size and the pixels of a PNG or JPEG with a decoder that the crate does not use, and a WebP with the crate's.
/// The grey of a PNG is expanded to RGB.
pub(crate) fn read_elsewhere(bytes: &[u8], format: Format) -> (u32, u32, Vec<u8>) {
    match format {
        Format::Png => {
            // The default is 16,384 pixels. The default height suffices for what the tests write.
            let options = zune_png::zune_core::options::DecoderOptions::default().set_max_width(65_535);
            let bytes = zune_png::zune_core::bytestream::ZCursor::new(bytes);
            let mut decoder = zune_png::PngDecoder::new_with_options(bytes, options);
            let pixels = decoder.decode_raw().unwrap();
            let (width, height) = decoder.dimensions().unwrap();
            let pixels = match decoder.colorspace().unwrap().num_components() {
                1 => pixels.into_iter().flat_map(|level| [level; 3]).collect(),
                2 => pixels.chunks(2).flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]]).collect(),
                _ => pixels,
            };
            (width as u32, height as u32, pixels)
        }
        Format::Jpeg => {
            let mut decoder = jpeg_decoder::Decoder::new(bytes);
            let pixels = decoder.decode().unwrap();
            let info = decoder.info().unwrap();
            (info.width.into(), info.height.into(), pixels)
        }
        _ => {
            // Rust has no other decoder. With the feature `libwebp`, libwebp must read the same pixels of a lossless file;
            // lossy files are decoded with other roundings. `benches/peers` reads the files with Pillow.
            let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(bytes)).unwrap();
            let (width, height) = decoder.dimensions();
            let mut pixels = vec![0; decoder.output_buffer_size().unwrap()];
            decoder.read_image(&mut pixels).unwrap();
            #[cfg(feature = "libwebp")]
            if !decoder.is_lossy() {
                use smart_resize_webp::Layout;
                let layout = if decoder.has_alpha() { Layout::Rgba } else { Layout::Rgb };
                let mut others = vec![0; pixels.len()];
                smart_resize_webp::decode(bytes, width, height, layout, &mut others).unwrap();
                assert!(others == pixels, "libwebp reads other pixels");
            }
            (width, height, pixels)
        }
    }
}

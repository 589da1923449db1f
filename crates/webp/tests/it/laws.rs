//! The laws for arbitrary bytes. The tests check them with the fuzz seeds; the fuzz target `webp` searches for inputs
//! that break them.
//!
//! The first byte chooses the law. Even: the next two bytes are a size, and the rest is a file to decode. Odd: the next
//! bytes choose a size, a layout and settings, and the rest is the pixels to encode.

use std::io::Cursor;

use image_webp::WebPDecoder;
use smart_resize_webp::{Error, Layout, Settings, decode, encode};

/// The most pixels that the law decodes: enough for every path, little enough to be fast.
const MAX_PIXELS: u32 = 1 << 14;

/// Checks the law that the first byte chooses.
pub(crate) fn webp(data: &[u8]) {
    match *data {
        [kind, width, height, ref file @ ..] if kind % 2 == 0 => decode_any(file, width.into(), height.into()),
        [kind, width, height, quality, effort, ref pixels @ ..] => {
            let layout = if kind & 2 == 0 { Layout::Rgb } else { Layout::Rgba };
            let settings = Settings { quality: quality % 101, effort: effort % 7 };
            encode_any(pixels, u32::from(width % 48) + 1, u32::from(height % 48) + 1, layout, settings);
        }
        _ => {}
    }
}

/// A file of another size than declared is refused. A file of the declared size is refused or decoded completely, to
/// the same pixels whatever the buffer held before.
fn decode_any(file: &[u8], width: u32, height: u32) {
    for layout in [Layout::Rgb, Layout::Rgba] {
        let attempt = |(width, height): (u32, u32), before: u8| {
            let mut pixels = vec![before; (width * height) as usize * layout.channels()];
            decode(file, width, height, layout, &mut pixels).map(|()| pixels)
        };
        let mut size = (width, height);
        if let Err(Error::Size { found, expected }) = attempt(size, 0) {
            assert_eq!(expected, size);
            assert_ne!(found, size);
            size = found;
        }
        if size.0 * size.1 <= MAX_PIXELS {
            assert_eq!(attempt(size, 0), attempt(size, 255));
        }
    }
}

/// Any pixels are encoded, and the file has their size and, in both decoders, the same pixels.
fn encode_any(drawn: &[u8], width: u32, height: u32, layout: Layout, settings: Settings) {
    let length = (width * height) as usize * layout.channels();
    let pixels: Vec<u8> = drawn.iter().chain(&[0]).copied().cycle().take(length).collect();
    let file = encode(&pixels, width, height, layout, settings).unwrap();
    let found = check_against_image_webp(&file, width, height, layout);
    if layout == Layout::Rgba {
        assert!(found.chunks(4).zip(pixels.chunks(4)).all(|(found, pixel)| found[3] == pixel[3]), "alpha has changed");
    }
}

/// Decodes the file with libwebp and with `image-webp`, and returns the pixels if both agree.
pub(crate) fn check_against_image_webp(file: &[u8], width: u32, height: u32, layout: Layout) -> Vec<u8> {
    let mut ours = vec![0; (width * height) as usize * layout.channels()];
    decode(file, width, height, layout, &mut ours).unwrap();
    let mut decoder = WebPDecoder::new(Cursor::new(file)).unwrap();
    assert_eq!(decoder.dimensions(), (width, height));
    let mut theirs = vec![0; decoder.output_buffer_size().unwrap()];
    decoder.read_image(&mut theirs).unwrap();
    // An opaque picture is written without an alpha channel.
    if layout == Layout::Rgba && !decoder.has_alpha() {
        theirs = theirs.chunks(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect();
    }
    assert!(ours == theirs, "{width}x{height} {layout:?}: libwebp and image-webp decode other pixels");
    ours
}

//! The facts about a file, read from its bytes.

use smart_resize::pixels::Picture;
use smart_resize::pixels::decode::DecodeLimits;
use smart_resize::pixels::encode::{EncodeOptions, encode};
use smart_resize::plan::placement::FileFacts;
use smart_resize::{Format, Size};

fn read(bytes: &[u8]) -> FileFacts {
    FileFacts::read(bytes, &DecodeLimits::default()).unwrap()
}

#[test]
fn the_facts_are_read_from_the_bytes() {
    let size = Size::new(4, 3).unwrap();
    let opaque = Picture::from_rgb(size, vec![90; 36]).unwrap();
    let transparent = Picture::from_rgba(size, vec![90; 48]).unwrap();
    for format in [Format::Png, Format::Jpeg, Format::WebP] {
        for (picture, is_transparent) in [(&opaque, false), (&transparent, true)] {
            let bytes = encode(picture, format, &EncodeOptions::default()).unwrap().bytes;
            let expected = FileFacts::new(size, format, bytes.len() as u64).animated(false);
            let expected = expected.transparent(is_transparent && format != Format::Jpeg);
            assert_eq!(read(&bytes), expected, "{format}");
        }
    }
    assert!(FileFacts::read(b"plain text", &DecodeLimits::default()).is_err());
}

#[test]
fn an_animated_png_is_found_by_its_chunk() {
    let picture = Picture::from_rgb(Size::new(4, 3).unwrap(), vec![90; 36]).unwrap();
    let mut bytes = encode(&picture, Format::Png, &EncodeOptions::default()).unwrap().bytes;
    assert_eq!(read(&bytes).animated, Some(false));
    // An animation with one frame and no repetition, in front of the pixels. IHDR ends at byte 33.
    let mut chunk = b"acTL\0\0\0\x01\0\0\0\0".to_vec();
    let checksum = crc32fast::hash(&chunk);
    chunk.splice(0..0, 8_u32.to_be_bytes());
    chunk.extend(checksum.to_be_bytes());
    bytes.splice(33..33, chunk);
    assert_eq!(read(&bytes).animated, Some(true));
}

#[cfg(feature = "image")]
#[test]
fn an_animated_gif_has_a_second_image() {
    use image::codecs::gif::GifEncoder;
    use image::{Frame, RgbaImage};
    use smart_resize::SourceFormat;

    for frames in 1..=3 {
        let mut bytes = Vec::new();
        let mut encoder = GifEncoder::new(&mut bytes);
        for shade in 0..frames {
            let image = RgbaImage::from_pixel(8, 6, image::Rgba([40 * shade, 90, 90, 255]));
            encoder.encode_frame(Frame::new(image)).unwrap();
        }
        drop(encoder);
        let facts = read(&bytes);
        assert_eq!((facts.format, facts.animated), (SourceFormat::Gif, Some(frames > 1)), "{frames}");
    }
}

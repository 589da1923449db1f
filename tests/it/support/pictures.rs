//! Pictures that the tests draw, and files of them by other encoders.

use smart_resize::Size;
use smart_resize::pixels::{Layout, Picture};

pub(crate) fn size(text: &str) -> Size {
    text.parse().unwrap()
}

/// A smooth picture with some grain, like a photograph. Rows, columns and channels differ.
pub(crate) fn photo(size: Size) -> Picture {
    let mut state = 0x9e37_79b9_u32;
    let mut pixels = Vec::with_capacity(size.area() as usize * 3);
    for y in 0..size.height() {
        for x in 0..size.width() {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let grain = state % 7;
            pixels.push((x * 200 / size.width() + grain) as u8);
            pixels.push((y * 200 / size.height() + grain) as u8);
            pixels.push(((x + y) * 200 / (size.width() + size.height()) + grain) as u8);
        }
    }
    Picture::from_rgb(size, pixels).unwrap()
}

/// The picture of [`photo`] with alpha that rises from 0 at the left to 255 at the right.
pub(crate) fn transparent(size: Size) -> Picture {
    let photo = photo(size);
    let with_alpha = |(index, rgb): (usize, &[u8])| {
        let x = index as u32 % size.width();
        [rgb[0], rgb[1], rgb[2], (x * 255 / (size.width() - 1).max(1)) as u8]
    };
    Picture::from_rgba(size, photo.pixels().chunks(3).enumerate().flat_map(with_alpha).collect()).unwrap()
}

/// A PNG with RGB or RGBA pixels and an sRGB chunk, as image models send them, by the `png` crate.
pub(crate) fn png(picture: &Picture) -> Vec<u8> {
    let colour = match picture.layout() {
        Layout::Rgba => png::ColorType::Rgba,
        _ => png::ColorType::Rgb,
    };
    raw_png_with(picture.size(), colour, png::BitDepth::Eight, picture.pixels(), |info| {
        info.srgb = Some(png::SrgbRenderingIntent::Perceptual);
    })
}

/// A PNG with raw samples, by the `png` crate.
pub(crate) fn raw_png(size: Size, color: png::ColorType, depth: png::BitDepth, samples: &[u8]) -> Vec<u8> {
    raw_png_with(size, color, depth, samples, |_| {})
}

pub(crate) fn raw_png_with(
    size: Size,
    color: png::ColorType,
    depth: png::BitDepth,
    samples: &[u8],
    adjust: impl FnOnce(&mut png::Info<'static>),
) -> Vec<u8> {
    let mut info = png::Info::with_size(size.width(), size.height());
    info.color_type = color;
    info.bit_depth = depth;
    adjust(&mut info);
    let mut bytes = Vec::new();
    let mut writer = png::Encoder::with_info(&mut bytes, info).unwrap().write_header().unwrap();
    writer.write_image_data(samples).unwrap();
    writer.finish().unwrap();
    bytes
}

/// An EXIF block that has only this orientation.
pub(crate) fn exif(orientation: u8) -> Vec<u8> {
    exif_with(false, &[(ORIENTATION, SHORT, orientation.into())])
}

/// The number of the orientation tag.
pub(crate) const ORIENTATION: u16 = 0x112;
/// The type of a number of two bytes.
pub(crate) const SHORT: u16 = 3;
/// The type of a number of four bytes.
pub(crate) const LONG: u16 = 4;

/// An EXIF block with one value for each tag: its number, its type and the value.
pub(crate) fn exif_with(is_big_endian: bool, tags: &[(u16, u16, u32)]) -> Vec<u8> {
    let two = |number: u16| if is_big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
    let four = |number: u32| if is_big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
    let mut exif = if is_big_endian { b"MM".to_vec() } else { b"II".to_vec() };
    exif.extend([&two(42)[..], &four(8), &two(tags.len() as u16)].concat());
    for (tag, kind, value) in tags {
        // A value of two bytes is at the start of its four bytes.
        let value = if *kind == SHORT { [two(*value as u16), [0; 2]].concat() } else { four(*value).to_vec() };
        exif.extend([&two(*tag)[..], &two(*kind), &four(1), &value].concat());
    }
    exif.extend(four(0));
    exif
}

/// An EXIF block with this colour space and this interoperability index. The first directory points to the second, which
/// has the colour space and points to the third, which has the index.
pub(crate) fn exif_of_colour_space(colour_space: u16, index: &[u8; 3]) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let directory =
        |entries: &[Vec<u8>]| [&(entries.len() as u16).to_be_bytes()[..], &entries.concat(), &[0; 4]].concat();
    let [high, low] = colour_space.to_be_bytes();
    let (second, third) = (8 + 18_u32, 8 + 18 + 30_u32);
    let directories = [
        directory(&[entry(0x8769, LONG, 1, second.to_be_bytes())]),
        directory(&[entry(0xa001, SHORT, 1, [high, low, 0, 0]), entry(0xa005, LONG, 1, third.to_be_bytes())]),
        directory(&[entry(1, 2, 4, [index[0], index[1], index[2], 0])]),
    ];
    [b"MM\0*\0\0\0\x08".to_vec(), directories.concat()].concat()
}

/// The PNG with an additional chunk directly after its header.
pub(crate) fn with_chunk(png: &[u8], name: &[u8], content: &[u8]) -> Vec<u8> {
    let named = [name, content].concat();
    let (header, rest) = png.split_at(8 + 25);
    let length = (content.len() as u32).to_be_bytes();
    [header, &length, &named, &crc32fast::hash(&named).to_be_bytes(), rest].concat()
}

/// The JPEG with an additional segment directly after its first marker.
pub(crate) fn with_segment(jpeg: &[u8], code: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, code], &length, content, &jpeg[2..]].concat()
}

/// A WebP file with these chunks.
pub(crate) fn riff(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (name, content) in chunks {
        body.extend(*name);
        body.extend((content.len() as u32).to_le_bytes());
        body.extend(*content);
        body.resize(body.len().next_multiple_of(2), 0);
    }
    [&b"RIFF"[..], &(body.len() as u32).to_le_bytes(), &body].concat()
}

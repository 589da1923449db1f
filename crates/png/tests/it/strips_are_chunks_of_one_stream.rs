//! Every strip is an `IDAT` chunk, and together they are one zlib stream, checksum included.

use smart_resize_png::{Colour, Scratch};

use crate::pictures::{EFFORTS, photo};

#[test]
fn three_strips_are_three_idat_chunks_of_one_zlib_stream() {
    let picture = photo((512, 1025), Colour::Rgb);
    for effort in EFFORTS {
        let file = picture.encoder(effort).encode(&picture.pixels, &mut Scratch::default()).unwrap().bytes;
        let (mut chunks, mut stream, mut at) = (Vec::new(), Vec::new(), 8);
        while at < file.len() {
            let length = u32::from_be_bytes(*file[at..].first_chunk().unwrap()) as usize;
            let name = &file[at + 4..at + 8];
            if name == b"IDAT" {
                stream.extend_from_slice(&file[at + 8..at + 8 + length]);
            }
            chunks.push(name);
            at += length + 12;
        }
        assert_eq!(chunks, [b"IHDR", b"sRGB", b"IDAT", b"IDAT", b"IDAT", b"IEND"]);
        let inflated = miniz_oxide::inflate::decompress_to_vec_zlib(&stream).unwrap();
        assert_eq!(inflated.len(), 1025 * (1 + 512 * 3));
    }
}

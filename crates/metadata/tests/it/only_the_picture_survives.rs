//! Metadata in every place of a file is dropped, and the picture's bytes stay.

use smart_resize_metadata::strip;

use crate::files::{chunk, extended, jpeg, picture, png, segment, webp};

const SECRET: &[u8] = b"52.5200 N, 13.4050 E";

/// The file without metadata must be `bare`, although `full` contains the secret.
fn check(full: &[u8], bare: &[u8]) {
    let has_secret = |file: &[u8]| file.windows(SECRET.len()).any(|part| part == SECRET);
    assert!(has_secret(full) && !has_secret(bare));
    assert_eq!(strip(full).as_deref(), Some(bare));
    assert_eq!(strip(&[full, SECRET].concat()).as_deref(), Some(bare), "with a trailer");
}

#[test]
fn segments_of_metadata_are_dropped_wherever_they_are() {
    let parts = picture::jpeg();
    let bare = jpeg(&parts);
    let prefixed = |prefix: &[u8]| [prefix, SECRET].concat();
    let mut metadata: Vec<Vec<u8>> =
        (0xe0..=0xef).chain([0xfe, 0x05, 0xf0, 0xbf]).map(|code| segment(code, SECRET)).collect();
    metadata.extend([
        segment(0xe1, &prefixed(b"Exif\0\0MM\0\x2a")),
        segment(0xe1, &prefixed(b"http://ns.adobe.com/xap/1.0/\0")),
        segment(0xe2, &prefixed(b"MPF\0")),
        segment(0xe0, &prefixed(b"JFXX\0")),
        segment(0xed, &prefixed(b"Photoshop 3.0\0")),
        segment(0xeb, &prefixed(b"JP\0\x01\0\0\0\x01")),
    ]);
    for hidden in metadata {
        // Nothing may stand between a scan header and its data.
        for at in 0..=parts.len() {
            let mut full = parts.clone();
            full.insert(at, hidden.clone());
            check(&jpeg(&full), &bare);
        }
    }
}

#[test]
fn jfif_and_adobe_segments_keep_their_fields_only() {
    let bare = jpeg(&picture::jpeg());
    let with = |at: usize, content: &[u8]| {
        let mut parts = picture::jpeg();
        parts[at] = segment(if at == 0 { 0xe0 } else { 0xee }, content);
        jpeg(&parts)
    };
    let thumbnail = [&picture::JFIF[..12], &[1, 7], SECRET, b"a"].concat();
    check(&with(0, &thumbnail), &bare);
    check(&with(0, &[picture::JFIF, SECRET].concat()), &bare);
    check(&with(1, &[picture::ADOBE, SECRET].concat()), &bare);
    // A second JFIF segment, and late ones, have no effect on a decoder.
    for at in [1, 9, 10] {
        for (code, content) in [(0xe0, picture::JFIF), (0xee, picture::ADOBE)] {
            let mut parts = picture::jpeg();
            parts.insert(at, segment(code, &[content, SECRET].concat()));
            if at > 1 || code == 0xe0 {
                check(&jpeg(&parts), &bare);
            }
        }
    }
}

#[test]
fn bytes_between_segments_and_a_second_picture_are_dropped() {
    let parts = picture::jpeg();
    let bare = jpeg(&parts);
    for at in 0..9 {
        let mut full = parts.clone();
        full.insert(at, SECRET.to_vec());
        check(&jpeg(&full), &bare);
    }
    check(&[&bare[..], &jpeg(&[&picture::jpeg()[..], &[segment(0xdb, SECRET)]].concat())].concat(), &bare);
    // A frame behind a scan begins another picture.
    let cut = &bare[..bare.len() - 2];
    check(&[cut, &segment(0xc0, SECRET), b"\xff\xd9"].concat(), cut);
}

#[test]
fn chunks_of_metadata_are_dropped_wherever_they_are() {
    let parts = picture::png();
    let bare = png(&parts);
    for name in [b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"acTL", b"fcTL", b"fdAT", b"caBX", b"teSt", b"TeSt"] {
        for at in 1..parts.len() {
            let mut full = parts.clone();
            full.insert(at, chunk(name, SECRET));
            // A reader uses the first sequence of IDAT chunks.
            let bare =
                if at == parts.len() - 2 { png(&[&parts[..at], &parts[at + 1..]].concat()) } else { bare.clone() };
            check(&png(&full), &bare);
        }
    }
    // Colours behind the pixels count for no reader, and an end has no content.
    let (end, before) = parts.split_last().unwrap();
    for (name, stays) in [(b"iCCP", Some(end)), (b"PLTE", Some(end)), (b"IHDR", Some(end)), (b"IEND", None)] {
        let full = [before, &[chunk(name, SECRET)], std::slice::from_ref(end)].concat();
        check(&png(&full), &png(&[before, &stays.cloned().into_iter().collect::<Vec<_>>()].concat()));
    }
    // A chunk that is cut short.
    check(&[png(before), b"\0\0\xff\xfftEXt".to_vec(), SECRET.to_vec()].concat(), &png(before));
}

#[test]
fn chunks_of_a_webp_are_dropped_with_their_flags() {
    let [profile, alpha, bitstream] = picture::WEBP;
    let bare_extended = extended(0x30);
    let bare = webp(&[(b"VP8X", &bare_extended), profile, alpha, bitstream]);
    let full_extended = extended(0x3c);
    for name in [b"EXIF", b"XMP ", b"C2PA", b"teSt", b"VP8X"] {
        for at in 1..=4 {
            let mut chunks = vec![(b"VP8X", &full_extended[..]), profile, alpha, bitstream];
            chunks.insert(at, (name, SECRET));
            check(&webp(&chunks), &bare);
        }
    }
    // A second chunk of a kind, and a chunk behind the bitstream.
    let chunks = [(b"VP8X", &full_extended[..]), profile, alpha, bitstream];
    for name in [b"ICCP", b"ALPH", b"VP8 ", b"VP8L"] {
        check(&webp(&[&chunks[..], &[(name, SECRET)]].concat()), &bare);
    }
    check(&webp(&[bitstream, (b"ICCP", SECRET)]), &webp(&[bitstream]));
    check(&webp(&[(b"EXIF", SECRET), (b"VP8L", b"odd")]), &webp(&[(b"VP8L", b"odd")]));
    // The padding of the last chunk may be missing.
    let mut full = webp(&[(b"EXIF", SECRET), (b"VP8L", b"odd")]);
    full.pop();
    assert_eq!(strip(&full).as_deref(), Some(&webp(&[(b"VP8L", b"odd")])[..]));
}

//! The header of a file is what was written, and the header of any bytes is inside them.

use proptest::prelude::{any, prop_assert, proptest};
use smart_resize_jpeg::header::{ColourSpace, Header};
use smart_resize_jpeg::{Encoder, Scratch, marker};

use crate::pictures::*;

const EXIF: [&[u8]; 3] = [b"Exif\0\0first", b"Exif\0\0", b"Exif\0\0third"];

#[test]
fn exif_blocks_profiles_and_content_credentials_are_read_back() {
    let further = [
        (marker::APP1, EXIF[0]),
        (marker::APP1, b"http://ns.adobe.com/xap/1.0/\0"),
        (marker::APP1, EXIF[1]),
        (marker::APP11, b"JP"),
        (marker::APP2, EXIF[2]),
        (marker::APP1, EXIF[2]),
    ];
    let profile: Vec<u8> = (0..140_000).map(|at| (at % 251) as u8).collect();
    for kind in KINDS {
        let encoder = Encoder::new((50, 40), 85).sampling(kind.0).progressive(kind.1);
        let written = |encoder: Encoder<'_>| encoder.encode(&photo(50, 40), &mut Scratch::default()).unwrap();
        let file = written(encoder.icc_profile(&profile).segments(&further));
        let header = Header::read(&file, 5).unwrap();
        assert!(header.exif().eq([&b"first"[..], b"", b"third"]));
        assert!(header.profile() == Some(profile.clone()));
        assert!(header.has_content_credentials && !header.is_bare);
        assert_eq!((header.components, header.scans), (3, if kind.1 { 5 } else { 1 }));
        assert_eq!((header.is_progressive, header.frame.is_some()), (kind.1, true));

        // A profile alone leaves a file bare. Data behind the end marker does not.
        let mut file = written(encoder.icc_profile(&profile));
        let header = Header::read(&file, 5).unwrap();
        assert!(header.is_bare && !header.has_content_credentials && header.exif().next().is_none());
        file.push(0);
        assert!(!Header::read(&file, 5).unwrap().is_bare);
    }
}

/// The head of a file with so many components: perhaps a JFIF and an Adobe segment, then a frame and a scan.
fn head(components: u8, has_jfif: bool, adobe: Option<u8>, names: &[u8]) -> Vec<u8> {
    let mut file = vec![0xff, marker::SOI];
    let mut segment = |code, content: &[u8]| {
        file.extend([0xff, code]);
        file.extend((content.len() as u16 + 2).to_be_bytes());
        file.extend(content);
    };
    if has_jfif {
        segment(marker::APP0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    }
    if let Some(transform) = adobe {
        segment(marker::APP14, &[&b"Adobe\0\x64\0\0\0\0"[..], &[transform]].concat());
    }
    let frame = names.iter().flat_map(|name| [*name, 0x11, 0]);
    segment(marker::SOF0, &[&[8, 0, 8, 0, 8, components][..], &frame.collect::<Vec<_>>()].concat());
    let scan = names.iter().flat_map(|name| [*name, 0]);
    segment(marker::SOS, &[&[components][..], &scan.collect::<Vec<_>>(), &[0, 63, 0]].concat());
    file.extend([0; 8]);
    file.extend([0xff, marker::EOI]);
    file
}

#[test]
fn the_colour_space_is_decided_as_libjpeg_decides_it() {
    use ColourSpace::{Cmyk, Grey, Rgb, YCbCr, Ycck};
    let (straight, inverted) = (Cmyk { is_inverted: false }, Cmyk { is_inverted: true });
    for (names, jfif, adobe, expected) in [
        (&b"1"[..], false, None, Some(Grey)),
        (b"1", false, Some(1), Some(Grey)),
        (b"12", false, None, None),
        (b"123", false, None, Some(YCbCr)),
        (b"RGB", false, None, Some(Rgb)),
        (b"RGB", false, Some(1), Some(YCbCr)),
        (b"123", false, Some(0), Some(Rgb)),
        (b"123", true, Some(0), Some(YCbCr)),
        (b"RGB", true, None, Some(YCbCr)),
        (b"1234", false, None, Some(straight)),
        (b"1234", true, None, Some(straight)),
        (b"1234", false, Some(0), Some(inverted)),
        (b"1234", true, Some(2), Some(Ycck)),
        (b"1234", false, Some(255), Some(Ycck)),
        (b"12345", false, Some(0), None),
    ] {
        let file = head(names.len() as u8, jfif, adobe, names);
        let found = Header::read(&file, 5).unwrap().colour_space;
        assert_eq!(found, expected, "{names:?}, JFIF {jfif}, Adobe {adobe:?}");
    }
}

proptest! {
    #[test]
    fn the_header_of_any_changed_bytes_is_inside_them(
        kind in 0..4_usize,
        changes in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..6),
        segments in proptest::collection::vec((0..16_u8, 0..4_usize), 0..6),
        length in any::<u16>(),
    ) {
        let segment = |(code, exif): (u8, usize)| match EXIF.get(exif) {
            Some(exif) => ((0xe0 + code).max(marker::APP1), *exif),
            None => (marker::APP14, &b"Adobe"[..]),
        };
        let segments: Vec<_> = segments.into_iter().map(segment).collect();
        let encoder = Encoder::new((40, 30), 85).sampling(KINDS[kind].0).progressive(KINDS[kind].1);
        let encoder = encoder.segments(&segments).icc_profile(b"a profile");
        let mut file = encoder.encode(&photo(40, 30), &mut Scratch::default()).unwrap();
        file.truncate(2 + usize::from(length) % (8 * file.len()));
        for (at, byte) in changes {
            // Most of the changes are in the header.
            let at = usize::from(at) % file.len().min(if at % 2 == 0 { 900 } else { usize::MAX });
            file[at] = byte;
        }
        let Ok(header) = Header::read(&file, 64) else { return Ok(()) };
        prop_assert!(header.scans <= 64);
        let blocks: usize = header.exif().map(|block| block.len() + 6).sum();
        prop_assert!(blocks + header.profile().unwrap_or_default().len() <= file.len());
        if let Ok(checked) = header.check() {
            prop_assert!(checked.damage.is_none_or(|damage| damage.at <= file.len()));
        }
    }
}

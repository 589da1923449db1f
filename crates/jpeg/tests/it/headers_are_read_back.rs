//! The header of a file is what was written, and the header of any bytes is inside them.

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use smart_resize_jpeg::header::Header;
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
        assert!(header.has_content_credentials && !header.is_bare && header.edits.is_empty());
        assert_eq!((header.components, header.scans), (3, if kind.1 { 5 } else { 1 }));
        assert_eq!((header.is_progressive, header.frame.is_some()), (kind.1, !kind.1));

        // A profile alone leaves a file bare. Data behind the end marker does not.
        let mut file = written(encoder.icc_profile(&profile));
        let header = Header::read(&file, 5).unwrap();
        assert!(header.is_bare && !header.has_content_credentials && header.exif().next().is_none());
        file.push(0);
        assert!(!Header::read(&file, 5).unwrap().is_bare);
    }
}

#[test]
fn edits_make_a_file_readable_by_a_strict_decoder() {
    let file = encode(&photo(50, 40), (50, 40), 85, KINDS[2]);
    let behind = |code: u8| smart_resize_jpeg::check::segments(&file).find(|segment| segment.code == code).unwrap();
    // The last byte of the scan header has parameters of progressive scans, 0 to 13 each.
    let mut changed = file.clone();
    changed[behind(marker::SOS).end - 1] = 0xee;
    // An incomplete Adobe segment.
    changed.splice(2..2, *b"\xff\xee\0\x07Adobe");
    let header = Header::read(&changed, 1).unwrap();
    let edited = header.edited(None);
    assert_eq!(header.edits.len(), 2);
    assert_eq!(by_zune_jpeg(&edited), by_zune_jpeg(&file));
    let places = (0..changed.len()).filter(|at| changed[*at] != edited[*at]);
    assert!(places.eq([3, behind(marker::SOS).end + 8]));
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
        prop_assert!(header.edits.iter().all(|edit| edit.at < file.len()));
        let blocks: usize = header.exif().map(|block| block.len() + 6).sum();
        prop_assert!(blocks + header.profile().unwrap_or_default().len() <= file.len());
        let edited = header.edited(None);
        let changed = (0..file.len()).filter(|at| edited[*at] != file[*at]);
        prop_assert!(changed.into_iter().all(|at| header.edits.iter().any(|edit| edit.at == at)));
        prop_assert_eq!(edited.len(), file.len());
        // A file that was edited needs no further edits.
        let again = Header::read(&edited, 64).unwrap();
        prop_assert!(again.edits.is_empty());
        if let Ok(checked) = header.check() {
            let ended = header.edited(checked.data_end);
            let has_end = |end: usize| ended.len() == end + 2 && ended.ends_with(&[0xff, marker::EOI]);
            prop_assert!(checked.data_end.is_none_or(has_end));
        }
    }
}

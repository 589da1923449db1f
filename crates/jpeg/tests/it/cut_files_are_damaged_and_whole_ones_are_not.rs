//! The check finds a cut in any place of a sequential file, and no damage in a whole one.

use smart_resize_jpeg::check::{self, Damage, Frame};
use smart_resize_jpeg::marker;

use crate::pictures::*;

/// The damage of a file whose frame header is known.
fn damage(file: &[u8], frame: &Frame) -> Option<Damage> {
    check::check(file, frame).unwrap().damage
}

/// The frame header of a file, and the offset behind it.
fn frame(file: &[u8]) -> (Frame, usize) {
    let header = check::segments(file).find(|segment| segment.code == marker::SOF0).unwrap();
    (Frame::read(header.content).unwrap(), header.end)
}

#[test]
fn whole_files_have_no_damage() {
    for kind in KINDS.into_iter().filter(|(_, is_progressive)| !is_progressive) {
        for size in [(1, 1), (8, 8), (17, 16), (50, 40), (131, 9)] {
            for quality in [1, 50, 85, 100] {
                for rgb in [photo(size.0, size.1), vec![255; (size.0 * size.1 * 3) as usize]] {
                    let file = encode(&rgb, size, quality, kind);
                    assert_eq!(damage(&file, &frame(&file).0), None, "{kind:?} {size:?} {quality}");
                }
            }
        }
    }
}

#[test]
fn a_cut_at_every_seventh_byte_is_damage() {
    for kind in KINDS.into_iter().filter(|(_, is_progressive)| !is_progressive) {
        let file = encode(&photo(130, 100), (130, 100), 85, kind);
        let (frame, behind_frame) = frame(&file);
        let whole = file.len() - 2;
        for length in (behind_frame..whole).step_by(7) {
            let cut = [&file[..length], &[0xff, marker::EOI]].concat();
            let found = damage(&cut, &frame).unwrap_or_else(|| panic!("{kind:?} cut at {length} of {whole}"));
            assert!(found.at <= cut.len(), "{found}");
        }
    }
}

//! A higher quality takes more bytes for a photographic picture, and is closer to it.

use crate::pictures::*;

#[test]
fn files_grow_with_quality() {
    let rgb = photo(320, 200);
    for kind in KINDS {
        let mut before = (0, 0.0);
        for quality in (5..=100).step_by(5) {
            let file = encode(&rgb, (320, 200), quality, kind);
            let now = (file.len(), apart(&by_jpeg_decoder(&file).1, &rgb).1);
            assert!(now.0 > before.0 && now.1 > before.1 - 0.05, "{kind:?} {quality}: {now:?} after {before:?}");
            before = now;
        }
    }
}

#[test]
fn every_quality_is_written() {
    let rgb = photo(33, 17);
    for quality in 1..=100 {
        for kind in KINDS {
            assert_eq!(by_zune_jpeg(&encode(&rgb, (33, 17), quality, kind)).0, (33, 17), "{quality} {kind:?}");
        }
    }
}

//! A sequential file is baseline with one scan of all components.

use crate::pictures::*;

#[test]
fn sequential_files_have_one_interleaved_scan() {
    for kind in KINDS.into_iter().filter(|(_, is_progressive)| !is_progressive) {
        let file = encode(&photo(50, 40), (50, 40), 80, kind);
        assert_eq!(contents(&file, 0xc0), [frame_header(kind)]);
        assert_eq!(contents(&file, 0xda), [[3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0]]);
    }
}

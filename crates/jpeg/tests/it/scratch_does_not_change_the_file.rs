//! A scratch buffer that has held other pictures gives the same file as a new one.

use smart_resize_jpeg::{Encoder, Scratch};

use crate::pictures::*;

#[test]
fn scratch_does_not_change_the_file() {
    let mut scratch = Scratch::default();
    for (width, height, quality) in
        [(200, 150, 95), (1, 1, 50), (33, 70, 80), (200, 150, 20), (16, 300, 90), (40, 8, 99)]
    {
        for kind in KINDS {
            let rgb = photo(width, height);
            let encoder = Encoder::new((width, height), quality).sampling(kind.0).progressive(kind.1);
            let found = encoder.encode(&rgb, &mut scratch).unwrap();
            assert!(found == encode(&rgb, (width, height), quality, kind), "{width}x{height} {kind:?}");
        }
    }
}

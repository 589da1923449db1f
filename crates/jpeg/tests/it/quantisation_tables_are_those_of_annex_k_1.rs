//! At quality 50 the quantisation tables are those of annex K.1 of the specification, and at any quality those of
//! libjpeg. `jpeg-encoder` has both from another source.

use crate::pictures::*;

#[test]
fn quantisation_tables_are_those_of_annex_k_1() {
    for quality in [10, 50, 75, 95] {
        let mut theirs = Vec::new();
        let encoder = jpeg_encoder::Encoder::new(&mut theirs, quality);
        encoder.encode(&[7; 3], 1, 1, jpeg_encoder::ColorType::Rgb).unwrap();
        let own = encode(&[7; 3], (1, 1), quality, KINDS[0]);
        assert_eq!(contents(&own, 0xdb).concat(), contents(&theirs, 0xdb).concat(), "quality {quality}");
    }
}

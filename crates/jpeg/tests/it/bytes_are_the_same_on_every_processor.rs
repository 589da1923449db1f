//! The files have a digest that is the same in every build and on every processor. CI runs this test natively and under
//! `qemu-x86_64 -cpu Westmere`, without AVX2.

use sha2::{Digest, Sha256};

use crate::pictures::*;

const GOLDEN: &str = "4a9bf7710529bfcf241716e9e95f40d2293c3c2305ef3cc8c66772128bbe70cc";

#[test]
fn bytes_are_the_same_on_every_processor() {
    let mut all = Sha256::new();
    for (width, height) in [(1, 1), (23, 40), (167, 131)] {
        for quality in [1, 50, 85, 100] {
            for kind in KINDS {
                all.update(encode(&photo(width, height), (width, height), quality, kind));
            }
        }
    }
    let found: String = all.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(found, GOLDEN);
}

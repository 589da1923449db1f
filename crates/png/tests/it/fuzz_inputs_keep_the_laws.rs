//! The seeds of the fuzz target `encode_png`, and every input that once broke a law, keep the laws.

use std::fs;
use std::path::Path;

use crate::laws;

#[test]
fn fuzz_inputs_keep_the_laws() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    // The published package comes without the fuzz targets.
    if !fuzz.exists() {
        return;
    }
    let folders = ["seeds", "regressions"].map(|kind| fuzz.join(kind).join("encode_png"));
    let files = folders.into_iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let count = files.inspect(|path| laws::encode_png(&fs::read(path).unwrap())).count();
    assert!(count >= 16, "{count} inputs");
}

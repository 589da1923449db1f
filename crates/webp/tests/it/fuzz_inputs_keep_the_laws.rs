//! The seeds of the fuzz target `webp`, and every input that once broke a law, keep the laws.

use std::fs;
use std::path::Path;

use crate::laws::webp;

#[test]
fn the_seeds_and_the_regressions() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    for kind in ["seeds", "regressions"] {
        let mut paths: Vec<_> =
            fs::read_dir(fuzz.join(kind).join("webp")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(!paths.is_empty());
        paths.sort();
        for path in paths {
            // The test prints the name of the input before the message of the law that it breaks.
            println!("{}", path.display());
            webp(&fs::read(&path).unwrap());
        }
    }
}

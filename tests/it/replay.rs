//! The seeds of the fuzz targets, and every input that once broke a law, held against the laws again.

use std::fs;
use std::path::Path;

use miniz_oxide::deflate::compress_to_vec_zlib;
use smart_resize::pixels::decode::{DecodeOptions, decode};

use crate::laws;

/// Holds `law` against the files of `target`; there are at least `seeds` of them, unless this is a packaged crate,
/// which comes without any.
fn replay(target: &str, law: fn(&[u8]), seeds: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut replayed = 0;
    for kind in ["seeds", "regressions"] {
        let Ok(folder) = fs::read_dir(root.join(kind).join(target)) else { continue };
        let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let data = fs::read(&path).unwrap();
            // The name of the input that breaks the law stands in front of the law's own words.
            println!("{}", path.strip_prefix(&root).unwrap().display());
            law(&data);
            replayed += 1;
        }
    }
    assert!(replayed >= seeds || !root.exists(), "{replayed} inputs of {target}, expected {seeds} or more");
}

#[test]
fn sizes_are_read_as_the_grammar_says() {
    replay("parse_size", laws::parse_size, 14);
}

#[test]
fn a_plan_keeps_its_promises() {
    replay("plan", laws::plan, 10);
}

#[test]
fn a_file_is_refused_or_becomes_what_was_asked() {
    replay("decode_render", laws::decode_render, 35);
}

#[test]
fn a_png_is_read_as_the_png_crate_reads_it() {
    replay("decode_png", laws::decode_png, 30);
}

/// Cut short behind every byte, with every byte changed in three ways, and with every beginning of its stream in whole
/// chunks, and more behind it.
#[test]
fn a_broken_png_is_refused_as_the_png_crate_refuses_it() {
    let (width, height) = (9, 11);
    for (step, colour, level) in [(3, 2, 0), (3, 2, 6), (4, 6, 9)] {
        let mut lines: Vec<u8> = (0..height * (1 + step * width)).map(|at| (at * at / 5) as u8).collect();
        lines.iter_mut().step_by(1 + step * width).for_each(|filter| *filter = 4);
        let stream = [&compress_to_vec_zlib(&lines, level)[..], &[7, 7, 7]].concat();
        let whole = stream.len() - 3;
        for length in 0..=stream.len() {
            let mut file = laws::header(width, height, colour);
            let header = file.len();
            for part in stream[..length].chunks(40) {
                laws::chunk(&mut file, *b"IDAT", part);
            }
            laws::chunk(&mut file, *b"IEND", &[]);
            laws::check_file(&file);
            for at in (header..file.len()).filter(|_| length == whole) {
                laws::check_file(&file[..at]);
                for change in [1, 0x20, 0xff] {
                    let mut changed = file.clone();
                    changed[at] ^= change;
                    laws::check_file(&changed);
                }
            }
        }
    }
}

#[cfg(feature = "wire")]
#[test]
fn what_services_say_is_refused_or_means_what_it_says() {
    replay("wire", laws::wire, 40);
}

/// So that the seeds do not all end at the first check.
#[test]
fn the_seeds_are_pictures_but_for_a_few() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/decode_render");
    let Ok(folder) = fs::read_dir(root) else { return };
    let refused = |name: &str, file: &[u8]| {
        (!name.starts_with("drawn") && decode(file, &DecodeOptions::default()).is_err()).then(|| name.to_owned())
    };
    let paths = folder.map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = paths
        .filter_map(|path| {
            refused(path.file_name().unwrap().to_str().unwrap(), &fs::read(&path).unwrap()[laws::HEAD..])
        })
        .collect();
    names.sort();
    assert_eq!(names, ["jpeg-cmyk", "nothing", "png-huge-header", "webp-lossy-flat"]);
}

/// A seed cut short or with a byte changed is no less an input.
#[test]
fn the_laws_hold_near_the_seeds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/decode_render");
    let Ok(folder) = fs::read_dir(root) else { return };
    for path in folder.map(|entry| entry.unwrap().path()) {
        let data = fs::read(&path).unwrap();
        println!("{}", path.file_name().unwrap_or_default().display());
        for length in (laws::HEAD..data.len()).step_by(7) {
            laws::decode_render(&data[..length]);
        }
        for at in (laws::HEAD..data.len()).step_by(5) {
            let mut changed = data.clone();
            changed[at] ^= 0x55;
            laws::decode_render(&changed);
        }
    }
}

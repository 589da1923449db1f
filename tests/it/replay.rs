//! Runs the laws on the seeds of the fuzz targets and on every input that once broke a law.

use std::fs;
use std::path::Path;

use miniz_oxide::deflate::compress_to_vec_zlib;
use smart_resize::pixels::decode::{DecodeOptions, decode};

use crate::laws;

/// Runs `law` on the inputs of `target` and checks that there are at least `seeds` of them. The published crate has no
/// inputs.
fn replay(target: &str, law: fn(&[u8]), seeds: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut replayed = 0;
    for kind in ["seeds", "regressions"] {
        let Ok(folder) = fs::read_dir(root.join(kind).join(target)) else { continue };
        let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let data = fs::read(&path).unwrap();
            // If the law fails, the output names the input before the law's message.
            println!("{}", path.strip_prefix(&root).unwrap().display());
            law(&data);
            replayed += 1;
        }
    }
    assert!(replayed >= seeds || !root.exists(), "{replayed} inputs of {target}, expected {seeds} or more");
}

#[test]
fn sizes_are_parsed_as_the_grammar_says() {
    replay("parse_size", laws::parse_size, 14);
}

#[test]
fn a_plan_is_correct() {
    replay("plan", laws::plan, 10);
}

#[test]
fn a_file_is_refused_or_rendered_as_requested() {
    replay("decode_render", laws::decode_render, 35);
}

#[test]
fn a_png_is_read_as_the_png_crate_reads_it() {
    replay("decode_png", laws::decode_png, 30);
}

/// The broken files: cut after each byte, with each byte changed in three ways, and with each prefix of the stream (or
/// three bytes more) in intact chunks.
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
fn json_of_services_is_refused_or_read_correctly() {
    replay("wire", laws::wire, 40);
}

/// Seeds that cannot be decoded would test only the first checks.
#[test]
fn all_but_a_few_seeds_can_be_decoded() {
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
    let damaged = ["jpeg-cut", "jpeg-cut-zeros", "jpeg-restart-lost", "jpeg-scan-lost"];
    let (found, others): (Vec<_>, Vec<_>) = names.iter().partition(|name| damaged.contains(&name.as_str()));
    assert_eq!(found, damaged);
    assert_eq!(others, ["nothing", "png-huge-header", "webp-lossy-flat"]);
}

/// The law is also tested on seeds that are cut short, and on seeds with a changed byte.
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

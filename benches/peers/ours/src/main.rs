//! The Rust workers of `benches/peers/run`.
//!
//! `smart-resize-peers ours|image|by-hand|tools THREADS` reads requests from standard input, one line of JSON each, and
//! answers each with one line of JSON.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark that fails has to stop, and a worker reads and writes"
)]

mod by_hand;
mod draw;
mod others;
mod ours;
mod quality;
mod request;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::stdin;
use std::time::Instant;

use serde_json::{Value, json};
use smart_resize::pixels::render::Renderer;

use self::request::{Made, Request};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [worker, threads] = arguments.as_slice() else { panic!("usage: smart-resize-peers WORKER THREADS") };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.parse().unwrap()).build().unwrap();
    let mut input = (String::new(), Vec::new());
    let mut renderers = BTreeMap::new();
    let mut scorer = quality::Scorer::default();
    for line in stdin().lines() {
        let request: Request = serde_json::from_str(&line.unwrap()).unwrap();
        let answer = match worker.as_str() {
            "tools" => tool(&request, &mut scorer),
            "ours" => {
                let options = ours::options(&request);
                let renderer = renderers.entry(format!("{options:?}")).or_insert_with(|| Renderer::new(options));
                answer(&request, &mut input, |bytes| pool.install(|| ours::run(&request, renderer, bytes)))
            }
            "by-hand" => answer(&request, &mut input, |bytes| by_hand::run(&request, bytes)),
            "image" => answer(&request, &mut input, |bytes| others::run(&request, bytes)),
            other => panic!("no worker {other}"),
        };
        println!("{answer}");
    }
}

/// Runs the request once and returns the time, the lengths and the rectangles of its results.
///
/// The input is read into memory before the clock starts. If the request measures memory, the input is read after the
/// process's memory has been measured, so that the peak includes it.
fn answer(request: &Request, input: &mut (String, Vec<u8>), run: impl Fn(&[u8]) -> Vec<Made>) -> Value {
    let before = request.memory.then(|| {
        *input = (String::new(), Vec::new());
        fs::write("/proc/self/clear_refs", "5").unwrap();
        kilobytes("VmRSS:")
    });
    if input.0 != request.input {
        *input = (request.input.clone(), fs::read(&request.input).unwrap());
    }
    let started = Instant::now();
    let made = run(&input.1);
    let ns = started.elapsed().as_nanos();
    let kilobytes = before.map(|before| kilobytes("VmHWM:") - before);
    if let Some(prefix) = &request.save {
        for (at, one) in made.iter().enumerate() {
            fs::write(format!("{prefix}.{at}"), &one.bytes).unwrap();
        }
    }
    let lengths: Vec<_> = made.iter().map(|one| one.bytes.len()).collect();
    let rects: Vec<_> = made.iter().map(|one| one.rect).collect();
    json!({ "ns": ns, "bytes": lengths, "rects": rects, "kilobytes": kilobytes })
}

/// A field of `/proc/self/status` in kilobytes.
fn kilobytes(name: &str) -> i64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Draws a picture or scores a result.
fn tool(request: &Request, scorer: &mut quality::Scorer) -> Value {
    let size = request.sizes().pop().unwrap();
    match request.tool.as_deref() {
        Some("photo") => fs::write(&request.input, draw::photo(size)).unwrap(),
        Some("flat") => fs::write(&request.input, draw::flat(size)).unwrap(),
        Some("score") => return json!({ "score": scorer.score(request, size) }),
        other => panic!("no tool {other:?}"),
    }
    json!({})
}

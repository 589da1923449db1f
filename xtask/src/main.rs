//! Tasks of this repository: `cargo xtask TASK`.

use std::env;
use std::process::{Command, ExitCode};

const USAGE: &str = "\
cargo xtask ci [ARGS]        everything that CI runs
cargo xtask bless            writes expected values again: snapshots, golden pixels, schemas, tables of placements,
                             the service's table
cargo xtask bench            the benchmarks of the core
cargo xtask bench peers ...  the comparison with other libraries, which writes BENCHMARKS.md
cargo xtask release          checks that every package can be published";

/// A command line with its environment variables.
type Step<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);

/// Tests that compare with a stored value write it where `BLESS` is set; `insta` has a variable of its own.
const BLESS: &[(&str, &str)] = &[("BLESS", "1"), ("INSTA_UPDATE", "always")];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (steps, rest): (&[Step<'_>], &[&str]) = match arguments.as_slice() {
        ["ci", rest @ ..] => (&[(&["bash", ".ci/run"], &[])], rest),
        ["bless"] => (
            &[
                (&["cargo", "test", "--test", "golden"], BLESS),
                (&["cargo", "test", "--all-features", "--test", "it"], BLESS),
                (&["cargo", "test", "--package", "smart-resize-cli"], BLESS),
                (&["cargo", "test", "--package", "smart-resize-service", "--test", "misbehaviour"], BLESS),
            ],
            &[],
        ),
        ["bench", "peers", rest @ ..] => (&[(&["benches/peers/run"], &[])], rest),
        ["bench"] => (&[(&["cargo", "bench", "--package", "smart-resize"], &[])], &[]),
        ["release"] => (&[(&["cargo", "publish", "--workspace", "--dry-run"], &[])], &[]),
        _ => return usage(),
    };
    if steps.iter().all(|(words, variables)| run(words, variables, rest)) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Runs `words` and then `rest` as a command at the root of the repository. Returns whether it succeeded.
#[expect(clippy::print_stderr, reason = "the program reports what it runs")]
fn run(words: &[&str], variables: &[(&str, &str)], rest: &[&str]) -> bool {
    let Some((program, words)) = words.split_first() else { return true };
    eprintln!("xtask: {program} {}", [words, rest].concat().join(" "));
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut command = Command::new(program);
    command.args(words).args(rest).envs(variables.iter().copied()).current_dir(root);
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("error: {program} cannot be started: {error}");
            false
        }
    }
}

#[expect(clippy::print_stderr, reason = "the program reports how it is used")]
fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

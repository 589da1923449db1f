//! The command `smart-resize`: turns one picture into a file of exactly each requested size.
//!
//! ```text
//! smart-resize --image photo.jpg 1024x1024 1920x1080 768x1344
//! smart-resize --placements instagram-story,google-leaderboard
//! smart-resize --pack placements.toml --share 10 --budget 2
//! ```
//!
//! The command calls no model. The built-in generator reframes the picture, or `--generated FILE` provides a picture
//! that a model returned.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | every file was written |
//! | 1 | a picture, the report or the sheet failed, or a placement would reject a picture; the other files were written |
//! | 2 | nothing was started, or the list of placements could not be written |

mod args;
mod backend;
mod files;
mod job;
mod list;
mod pack;
mod report;
mod sample;
mod sheet;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use smart_resize::run::RunError;

use self::args::Args;
use self::job::Job;
use self::report::print_error;

fn main() -> ExitCode {
    let args = Args::try_parse().unwrap_or_else(|error| {
        // The text of --help goes to standard output, whose reader may have closed it.
        let _ = error.print();
        if error.use_stderr() {
            for path in args::dashed_paths(std::env::args_os().skip(1)) {
                print_error(format_args!("  tip: write a path that begins with a dash as './{}'", path.display()));
            }
        }
        std::process::exit(error.exit_code())
    });
    if args.list_placements {
        let written = writeln!(files::Output, "{}", list::placements());
        return if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(2) };
    }
    let job = match Job::prepare(&args) {
        Ok(job) => job,
        Err(error) => {
            print_error(format_args!("error: {error}"));
            return ExitCode::from(2);
        }
    };
    match job.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(format_args!("error: {error}"));
            // A `RunError` comes before the first call.
            ExitCode::from(if error.is::<RunError>() { 2 } else { 1 })
        }
    }
}

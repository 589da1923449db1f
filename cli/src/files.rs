//! The files that the command reads and writes. No file is lost: an output is never an input or another output, and an
//! existing file is replaced only with `--force`.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

use smart_resize::pixels::decode::DecodeLimits;

/// Whether the path stands for standard input or standard output.
pub(crate) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Standard output. Its reader, such as `head`, may close it early, and the rest is then dropped.
#[derive(Debug)]
pub(crate) struct Output;

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        or_closed(io::stdout().write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        or_closed(io::stdout().flush(), ())
    }
}

fn or_closed<T>(result: io::Result<T>, closed: T) -> io::Result<T> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(closed),
        result => result,
    }
}

/// Reads a file, or standard input. A file that is longer than the limit on sources is not read.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let (name, max) = (path.display(), DecodeLimits::default().input_bytes as u64);
    let too_long = |found: &str| format!("cannot read {name}: the file has {found} bytes; expected at most {max}");
    let failed = |error: io::Error| format!("cannot read {name}: {error}");
    let file: Box<dyn io::Read> = if is_standard(path) {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length > max {
            return Err(too_long(&length.to_string()));
        }
        Box::new(file)
    };
    // A device or a pipe has no length before it is read.
    let mut bytes = Vec::new();
    file.take(max + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > max { Err(too_long(&format!("more than {max}"))) } else { Ok(bytes) }
}

/// Checks that no output is an input or another output.
pub(crate) fn check_outputs(inputs: &[&Path], outputs: &[PathBuf]) -> Result<(), String> {
    let places: Vec<_> = outputs.iter().map(|path| place(path)).collect();
    let inputs: Vec<_> = inputs.iter().filter(|path| !is_standard(path)).map(|path| place(path)).collect();
    for (index, output) in places.iter().enumerate() {
        let role = if inputs.contains(output) {
            "an input"
        } else if places.iter().take(index).any(|other| other == output) {
            "another output"
        } else {
            continue;
        };
        let path = outputs.get(index).map_or(output.display(), |path| path.display());
        return Err(format!("cannot write {path}: it is {role}; expected another name or another folder"));
    }
    Ok(())
}

/// Returns a path that is the same for all names of a file. The file and its folders may be missing.
fn place(path: &Path) -> PathBuf {
    let mut place = PathBuf::new();
    for component in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        if component == Component::ParentDir {
            place.pop();
        } else {
            place.push(component);
            // Follows a symbolic link, before a `..` behind it is applied.
            place = fs::canonicalize(&place).unwrap_or(place);
        }
    }
    place
}

/// Creates the folder, and checks that files can be written into it.
pub(crate) fn prepare_folder(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
    let probe = temporary(&folder.join("smart-resize"));
    let written = File::create(&probe).and_then(|_| fs::remove_file(&probe));
    written.map_err(|error| format!("cannot write into {}: {error}", folder.display()))
}

/// What happened to a file that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// There was no such file.
    Created,
    /// The file had the same bytes and was left alone.
    Unchanged,
    /// A file with other bytes was replaced.
    Replaced,
}

/// Writes a file, or standard output. A file is written under a temporary name and renamed, so that a file with the
/// final name is always complete. An existing file with other bytes is replaced only if `may_replace`.
pub(crate) fn write(path: &Path, bytes: &[u8], may_replace: bool) -> io::Result<Written> {
    if is_standard(path) {
        Output.write_all(bytes)?;
        Output.flush()?;
        return Ok(Written::Created);
    }
    let written = match fs::metadata(path) {
        Ok(found) if found.len() == bytes.len() as u64 && fs::read(path)? == bytes => return Ok(Written::Unchanged),
        Ok(_) if may_replace => Written::Replaced,
        Ok(_) => {
            let message = "the file exists and differs; expected --force, or another name or folder";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Written::Created,
        Err(error) => return Err(error),
    };
    let temporary = temporary(path);
    let result = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        // The first error is returned, so an error of the removal is ignored.
        let _ = fs::remove_file(&temporary);
    }
    result.map(|()| written)
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    name.into()
}

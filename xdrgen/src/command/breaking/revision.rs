//! A file as it was at a git revision, with the files that it may include.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use crate::Error;

/// A folder with the `.x` files and headers of a revision. Goes when it is dropped.
#[derive(Debug)]
pub(super) struct Revision {
    folder: PathBuf,
    file: PathBuf,
}

impl Revision {
    /// Finds `old`, which is `REVISION` (of the file `new`) or `REVISION:PATH`.
    pub(super) fn check_out(old: &Path, new: &Path) -> Result<Self, Error> {
        let missing = |why: &str| {
            Error::misuse(format!("{} is neither a file nor a git revision of {}: {why}", old.display(), new.display()))
        };
        let name = old.to_str().ok_or_else(|| missing("its name is not UTF-8"))?;
        let folder = match new.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let git = Git { folder };
        let (revision, path) = match name.split_once(':') {
            Some((revision, path)) => (revision, path.to_owned()),
            None => {
                let prefix = git.run(&["rev-parse", "--show-prefix"]).map_err(|why| missing(&why))?;
                let file = new.file_name().unwrap_or_default().to_string_lossy();
                (name, format!("{}{file}", prefix.trim_end()))
            }
        };
        // An option is no revision.
        if revision.starts_with('-') || revision.is_empty() {
            return Err(missing("no revision is called so"));
        }
        let tree =
            git.run(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", revision]).map_err(|why| missing(&why))?;
        let paths: Vec<&str> = tree.split('\0').filter(|other| is_source(other)).collect();
        if !paths.contains(&path.as_str()) {
            return Err(missing(&format!("{revision} has no {path}, or its name does not end in .x")));
        }
        let folder = temporary_folder().map_err(|error| Error::io("create", std::env::temp_dir(), error))?;
        let this = Self { file: folder.join(&path), folder };
        git.extract(revision, &paths, &this.folder).map_err(|error| Error::io("read from git", &path, error))?;
        Ok(this)
    }

    /// The file.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }
}

impl Drop for Revision {
    fn drop(&mut self) {
        // In the system's folder for such things; what stays there is no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What a `.x` file may be, or may include. Names that would lead out of the folder are not.
fn is_source(path: &str) -> bool {
    let suits = [".x", ".h", ".x.in"].iter().any(|extension| path.ends_with(extension));
    suits
        && !path.contains('\n')
        && Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

fn temporary_folder() -> io::Result<PathBuf> {
    for number in 0..1000 {
        let folder = std::env::temp_dir().join(format!("xdrgen-{}-{number}", std::process::id()));
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(()) => return Ok(folder),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

struct Git<'g> {
    folder: &'g Path,
}

impl Git<'_> {
    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new("git").arg("-C").arg(self.folder).args(arguments).stdin(Stdio::null()).output();
        let Output { status, stdout, stderr } = output.map_err(|error| format!("git cannot be run: {error}"))?;
        if status.success() {
            Ok(String::from_utf8_lossy(&stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&stderr).trim().to_owned())
        }
    }

    /// Writes files of a revision below `folder`.
    fn extract(&self, revision: &str, paths: &[&str], folder: &Path) -> io::Result<()> {
        let mut child = Command::new("git")
            .arg("-C")
            .arg(self.folder)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut input = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let wanted: String = paths.iter().map(|path| format!("{revision}:{path}\n")).collect();
        // On its own thread: git starts to answer before it has read all.
        let writer = std::thread::spawn(move || input.write_all(wanted.as_bytes()));
        let output = child.wait_with_output()?.stdout;
        writer.join().map_err(|_| io::ErrorKind::BrokenPipe)??;
        let mut rest = output.as_slice();
        for path in paths {
            let (content, after) = next_blob(rest).ok_or(io::ErrorKind::InvalidData)?;
            rest = after;
            let file = folder.join(path);
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(file, content)?;
        }
        Ok(())
    }
}

/// `<id> blob <size>`, a line end, the content, a line end.
fn next_blob(output: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = output.iter().position(|byte| *byte == b'\n')?;
    let header = str::from_utf8(&output[..end]).ok()?;
    let size: usize = header.rsplit(' ').next()?.parse().ok()?;
    let content = output.get(end + 1..end + 1 + size)?;
    Some((content, output.get(end + 2 + size..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_are_cut_out() {
        let (content, rest) = next_blob(b"abc blob 3\na\nb\nrest").expect("a blob");
        assert_eq!((content, rest), (&b"a\nb"[..], &b"rest"[..]));
        assert_eq!(next_blob(b"v1:x missing\n"), None);
        assert_eq!(next_blob(b"abc blob 30\nshort\n"), None);
    }

    #[test]
    fn only_sources_below_the_folder() {
        assert!(is_source("proto/calc.x"));
        assert!(!is_source("../calc.x"));
        assert!(!is_source("/calc.x"));
        assert!(!is_source("main.c"));
    }
}

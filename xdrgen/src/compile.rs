//! From files to files.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use crate::{
    Error,
    check::unmatched_message,
    config::Config,
    diagnostics::{Report, Severity},
    front::{self, Loaded},
    generate::generate,
    model::Model,
};

impl Config {
    /// Compiles these files, each to a file of its name with the extension `.rs`.
    ///
    /// Nothing is written unless all of them are right. A file that would not change is not touched. In a build script,
    /// cargo is told of every file read, and of warnings.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written, a `.x` file holds errors, or the configuration does not fit. Of several files that are
    /// wrong, the error tells all.
    pub fn compile<P: AsRef<Path>>(&self, paths: impl IntoIterator<Item = P>) -> Result<(), Error> {
        compile(self, &paths.into_iter().map(|path| path.as_ref().to_owned()).collect::<Vec<_>>())
    }

    /// Compiles source text that is at hand, and returns the Rust. `name` is what the file would be called: `calc.x`.
    ///
    /// # Errors
    ///
    /// As [`compile`](Self::compile).
    pub fn compile_str(&self, name: impl AsRef<Path>, source: &str) -> Result<String, Error> {
        compile_str(self, name.as_ref(), source)
    }
}

/// A file that was compiled, not yet written.
#[derive(Debug)]
pub(crate) struct Output {
    /// Where it goes.
    pub(crate) path: PathBuf,
    /// The Rust.
    pub(crate) text: String,
    /// Every file that was read for it.
    pub(crate) sources: Vec<PathBuf>,
    /// What was noticed.
    pub(crate) warnings: Report,
}

/// Compiles for a build script.
pub(crate) fn compile(config: &Config, paths: &[PathBuf]) -> Result<(), Error> {
    let out_dir = match (&config.out_dir, env::var_os("OUT_DIR")) {
        (Some(folder), _) => folder.clone(),
        (None, Some(folder)) => folder.into(),
        (None, None) => {
            return Err(Error::misuse(
                "nobody said where to write: outside of a build script there is no OUT_DIR, so call `.out_dir(…)`",
            ));
        }
    };
    // Cargo reads what a build script prints; anywhere else it would be noise.
    let for_cargo = env::var_os("OUT_DIR").is_some() && env::var_os("CARGO_MANIFEST_DIR").is_some();
    if for_cargo {
        // Here, since those of a file that is wrong matter most.
        for path in paths {
            println!("cargo:rerun-if-changed={}", path.display());
        }
    }
    let outputs = outputs(config, paths, &out_dir)?;
    if for_cargo {
        let sources: BTreeSet<&PathBuf> = outputs.iter().flat_map(|output| &output.sources).collect();
        for path in sources {
            println!("cargo:rerun-if-changed={}", path.display());
        }
        for warning in outputs.iter().flat_map(|output| one_line_each(&output.warnings)) {
            println!("cargo:warning={warning}");
        }
    }
    write_all(&outputs)
}

/// Compiles text.
pub(crate) fn compile_str(config: &Config, name: &Path, source: &str) -> Result<String, Error> {
    config.validate()?;
    let loaded = front::load_source(name, source, &config.options)?;
    unmatched(std::slice::from_ref(&loaded))?;
    Ok(generate(&loaded.model, &config.settings))
}

/// Compiles files, without writing any.
///
/// # Errors
///
/// What is wrong with all files that are, in their order.
pub(crate) fn outputs(config: &Config, paths: &[PathBuf], out_dir: &Path) -> Result<Vec<Output>, Error> {
    config.validate()?;
    distinct_names(paths)?;
    let (mut all, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match front::load(path, &config.options) {
            Ok(loaded) => all.push(loaded),
            Err(error) => errors.push(error),
        }
    }
    if let Some(error) = Error::several(errors) {
        return Err(error);
    }
    unmatched(&all)?;
    let output = |loaded: Loaded| Output {
        path: out_dir.join(format!("{}.rs", loaded.model.name)),
        text: generate(&loaded.model, &config.settings),
        sources: loaded.model.sources,
        warnings: loaded.warnings,
    };
    Ok(all.into_iter().map(output).collect())
}

/// Writes files that were compiled, each at once or not at all; one that would not change is left as it is.
pub(crate) fn write_all(outputs: &[Output]) -> Result<(), Error> {
    let folders: BTreeSet<&Path> = outputs.iter().filter_map(|output| output.path.parent()).collect();
    for folder in folders {
        fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, error))?;
    }
    // First everything beside its place, then everything into it: a full disk leaves the old files.
    let mut staged = Vec::new();
    for output in outputs {
        if fs::read(&output.path).is_ok_and(|old| old == output.text.as_bytes()) {
            continue;
        }
        match stage(&output.path, output.text.as_bytes()) {
            Ok(beside) => staged.push((beside, &output.path)),
            Err(error) => {
                unstage(&staged);
                return Err(Error::io("write", &output.path, error));
            }
        }
    }
    for (index, (beside, path)) in staged.iter().enumerate() {
        if let Err(error) = fs::rename(beside, path) {
            unstage(&staged[index..]);
            return Err(Error::io("write", path.as_path(), error));
        }
    }
    Ok(())
}

/// Writes one file at once or not at all.
#[cfg(feature = "command")]
pub(crate) fn write(path: &Path, text: &[u8]) -> Result<(), Error> {
    let beside = stage(path, text).map_err(|error| Error::io("write", path, error))?;
    fs::rename(&beside, path).map_err(|error| {
        unstage(&[(beside, &path.to_owned())]);
        Error::io("write", path, error)
    })
}

fn stage(path: &Path, text: &[u8]) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = fs::File::create(&beside).and_then(|mut file| file.write_all(text));
    match written {
        Ok(()) => Ok(beside),
        Err(error) => {
            // What matters is why it could not be written.
            let _ = fs::remove_file(&beside);
            Err(error)
        }
    }
}

fn unstage(staged: &[(PathBuf, &PathBuf)]) {
    for (beside, _) in staged {
        let _ = fs::remove_file(beside);
    }
}

/// Two files of one name would be written to one place.
fn distinct_names(paths: &[PathBuf]) -> Result<(), Error> {
    let mut seen: BTreeMap<_, &PathBuf> = BTreeMap::new();
    for path in paths {
        if let Some(other) = seen.insert(path.file_stem().map(|stem| stem.to_ascii_lowercase()), path) {
            return Err(Error::misuse(format!(
                "{} and {} would be written to the same file: compile them to different folders",
                other.display(),
                path.display()
            )));
        }
    }
    Ok(())
}

/// A path in the configuration that no file has is a slip.
fn unmatched(all: &[Loaded]) -> Result<(), Error> {
    let Some((first, rest)) = all.split_first() else { return Ok(()) };
    let models: Vec<&Model> = all.iter().map(|loaded| &loaded.model).collect();
    let messages: Vec<String> = first
        .unmatched
        .iter()
        .filter(|path| rest.iter().all(|loaded| loaded.unmatched.contains(path)))
        .map(|path| unmatched_message(path, &models))
        .collect();
    if messages.is_empty() { Ok(()) } else { Err(Error::misuse(messages.join("\n"))) }
}

fn one_line_each(report: &Report) -> impl Iterator<Item = String> {
    let warnings = report.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Warning);
    warnings.map(|warning| match warning.labels.first() {
        Some(label) => {
            let (file, place) = (report.sources.file(label.span.file), report.sources.place(label.span));
            format!("{}:{}:{}: {}", file.path.display(), place.line, place.column, warning.message)
        }
        None => warning.message.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::module_name;

    #[test]
    fn modules_have_names_that_rust_takes() {
        for (stem, expected) in [("calc", "calc"), ("nfs-prot", "nfs_prot"), ("9p", "_9p"), ("a.b", "a_b")] {
            assert_eq!(module_name(stem), expected);
        }
    }

    #[test]
    fn two_files_of_one_name_are_refused() {
        let paths = ["a/calc.x", "b/calc.x"].map(PathBuf::from);
        let error = distinct_names(&paths).expect_err("they share a name");
        assert!(error.to_string().contains("a/calc.x and b/calc.x"), "{error}");
    }
}

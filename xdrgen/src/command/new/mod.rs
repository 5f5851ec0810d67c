//! `xdrgen new`

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;

use super::output::{self, Outcome};
use crate::Error;

/// Make a crate with a .x file, a server, a client and a test, which runs at once.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The folder to make; its last part is the crate's name.
    path: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  xdrgen new calc
  cd calc && cargo test
  cargo run --bin server                  and, in another terminal, with the address that it prints:
  cargo run --bin client -- ADDRESS 2 40";

/// The files of a new crate. `{{name}}` and the like are filled in.
const TEMPLATE: [(&str, &str); 8] = [
    ("Cargo.toml", include_str!("template/Cargo.toml.in")),
    (".gitignore", include_str!("template/gitignore.in")),
    ("build.rs", include_str!("template/build.rs.in")),
    ("proto/{{module}}.x", include_str!("template/proto.x.in")),
    ("src/lib.rs", include_str!("template/lib.rs.in")),
    ("src/bin/server.rs", include_str!("template/server.rs.in")),
    ("src/bin/client.rs", include_str!("template/client.rs.in")),
    ("tests/call.rs", include_str!("template/call.rs.in")),
];

/// Words that cannot be the name of a crate, or of what is in this one.
const REFUSED: [&str; 9] = ["test", "core", "std", "alloc", "proc_macro", "build", "deps", "incremental", "examples"];

pub(super) fn run(arguments: Arguments) -> Outcome {
    match make(&arguments.path) {
        Ok(names) => output::print(&format!(
            "made {0}: `cd {0} && cargo test`, then look at proto/{1}.x\n",
            arguments.path.display(),
            names.module
        )),
        Err(error) => output::fail(&error),
    }
}

/// What the files are filled in with.
#[derive(Debug, PartialEq, Eq)]
struct Names {
    /// `disk-store`
    name: String,
    /// `disk_store`
    module: String,
    /// `DISK_STORE`
    constant: String,
    /// `DiskStore`
    type_: String,
}

fn make(path: &Path) -> Result<Names, Error> {
    let names = Names::of(path)?;
    // Beside its place first: a full disk leaves no half of a crate.
    let beside = path.with_file_name(format!(".{}.{}.tmp", names.name, std::process::id()));
    if path.exists() {
        return Err(Error::misuse(format!("{} is there already", path.display())));
    }
    let surroundings = surroundings(path);
    let made = fill(&beside, &names, &surroundings)
        .and_then(|()| fs::rename(&beside, path).map_err(|error| Error::io("create", path, error)));
    if made.is_err() {
        // What matters is why it could not be made.
        let _ = fs::remove_dir_all(&beside);
    }
    made.map(|()| names)
}

/// What the manifest needs to know of the place that the crate is in, and of the crates that it depends on.
fn surroundings(path: &Path) -> String {
    let mut text = String::new();
    let place = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if place.ancestors().skip(1).any(|folder| folder.join("Cargo.toml").exists()) {
        text.push_str(
            "\n# Alone, wherever it lies. Without this it could be a member of the workspace around it.\n[workspace]\n",
        );
    }
    // Released crates are found by their versions; beside this one's sources there are others only where it is built from them.
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    if let Some(sources) = sources.filter(|folder| folder.join("onc-runtime/Cargo.toml").exists()) {
        text.push_str("\n# This xdrgen was built from sources; the crates that belong to it are taken from there.\n[patch.crates-io]\n");
        for name in ["onc-derive", "onc-runtime", "xdrgen"] {
            text.push_str(&format!("{name} = {{ path = {:?} }}\n", sources.join(name)));
        }
    }
    text
}

fn fill(folder: &Path, names: &Names, surroundings: &str) -> Result<(), Error> {
    for (file, template) in TEMPLATE {
        let file = folder.join(names.fill(file));
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).map_err(|error| Error::io("create", parent, error))?;
        }
        let text = names.fill(template).replace("{{surroundings}}", surroundings);
        fs::write(&file, text).map_err(|error| Error::io("write", &file, error))?;
    }
    Ok(())
}

impl Names {
    fn of(path: &Path) -> Result<Self, Error> {
        let refuse = |why: &str| Error::misuse(format!("{} cannot be the name of a crate: {why}", path.display()));
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| refuse("it has no name"))?;
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return Err(refuse("it has to start with a letter"));
        }
        if !name.chars().all(|char| char.is_ascii_alphanumeric() || char == '-' || char == '_') {
            return Err(refuse("it may have letters, digits, `-` and `_`"));
        }
        let module = name.replace('-', "_").to_ascii_lowercase();
        let is_keyword = syn::parse_str::<syn::Ident>(&module).is_err();
        if is_keyword || REFUSED.contains(&module.as_str()) || module.ends_with('_') || module.contains("__") {
            return Err(refuse("Rust or cargo use it for something else"));
        }
        let constant = module.to_ascii_uppercase();
        let type_ = crate::generate::camel(&format!("{constant}_V1"));
        Ok(Self { name: name.to_owned(), module, constant, type_ })
    }

    fn fill(&self, template: &str) -> String {
        let version: Vec<&str> = env!("CARGO_PKG_VERSION").split('.').collect();
        template
            .replace("{{name}}", &self.name)
            .replace("{{crate}}", &self.name.replace('-', "_"))
            .replace("{{module}}", &self.module)
            .replace("{{CONSTANT}}", &self.constant)
            .replace("{{Service}}", &self.type_)
            .replace("{{version}}", &version[..2].join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_folder() {
        let names = Names::of(Path::new("work/disk-store")).expect("a good name");
        assert_eq!(
            names,
            Names {
                name: "disk-store".to_owned(),
                module: "disk_store".to_owned(),
                constant: "DISK_STORE".to_owned(),
                type_: "DiskStoreV1".to_owned(),
            }
        );
        for wrong in ["", "9p", "a b", "std", "fn", "a/..", "é"] {
            assert!(Names::of(Path::new(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_is_left_to_fill_in() {
        let names = Names::of(Path::new("calc")).expect("a good name");
        for (file, template) in TEMPLATE {
            assert!(!names.fill(file).contains("{{"), "{file}");
            let text = names.fill(template).replace("{{surroundings}}", "");
            assert!(!text.contains("{{"), "{file}");
        }
    }

    #[test]
    fn its_protocol_is_right() {
        let names = Names::of(Path::new("disk-store")).expect("a good name");
        let (_, proto) = TEMPLATE[3];
        let rust = crate::configure().compile_str("disk_store.x", &names.fill(proto)).expect("it compiles");
        assert!(rust.contains("pub trait DiskStoreV1"), "{rust}");
    }
}

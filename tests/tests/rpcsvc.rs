//! Every `.x` file that Debian installs with rpcsvc-proto and libtirpc-dev: all are generated, and what comes out compiles without a
//! warning.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use onc_tests::cargo::{check, workspace};
use onc_tests::missing::leave_out;
use onc_tests::process::{Finished, command};
use xdrgen::Config;

/// Longer than a build from nothing takes on a slow machine.
const BUILD: Duration = Duration::from_secs(1200);

const FOLDERS: [&str; 3] = ["/usr/include/rpcsvc", "/usr/include/tirpc/rpcsvc", "/usr/include/tirpc/rpc"];

/// What a file expects of C headers: numbers, and Rust types in the crate below.
fn with_what_c_headers_have(config: Config, name: &str) -> Config {
    let netobj = |config: Config| config.extern_type("netobj", "crate::Netobj");
    match name {
        "key_prot" => netobj(config).define("MAXNETNAMELEN=255").extern_type("des_block", "crate::DesBlock"),
        "klm_prot" | "nis" | "nis_object" => netobj(config),
        "nlm_prot" => netobj(config).define("LM_MAXSTRLEN=1024").define("MAXNAMELEN=1025"),
        "rpcb_prot" => config.extern_type("netbuf", "crate::Netbuf"),
        "nis_callback" => {
            config.extern_type("nis_object", "crate::nis::NisObject").extern_type("nis_error", "crate::nis::NisError")
        }
        _ => config,
    }
}

const FOREIGN_TYPES: &str = "
/// `netobj` of <rpc/xdr.h>.
pub type Netobj = onc_runtime::Bytes;
/// `des_block` of <rpc/des.h>.
pub type DesBlock = [u8; 8];
/// `struct netbuf` of <rpc/types.h>, as `xdr_netbuf` encodes it.
#[derive(Clone, Debug, PartialEq, onc_runtime::Xdr)]
pub struct Netbuf {
    /// Room in bytes.
    pub maxlen: u32,
    /// The address.
    pub buf: onc_runtime::Bytes,
}
";

const NOT_INSTALLED: &str =
    "rpcsvc-proto and libtirpc-dev not installed (on Debian and Ubuntu, tests/run installs them)";

#[test]
fn all_are_generated_and_compile() {
    let files: Vec<PathBuf> = FOLDERS.iter().flat_map(|folder| x_files(Path::new(folder))).collect();
    if files.is_empty() {
        leave_out(NOT_INSTALLED);
        return;
    }
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rpcsvc");
    let _ = fs::remove_dir_all(&scratch);
    fs::create_dir_all(scratch.join("src")).expect("a folder for the crate");

    let mut library =
        format!("//! What xdrgen makes of rpcsvc's files.\n#![deny(warnings, missing_docs)]\n{FOREIGN_TYPES}");
    let mut refused = Vec::new();
    for file in &files {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let config = with_what_c_headers_have(xdrgen::configure().out_dir(scratch.join("src")), &name);
        match config.compile([file]) {
            Ok(()) => library += &format!("\n/// {name}.x\n#[rustfmt::skip]\npub mod {name};\n"),
            Err(error) => refused.push(format!("{}:\n{error}", file.display())),
        }
    }
    assert!(refused.is_empty(), "{} of {} files are refused:\n{}", refused.len(), files.len(), refused.join("\n"));

    let manifest = format!(
        "[package]\nname = \"rpcsvc\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\nonc-runtime = {{ path = \
         {:?} }}\n\n[workspace]\n",
        workspace().join("onc-runtime")
    );
    fs::write(scratch.join("Cargo.toml"), manifest).expect("Cargo.toml");
    fs::write(scratch.join("src/lib.rs"), library).expect("lib.rs");
    fs::copy(workspace().join("Cargo.lock"), scratch.join("Cargo.lock")).expect("Cargo.lock");
    let finished = check(&scratch.join("Cargo.toml"), Path::new(env!("CARGO_TARGET_TMPDIR")));
    assert!(finished.status.success(), "{}\n{}", finished.status, finished.stderr);
}

/// `tests/corpus/run`, which has to find out by itself what a file takes from C headers.
#[test]
fn the_corpus_command_takes_all() {
    let folders: Vec<&str> = FOLDERS.into_iter().filter(|folder| !x_files(Path::new(folder)).is_empty()).collect();
    if folders.is_empty() {
        leave_out(NOT_INSTALLED);
        return;
    }
    for folder in folders {
        let mut run = command(env!("CARGO_BIN_EXE_corpus"));
        // It is no build script, and its crates are kept from one run to the next.
        run.arg(folder).env_remove("OUT_DIR").env("CARGO_TARGET_DIR", env!("CARGO_TARGET_TMPDIR"));
        let finished = Finished::run(run, BUILD);
        let count = x_files(Path::new(folder)).len();
        let all = format!("{count} files: {count} accepted, {count} of them compile; ");
        assert!(finished.status.success(), "{folder}: {}\n{}{}", finished.status, finished.stdout, finished.stderr);
        assert!(finished.stdout.contains(&all), "{folder}, {all}:\n{}", finished.stdout);
    }
}

fn x_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "x"))
        .collect();
    files.sort();
    files
}

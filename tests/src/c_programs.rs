//! Servers and clients that rpcgen and libtirpc make of `x/everything.x` and of the examples' `calc.x`, with the sources in
//! `c/`.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::missing::{leave_out, need_programs};
use crate::process::{Finished, command};

/// The programs, built.
#[derive(Clone, Debug)]
pub struct CPrograms {
    /// `everything-server`: registers, prints `ready`, ends on SIGTERM.
    pub server: PathBuf,
    /// `everything-client HOST NETID [WHO]`.
    pub client: PathBuf,
    /// `calc-server`: all but its procedures is rpcgen's. Registers, says nothing, never ends.
    pub calc_server: PathBuf,
    /// `calc-client HOST NETID`.
    pub calc_client: PathBuf,
}

impl CPrograms {
    /// Builds them in a folder below `scratch` (a test's `CARGO_TARGET_TMPDIR`), or finds them there. `None` if this
    /// machine lacks something for it, which has been [said](leave_out) then.
    ///
    /// # Panics
    ///
    /// If rpcgen or the C compiler refuses.
    #[must_use]
    pub fn build(scratch: &str) -> Option<Self> {
        if let Err(missing) = need_programs(&["rpcgen", "gcc", "pkg-config"]) {
            leave_out(&missing);
            return None;
        }
        let flags = Finished::run(tool("pkg-config", ["--cflags", "--libs", "libtirpc"]), crate::process::PATIENCE);
        if !flags.status.success() {
            leave_out("libtirpc-dev not installed (on Debian and Ubuntu, tests/run installs it)");
            return None;
        }
        let flags: Vec<&str> = flags.stdout.split_whitespace().collect();

        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources = sources(package);
        let built = Path::new(scratch).join(format!("c-{:016x}", fingerprint(&sources)));
        // The tests of several processes may come here at once: the first one builds, the others wait for it.
        let lock = File::create(Path::new(scratch).join("c.lock")).expect("a lock file");
        lock.lock().expect("the lock on the C programs");
        if !built.exists() {
            let unfinished = built.with_extension("unfinished");
            let _ = fs::remove_dir_all(&unfinished);
            fs::create_dir_all(&unfinished).expect("a folder to build in");
            build_in(&unfinished, &sources, &flags);
            fs::rename(&unfinished, &built).expect("the folder's name once all is built");
        }
        Some(Self {
            server: built.join("everything-server"),
            client: built.join("everything-client"),
            calc_server: built.join("calc-server"),
            calc_client: built.join("calc-client"),
        })
    }
}

fn sources(package: &Path) -> Vec<PathBuf> {
    let mut sources: Vec<PathBuf> = fs::read_dir(package.join("c"))
        .expect("the folder of C sources")
        .map(|entry| entry.expect("an entry of that folder").path())
        .collect();
    sources.extend(["x/everything.x", "../examples/proto/calc.x"].map(|path| package.join(path)));
    sources.sort();
    sources
}

fn fingerprint(sources: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for source in sources {
        source.hash(&mut hasher);
        fs::read(source).expect("a C source").hash(&mut hasher);
    }
    hasher.finish()
}

fn build_in(folder: &Path, sources: &[PathBuf], flags: &[&str]) {
    for source in sources {
        let name = source.file_name().expect("the name of a file");
        fs::copy(source, folder.join(name)).expect("a copy of a C source");
    }
    // -N: several arguments; -M: results that are not in static memory; -m: a server without a main of its own.
    let outputs =
        [("-h", "everything.h"), ("-c", "everything_xdr.c"), ("-m", "everything_svc.c"), ("-l", "everything_clnt.c")];
    for (what, output) in outputs {
        run(folder, tool("rpcgen", ["-N", "-M", what, "-o", output, "everything.x"]));
    }
    // And as most people call it: every output at once, the server's main among them.
    run(folder, tool("rpcgen", ["-N", "calc.x"]));
    let programs = [
        ("everything-server", ["server.c", "everything_svc.c", "describe.c", "everything_xdr.c"].as_slice()),
        ("everything-client", &["client.c", "values.c", "everything_clnt.c", "describe.c", "everything_xdr.c"]),
        ("calc-server", &["calc_server.c", "calc_svc.c", "calc_xdr.c"]),
        ("calc-client", &["calc_client.c", "calc_clnt.c", "calc_xdr.c"]),
    ];
    for (program, parts) in programs {
        let mut compile = tool("gcc", ["-O1", "-std=gnu11", "-w", "-o", program]);
        compile.args(parts).args(flags);
        run(folder, compile);
    }
}

fn tool<const N: usize>(name: &str, arguments: [&str; N]) -> Command {
    let mut command = command(name);
    command.args(arguments);
    command
}

fn run(folder: &Path, mut command: Command) {
    command.current_dir(folder);
    let _ = Finished::output_of(command);
}

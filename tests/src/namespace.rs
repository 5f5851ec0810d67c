//! A machine of its own for each test: network, file system of `/run`, and processes.
//!
//! A port mapper listens on port 111 and on `/run/rpcbind.sock`, and there is one of each. Every test that needs one,
//! or needs that there is none, runs in Linux namespaces: there, ports are free, `/run` is empty, and all processes end
//! with the test. The test starts itself again inside them with `unshare`, which root may do, and others where user
//! namespaces are allowed.

use std::any::type_name;
use std::env;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::process::{Command, Stdio, exit};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use crate::missing::{leave_out, need_programs};
use crate::process::{Finished, command};

/// Set for a test inside its namespaces: the name of the test.
const INSIDE: &str = "ONC_TESTS_INSIDE";

/// Longer than all that the test inside waits for.
const LIMIT: Duration = Duration::from_secs(300);

/// What is done inside before the test runs.
const PREPARE: &str = r#"set -e
ip link set lo up
mount -t tmpfs -o mode=755 tmpfs /run
exec "$@""#;

/// Runs the body of the calling test in namespaces of its own, as root of them.
///
/// Call it with a closure written in the test function itself, as all that the function does: the test is found again
/// by the closure's name.
///
/// In a container whose root may not make namespaces, the body runs in the container itself, one test at a time.
///
/// # Panics
///
/// If the body does, or does not end.
pub fn inside<F: FnOnce()>(body: F) {
    let name = test_name::<F>();
    if env::var(INSIDE).is_ok_and(|inside| inside == name) {
        end_with_parent();
        body();
        println!("{}", proof(&name));
        return;
    }
    match way_in() {
        Way::Unshare(options) => run_inside(&name, options),
        Way::Container => {
            let lock = File::create(env::temp_dir().join("onc-tests.lock")).expect("a lock file");
            lock.lock().expect("the lock on port 111");
            body();
        }
        Way::None(reason) => leave_out(reason),
    }
}

/// How a test gets a machine of its own.
enum Way {
    Unshare(&'static [&'static str]),
    Container,
    None(String),
}

/// Found out once in a process.
fn way_in() -> &'static Way {
    static WAY: OnceLock<Way> = OnceLock::new();
    WAY.get_or_init(|| {
        if let Err(missing) = need_programs(&["unshare", "ip", "mount", "sh"]) {
            return Way::None(missing);
        }
        let root = Finished::output_of(with(command("id"), &["-u"])).trim() == "0";
        let candidates: &[&[&str]] = if root {
            &[&["--mount-proc"], &[]]
        } else {
            // More users than one are needed by a rpcbind that gives up root's rights for its own user's.
            &[
                &["--map-root-user", "--map-auto", "--mount-proc"],
                &["--map-root-user", "--mount-proc"],
                &["--map-root-user"],
            ]
        };
        let mut reason = String::new();
        for options in candidates {
            let tried = Finished::run(with(unshare(options), &["true"]), LIMIT);
            if tried.status.success() {
                return Way::Unshare(options);
            }
            reason = tried.stderr.trim().to_owned();
        }
        if root { Way::Container } else { Way::None(format!("no namespaces may be made here: {reason}")) }
    })
}

fn unshare(options: &[&str]) -> Command {
    let mut command = command("unshare");
    command.args(["--net", "--mount", "--pid", "--fork", "--kill-child"]).args(options);
    command.args(["--", "sh", "-c", PREPARE, "sh"]);
    command
}

fn with(mut command: Command, arguments: &[&str]) -> Command {
    command.args(arguments);
    command
}

fn run_inside(name: &str, options: &[&str]) {
    let mut command = unshare(options);
    command.arg(env::current_exe().expect("the path of the test")).args(["--exact", name, "--nocapture"]);
    // The pipe is closed when this process ends, however it does.
    command.env(INSIDE, name).stdin(Stdio::piped());
    let finished = Finished::run(command, LIMIT);
    for line in finished.stderr.lines() {
        if line.starts_with("LEFT OUT ") {
            let _ = writeln!(io::stderr(), "{line}");
        }
    }
    print!("{}", finished.stdout);
    eprint!("{}", finished.stderr);
    // A name that matches no test would be a success of nothing.
    assert!(
        finished.status.success() && finished.stdout.contains(&proof(name)),
        "{name}, inside its namespaces: {}",
        finished.status
    );
}

fn proof(name: &str) -> String {
    format!("[{name} ran to its end]")
}

/// Ends this process, and with it its namespaces, when the one that started it is gone.
fn end_with_parent() {
    thread::spawn(|| {
        let _ = io::stdin().read(&mut [0]);
        exit(1);
    });
}

/// `binary::module::test::{{closure}}` is the test `module::test`.
fn test_name<F>() -> String {
    let full = type_name::<F>();
    let path = full.strip_suffix("::{{closure}}").expect("a closure in the test function");
    path.split_once("::").map_or(path, |(_, name)| name).to_owned()
}

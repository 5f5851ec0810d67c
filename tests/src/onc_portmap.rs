//! `onc portmap`: the port mapper here as a program, in the place of rpcbind.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use crate::cargo::build;
use crate::namespace;
use crate::process::{Running, command};

/// Our port mapper, run as a program. It is killed when this is dropped.
#[derive(Debug)]
pub struct OncPortmap {
    running: Running,
}

/// As [`namespace::inside`], with the program built before: that may take longer than a test.
///
/// # Panics
///
/// As that, or if the program cannot be built.
pub fn inside<F: FnOnce()>(body: F) {
    let _ = onc(&[]);
    namespace::inside(body);
}

/// The command, with these arguments.
///
/// # Panics
///
/// If the program cannot be built.
#[must_use]
pub fn onc(arguments: &[&str]) -> Command {
    static PROGRAM: OnceLock<std::path::PathBuf> = OnceLock::new();
    let mut onc = command(PROGRAM.get_or_init(|| build(&["-p", "onc-tools", "--bin", "onc"])));
    onc.args(arguments).current_dir(Path::new("/"));
    onc
}

impl OncPortmap {
    /// Starts it with these options, and waits until it serves.
    ///
    /// # Panics
    ///
    /// If it ends instead.
    #[must_use]
    pub fn start(options: &[&str]) -> Self {
        let mut run = onc(&["portmap"]);
        run.args(options);
        let mut running = Running::start(run);
        running.wait_for_line("serving ");
        Self { running }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.running.id()
    }

    /// Kills it, as a crash would: without a chance to tidy up.
    pub fn kill(self) {
        drop(self);
    }

    /// Ends it with SIGTERM.
    ///
    /// # Panics
    ///
    /// If that is not how it ends, with status 0.
    pub fn terminate(self) {
        let (status, _) = self.running.terminate();
        assert!(status.success(), "{status}");
    }
}

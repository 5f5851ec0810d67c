//! `onc portmap`: the port mapper here as a program, in the place of rpcbind.

use crate::onc::onc;
use crate::process::Running;

/// Our port mapper, run as a program. It is killed when this is dropped.
#[derive(Debug)]
pub struct OncPortmap {
    running: Running,
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

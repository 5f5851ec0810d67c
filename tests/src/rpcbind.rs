//! The real rpcbind, on port 111 and on its Unix socket.

use std::net::TcpStream;
use std::path::Path;

use crate::missing::{find_program, leave_out};
use crate::process::{Running, command, poll};

/// Where rpcbind listens for programs of its own host.
pub const SOCKET: &str = "/run/rpcbind.sock";

/// A rpcbind that answers. It ends when this is dropped, unless it was there before.
#[derive(Debug)]
pub struct Rpcbind {
    own: Option<Running>,
}

impl Rpcbind {
    /// Starts rpcbind, to be called [inside](crate::namespace::inside). `None` if that is not possible on this machine,
    /// which has been [said](leave_out) then.
    ///
    /// # Panics
    ///
    /// If it runs and never answers.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// [`start`](Self::start), with these options.
    ///
    /// # Panics
    ///
    /// If it runs and never answers.
    #[must_use]
    pub fn start_with(options: &[&str]) -> Option<Self> {
        if answers() {
            return Some(Self { own: None });
        }
        let Some(program) = find_program("rpcbind") else {
            leave_out("rpcbind not installed (on Debian and Ubuntu, tests/run installs it)");
            return None;
        };
        let mut foreground = command(program);
        foreground.arg("-f").args(options);
        let mut own = Running::start(foreground);
        let ended = poll(|| match own.ended() {
            None if answers() => Some(None),
            None => None,
            Some(status) => Some(Some(status)),
        });
        match ended {
            Some(None) => Some(Self { own: Some(own) }),
            Some(Some(status)) => {
                leave_out(&format!("rpcbind does not start here ({status}); it needs root or a range of user ids"));
                None
            }
            None => panic!("rpcbind was started and does not answer"),
        }
    }

    /// Kills it, as a crash would: without a chance to tidy up.
    pub fn kill(self) {
        drop(self);
    }

    /// Its process id, if it is the test's own.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.own.as_ref().map(Running::id)
    }

    /// Whether it is the test's own, so that it may be killed.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.own.is_some()
    }
}

/// Whether a port mapper is there, on both of its doors.
#[must_use]
pub fn answers() -> bool {
    Path::new(SOCKET).exists() && TcpStream::connect("127.0.0.1:111").is_ok()
}

//! Programs at a terminal, which `script` makes.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::missing::{leave_out, need_programs};
use crate::process::command;

/// A command that runs a shell's line at a terminal of its own. `None` if that is not possible on this machine, which has been
/// [said](leave_out) then.
#[must_use]
pub fn at_terminal(line: &str) -> Option<Command> {
    if let Err(missing) = need_programs(&["script", "timeout"]) {
        leave_out(&missing);
        return None;
    }
    // Whatever happens, it ends.
    let mut command = command("timeout");
    // In place of the shell: a shell that stays dies of an interrupt itself, and its status is what is seen.
    command.args(["60", "script", "-qec", &format!("exec {line}"), "/dev/null"]);
    // A service's user has a shell that runs nothing.
    command.env("SHELL", "/bin/sh").env("TERM", "xterm").env_remove("NO_COLOR").stdin(Stdio::piped());
    Some(command)
}

/// Somebody at the terminal of a program.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    seen: String,
}

impl Terminal {
    /// Starts what [`at_terminal`] has made.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[must_use]
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let (input, output) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        Self { child, input, output, seen: String::new() }
    }

    /// Waits until this is shown.
    ///
    /// # Panics
    ///
    /// If the program ends without.
    pub fn wait_for(&mut self, text: &str) {
        loop {
            if let Some((_, rest)) = self.seen.split_once(text) {
                self.seen = rest.to_owned();
                return;
            }
            let mut buffer = [0; 1024];
            let count = self.output.read(&mut buffer).expect("read");
            assert_ne!(count, 0, "it ended without {text:?}: {:?}", self.seen);
            self.seen += &String::from_utf8_lossy(&buffer[..count]);
        }
    }

    /// Presses these keys.
    ///
    /// # Panics
    ///
    /// If the program has ended.
    pub fn press(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).expect("written");
        self.input.flush().expect("written");
    }

    /// Says that there is no more, with Ctrl-D, and waits for the program's end, with status 0.
    ///
    /// # Panics
    ///
    /// If it ends otherwise.
    pub fn end(mut self) {
        self.press("\u{4}");
        let status = self.child.wait().expect("waited for");
        assert!(status.success(), "{status}");
    }
}

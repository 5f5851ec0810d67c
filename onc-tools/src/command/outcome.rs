//! How a command ends, and what it says.

use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

use onc_runtime::{Deadline, Error, Phase, ResolveError};

/// The peer, or what was read, says no.
const REFUSED: u8 = 1;

/// The call of the command is wrong.
const MISUSED: u8 = 2;

/// Why a command failed, as the user reads it.
#[derive(Debug)]
pub(super) struct Failure {
    /// `None`: what was printed says it already.
    message: Option<String>,
    /// Who says it, if not the command.
    by: Option<String>,
    status: u8,
}

impl Failure {
    /// The peer, or what was read, says no.
    pub(super) fn new(message: impl fmt::Display) -> Self {
        Self { message: Some(message.to_string()), by: None, status: REFUSED }
    }

    /// What was printed says it already.
    pub(super) fn said() -> Self {
        Self { message: None, by: None, status: REFUSED }
    }

    /// The call of the command is wrong, in a way that its definition does not see.
    pub(super) fn usage(message: impl fmt::Display) -> Self {
        Self { status: MISUSED, ..Self::new(message) }
    }

    /// A call that failed; it is the caller's fault only if the target means nothing or the arguments do not fit.
    pub(super) fn call(error: &Error) -> Self {
        match error {
            Error::Target(_) | Error::Arguments(_) => Self::usage(error),
            // What programs would do is nothing to do at a terminal.
            Error::Resolve(cause) => match &**cause {
                ResolveError::NoPortMapper { host, tried } => {
                    let port = if host.contains(':') { format!("[{host}]:PORT") } else { format!("{host}:PORT") };
                    let tried: Vec<String> = tried.iter().map(|(place, what)| format!("{place} ({what})")).collect();
                    Self::new(format!(
                        "no port mapper answers on {host}; tried {}; a server without one is reached by its port, {port}",
                        tried.join(", ")
                    ))
                }
                _ => Self::new(error),
            },
            Error::Deadline(Deadline { after, phase }) => {
                let missing = match phase {
                    Phase::Resolving => "no answer of the port mapper",
                    Phase::Connecting => "no connection",
                    _ => "no reply, though the server may have executed the call,",
                };
                Self::new(format!("{missing} within {after:?}; --timeout allows more"))
            }
            _ => Self::new(error),
        }
    }

    /// A `.x` file that is wrong, or that cannot be read, which is the caller's fault.
    pub(super) fn source(error: &xdrgen::Error) -> Self {
        let text = error.render(coloured(&io::stderr()));
        if error.is_input() { Self::new(text) } else { Self::usage(text) }
    }

    /// Says where it happened.
    pub(super) fn at(mut self, place: &str) -> Self {
        self.message = self.message.map(|message| format!("{place}: {message}"));
        self
    }

    /// It is told in the name of a host instead of the command's.
    pub(super) fn of(self, host: &str) -> Self {
        Self { by: Some(host.to_owned()), ..self }
    }

    /// The status of a refusal, whosever fault it was; silence stays as it is.
    pub(super) fn refused(self) -> Self {
        if self.is_misuse() { Self { status: REFUSED, ..self } } else { self }
    }

    /// Whether there is nothing to tell, as when nobody reads any more what the command prints.
    pub(super) fn is_silent(&self) -> bool {
        self.message.is_none()
    }

    /// Whether the call of the command is wrong, so that it would fail again.
    pub(super) fn is_misuse(&self) -> bool {
        self.status == MISUSED
    }

    /// Tells it, and goes on.
    pub(super) fn tell(&self) {
        if let Some(message) = &self.message {
            tell(message);
        }
    }

    /// It has been told; the status is left.
    pub(super) fn told(self) -> Self {
        Self { message: None, ..self }
    }

    /// Tells it, under the name that the command was called by.
    pub(super) fn end(self, name: &str) -> ExitCode {
        if let Some(message) = self.message {
            tell(format_args!("{}: {message}", self.by.as_deref().unwrap_or(name)));
        }
        ExitCode::from(self.status)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// Prints to standard output. Whoever has stopped reading it, as `head` does, ends the command without a word.
pub(super) fn say(text: impl fmt::Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(write!(out, "{text}").and_then(|()| out.flush()))
}

/// As [`say`], for what is no text.
pub(super) fn say_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Prints a line to standard error.
pub(super) fn tell(line: impl fmt::Display) {
    // Nobody is left to be told that standard error is closed.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Colours are for terminals, and for who did not refuse them (<https://no-color.org>).
pub(super) fn coloured(stream: &impl io::IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Waits for the end of a command, on this thread.
pub(super) fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}

fn written(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure { message: None, by: None, status: 0 }),
        Err(error) => Err(Failure::new(format!("cannot write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

//! How a command ends, and what it says.

use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

use onc_runtime::rpc::RecordError;
use onc_runtime::xdr::EncodeErrorKind;
use onc_runtime::{Deadline, Error, Phase, ResolveError};

use crate::terminal::safe;

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
    /// The peer, or what was read, says no. The message may quote it.
    pub(super) fn new(message: impl fmt::Display) -> Self {
        let lines: Vec<String> = message.to_string().split('\n').map(safe).collect();
        Self { message: Some(lines.join("\n")), by: None, status: REFUSED }
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
        let message = match limit(error) {
            Some(Limit { reached, option }) => format!("{reached}; {option} allows more"),
            None => error.to_string(),
        };
        match error {
            Error::Target(_) | Error::Arguments(_) => Self::usage(message),
            Error::Resolve(cause) => Self::unresolved(cause),
            _ => Self::new(message),
        }
    }

    /// A server whose address cannot be found out.
    pub(super) fn unresolved(error: &ResolveError) -> Self {
        let ResolveError::NoPortMapper { host, tried } = error else { return Self::new(error) };
        let port = if host.contains(':') { format!("[{host}]:PORT") } else { format!("{host}:PORT") };
        let tried: Vec<String> = tried.iter().map(|(place, what)| format!("{place} ({what})")).collect();
        // What programs would do is nothing to do at a terminal.
        Self::new(format!(
            "no port mapper answers on {host}; tried {}; a server without one is reached by its port, {port}",
            tried.join(", ")
        ))
    }

    /// A `.x` file that is wrong, or that cannot be read, which is the caller's fault.
    pub(super) fn source(error: &xdrgen::Error) -> Self {
        let message = Some(error.render(coloured(&io::stderr())));
        Self { message, by: None, status: if error.is_input() { REFUSED } else { MISUSED } }
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

impl<E: std::error::Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        // What comes this way is of commands without options for limits; a program's way out is none for them.
        let limit = (&error as &dyn std::error::Error).downcast_ref().and_then(limit);
        limit.map_or_else(|| Self::new(error), |limit| Self::new(limit.reached))
    }
}

/// A limit that was reached.
struct Limit {
    reached: String,
    /// The option of commands that call.
    option: &'static str,
}

/// The limit that a call has failed by, in words for people at a terminal: the library's name what a program would do.
fn limit(error: &Error) -> Option<Limit> {
    const SIZE: &str = "--max-record-size";
    let (reached, option) = match error {
        Error::Deadline(Deadline { after, phase }) => {
            let missing = match phase {
                Phase::Resolving => "no answer of the port mapper",
                Phase::Connecting => "no connection",
                _ => "no reply, though the server may have executed the call,",
            };
            (format!("{missing} within {after:?}"), "--timeout")
        }
        Error::Arguments(error) => match error.kind() {
            EncodeErrorKind::MessageTooLarge { size, max } => {
                (format!("the call would have {size} bytes, but at most {max} are sent"), SIZE)
            }
            _ => return None,
        },
        Error::Lost(lost) => match lost.cause.get_ref()?.downcast_ref()? {
            RecordError::TooLarge { size, max } => {
                (format!("the server announces a record of {size} bytes, but at most {max} are taken"), SIZE)
            }
            _ => return None,
        },
        _ => return None,
    };
    Some(Limit { reached, option })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_does_not_reach_the_terminal_as_it_is() {
        let error = ResolveError::Answer { host: "h".into(), answer: "\u{1b}[2J\u{9b}".into() };
        let message = Failure::usage(format!("first:\n{error}")).message.expect("something to tell");
        assert!(message.starts_with("first:\n") && message.contains("[2J"), "{message}");
        assert!(message.chars().all(|c| c == '\n' || !c.is_control()), "{message:?}");
    }
}

//! What can go wrong with a call, by whose fault it was.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::rpc::{AcceptStatus, AuthStatus, FlavourError, RejectStatus, ReplyError};
use crate::xdr::{DecodeError, EncodeError};

/// Why a call, or a connection, failed. Tells whose fault it was; its text says what was seen and what to do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// This program's fault: the arguments cannot be encoded. Nothing was sent.
    Arguments(Arc<EncodeError>),
    /// This program's fault: the target cannot be understood.
    Target(Arc<TargetError>),
    /// The server's address could not be found out.
    Resolve(Arc<ResolveError>),
    /// The server could not be connected to.
    Connect(Arc<ConnectError>),
    /// The connection was lost while the call was under way.
    Lost(Lost),
    /// The deadline passed.
    Deadline(Deadline),
    /// The server refused the call.
    Refused(Refusal),
    /// The server's fault: what it sent is not a reply.
    Reply(Arc<ReplyError>),
    /// The server's fault, or a version of the `.x` file that is not the server's: the results do not decode.
    Results(Arc<DecodeError>),
    /// A limit of this client was reached. Nothing was sent.
    Limit(Limit),
    /// The client was closed. Nothing was sent.
    Closed,
    /// The credentials' flavour could not sign the call, or the reply's verifier or seal was wrong.
    Auth(Arc<FlavourError>),
    /// Middleware around the client refused the call, or failed.
    Middleware(Arc<dyn std::error::Error + Send + Sync>),
}

/// A target that cannot be understood.
#[derive(Debug)]
pub struct TargetError {
    /// What was given.
    pub target: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Why a server's address could not be found out.
#[derive(Debug)]
#[non_exhaustive]
pub enum ResolveError {
    /// The host's name has no address.
    Host {
        /// The name.
        host: String,
        /// What the system said.
        source: io::Error,
    },
    /// No port mapper answers.
    NoPortMapper {
        /// The host.
        host: String,
        /// Each place that was tried, and what happened there.
        tried: Vec<(String, String)>,
    },
    /// The port mapper does not know the program.
    NotRegistered {
        /// The host.
        host: String,
        /// The program's number.
        program: u32,
        /// The version's number.
        version: u32,
        /// The netid that was asked for.
        netid: &'static str,
    },
    /// The program is there in other versions only.
    VersionNotRegistered {
        /// The host.
        host: String,
        /// The program's number.
        program: u32,
        /// The version that was asked for.
        version: u32,
        /// The versions that there are.
        versions: Vec<u32>,
    },
    /// The port mapper answered what makes no sense.
    Answer {
        /// The host.
        host: String,
        /// What it said.
        answer: String,
    },
}

/// A server that could not be connected to.
#[derive(Debug)]
pub struct ConnectError {
    /// Its address.
    pub address: String,
    /// What the system said.
    pub source: io::Error,
}

/// A connection that was lost while a call was under way.
#[derive(Clone, Debug)]
pub struct Lost {
    /// At least a part of the call had left: the server may have executed it.
    pub sent: bool,
    /// What happened.
    pub cause: Arc<io::Error>,
}

/// A deadline that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// How long it was waited, from the start of the call or of connecting.
    pub after: Duration,
    /// What was waited for.
    pub phase: Phase,
}

/// What a client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// The port mapper's answer.
    Resolving,
    /// The connection.
    Connecting,
    /// The reply: the server may have executed the call.
    Reply,
    /// The server, to come back: nobody is at its address any more, and it may have executed the call before.
    Return,
}

/// Why a server refused a call (RFC 5531 §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// `PROG_UNAVAIL`: the server does not have the program.
    ProgramUnavailable,
    /// `PROG_MISMATCH`: the server has the program in other versions only.
    ProgramMismatch {
        /// The lowest.
        low: u32,
        /// The highest.
        high: u32,
    },
    /// `PROC_UNAVAIL`: the program does not have the procedure.
    ProcedureUnavailable,
    /// `GARBAGE_ARGS`: the server could not decode the arguments.
    GarbageArguments,
    /// `SYSTEM_ERR`: the server failed.
    SystemError,
    /// `RPC_MISMATCH`: the server does not speak version 2 of RPC.
    RpcMismatch {
        /// The lowest version that it speaks.
        low: u32,
        /// The highest.
        high: u32,
    },
    /// `AUTH_ERROR`: the server does not accept the credentials.
    Auth(AuthStatus),
}

/// A limit of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Too many calls are in flight.
    Calls {
        /// The limit.
        max: usize,
    },
    /// Too many bytes of calls wait to be sent.
    Unsent {
        /// The limit.
        max: usize,
    },
}

impl Error {
    /// The connection was lost or the deadline passed after the call had left at least in part, so that nobody knows
    /// whether the server executed it.
    #[must_use]
    pub fn maybe_executed(&self) -> bool {
        match self {
            Self::Lost(lost) => lost.sent,
            Self::Deadline(deadline) => matches!(deadline.phase, Phase::Reply | Phase::Return),
            Self::Reply(_) | Self::Results(_) => true,
            _ => false,
        }
    }
}

impl Error {
    /// One word for traces and metrics.
    pub(crate) fn status(&self) -> &'static str {
        match self {
            Self::Arguments(_) => "CANT_ENCODE_ARGS",
            Self::Target(_) | Self::Resolve(_) => "UNKNOWN_HOST_OR_PROGRAM",
            Self::Connect(_) => "CANT_CONNECT",
            Self::Lost(_) => "CONNECTION_LOST",
            Self::Deadline(_) => "TIMED_OUT",
            Self::Refused(refusal) => match refusal {
                Refusal::ProgramUnavailable => "PROG_UNAVAIL",
                Refusal::ProgramMismatch { .. } => "PROG_MISMATCH",
                Refusal::ProcedureUnavailable => "PROC_UNAVAIL",
                Refusal::GarbageArguments => "GARBAGE_ARGS",
                Refusal::SystemError => "SYSTEM_ERR",
                Refusal::RpcMismatch { .. } => "RPC_MISMATCH",
                Refusal::Auth(_) => "AUTH_ERROR",
            },
            Self::Reply(_) | Self::Results(_) => "CANT_DECODE_RES",
            Self::Limit(_) => "LIMIT",
            Self::Closed => "CLOSED",
            Self::Auth(_) => "AUTH_ERROR",
            Self::Middleware(_) => "MIDDLEWARE",
        }
    }
}

impl Refusal {
    /// The refusal that a status of an accepted reply is; `None`: success.
    pub(crate) fn of(status: AcceptStatus) -> Option<Self> {
        match status {
            AcceptStatus::Success => None,
            AcceptStatus::ProgramUnavailable => Some(Self::ProgramUnavailable),
            AcceptStatus::ProgramMismatch { low, high } => Some(Self::ProgramMismatch { low, high }),
            AcceptStatus::ProcedureUnavailable => Some(Self::ProcedureUnavailable),
            AcceptStatus::GarbageArguments => Some(Self::GarbageArguments),
            AcceptStatus::SystemError => Some(Self::SystemError),
        }
    }
}

impl From<RejectStatus> for Refusal {
    fn from(status: RejectStatus) -> Self {
        match status {
            RejectStatus::RpcMismatch { low, high } => Self::RpcMismatch { low, high },
            RejectStatus::AuthError(status) => Self::Auth(status),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments(error) => write!(f, "the arguments cannot be encoded: {error}"),
            Self::Target(error) => error.fmt(f),
            Self::Resolve(error) => error.fmt(f),
            Self::Connect(error) => error.fmt(f),
            Self::Lost(Lost { sent: true, cause }) => {
                write!(
                    f,
                    "the connection was lost before the reply, and the server may have executed the call: {cause}"
                )
            }
            Self::Lost(Lost { sent: false, cause }) => {
                write!(f, "the connection was lost before the call was sent: {cause}")
            }
            Self::Deadline(Deadline { after, phase }) => {
                let waited = match phase {
                    Phase::Resolving => "the port mapper did not answer",
                    Phase::Connecting => "the connection was not established",
                    Phase::Reply => "no reply came, and the server may have executed the call",
                    Phase::Return => {
                        "nobody is at the server's address any more, and it may have executed the call before; it did not come back"
                    }
                };
                write!(f, "{waited} within {after:?}; `timeout` allows more")
            }
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Reply(error) => write!(f, "the server sent what is not a reply: {error}"),
            Self::Results(error) => {
                write!(f, "the server's results do not decode, so it may have another version of the .x file: {error}")
            }
            Self::Limit(limit) => limit.fmt(f),
            Self::Closed => write!(f, "the client was closed"),
            Self::Auth(error) => error.fmt(f),
            Self::Middleware(error) => write!(f, "middleware: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Arguments(error) => Some(&**error),
            Self::Target(error) => Some(&**error),
            Self::Resolve(error) => Some(&**error),
            Self::Connect(error) => Some(&**error),
            Self::Lost(lost) => Some(&*lost.cause),
            Self::Reply(error) => Some(&**error),
            Self::Results(error) => Some(&**error),
            Self::Auth(error) => Some(&**error),
            Self::Middleware(error) => Some(&**error),
            _ => None,
        }
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the target {:?} cannot be understood: {}; write HOST, HOST:PORT, an IP address, a universal address or \
             unix:PATH",
            self.target, self.reason
        )
    }
}

impl std::error::Error for TargetError {}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { host, source } => write!(f, "the host {host:?} has no address: {source}"),
            Self::NoPortMapper { host, tried } => {
                write!(f, "no port mapper answers on {host}; tried")?;
                for (at, (place, what)) in tried.iter().enumerate() {
                    write!(f, "{} {place} ({what})", if at == 0 { "" } else { "," })?;
                }
                write!(f, "; start one there (rpcbind), or connect to the server's own address with `connect_to`")
            }
            Self::NotRegistered { host, program, version, netid } => write!(
                f,
                "the port mapper of {host} does not know program {program} version {version} over {netid}; is its server \
                 running? `rpcinfo -p {host}` lists what it knows"
            ),
            Self::VersionNotRegistered { host, program, version, versions } => {
                write!(f, "{host} has no version {version} of program {program}; it has ")?;
                for (at, version) in versions.iter().enumerate() {
                    write!(f, "{}{version}", if at == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Self::Answer { host, answer } => {
                write!(f, "the port mapper of {host} gave an answer that makes no sense: {answer}")
            }
        }
    }
}

impl std::error::Error for ResolveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Host { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection to {}: {}", self.address, self.source)
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ProgramUnavailable => write!(f, "the server does not have the program (PROG_UNAVAIL)"),
            Self::ProgramMismatch { low, high } => {
                write!(f, "the server has the program in versions {low} to {high} only (PROG_MISMATCH)")
            }
            Self::ProcedureUnavailable => write!(f, "the server does not have the procedure (PROC_UNAVAIL)"),
            Self::GarbageArguments => write!(
                f,
                "the server could not decode the arguments, so it may have another version of the .x file (GARBAGE_ARGS)"
            ),
            Self::SystemError => write!(f, "the server failed (SYSTEM_ERR); its log says why"),
            Self::RpcMismatch { low, high } => {
                write!(f, "the server speaks versions {low} to {high} of RPC, not 2 (RPC_MISMATCH)")
            }
            Self::Auth(status) => write!(f, "the server does not accept the credentials: {status} (AUTH_ERROR)"),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calls { max } => write!(f, "{max} calls are in flight already; `max_calls` allows more"),
            Self::Unsent { max } => {
                write!(f, "{max} bytes of calls wait to be sent already; `max_unsent` allows more")
            }
        }
    }
}

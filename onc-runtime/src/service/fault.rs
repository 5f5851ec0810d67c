//! Refusals by a handler.

use std::fmt;

use crate::rpc::AuthStatus;

/// A handler's refusal to answer: the RPC layer's own errors, which every client understands.
///
/// Errors of the application (no such file, quota exceeded) belong into the protocol's result types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The procedure is not implemented: `PROC_UNAVAIL`.
    ProcedureUnavailable,
    /// The arguments make no sense: `GARBAGE_ARGS`.
    GarbageArguments,
    /// Something failed here that is not the caller's fault: `SYSTEM_ERR`. See [`Fault::system`].
    SystemError,
    /// The caller may not, or must say who it is: `AUTH_ERROR` with this status.
    Auth(AuthStatus),
    /// There is to be no reply at all: the call came by broadcast and others will answer, or from a peer that asks too often.
    NoReply,
}

impl Fault {
    /// A `SYSTEM_ERR` whose cause is logged here: nothing of it goes to the client.
    #[must_use]
    pub fn system(cause: impl fmt::Display) -> Self {
        tracing::error!(target: "onc::server", %cause, "a procedure failed");
        Self::SystemError
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ProcedureUnavailable => write!(f, "the procedure is not implemented"),
            Self::GarbageArguments => write!(f, "the arguments make no sense"),
            Self::SystemError => write!(f, "the server failed"),
            Self::Auth(status) => write!(f, "authentication: {status}"),
            Self::NoReply => write!(f, "the call is not replied to"),
        }
    }
}

impl std::error::Error for Fault {}

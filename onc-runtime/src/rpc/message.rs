//! The numbers of RFC 5531 §9 and what they mean.

use std::fmt;

/// The version of the RPC protocol itself.
pub const RPC_VERSION: u32 = 2;

/// What a message is: RFC 5531 §9, `msg_type`.
// Exhaustive on purpose: version 2 of the protocol has these two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MsgType {
    /// A call.
    Call = 0,
    /// The reply to one.
    Reply = 1,
}

/// How an accepted call went: RFC 5531 §9, `accept_stat`.
// Exhaustive on purpose: version 2 of the protocol has these six.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AcceptStatus {
    /// The procedure was executed; its results follow.
    Success,
    /// The server does not have the program.
    ProgramUnavailable,
    /// The server has the program, but not this version of it.
    ProgramMismatch {
        /// The lowest version that it has.
        low: u32,
        /// The highest version that it has.
        high: u32,
    },
    /// The program version does not have the procedure.
    ProcedureUnavailable,
    /// The server cannot decode the arguments.
    GarbageArguments,
    /// Something else went wrong in the server.
    SystemError,
}

/// Why a call was not even accepted: RFC 5531 §9, `reject_stat`.
// Exhaustive on purpose: version 2 of the protocol has these two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectStatus {
    /// The server does not speak this version of RPC.
    RpcMismatch {
        /// The lowest version that it speaks.
        low: u32,
        /// The highest version that it speaks.
        high: u32,
    },
    /// The server cannot or will not authenticate the caller.
    AuthError(AuthStatus),
}

/// Why authentication failed: RFC 5531 §9, `auth_stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthStatus {
    /// `AUTH_OK` (0).
    Ok,
    /// `AUTH_BADCRED` (1): the credential is malformed.
    BadCredential,
    /// `AUTH_REJECTEDCRED` (2): the client must begin a new session; also for a flavour that the server does not take.
    RejectedCredential,
    /// `AUTH_BADVERF` (3): the verifier is malformed.
    BadVerifier,
    /// `AUTH_REJECTEDVERF` (4): the verifier has expired or was replayed.
    RejectedVerifier,
    /// `AUTH_TOOWEAK` (5): rejected for security reasons.
    TooWeak,
    /// `AUTH_INVALIDRESP` (6): found by the client: the reply's verifier is wrong.
    InvalidResponse,
    /// `AUTH_FAILED` (7): for a reason that is not known.
    Failed,
    /// `AUTH_KERB_GENERIC` (8): a Kerberos error.
    KerberosGeneric,
    /// `AUTH_TIMEEXPIRE` (9): the credential's time is over.
    TimeExpired,
    /// `AUTH_TKT_FILE` (10): something is wrong with the ticket file.
    TicketFile,
    /// `AUTH_DECODE` (11): the authenticator cannot be decoded.
    Decode,
    /// `AUTH_NET_ADDR` (12): the ticket belongs to another network address.
    NetAddress,
    /// `RPCSEC_GSS_CREDPROBLEM` (13): there are no credentials for the user.
    GssCredentialProblem,
    /// `RPCSEC_GSS_CTXPROBLEM` (14): there is a problem with the security context.
    GssContextProblem,
    /// A number that RFC 5531 does not have.
    Other(u32),
}

impl MsgType {
    /// Its number on the wire.
    #[inline]
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }
}

impl AcceptStatus {
    /// Its number on the wire.
    #[inline]
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Success => 0,
            Self::ProgramUnavailable => 1,
            Self::ProgramMismatch { .. } => 2,
            Self::ProcedureUnavailable => 3,
            Self::GarbageArguments => 4,
            Self::SystemError => 5,
        }
    }
}

impl RejectStatus {
    /// Its number on the wire.
    #[inline]
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::RpcMismatch { .. } => 0,
            Self::AuthError(_) => 1,
        }
    }
}

impl fmt::Display for AcceptStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => f.write_str("success"),
            Self::ProgramUnavailable => f.write_str("the server does not have the program (PROG_UNAVAIL)"),
            Self::ProgramMismatch { low, high } if low == high => {
                write!(f, "the server has the program only in version {low} (PROG_MISMATCH)")
            }
            Self::ProgramMismatch { low, high } => {
                write!(f, "the server has the program in versions {low} to {high} (PROG_MISMATCH)")
            }
            Self::ProcedureUnavailable => f.write_str("the program does not have the procedure (PROC_UNAVAIL)"),
            Self::GarbageArguments => f.write_str("the server cannot decode the arguments (GARBAGE_ARGS)"),
            Self::SystemError => f.write_str("the server failed to execute the call (SYSTEM_ERR)"),
        }
    }
}

impl fmt::Display for RejectStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RpcMismatch { low, high } => {
                write!(f, "the server speaks RPC versions {low} to {high}, not {RPC_VERSION} (RPC_MISMATCH)")
            }
            Self::AuthError(status) => write!(f, "the server refused the credential: {status}"),
        }
    }
}

/// The names, numbers and meanings of every [`AuthStatus`] in one table.
macro_rules! auth_statuses {
    ($($status:ident = $number:literal, $text:literal;)*) => {
        impl AuthStatus {
            /// Its number on the wire.
            #[must_use]
            pub const fn number(self) -> u32 {
                match self {
                    $(Self::$status => $number,)*
                    Self::Other(number) => number,
                }
            }
        }

        impl From<u32> for AuthStatus {
            fn from(number: u32) -> Self {
                match number {
                    $($number => Self::$status,)*
                    other => Self::Other(other),
                }
            }
        }

        impl fmt::Display for AuthStatus {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$status => f.write_str($text),)*
                    Self::Other(number) => write!(f, "authentication status {number}, which RFC 5531 does not have"),
                }
            }
        }
    };
}

auth_statuses! {
    Ok = 0, "authentication succeeded (AUTH_OK)";
    BadCredential = 1, "the credential is malformed (AUTH_BADCRED)";
    RejectedCredential = 2, "the credential is not accepted, a new session is needed (AUTH_REJECTEDCRED)";
    BadVerifier = 3, "the verifier is malformed (AUTH_BADVERF)";
    RejectedVerifier = 4, "the verifier has expired or was replayed (AUTH_REJECTEDVERF)";
    TooWeak = 5, "a stronger credential is needed (AUTH_TOOWEAK)";
    InvalidResponse = 6, "the verifier of the reply is wrong (AUTH_INVALIDRESP)";
    Failed = 7, "authentication failed (AUTH_FAILED)";
    KerberosGeneric = 8, "a Kerberos error (AUTH_KERB_GENERIC)";
    TimeExpired = 9, "the credential has expired (AUTH_TIMEEXPIRE)";
    TicketFile = 10, "something is wrong with the ticket file (AUTH_TKT_FILE)";
    Decode = 11, "the authenticator cannot be decoded (AUTH_DECODE)";
    NetAddress = 12, "the ticket belongs to another network address (AUTH_NET_ADDR)";
    GssCredentialProblem = 13, "there are no credentials for the user (RPCSEC_GSS_CREDPROBLEM)";
    GssContextProblem = 14, "a problem with the security context (RPCSEC_GSS_CTXPROBLEM)";
}

/// Takes four bytes from the front, if they are there.
#[inline]
pub(super) fn take_word(rest: &mut &[u8]) -> Option<u32> {
    let (word, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(u32::from_be_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authentication_statuses_keep_their_numbers() {
        for number in (0..20).chain([u32::MAX]) {
            let status = AuthStatus::from(number);
            assert_eq!(status.number(), number);
            assert_eq!(matches!(status, AuthStatus::Other(_)), number > 14, "{status:?}");
        }
        assert_eq!(AuthStatus::from(5), AuthStatus::TooWeak);
        assert_eq!(AuthStatus::from(14), AuthStatus::GssContextProblem);
    }
}

//! The header of a reply: RFC 5531 §9, `reply_body`.

use std::fmt;

use super::message::take_word;
use super::{AcceptStatus, AuthStatus, MsgType, OpaqueAuth, RejectStatus};

/// What a server made of a call.
// Exhaustive on purpose: version 2 of the protocol has these two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// It took the call.
    Accepted {
        /// What proves the server.
        verifier: OpaqueAuth<'a>,
        /// How it went.
        status: AcceptStatus,
    },
    /// It refused the call.
    Denied(RejectStatus),
}

/// A message that is not a reply, or not one that RFC 5531 knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyError {
    /// It has not even an xid and a message type.
    TooShort,
    /// It is a call, or nothing that RPC knows.
    NotAReply {
        /// Its xid.
        xid: u32,
        /// Its message type: 0 is a call.
        message_type: u32,
    },
    /// It ends within the header.
    Truncated {
        /// Its xid.
        xid: u32,
    },
    /// Its verifier is longer than the standard allows, or than the message, or not padded with zeros.
    BadVerifier {
        /// Its xid.
        xid: u32,
    },
    /// It has a `reply_stat`, `accept_stat` or `reject_stat` that RFC 5531 does not have.
    UnknownStatus {
        /// Its xid.
        xid: u32,
        /// Which of the three.
        field: &'static str,
        /// What was read.
        value: u32,
    },
}

/// The length of the usual reply's header.
const SUCCESS: usize = 24;

/// What follows the xid in it. RFC 5531 §9: REPLY; MSG_ACCEPTED; AUTH_NONE, its body empty; SUCCESS.
const USUAL: [u8; SUCCESS - 4] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

const MSG_ACCEPTED: u32 = 0;
const MSG_DENIED: u32 = 1;

/// Reads the header of a reply: its xid, what the server made of the call, and the offset of the results.
///
/// # Errors
///
/// It is not a reply.
#[inline]
pub fn parse_reply(message: &[u8]) -> Result<(u32, Reply<'_>, usize), ReplyError> {
    if let Some([x0, x1, x2, x3, rest @ ..]) = message.first_chunk::<SUCCESS>()
        && *rest == USUAL
    {
        let success = Reply::Accepted { verifier: OpaqueAuth::NONE, status: AcceptStatus::Success };
        return Ok((u32::from_be_bytes([*x0, *x1, *x2, *x3]), success, SUCCESS));
    }
    parse_any(message)
}

/// The header of a successful call's reply, with the verifier AUTH_NONE.
#[inline]
#[must_use]
pub const fn success_header(xid: u32) -> [u8; SUCCESS] {
    let mut header = [0; SUCCESS];
    let (start, rest) = header.split_at_mut(4);
    start.copy_from_slice(&xid.to_be_bytes());
    rest.copy_from_slice(&USUAL);
    header
}

/// Appends the [`success_header`].
#[inline]
pub fn put_success(out: &mut Vec<u8>, xid: u32) {
    out.extend_from_slice(&success_header(xid));
}

/// Appends the header of an accepted call's reply. What follows it are the results when it is a success, nothing
/// otherwise.
pub fn put_accepted(out: &mut Vec<u8>, xid: u32, verifier: OpaqueAuth<'_>, status: AcceptStatus) {
    put_words(out, [xid, MsgType::Reply.number(), MSG_ACCEPTED]);
    verifier.put(out);
    put_words(out, [status.number()]);
    if let AcceptStatus::ProgramMismatch { low, high } = status {
        put_words(out, [low, high]);
    }
}

/// Appends the reply to a call that is not accepted.
pub fn put_denied(out: &mut Vec<u8>, xid: u32, status: RejectStatus) {
    put_words(out, [xid, MsgType::Reply.number(), MSG_DENIED, status.number()]);
    match status {
        RejectStatus::RpcMismatch { low, high } => put_words(out, [low, high]),
        RejectStatus::AuthError(status) => put_words(out, [status.number()]),
    }
}

impl ReplyError {
    /// The call that it seems to answer.
    #[must_use]
    pub fn xid(&self) -> Option<u32> {
        match *self {
            Self::TooShort | Self::NotAReply { .. } => None,
            Self::Truncated { xid } | Self::BadVerifier { xid } | Self::UnknownStatus { xid, .. } => Some(xid),
        }
    }
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => f.write_str("the message is too short to be a reply"),
            Self::NotAReply { xid, message_type: 0 } => write!(f, "message {xid:#010x} is a call, not a reply"),
            Self::NotAReply { xid, message_type } => {
                write!(f, "message {xid:#010x} has type {message_type}, which is neither call nor reply")
            }
            Self::Truncated { xid } => write!(f, "reply {xid:#010x} ends within its header"),
            Self::BadVerifier { xid } => write!(f, "the verifier of reply {xid:#010x} is malformed"),
            Self::UnknownStatus { xid, field, value } => {
                write!(f, "reply {xid:#010x} has {field} {value}, which RFC 5531 does not have")
            }
        }
    }
}

impl std::error::Error for ReplyError {}

#[inline(never)]
fn parse_any(message: &[u8]) -> Result<(u32, Reply<'_>, usize), ReplyError> {
    let mut rest = message;
    let (Some(xid), Some(message_type)) = (take_word(&mut rest), take_word(&mut rest)) else {
        return Err(ReplyError::TooShort);
    };
    if message_type != MsgType::Reply.number() {
        return Err(ReplyError::NotAReply { xid, message_type });
    }
    let truncated = ReplyError::Truncated { xid };
    let reply = match take_word(&mut rest).ok_or(truncated)? {
        MSG_ACCEPTED => {
            let verifier = OpaqueAuth::take(&mut rest).ok_or(ReplyError::BadVerifier { xid })?;
            let status = match take_word(&mut rest).ok_or(truncated)? {
                0 => AcceptStatus::Success,
                1 => AcceptStatus::ProgramUnavailable,
                2 => AcceptStatus::ProgramMismatch {
                    low: take_word(&mut rest).ok_or(truncated)?,
                    high: take_word(&mut rest).ok_or(truncated)?,
                },
                3 => AcceptStatus::ProcedureUnavailable,
                4 => AcceptStatus::GarbageArguments,
                5 => AcceptStatus::SystemError,
                value => return Err(ReplyError::UnknownStatus { xid, field: "accept_stat", value }),
            };
            Reply::Accepted { verifier, status }
        }
        MSG_DENIED => Reply::Denied(match take_word(&mut rest).ok_or(truncated)? {
            0 => RejectStatus::RpcMismatch {
                low: take_word(&mut rest).ok_or(truncated)?,
                high: take_word(&mut rest).ok_or(truncated)?,
            },
            1 => RejectStatus::AuthError(AuthStatus::from(take_word(&mut rest).ok_or(truncated)?)),
            value => return Err(ReplyError::UnknownStatus { xid, field: "reject_stat", value }),
        }),
        value => return Err(ReplyError::UnknownStatus { xid, field: "reply_stat", value }),
    };
    Ok((xid, reply, message.len() - rest.len()))
}

fn put_words<const N: usize>(out: &mut Vec<u8>, words: [u32; N]) {
    out.extend_from_slice(words.map(u32::to_be_bytes).as_flattened());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::AuthFlavour;

    const XID: u32 = 0xdead_beef;

    fn replies() -> Vec<(Vec<u8>, Reply<'static>)> {
        let statuses = [
            AcceptStatus::Success,
            AcceptStatus::ProgramUnavailable,
            AcceptStatus::ProgramMismatch { low: 2, high: 4 },
            AcceptStatus::ProcedureUnavailable,
            AcceptStatus::GarbageArguments,
            AcceptStatus::SystemError,
        ];
        let verifiers = [
            OpaqueAuth::NONE,
            OpaqueAuth { flavour: AuthFlavour::SHORT, body: b"short" },
            OpaqueAuth { flavour: AuthFlavour::GSS, body: &[7; 400] },
        ];
        let mut replies = Vec::new();
        for verifier in verifiers {
            for status in statuses {
                let mut message = Vec::new();
                put_accepted(&mut message, XID, verifier, status);
                replies.push((message, Reply::Accepted { verifier, status }));
            }
        }
        let denied = [RejectStatus::RpcMismatch { low: 2, high: 3 }, RejectStatus::AuthError(AuthStatus::TooWeak)];
        for status in denied.into_iter().chain([RejectStatus::AuthError(AuthStatus::Other(77))]) {
            let mut message = Vec::new();
            put_denied(&mut message, XID, status);
            replies.push((message, Reply::Denied(status)));
        }
        replies
    }

    #[test]
    fn what_was_put_is_parsed() {
        for (mut message, reply) in replies() {
            let length = message.len();
            message.extend_from_slice(b"results");
            assert_eq!(parse_reply(&message), Ok((XID, reply, length)));
        }
    }

    #[test]
    fn the_usual_reply_is_the_accepted_one_of_success() {
        let mut usual = b"before".to_vec();
        put_success(&mut usual, XID);
        let mut accepted = b"before".to_vec();
        put_accepted(&mut accepted, XID, OpaqueAuth::NONE, AcceptStatus::Success);
        assert_eq!(usual, accepted);
        assert_eq!(usual[6..], success_header(XID));
    }

    #[test]
    fn no_beginning_of_a_reply_is_one() {
        for (message, reply) in replies() {
            for length in 0..message.len() {
                let error = parse_reply(&message[..length]).expect_err("a part of a reply");
                assert_eq!(error.xid(), (length >= 8).then_some(XID), "{reply:?} cut to {length} bytes: {error}");
            }
        }
    }

    #[test]
    fn what_the_standard_does_not_have_is_refused() {
        let with = |word: usize, value: u32| {
            let mut message = success_header(XID).to_vec();
            message[4 * word..][..4].copy_from_slice(&value.to_be_bytes());
            message
        };
        let unknown = |field, value| ReplyError::UnknownStatus { xid: XID, field, value };
        let mut denied = Vec::new();
        put_denied(&mut denied, XID, RejectStatus::AuthError(AuthStatus::Failed));
        denied[15] = 2;
        let cases = [
            (with(1, 0), ReplyError::NotAReply { xid: XID, message_type: 0 }),
            (with(1, 9), ReplyError::NotAReply { xid: XID, message_type: 9 }),
            (with(2, 2), unknown("reply_stat", 2)),
            (with(4, 401), ReplyError::BadVerifier { xid: XID }),
            (with(4, 0xffff_fffe), ReplyError::BadVerifier { xid: XID }),
            (with(5, 6), unknown("accept_stat", 6)),
            (denied, unknown("reject_stat", 2)),
        ];
        for (message, error) in cases {
            assert_eq!(parse_reply(&message), Err(error));
        }
    }
}

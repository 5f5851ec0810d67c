//! The header of a call: RFC 5531 §9, `call_body`.

use std::fmt;

use super::message::take_word;
use super::{AuthFlavour, AuthStatus, Credential, MARK_SIZE, MsgType, OpaqueAuth, RPC_VERSION, RejectStatus};
use crate::xdr::EncodeError;

/// Everything of a call but its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallHeader<'a> {
    /// The caller's number for this call; the reply has the same.
    pub xid: u32,
    /// Which program is called.
    pub program: u32,
    /// Which version of it.
    pub version: u32,
    /// Which procedure of that.
    pub procedure: u32,
    /// Who calls.
    pub credential: OpaqueAuth<'a>,
    /// What proves it.
    pub verifier: OpaqueAuth<'a>,
}

/// A message that is not a call that can be served. [`answer`](Self::answer) says what the caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError {
    /// It ends within the header.
    TooShort,
    /// It is a reply, or nothing that RPC knows.
    NotACall {
        /// Its xid.
        xid: u32,
        /// Its message type: 1 is a reply.
        message_type: u32,
    },
    /// It is a call in another version of RPC.
    RpcMismatch {
        /// Its xid.
        xid: u32,
        /// That version.
        version: u32,
    },
    /// Its credential or verifier is longer than the standard allows, or than the message, or not padded with zeros.
    BadCredential {
        /// Its xid.
        xid: u32,
        /// [`BadCredential`](AuthStatus::BadCredential) or [`BadVerifier`](AuthStatus::BadVerifier): which of the two.
        status: AuthStatus,
    },
}

/// Bytes from the xid to the end of a header in which credential and verifier have no body.
const BARE: usize = 40;

/// Where the credential starts: after xid, message type, RPC version, program, version, procedure.
const CREDENTIAL: usize = 24;

impl<'a> CallHeader<'a> {
    /// Reads the header of a message; also returns the offset of the arguments.
    ///
    /// # Errors
    ///
    /// It is not a call, or not one that can be served.
    #[inline]
    pub fn parse(message: &'a [u8]) -> Result<(Self, usize), CallError> {
        if let Some(fixed) = message.first_chunk::<BARE>()
            && word(fixed, 4) == MsgType::Call.number()
            && word(fixed, 8) == RPC_VERSION
        {
            let mut header = Self {
                xid: word(fixed, 0),
                program: word(fixed, 12),
                version: word(fixed, 16),
                procedure: word(fixed, 20),
                credential: OpaqueAuth { flavour: AuthFlavour(word(fixed, 24)), body: &[] },
                verifier: OpaqueAuth { flavour: AuthFlavour(word(fixed, 32)), body: &[] },
            };
            // Without bodies that was all, checked once.
            if word(fixed, 28) == 0 && word(fixed, 36) == 0 {
                return Ok((header, BARE));
            }
            let mut rest = &message[CREDENTIAL..];
            if let Some(credential) = OpaqueAuth::take(&mut rest)
                && let Some(verifier) = OpaqueAuth::take(&mut rest)
            {
                header.credential = credential;
                header.verifier = verifier;
                return Ok((header, message.len() - rest.len()));
            }
        }
        Err(CallError::of(message))
    }

    /// The part of the message that a verifier covers: from the xid to the end of the credential.
    ///
    /// `message` is what [`parse`](Self::parse) read.
    #[must_use]
    pub fn signed<'m>(&self, message: &'m [u8]) -> &'m [u8] {
        // RFC 2203 §5.3.1: "the checksum is computed over the RPC header up to and including the credential".
        &message[..message.len().min(CREDENTIAL + self.credential.size())]
    }

    /// Appends the header to `out`.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.reserve(CREDENTIAL + self.credential.size() + self.verifier.size());
        for word in [self.xid, MsgType::Call.number(), RPC_VERSION, self.program, self.version, self.procedure] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        self.credential.put(out);
        self.verifier.put(out);
    }
}

/// The header of a client's calls, encoded in advance: only xid and procedure differ from call to call.
#[derive(Clone, Debug)]
pub struct CallTemplate {
    /// A record mark of zero, then as much as every header has: its size is known, so that copying it is a few moves.
    start: [u8; MARK_SIZE + BARE],
    /// The rest of a header whose credential has a body.
    rest: Box<[u8]>,
}

impl CallTemplate {
    /// Encodes what the calls have in common; the verifier is AUTH_NONE.
    ///
    /// # Errors
    ///
    /// The credential is too long: see [`Credential::body`].
    pub fn new(program: u32, version: u32, credential: &Credential) -> Result<Self, EncodeError> {
        let body = credential.body()?;
        let mut bytes = vec![0; MARK_SIZE];
        CallHeader {
            xid: 0,
            program,
            version,
            procedure: 0,
            credential: OpaqueAuth { flavour: credential.flavour(), body: &body },
            verifier: OpaqueAuth::NONE,
        }
        .put(&mut bytes);
        let rest = bytes.split_off(MARK_SIZE + BARE).into_boxed_slice();
        let mut start = [0; MARK_SIZE + BARE];
        start.copy_from_slice(&bytes);
        Ok(Self { start, rest })
    }

    /// Appends a record mark of zero, for [`patch_mark`](super::patch_mark), and the header of a call.
    #[inline]
    pub fn put(&self, out: &mut Vec<u8>, xid: u32, procedure: u32) {
        out.reserve(MARK_SIZE + BARE + self.rest.len());
        out.extend_from_slice(&self.start_of(xid, procedure));
        out.extend_from_slice(&self.rest);
    }

    /// Appends the header of a call without a record mark, for a datagram.
    #[inline]
    pub fn put_unmarked(&self, out: &mut Vec<u8>, xid: u32, procedure: u32) {
        out.reserve(BARE + self.rest.len());
        out.extend_from_slice(&self.start_of(xid, procedure)[MARK_SIZE..]);
        out.extend_from_slice(&self.rest);
    }

    #[inline]
    fn start_of(&self, xid: u32, procedure: u32) -> [u8; MARK_SIZE + BARE] {
        const XID: usize = MARK_SIZE;
        const PROCEDURE: usize = MARK_SIZE + 20;
        let mut start = self.start;
        start[XID..XID + 4].copy_from_slice(&xid.to_be_bytes());
        start[PROCEDURE..PROCEDURE + 4].copy_from_slice(&procedure.to_be_bytes());
        start
    }
}

impl CallError {
    /// What is wrong with a message that is not a call.
    #[cold]
    fn of(message: &[u8]) -> Self {
        let mut rest = message;
        let (Some(xid), Some(message_type)) = (take_word(&mut rest), take_word(&mut rest)) else {
            return Self::TooShort;
        };
        if message_type != MsgType::Call.number() {
            return Self::NotACall { xid, message_type };
        }
        let Some(version) = take_word(&mut rest) else { return Self::TooShort };
        if version != RPC_VERSION {
            // What follows has the shape that this version gives it: there is no more to read.
            return Self::RpcMismatch { xid, version };
        }
        let Some(mut rest) = message.get(CREDENTIAL..) else { return Self::TooShort };
        let status = match OpaqueAuth::take(&mut rest) {
            None => AuthStatus::BadCredential,
            Some(_) => AuthStatus::BadVerifier,
        };
        Self::BadCredential { xid, status }
    }

    /// The reply that is due, with its xid; without one the message is dropped, and a connection that it came by closed.
    #[must_use]
    pub fn answer(&self) -> Option<(u32, RejectStatus)> {
        match *self {
            Self::TooShort | Self::NotACall { .. } => None,
            // RFC 5531 §9: the lowest and highest version of RPC that the server speaks.
            Self::RpcMismatch { xid, .. } => {
                Some((xid, RejectStatus::RpcMismatch { low: RPC_VERSION, high: RPC_VERSION }))
            }
            Self::BadCredential { xid, status } => Some((xid, RejectStatus::AuthError(status))),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => f.write_str("the message ends within the header of a call"),
            Self::NotACall { xid, message_type: 1 } => write!(f, "message {xid:#010x} is a reply, not a call"),
            Self::NotACall { xid, message_type } => {
                write!(f, "message {xid:#010x} has type {message_type}, which is neither call nor reply")
            }
            Self::RpcMismatch { xid, version } => {
                write!(f, "call {xid:#010x} is in version {version} of RPC, not {RPC_VERSION}")
            }
            Self::BadCredential { xid, status } => write!(f, "call {xid:#010x}: {status}"),
        }
    }
}

impl std::error::Error for CallError {}

/// The word at this offset.
#[inline(always)]
fn word<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

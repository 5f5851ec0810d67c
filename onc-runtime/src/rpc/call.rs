//! The header of a call: RFC 5531 §9, `call_body`.

use std::fmt;

use super::{
    AuthFlavour, AuthStatus, Credential, MARK_SIZE, MAX_AUTH_BODY, MsgType, OpaqueAuth, RPC_VERSION, RejectStatus,
};
use crate::xdr::{EncodeError, padding};

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
        let Some(bare) = message.first_chunk::<BARE>() else { return Err(incomplete(message)) };
        let word = |at: usize| u32::from_be_bytes([bare[at], bare[at + 1], bare[at + 2], bare[at + 3]]);
        let xid = word(0);
        if word(4) != MsgType::Call.number() || word(8) != RPC_VERSION {
            return Err(incomplete(message));
        }
        let mut header = Self {
            xid,
            program: word(12),
            version: word(16),
            procedure: word(20),
            credential: OpaqueAuth { flavour: AuthFlavour(word(24)), body: &[] },
            verifier: OpaqueAuth { flavour: AuthFlavour(word(32)), body: &[] },
        };
        if word(28) == 0 && word(36) == 0 {
            return Ok((header, BARE));
        }
        let (credential, rest) = take_auth(&message[CREDENTIAL..])
            .ok_or(CallError::BadCredential { xid, status: AuthStatus::BadCredential })?;
        let (verifier, rest) =
            take_auth(rest).ok_or(CallError::BadCredential { xid, status: AuthStatus::BadVerifier })?;
        header.credential = credential;
        header.verifier = verifier;
        Ok((header, message.len() - rest.len()))
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
    /// A record mark of zero, then the header.
    bytes: Box<[u8]>,
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
        Ok(Self { bytes: bytes.into_boxed_slice() })
    }

    /// Appends a record mark of zero, for [`patch_mark`](super::patch_mark), and the header of a call.
    #[inline]
    pub fn put(&self, out: &mut Vec<u8>, xid: u32, procedure: u32) {
        let start = out.len() + MARK_SIZE;
        out.extend_from_slice(&self.bytes);
        out[start..start + 4].copy_from_slice(&xid.to_be_bytes());
        out[start + 20..start + 24].copy_from_slice(&procedure.to_be_bytes());
    }

    /// Appends the header of a call without a record mark, for a datagram.
    #[inline]
    pub fn put_unmarked(&self, out: &mut Vec<u8>, xid: u32, procedure: u32) {
        let start = out.len();
        out.extend_from_slice(&self.bytes[MARK_SIZE..]);
        out[start..start + 4].copy_from_slice(&xid.to_be_bytes());
        out[start + 20..start + 24].copy_from_slice(&procedure.to_be_bytes());
    }
}

impl CallError {
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

/// What is wrong with a message whose first 40 bytes are not there or not those of a call.
#[cold]
fn incomplete(message: &[u8]) -> CallError {
    let (words, _) = message.as_chunks::<4>();
    let word = |at: usize| words.get(at).map(|word: &[u8; 4]| u32::from_be_bytes(*word));
    let (Some(xid), Some(message_type)) = (word(0), word(1)) else { return CallError::TooShort };
    if message_type != MsgType::Call.number() {
        return CallError::NotACall { xid, message_type };
    }
    match word(2) {
        None => CallError::TooShort,
        // What follows the version has the shape that this version gives it: there is no more to read.
        Some(version) if version != RPC_VERSION => CallError::RpcMismatch { xid, version },
        Some(_) if message.len() < CREDENTIAL + 8 => CallError::TooShort,
        Some(_) => match take_auth(&message[CREDENTIAL..]) {
            None => CallError::BadCredential { xid, status: AuthStatus::BadCredential },
            Some(_) => CallError::BadCredential { xid, status: AuthStatus::BadVerifier },
        },
    }
}

/// Reads a credential or verifier, if it is well-formed; also returns what follows it.
#[inline]
pub(super) fn take_auth(bytes: &[u8]) -> Option<(OpaqueAuth<'_>, &[u8])> {
    let ([f0, f1, f2, f3, length @ ..], rest) = bytes.split_first_chunk::<8>()?;
    let length = u32::from_be_bytes(*length) as usize;
    // RFC 5531 §8.2: `opaque body<400>`.
    if length > MAX_AUTH_BODY {
        return None;
    }
    let (body, rest) = rest.split_at_checked(length)?;
    let (pad, rest) = rest.split_at_checked(padding(length))?;
    let auth = OpaqueAuth { flavour: AuthFlavour(u32::from_be_bytes([*f0, *f1, *f2, *f3])), body };
    pad.iter().all(|byte| *byte == 0).then_some((auth, rest))
}

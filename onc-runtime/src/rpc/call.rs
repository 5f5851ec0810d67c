//! The header of a call: RFC 5531 §9, `call_body`.

use std::fmt;

use super::message::take_word;
use super::{
    AuthFlavour, AuthStatus, Credential, MARK_SIZE, MsgType, OpaqueAuth, Presented, RPC_VERSION, RejectStatus,
    record_mark,
};
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

    /// What a [`ServerFlavour`](super::ServerFlavour) is to see of the call. `message` is what [`parse`](Self::parse) read.
    #[must_use]
    pub fn presented(&self, message: &'a [u8]) -> Presented<'a> {
        // RFC 2203 §5.3.1: the checksum in the verifier is over the header up to and including the credential.
        let signed = (CREDENTIAL + self.credential.size()).min(message.len());
        let arguments = (signed + self.verifier.size()).min(message.len());
        Presented {
            procedure: self.procedure,
            credential: self.credential,
            verifier: self.verifier,
            signed: &message[..signed],
            arguments: &message[arguments..],
        }
    }

    /// Appends the header to `out`.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.reserve(CREDENTIAL + self.credential.size() + self.verifier.size());
        put_unsigned_call(out, self.xid, self.program, self.version, self.procedure);
        self.credential.put(out);
        self.verifier.put(out);
    }
}

/// Appends the header of a call up to its procedure. Credential and verifier are to follow:
/// [`ClientFlavour::sign`](super::ClientFlavour::sign) appends them.
pub fn put_unsigned_call(out: &mut Vec<u8>, xid: u32, program: u32, version: u32, procedure: u32) {
    let words = [xid, MsgType::Call.number(), RPC_VERSION, program, version, procedure];
    out.extend_from_slice(words.map(u32::to_be_bytes).as_flattened());
}

/// The header of a client's calls, encoded in advance: only xid and procedure differ from call to call.
#[derive(Clone, Debug)]
pub struct CallTemplate {
    /// Room for the record mark, then as much as every header has: its size is known, so that copying it is a few moves.
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

    /// How long the header of a call is, in bytes without a record mark.
    #[inline]
    #[must_use]
    pub fn size(&self) -> usize {
        BARE + self.rest.len()
    }

    /// Appends the record mark and the header of a call whose arguments, which are to follow, take `arguments` bytes.
    ///
    /// # Panics
    ///
    /// The record is too long for one fragment: see [`record_mark`].
    #[inline]
    pub fn put(&self, out: &mut Vec<u8>, xid: u32, procedure: u32, arguments: usize) {
        out.reserve(MARK_SIZE + self.size());
        let mut start = self.start(xid, procedure);
        start[..MARK_SIZE].copy_from_slice(&record_mark(self.size() + arguments));
        out.extend_from_slice(&start);
        self.put_rest(out);
    }

    /// Appends the header of a call without a record mark, for a datagram.
    #[inline]
    pub fn put_unmarked(&self, out: &mut Vec<u8>, xid: u32, procedure: u32) {
        out.reserve(self.size());
        out.extend_from_slice(&self.start(xid, procedure)[MARK_SIZE..]);
        self.put_rest(out);
    }

    /// The start of a header with what differs from call to call, but for the record mark.
    #[inline]
    fn start(&self, xid: u32, procedure: u32) -> [u8; MARK_SIZE + BARE] {
        const XID: usize = MARK_SIZE;
        const PROCEDURE: usize = MARK_SIZE + 20;
        let mut start = self.start;
        start[XID..XID + 4].copy_from_slice(&xid.to_be_bytes());
        start[PROCEDURE..PROCEDURE + 4].copy_from_slice(&procedure.to_be_bytes());
        start
    }

    #[inline]
    fn put_rest(&self, out: &mut Vec<u8>) {
        if !self.rest.is_empty() {
            out.extend_from_slice(&self.rest);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with these bodies of credential and verifier, and four bytes of arguments.
    fn message(credential: &[u8], verifier: &[u8]) -> Vec<u8> {
        let mut message = Vec::new();
        CallHeader {
            xid: 0x0102_0304,
            program: 100_003,
            version: 3,
            procedure: 6,
            credential: OpaqueAuth { flavour: AuthFlavour(99), body: credential },
            verifier: OpaqueAuth { flavour: AuthFlavour(98), body: verifier },
        }
        .put(&mut message);
        message.extend_from_slice(b"args");
        message
    }

    #[test]
    fn what_was_put_is_parsed() {
        for (credential, verifier) in [(0, 0), (1, 0), (0, 1), (3, 2), (4, 4), (400, 400), (399, 397)] {
            let (credential, verifier) = (vec![0xcc; credential], vec![0xdd; verifier]);
            let message = message(&credential, &verifier);
            let (header, arguments) = CallHeader::parse(&message).expect("a call");
            assert_eq!((header.xid, header.program, header.version, header.procedure), (0x0102_0304, 100_003, 3, 6));
            assert_eq!(header.credential, OpaqueAuth { flavour: AuthFlavour(99), body: &credential });
            assert_eq!(header.verifier, OpaqueAuth { flavour: AuthFlavour(98), body: &verifier });
            assert_eq!(&message[arguments..], b"args");
            let presented = header.presented(&message);
            assert_eq!(presented.signed, &message[..32 + credential.len().next_multiple_of(4)]);
            assert_eq!(presented.arguments, b"args");
        }
    }

    #[test]
    fn a_template_makes_the_header_that_put_makes() {
        let opaque = |flavour, body: &'static [u8]| Credential::Opaque { flavour, body: body.into() };
        for credential in [Credential::None, opaque(AuthFlavour::TLS, b""), opaque(AuthFlavour::SHORT, b"12345")] {
            let template = CallTemplate::new(100_003, 3, &credential).expect("a short credential");
            let body = credential.body().expect("a short credential");
            let mut expected = Vec::new();
            CallHeader {
                xid: 7,
                program: 100_003,
                version: 3,
                procedure: 21,
                credential: OpaqueAuth { flavour: credential.flavour(), body: &body },
                verifier: OpaqueAuth::NONE,
            }
            .put(&mut expected);

            let mut out = b"before".to_vec();
            template.put_unmarked(&mut out, 7, 21);
            assert_eq!(out, [b"before", &expected[..]].concat());
            out.truncate(6);
            template.put(&mut out, 7, 21, 300);
            let mark = record_mark(expected.len() + 300);
            assert_eq!(out, [b"before", &mark[..], &expected[..]].concat());
            assert_eq!(template.size(), expected.len());
        }
    }

    #[test]
    fn a_credential_that_no_peer_would_take_is_refused_at_home() {
        let template = |length| {
            let credential = Credential::Opaque { flavour: AuthFlavour(99), body: vec![1; length].into() };
            CallTemplate::new(1, 1, &credential)
        };
        assert!(template(400).is_ok());
        assert!(template(401).unwrap_err().to_string().contains("at most 400"));
    }

    /// The message with this word replaced.
    fn with(mut message: Vec<u8>, word: usize, value: u32) -> Vec<u8> {
        message[4 * word..][..4].copy_from_slice(&value.to_be_bytes());
        message
    }

    const XID: u32 = 0x0102_0304;

    #[test]
    fn each_defect_has_its_answer() {
        let bad = |status| (CallError::BadCredential { xid: XID, status }, Some(RejectStatus::AuthError(status)));
        let mismatch = |version| {
            (CallError::RpcMismatch { xid: XID, version }, Some(RejectStatus::RpcMismatch { low: 2, high: 2 }))
        };
        let not_a_call = |message_type| (CallError::NotACall { xid: XID, message_type }, None);
        let plain = || message(&[], &[]);
        let cases = [
            (with(plain(), 1, 1), not_a_call(1)),
            (with(plain(), 1, 2), not_a_call(2)),
            (with(plain(), 2, 1), mismatch(1)),
            (with(plain(), 2, 3), mismatch(3)),
            (with(plain(), 2, 0xffff_ffff)[..12].to_vec(), mismatch(0xffff_ffff)),
            (plain()[..11].to_vec(), (CallError::TooShort, None)),
            (plain()[..23].to_vec(), (CallError::TooShort, None)),
            (message(&[1; 401], &[]), bad(AuthStatus::BadCredential)),
            (message(&[], &[1; 401]), bad(AuthStatus::BadVerifier)),
            // Lengths beyond the message, up to those whose padding would wrap round.
            (with(plain(), 7, 16), bad(AuthStatus::BadCredential)),
            (with(plain(), 7, 0xffff_ffff), bad(AuthStatus::BadCredential)),
            (with(plain(), 9, 5), bad(AuthStatus::BadVerifier)),
            (with(plain(), 9, 0xffff_fffd), bad(AuthStatus::BadVerifier)),
            // Padding that is not zero.
            (with(message(&[1], &[]), 8, 0x0100_0001), bad(AuthStatus::BadCredential)),
            (with(message(&[1], &[1]), 11, 0x0100_0100), bad(AuthStatus::BadVerifier)),
        ];
        for (message, (error, status)) in cases {
            assert_eq!(CallHeader::parse(&message), Err(error), "{message:x?}");
            assert_eq!(error.answer(), status.map(|status| (XID, status)));
        }
    }

    #[test]
    fn no_beginning_of_a_header_is_one() {
        for whole in [message(&[], &[]), message(&[7; 5], &[8; 6])] {
            let arguments = CallHeader::parse(&whole).expect("a call").1;
            for length in 0..arguments {
                assert!(CallHeader::parse(&whole[..length]).is_err(), "{length} of {arguments} bytes");
            }
        }
    }
}

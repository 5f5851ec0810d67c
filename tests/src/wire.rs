//! RPC messages and records byte by byte, for what no honest peer sends. Nothing here comes from the crates under test.

use std::io::{self, Read, Write};

/// `AUTH_NONE`.
pub const AUTH_NONE: u32 = 0;
/// `AUTH_SYS`.
pub const AUTH_SYS: u32 = 1;

/// Bytes in the making: each method appends one item of XDR.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item(Vec<u8>);

impl Item {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends an unsigned integer of four bytes.
    #[must_use]
    pub fn uint(self, value: u32) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// Appends an integer of four bytes.
    #[must_use]
    pub fn int(self, value: i32) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// Appends an integer of eight bytes.
    #[must_use]
    pub fn hyper(self, value: i64) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// Appends a length, the bytes, and their padding.
    #[must_use]
    pub fn opaque(self, bytes: &[u8]) -> Self {
        let length = u32::try_from(bytes.len()).expect("less than 4 GiB");
        self.uint(length).raw(bytes).raw(&[0; 3][..bytes.len().wrapping_neg() & 3])
    }

    /// Appends bytes as they are.
    #[must_use]
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(self) -> Vec<u8> {
        self.0
    }
}

/// A call, right or wrong (RFC 5531 §9).
#[derive(Clone, Debug)]
pub struct CallMessage {
    /// The transaction id.
    pub xid: u32,
    /// 0: a call, 1: a reply.
    pub message_type: u32,
    /// 2, if it is to be understood.
    pub rpc_version: u32,
    /// The program's number.
    pub program: u32,
    /// The version's number.
    pub version: u32,
    /// The procedure's number.
    pub procedure: u32,
    /// The credential: flavour and body.
    pub credential: (u32, Vec<u8>),
    /// The verifier: flavour and body.
    pub verifier: (u32, Vec<u8>),
    /// The encoded arguments.
    pub arguments: Vec<u8>,
}

impl CallMessage {
    /// A call without fault.
    #[must_use]
    pub fn new(program: u32, version: u32, procedure: u32, arguments: Item) -> Self {
        Self {
            xid: 0x1234_5678,
            message_type: 0,
            rpc_version: 2,
            program,
            version,
            procedure,
            credential: (AUTH_NONE, Vec::new()),
            verifier: (AUTH_NONE, Vec::new()),
            arguments: arguments.bytes(),
        }
    }

    /// The same with another transaction id.
    #[must_use]
    pub fn with_xid(mut self, xid: u32) -> Self {
        self.xid = xid;
        self
    }

    /// The message.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        Item::new()
            .uint(self.xid)
            .uint(self.message_type)
            .uint(self.rpc_version)
            .uint(self.program)
            .uint(self.version)
            .uint(self.procedure)
            .uint(self.credential.0)
            .opaque(&self.credential.1)
            .uint(self.verifier.0)
            .opaque(&self.verifier.1)
            .raw(&self.arguments)
            .bytes()
    }
}

/// The body of an `AUTH_SYS` credential (RFC 5531, appendix A).
#[must_use]
pub fn auth_sys(machine: &[u8], uid: u32, gid: u32, gids: &[u32]) -> Vec<u8> {
    let count = u32::try_from(gids.len()).expect("few gids");
    let body = Item::new().uint(0).opaque(machine).uint(uid).uint(gid).uint(count);
    gids.iter().fold(body, |body, &gid| body.uint(gid)).bytes()
}

/// What a server answered (RFC 5531 §9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `SUCCESS`, and the encoded results.
    Success(Vec<u8>),
    /// `PROG_UNAVAIL`.
    ProgramUnavailable,
    /// `PROG_MISMATCH`, lowest and highest.
    ProgramMismatch(u32, u32),
    /// `PROC_UNAVAIL`.
    ProcedureUnavailable,
    /// `GARBAGE_ARGS`.
    GarbageArguments,
    /// `SYSTEM_ERR`.
    SystemError,
    /// `RPC_MISMATCH`, lowest and highest.
    RpcMismatch(u32, u32),
    /// `AUTH_ERROR` and its `auth_stat`.
    AuthError(u32),
}

/// Takes a reply apart: its transaction id and what it says.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse_reply(message: &[u8]) -> Result<(u32, Answer), String> {
    let mut rest = message;
    let mut word = || -> Result<u32, String> {
        let (head, tail) = rest.split_first_chunk().ok_or_else(|| format!("a reply cut short: {message:02x?}"))?;
        rest = tail;
        Ok(u32::from_be_bytes(*head))
    };
    let xid = word()?;
    if word()? != 1 {
        return Err(format!("not a reply: {message:02x?}"));
    }
    let answer = match word()? {
        0 => {
            let (flavour, length) = (word()?, word()?);
            if (flavour, length) != (AUTH_NONE, 0) {
                return Err(format!("a verifier of flavour {flavour} and {length} bytes"));
            }
            match word()? {
                0 => return Ok((xid, Answer::Success(rest.to_vec()))),
                1 => Answer::ProgramUnavailable,
                2 => Answer::ProgramMismatch(word()?, word()?),
                3 => Answer::ProcedureUnavailable,
                4 => Answer::GarbageArguments,
                5 => Answer::SystemError,
                other => return Err(format!("accept_stat {other}")),
            }
        }
        1 => match word()? {
            0 => Answer::RpcMismatch(word()?, word()?),
            1 => Answer::AuthError(word()?),
            other => return Err(format!("reject_stat {other}")),
        },
        other => return Err(format!("reply_stat {other}")),
    };
    if rest.is_empty() { Ok((xid, answer)) } else { Err(format!("{} bytes after a reply", rest.len())) }
}

/// A reply of that transaction id: `SUCCESS` with these results.
#[must_use]
pub fn success(xid: u32, results: Item) -> Vec<u8> {
    Item::new().uint(xid).uint(1).uint(0).uint(AUTH_NONE).uint(0).uint(0).raw(&results.bytes()).bytes()
}

/// The transaction id of a message.
///
/// # Panics
///
/// If it is shorter than one.
#[must_use]
pub fn xid_of(message: &[u8]) -> u32 {
    u32::from_be_bytes(*message.first_chunk().expect("a transaction id"))
}

/// A record of one fragment (RFC 5531 §11).
#[must_use]
pub fn record(message: &[u8]) -> Vec<u8> {
    fragments(message, 1)
}

/// A record of `count` fragments of about the same size.
///
/// # Panics
///
/// If `count` is 0.
#[must_use]
pub fn fragments(message: &[u8], count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for index in 0..count {
        let [start, end] = [index, index + 1].map(|index| message.len() * index / count);
        bytes.extend_from_slice(&mark(end - start, index + 1 == count));
        bytes.extend_from_slice(&message[start..end]);
    }
    bytes
}

/// A record mark.
///
/// # Panics
///
/// If the length does not fit in 31 bits.
#[must_use]
pub fn mark(length: usize, last: bool) -> [u8; 4] {
    let length = u32::try_from(length).ok().filter(|length| length >> 31 == 0).expect("a length of 31 bits");
    (length | u32::from(last) << 31).to_be_bytes()
}

/// Sends a message as one record.
///
/// # Errors
///
/// As writing.
pub fn send_record(stream: &mut impl Write, message: &[u8]) -> io::Result<()> {
    stream.write_all(&record(message))
}

/// Receives a record; `None` if the peer has closed the connection instead.
///
/// # Errors
///
/// As reading; a peer that resets the connection has closed it.
pub fn receive_record(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    loop {
        let mut mark = [0; 4];
        match stream.read_exact(&mut mark) {
            Err(error) if closed(&error) => return Ok(None),
            read => read?,
        }
        let mark = u32::from_be_bytes(mark);
        let fragment = u64::from(mark & 0x7fff_ffff);
        if stream.take(fragment).read_to_end(&mut message)? as u64 != fragment {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed in the middle of a fragment"));
        }
        if mark >> 31 == 1 {
            return Ok(Some(message));
        }
    }
}

fn closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_are_one_message() {
        let message: Vec<u8> = (0..=255).collect();
        for count in [1, 2, 3, 16, 300] {
            let sent = fragments(&message, count);
            assert_eq!(sent.len(), message.len() + 4 * count);
            assert_eq!(receive_record(&mut sent.as_slice()).unwrap(), Some(message.clone()));
        }
    }

    #[test]
    fn an_end_between_records_is_no_error_and_one_inside_is() {
        assert_eq!(receive_record(&mut [].as_slice()).unwrap(), None);
        assert!(receive_record(&mut [0x80, 0, 0, 2, 1].as_slice()).is_err());
    }

    #[test]
    fn replies_are_taken_apart() {
        assert_eq!(parse_reply(&success(7, Item::new().int(-1))), Ok((7, Answer::Success(vec![255; 4]))));
        let denied = Item::new().uint(7).uint(1).uint(1).uint(0).uint(2).uint(2).bytes();
        assert_eq!(parse_reply(&denied), Ok((7, Answer::RpcMismatch(2, 2))));
        assert!(parse_reply(&denied[..20]).is_err());
        assert!(parse_reply(&[denied, vec![0]].concat()).is_err());
    }
}

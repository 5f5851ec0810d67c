//! What a trace shows.

use std::net::SocketAddr;

use onc_runtime::rpc::AuthFlavour;

use super::time::Time;

/// What carries messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Transport {
    /// TCP, with record marks.
    Tcp,
    /// UDP, a message in each datagram.
    Udp,
}

impl Transport {
    /// Its name, as it begins a netid.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A call and its reply, when the reply is there; or one of the two without the other.
    Exchange(Box<Exchange>),
    /// A message that is none, or a record mark that is none.
    Malformed {
        /// When it was seen.
        time: Time,
        /// From where to where it went.
        way: Way,
        /// What is wrong with it.
        reason: String,
    },
    /// Bytes of a connection are not in the capture.
    Gap {
        /// When that was seen.
        time: Time,
        /// From where to where they went.
        way: Way,
        /// How many.
        bytes: u64,
    },
    /// A connection goes on as TLS (RFC 9289), and nothing more of it can be read.
    Tls {
        /// When it did so.
        time: Time,
        /// From where to where the message went that began it.
        way: Way,
    },
}

/// From where to where something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Way {
    /// By what.
    pub transport: Transport,
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
}

/// A call and its reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The way of the call.
    pub way: Way,
    /// The number that call and reply have in common.
    pub xid: u32,
    /// The call; `None`: it is not in the capture.
    pub call: Option<Call>,
    /// The reply; `None`: it is not in the capture, or there was none.
    pub reply: Option<Reply>,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its message.
    pub message: Message,
    /// The program's number.
    pub program: u32,
    /// The version's number.
    pub version: u32,
    /// The procedure's number.
    pub procedure: u32,
    /// The flavour of its credential.
    pub flavour: AuthFlavour,
    /// The user's and the group's number, if an AUTH_SYS credential tells them.
    pub user: Option<(u32, u32)>,
    /// How often it was sent again.
    pub repeats: u32,
}

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its message.
    pub message: Message,
    /// Whether it is `SUCCESS`, so that results follow.
    pub success: bool,
    /// The server's verdict in words.
    pub status: String,
    /// Who sent it, if that is not who was called: over UDP it need not be.
    pub other_sender: Option<SocketAddr>,
}

/// The bytes of a call or a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// When the last of them was seen.
    pub time: Time,
    /// The message without record marks, as far as it was captured.
    pub bytes: Vec<u8>,
    /// How long it is.
    pub length: u64,
    /// Where arguments or results begin.
    pub body: usize,
}

impl Message {
    /// Arguments or results, as far as they were captured.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.bytes.get(self.body..).unwrap_or_default()
    }

    /// Whether all of the message was captured.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.bytes.len() as u64 == self.length
    }
}

/// What there was in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Packets of the capture.
    pub packets: u64,
    /// Packets of a link type that is not read.
    pub unread: u64,
    /// Calls, each counted once.
    pub calls: u64,
    /// Replies.
    pub replies: u64,
    /// Calls that were sent again.
    pub repeats: u64,
    /// Calls whose reply is not in the capture.
    pub unanswered: u64,
    /// Replies whose call is not in the capture.
    pub unasked: u64,
    /// Messages and record marks that are none.
    pub malformed: u64,
    /// Messages whose header was not captured whole.
    pub incomplete: u64,
    /// Segments of TCP that were there before.
    pub retransmissions: u64,
    /// Places where bytes of a connection with RPC are missing.
    pub gaps: u64,
    /// How many bytes are missing there.
    pub missing_bytes: u64,
}

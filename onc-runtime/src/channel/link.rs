//! What a channel's bytes go over at present.

use std::io;
use std::task::{Context, Poll};

use super::datagram::DatagramLink;
use super::queue::Channel;
use super::stream::StreamLink;

/// A connection, or a socket that sends to one address.
#[derive(Debug)]
pub(crate) enum Link {
    Stream(StreamLink),
    Datagram(DatagramLink),
}

impl Link {
    /// Sends what is queued and hands over what has arrived, until there is no more of either. Ready when no client is
    /// left, or with the reason why the link is lost.
    pub(super) fn poll(&mut self, channel: &Channel, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Stream(link) => link.poll(channel, cx),
            Self::Datagram(link) => link.poll(channel, cx),
        }
    }

    /// How many of the bytes queued since the link came up have left.
    pub(super) fn sent(&self) -> u64 {
        match self {
            Self::Stream(link) => link.sent(),
            Self::Datagram(_) => u64::MAX,
        }
    }

    /// Something has been received over it.
    pub(super) fn proven(&self) -> bool {
        match self {
            Self::Stream(link) => link.proven,
            Self::Datagram(link) => link.proven,
        }
    }
}

//! What a channel's bytes go over at present.

use std::io;
use std::sync::MutexGuard;
use std::task::{Context, Poll};

use super::datagram::DatagramLink;
use super::queue::{Channel, Inner};
use super::stream::StreamLink;

/// A connection, or a socket that sends to one address.
#[derive(Debug)]
pub(crate) enum Link {
    Stream(StreamLink),
    Datagram(DatagramLink),
}

/// Where the link is while it is up, for the driver and for a caller that [has it to itself](super::alone).
#[derive(Debug, Default)]
pub(super) struct Line {
    link: Option<Link>,
    /// Why it is lost, until the driver knows.
    broken: Option<io::Error>,
}

/// Who polls a link, and is woken by it from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Poller {
    Driver,
    /// The caller of the only call in flight.
    Caller(u32),
}

/// What polling a link came to.
#[derive(Debug)]
pub(super) enum Progress {
    /// Something was received: there may be more.
    Some,
    /// A large reply was received.
    Large,
    /// It is lost, or no client is left.
    End,
}

impl Link {
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

impl Line {
    /// The link has come up.
    pub(super) fn connect(&mut self, link: Link) {
        *self = Self { link: Some(link), broken: None };
    }

    /// Another one takes the place of the one that is up, which is returned.
    pub(super) fn replace(&mut self, link: Link) -> Option<Link> {
        self.broken = None;
        self.link.replace(link)
    }

    /// There is none any more, and nobody is to be told of it.
    pub(super) fn disconnect(&mut self) {
        *self = Self::default();
    }

    /// Nothing is on its way out.
    pub(super) fn is_quiet(&self) -> bool {
        match &self.link {
            Some(Link::Stream(link)) => link.is_quiet(),
            _ => true,
        }
    }

    /// It need not be watched when no call is in flight, until the driver looks after it on its next tick: nothing comes of
    /// itself, and nothing would be lost with it.
    #[inline]
    pub(super) fn may_rest(&self) -> bool {
        matches!(self.link, Some(Link::Datagram(_)))
    }

    /// It is there and works.
    pub(super) fn is_up(&self) -> bool {
        self.link.is_some() && self.broken.is_none()
    }

    /// Sends what is queued and receives once. Lets go of the queue before it does.
    pub(super) fn poll_once<'a>(
        &mut self,
        channel: &'a Channel,
        inner: MutexGuard<'a, Inner>,
        cx: &mut Context<'_>,
        poller: Poller,
    ) -> Poll<Progress> {
        if self.broken.is_some() {
            return Poll::Ready(Progress::End);
        }
        let progress = match &mut self.link {
            Some(Link::Stream(link)) => link.poll_once(channel, inner, cx, poller),
            Some(Link::Datagram(link)) => link.poll_once(channel, inner, cx, poller),
            None => return Poll::Ready(Progress::End),
        };
        progress.map(|progress| {
            progress.unwrap_or_else(|error| {
                self.broken = Some(error);
                Progress::End
            })
        })
    }

    /// Sends what is queued and hands over what has arrived, until there is no more of either. Ready with the link and the
    /// reason why it is lost, or with nothing when no client is left.
    pub(super) fn poll(&mut self, channel: &Channel, cx: &mut Context<'_>) -> Poll<Option<(Link, io::Error)>> {
        loop {
            match std::task::ready!(self.poll_once(channel, channel.lock(), cx, Poller::Driver)) {
                Progress::Some => {}
                Progress::Large => {
                    // Its caller may be done with it before the next one comes: then that will find its memory, still in
                    // the cache.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Progress::End => return Poll::Ready(self.link.take().zip(self.broken.take())),
            }
        }
    }
}

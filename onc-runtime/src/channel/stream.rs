//! A channel's connection.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::MutexGuard;
use std::task::{Context, Poll, Waker, ready};

use crate::observe::step;
use crate::rpc::MsgType;
use crate::transport::{Arrival, Incoming, Outgoing, Side, Stream};

use super::link::{Poller, Progress};
use super::queue::{Channel, Inner};

/// A connection that carries calls out and replies in.
pub(crate) struct StreamLink {
    io: Box<dyn Stream>,
    incoming: Incoming,
    outgoing: Outgoing,
    /// Bytes taken from the queue.
    taken: u64,
    /// Calls are waiting for others to leave together with them.
    gathering: bool,
    /// Calls that nobody waits for are on their way out.
    one_way: bool,
    /// Something has been received.
    pub(super) proven: bool,
    /// Calls that come the other way.
    side: Option<Side>,
    /// Callers whose reply came, collected so that none is woken while the queue is locked.
    woken: Vec<Waker>,
}

impl StreamLink {
    pub(crate) fn new(io: impl Stream, max_record_size: usize) -> Self {
        Self {
            io: Box::new(io),
            incoming: Incoming::new(max_record_size),
            outgoing: Outgoing::default(),
            taken: 0,
            gathering: false,
            one_way: false,
            proven: false,
            side: None,
            woken: Vec::new(),
        }
    }

    /// Records that are calls go there, and what is written there goes out.
    pub(crate) fn both_ways(mut self, side: Side) -> Self {
        self.side = Some(side);
        self
    }

    pub(super) fn sent(&self) -> u64 {
        self.taken - self.outgoing.len() as u64
    }

    /// Nothing is on its way out, and nothing will come that nobody has asked for.
    pub(super) fn is_quiet(&self) -> bool {
        self.outgoing.is_empty() && self.side.is_none()
    }

    /// Sends what is queued and reads once.
    pub(super) fn poll_once<'a>(
        &mut self,
        channel: &'a Channel,
        mut inner: MutexGuard<'a, Inner>,
        cx: &mut Context<'_>,
        poller: Poller,
    ) -> Poll<io::Result<Progress>> {
        if !inner.admits(poller) {
            return Poll::Pending;
        }
        if inner.closed {
            if !self.linger(&mut inner) {
                return Poll::Ready(Ok(Progress::End));
            }
            drop(inner);
            return self.poll_flush(cx).map_ok(|()| Progress::End);
        }
        inner.leaving = self.outgoing.len();
        if !inner.outgoing.is_empty() {
            if inner.are_several() && !std::mem::replace(&mut self.gathering, true) {
                // Others are calling too: one turn of the scheduler lets those who are about to call leave in the
                // same write.
                cx.waker().wake_by_ref();
            } else {
                self.gathering = false;
                self.take(&mut inner);
            }
        }
        if let Some(side) = &self.side
            && inner.outgoing.is_empty()
        {
            side.attend(cx.waker());
            // Counted as queued, or it could not be said of the calls behind it whether they have left.
            let bytes = side.collect(&mut self.outgoing) as u64;
            inner.position += bytes;
            self.taken += bytes;
        }
        if poller == Poller::Driver && !self.gathering && inner.driver.is_none() {
            inner.driver = Some(cx.waker().clone());
        }
        drop(inner);
        // Whether it all left or not: replies are read either way, or two full sockets would wait for each other.
        let _ = self.poll_flush(cx)?;
        if let Some(side) = &self.side {
            ready!(side.poll_room());
        }
        match ready!(self.poll_replies(channel, cx))? {
            Arrival::Bytes => {
                self.proven = true;
                Poll::Ready(Ok(if self.incoming.had_large() { Progress::Large } else { Progress::Some }))
            }
            Arrival::End { inside_record } => {
                let what = if inside_record {
                    "the server closed the connection in the middle of a reply"
                } else {
                    "the server closed the connection"
                };
                Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, what)))
            }
        }
    }

    /// Takes what is queued.
    fn take(&mut self, inner: &mut Inner) {
        let before = self.outgoing.len();
        self.outgoing.absorb(&mut inner.outgoing);
        self.taken += (self.outgoing.len() - before) as u64;
        self.one_way |= std::mem::take(&mut inner.one_way);
        inner.returning = 0;
        inner.leaving = self.outgoing.len();
    }

    /// No client is left. True if there is something that has to leave all the same.
    fn linger(&mut self, inner: &mut Inner) -> bool {
        self.take(inner);
        self.one_way && !self.outgoing.is_empty()
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let bytes = self.outgoing.len();
        if bytes == 0 {
            return Poll::Ready(Ok(()));
        }
        step!(2, "the message is handed to the local kernel", bytes);
        ready!(self.outgoing.poll_flush(Pin::new(&mut self.io), cx))?;
        step!(3, "the message crosses to the remote host", bytes);
        self.one_way = false;
        Poll::Ready(Ok(()))
    }

    /// Reads once and hands over the replies that came.
    fn poll_replies(&mut self, channel: &Channel, cx: &mut Context<'_>) -> Poll<io::Result<Arrival>> {
        let Self { io, incoming, outgoing, woken, side, .. } = self;
        let mut inner = None;
        let arrival = incoming.poll_read(Pin::new(io), cx, |record| {
            match (message_type(&record), &side) {
                (Some(MsgType::Reply), _) => {}
                (Some(MsgType::Call), Some(side)) => {
                    side.give(&record);
                    return Ok(());
                }
                (Some(MsgType::Call), None) => {
                    inner.get_or_insert_with(|| channel.lock()).refuse(&record, outgoing.len());
                    return Ok(());
                }
                (None, _) => {
                    let what = "the server sent a record that is no RPC message";
                    return Err(io::Error::new(io::ErrorKind::InvalidData, what));
                }
            }
            // Taken at the first reply and kept for the rest of the burst.
            let inner = inner.get_or_insert_with(|| channel.lock());
            woken.extend(channel.deliver(inner, &record).and_then(|delivered| delivered.waker));
            Ok(())
        });
        drop(inner);
        for waker in woken.drain(..) {
            waker.wake();
        }
        arrival
    }
}

/// What a record is; `None`: no message, so that the peer speaks something else.
fn message_type(record: &[u8]) -> Option<MsgType> {
    // RFC 5531 §9: a transaction id, and CALL, 0, or REPLY, 1.
    match record {
        [_, _, _, _, 0, 0, 0, 0, ..] => Some(MsgType::Call),
        [_, _, _, _, 0, 0, 0, 1, ..] => Some(MsgType::Reply),
        _ => None,
    }
}

impl fmt::Debug for StreamLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamLink")
            .field("incoming", &self.incoming)
            .field("outgoing", &self.outgoing)
            .finish_non_exhaustive()
    }
}

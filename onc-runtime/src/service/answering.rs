//! From a record to its reply, on a stream.

use std::io;
use std::sync::Arc;
use std::task::{Context, Waker};

use bytes::Bytes;

use crate::rpc::{MARK_SIZE, Record, record_mark};
use crate::transport::Outgoing;
use crate::xdr::Sink;

use super::calls::RunningCall;
use super::duplicates::{Admission, DuplicateCache, Ticket};
use super::outbox::Outbox;
use super::registry::Verdict;
use super::{ConnectionInfo, Handling, Lifecycle, Registry, Reply, Settings};

/// Answers the calls of one connection.
pub(super) struct Answering {
    pub(super) outbox: Arc<Outbox>,
    registry: Registry,
    pub(super) info: Arc<ConnectionInfo>,
    pub(super) settings: Settings,
    pub(super) lifecycle: Lifecycle,
    /// The calls that must not be executed twice.
    pub(super) duplicates: Option<DuplicateCache>,
}

impl Answering {
    pub(super) fn new(registry: Registry, info: Arc<ConnectionInfo>, settings: Settings, lifecycle: Lifecycle) -> Self {
        Self { outbox: Arc::default(), registry, info, settings, lifecycle, duplicates: None }
    }

    /// The connection has room for another call, and for its reply behind those in `outgoing`; the server as a whole may have
    /// none.
    #[inline]
    pub(super) fn has_room(&self, outgoing: &Outgoing) -> bool {
        outgoing.len() <= self.settings.max_unsent && self.outbox.running() < self.settings.max_calls
    }

    /// Another call can be begun now.
    #[inline]
    pub(super) fn may_begin(&self, outgoing: &Outgoing) -> bool {
        self.has_room(outgoing) && !self.lifecycle.calls().is_full()
    }

    /// Answers a call into `outgoing`, or starts its handler, which leaves the reply in the outbox and wakes `waker`.
    ///
    /// # Errors
    ///
    /// It is not a call.
    #[inline]
    pub(super) fn begin(&self, record: &Record<'_>, outgoing: &mut Outgoing, waker: &Waker) -> io::Result<()> {
        if let Some(duplicates) = &self.duplicates {
            return self.begin_once(duplicates, record, outgoing, waker);
        }
        self.execute(record, outgoing, waker, None).map(drop)
    }

    /// Answers a call that is executed only if it has not been.
    #[cold]
    fn begin_once(
        &self,
        duplicates: &DuplicateCache,
        record: &Record<'_>,
        outgoing: &mut Outgoing,
        waker: &Waker,
    ) -> io::Result<()> {
        let now = tokio::time::Instant::now().into_std();
        let admission = match self.info.peer.address() {
            Some(peer) => duplicates.admit(&self.registry, now, peer, record),
            None => Admission::Execute(None),
        };
        match admission {
            Admission::Execute(None) => self.execute(record, outgoing, waker, None).map(drop),
            Admission::Execute(ticket) => {
                let mut reply = Outgoing::default();
                if let Some(ticket) = self.execute(record, &mut reply, waker, ticket)? {
                    ticket.answered(now, reply.datagram(&mut Vec::new()));
                }
                outgoing.absorb(&mut reply);
                Ok(())
            }
            Admission::Repeat(reply) => {
                put_record(outgoing, reply);
                Ok(())
            }
            Admission::Drop => Ok(()),
        }
    }

    /// Gives the ticket back when the reply is in `outgoing`.
    #[inline]
    fn execute(
        &self,
        record: &Record<'_>,
        outgoing: &mut Outgoing,
        waker: &Waker,
        ticket: Option<Ticket>,
    ) -> io::Result<Option<Ticket>> {
        let (message, shared) = match record {
            Record::Borrowed(bytes) => (*bytes, None),
            Record::Owned(bytes) => (&bytes[..], Some(bytes)),
        };
        let verdict = self.registry.dispatch(message, shared, &self.info, self.settings.limits);
        let Verdict::Answer { xid, mut handling } = verdict else {
            tracing::debug!(target: "onc::server", peer = %self.info.peer, "a record that is not a call");
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a record that is not a call"));
        };
        let max_size = self.settings.max_record_size;
        let mut reply = Reply::new(outgoing, xid, max_size);
        // The connection's own waker: it is a spurious wake-up at worst.
        if handling.poll(&mut Context::from_waker(waker), &mut reply).is_ready() {
            return Ok(ticket);
        }
        self.outbox.begin(waker);
        let end =
            End { outbox: Arc::clone(&self.outbox), reply: None, ticket, _running: self.lifecycle.calls().begin() };
        self.lifecycle.spawn(finish(handling, xid, max_size, end));
        Ok(None)
    }
}

/// What is to be done at the end of a handler, even if it is cut off.
struct End {
    outbox: Arc<Outbox>,
    reply: Option<Outgoing>,
    ticket: Option<Ticket>,
    _running: RunningCall,
}

/// Runs a handler to its end and leaves the reply in the outbox.
async fn finish(mut handling: Handling, xid: u32, max_size: usize, mut end: End) {
    let mut out = Outgoing::default();
    std::future::poll_fn(|cx| handling.poll(cx, &mut Reply::new(&mut out, xid, max_size))).await;
    if let Some(ticket) = end.ticket.take() {
        ticket.answered(tokio::time::Instant::now().into_std(), out.datagram(&mut Vec::new()));
    }
    end.reply = Some(out);
}

impl Drop for End {
    fn drop(&mut self) {
        self.outbox.end(self.reply.take());
    }
}

/// Appends a message that was sent before.
fn put_record(outgoing: &mut Outgoing, message: Bytes) {
    let _ = outgoing.append(|out| {
        out.put::<MARK_SIZE>(record_mark(message.len()));
        out.put_slice(&message);
        Ok::<(), std::convert::Infallible>(())
    });
}

//! From a record to its reply, on a stream.

use std::io;
use std::sync::Arc;
use std::task::{Context, Waker};

use bytes::Bytes;

use crate::rpc::{CallHeader, MARK_SIZE, Record, record_mark};
use crate::transport::Outgoing;
use crate::xdr::Sink;

use super::calls::RunningCall;
use super::duplicates::{Admission, DuplicateCache, Ticket};
use super::execution::{AtOnce, Spares};
use super::outbox::{Awaited, Outbox};
use super::registry::Verdict;
use super::{ConnectionInfo, Handling, Lifecycle, Registry, Reply, Settings};

/// Answers the calls of one connection.
pub(super) struct Answering {
    pub(super) outbox: Outbox,
    registry: Registry,
    pub(super) info: Arc<ConnectionInfo>,
    pub(super) settings: Settings,
    pub(super) lifecycle: Lifecycle,
    /// The calls that must not be executed twice.
    pub(super) duplicates: Option<DuplicateCache>,
    spares: Spares,
}

impl Answering {
    pub(super) fn new(registry: Registry, info: Arc<ConnectionInfo>, settings: Settings, lifecycle: Lifecycle) -> Self {
        Self {
            outbox: Outbox::default(),
            registry,
            info,
            settings,
            lifecycle,
            duplicates: None,
            spares: Spares::default(),
        }
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
    pub(super) fn begin(&mut self, record: &Record<'_>, outgoing: &mut Outgoing, waker: &Waker) -> io::Result<()> {
        if self.duplicates.is_some() {
            return self.begin_once(record, outgoing, waker);
        }
        match self.dispatch(record, outgoing, waker) {
            Verdict::Answered => Ok(()),
            Verdict::Answer { xid, handling } => {
                self.go_on(xid, handling, outgoing, waker, None);
                Ok(())
            }
            Verdict::NotACall => Err(self.not_a_call()),
        }
    }

    /// Answers a call that is executed only if it has not been.
    #[cold]
    fn begin_once(&mut self, record: &Record<'_>, outgoing: &mut Outgoing, waker: &Waker) -> io::Result<()> {
        let now = || tokio::time::Instant::now().into_std();
        let admission = match (&self.duplicates, self.info.peer.address(), CallHeader::parse(record)) {
            (Some(duplicates), Some(peer), Ok((header, _))) => {
                duplicates.admit(&self.registry, now, peer, &header, record)
            }
            // What does not parse is refused further on.
            _ => Admission::Execute(None),
        };
        match admission {
            Admission::Execute(None) => self.execute(record, outgoing, waker, None).map(drop),
            Admission::Execute(ticket) => {
                let mut reply = Outgoing::default();
                if let Some(ticket) = self.execute(record, &mut reply, waker, ticket)? {
                    ticket.answered(now(), reply.datagram(&mut Vec::new()));
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
    fn execute(
        &mut self,
        record: &Record<'_>,
        outgoing: &mut Outgoing,
        waker: &Waker,
        ticket: Option<Ticket>,
    ) -> io::Result<Option<Ticket>> {
        match self.dispatch(record, outgoing, waker) {
            Verdict::Answered => Ok(ticket),
            Verdict::Answer { xid, handling } => Ok(self.go_on(xid, handling, outgoing, waker, ticket)),
            Verdict::NotACall => Err(self.not_a_call()),
        }
    }

    #[inline(always)]
    fn dispatch(&mut self, record: &Record<'_>, outgoing: &mut Outgoing, waker: &Waker) -> Verdict {
        let (message, shared) = match record {
            Record::Borrowed(bytes) => (*bytes, None),
            Record::Owned(bytes) => (&bytes[..], Some(bytes)),
        };
        // The connection's own waker: it is a spurious wake-up at worst.
        let at_once = AtOnce::new(outgoing, self.settings.max_record_size, waker, &mut self.spares);
        self.registry.dispatch(message, shared, &self.info, &self.settings.limits, Some(at_once))
    }

    /// Answers with a refusal, or leaves a handler that waits to a task of its own.
    #[cold]
    fn go_on(
        &mut self,
        xid: u32,
        mut handling: Handling,
        outgoing: &mut Outgoing,
        waker: &Waker,
        ticket: Option<Ticket>,
    ) -> Option<Ticket> {
        let max_size = self.settings.max_record_size;
        if handling.poll(&mut Context::from_waker(waker), &mut Reply::new(outgoing, xid, max_size)).is_ready() {
            return ticket;
        }
        let awaited = self.outbox.begin(waker);
        let end = End { awaited, reply: None, ticket, _running: self.lifecycle.calls().begin() };
        self.lifecycle.spawn(finish(handling, xid, max_size, end));
        None
    }

    #[cold]
    fn not_a_call(&self) -> io::Error {
        tracing::debug!(target: "onc::server", peer = %self.info.peer, "a record that is not a call");
        io::Error::new(io::ErrorKind::InvalidData, "a record that is not a call")
    }
}

/// What is to be done at the end of a handler, even if it is cut off.
struct End {
    awaited: Awaited,
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
        self.awaited.leave(self.reply.take());
    }
}

/// Appends a message that was sent before; nothing, if the call got no reply.
pub(super) fn put_record(outgoing: &mut Outgoing, message: Bytes) {
    if message.is_empty() {
        return;
    }
    let _ = outgoing.append(|out| {
        out.put::<MARK_SIZE>(record_mark(message.len()));
        out.put_slice(&message);
        Ok::<(), std::convert::Infallible>(())
    });
}

//! The server's side of one stream connection.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use crate::observe::step;
use crate::rpc::Record;
use crate::transport::{Arrival, Incoming, Outgoing, Side, Stream};
use crate::xdr::Limits;

use super::answering::Answering;
use super::vitals::{STEP, Vitals};
use super::{ConnectionInfo, DuplicateCache, Lifecycle, Registry};

/// What a connection may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// The largest record that is taken or sent.
    pub(crate) max_record_size: usize,
    /// What decoding arguments may cost.
    pub(crate) limits: Limits,
    /// Calls of one connection that run at the same time; further ones wait.
    pub(crate) max_calls: usize,
    /// Bytes of replies that the peer has not taken; above it no further calls are begun.
    pub(crate) max_unsent: usize,
}

/// One connection: reads calls, runs them, writes replies, until the peer closes or the server stops.
///
/// A handler that is ready at once is run here and its reply leaves with those of the other calls that came in the same
/// read. One that waits goes on in a task of its own.
pub(crate) struct Connection<S> {
    io: S,
    incoming: Incoming,
    outgoing: Outgoing,
    answering: Answering,
    /// Calls that were read together with others, and are not begun because a limit is reached. Nothing further is read
    /// before they are.
    held: VecDeque<Bytes>,
    /// Waits until the server has room for another call.
    room: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    has_waited: bool,
    /// The log knows that a limit of this connection was reached: once is enough.
    limit_told: bool,
    /// No further calls are read: the peer has closed its side, or the server stops.
    ending: bool,
    /// Replies are waiting for others to leave together with them.
    gathering: bool,
    /// The peer has closed its side.
    peer_closed: bool,
    /// Calls that go the other way.
    side: Option<Side>,
    vitals: Option<Arc<Vitals>>,
    /// Bytes have come or left since the vitals were told last.
    has_moved: bool,
    /// Bytes received when the record under way began or made its last step.
    step: u64,
}

impl<S: Stream> Connection<S> {
    pub(crate) fn new(
        io: S,
        registry: Registry,
        info: Arc<ConnectionInfo>,
        settings: Settings,
        lifecycle: Lifecycle,
    ) -> Self {
        Self {
            io,
            incoming: Incoming::new(settings.max_record_size),
            outgoing: Outgoing::default(),
            held: VecDeque::new(),
            room: None,
            has_waited: false,
            limit_told: false,
            answering: Answering::new(registry, info, settings, lifecycle),
            ending: false,
            gathering: false,
            peer_closed: false,
            side: None,
            vitals: None,
            has_moved: false,
            step: 0,
        }
    }

    /// Calls that come twice are executed once, as far as `duplicates` remembers them.
    pub(crate) fn remembering(mut self, duplicates: Option<DuplicateCache>) -> Self {
        self.answering.duplicates = duplicates;
        self
    }

    /// Records that are replies go there, and what is written there goes out.
    pub(crate) fn both_ways(mut self, side: Side) -> Self {
        self.side = Some(side);
        self
    }

    /// Takes calls of this size at most. Replies may still be as large as records may.
    pub(crate) fn max_call_size(mut self, bytes: usize) -> Self {
        self.incoming = Incoming::new(bytes);
        self
    }

    /// Notes there when something happens.
    pub(crate) fn watched(mut self, vitals: Arc<Vitals>) -> Self {
        self.vitals = Some(vitals);
        self
    }

    /// Reads once and answers or starts each call that came.
    fn poll_calls(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Arrival>> {
        let Self { io, incoming, outgoing, answering, held, ending, side, .. } = self;
        let waker = cx.waker();
        let mut complete = false;
        let arrival = ready!(incoming.poll_read(Pin::new(io), &mut Context::from_waker(waker), |record| {
            complete = true;
            if let Some(side) = side
                && is_reply(&record)
            {
                side.give(&record);
                return Ok(());
            }
            if *ending {
                return Ok(());
            }
            // A burst may bring thousands of calls at once.
            if held.is_empty() && answering.may_begin(outgoing) {
                return answering.begin(&record, outgoing, waker);
            }
            held.push_back(record.into_bytes());
            Ok(())
        }))?;
        self.note_arrival(complete);
        Poll::Ready(Ok(arrival))
    }

    /// Begins calls that were held back, as far as there is room; true if it began any.
    fn begin_held(&mut self, cx: &Context<'_>) -> io::Result<bool> {
        let mut any = false;
        while !self.held.is_empty() && self.answering.may_begin(&self.outgoing) {
            let Some(record) = self.held.pop_front() else { break };
            self.answering.begin(&Record::Owned(record), &mut self.outgoing, cx.waker())?;
            any = true;
        }
        Ok(any)
    }

    /// There is room for another call. If only the server as a whole has none, it is waited for.
    #[inline]
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.room.is_none() && self.answering.may_begin(&self.outgoing) {
            return Poll::Ready(());
        }
        self.wait_for_room(cx)
    }

    #[cold]
    fn wait_for_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.answering.has_room(&self.outgoing) {
            let calls = self.answering.lifecycle.calls();
            if !calls.is_full() {
                self.room = None;
                return Poll::Ready(());
            }
            let room = self.room.get_or_insert_with(|| Box::pin(calls.clone().room()));
            ready!(room.as_mut().poll(cx));
            self.room = None;
            self.has_waited = true;
        }
        // The end of a call, or the peer's reading, wakes it.
        self.room = None;
        self.tell_limit();
        Poll::Pending
    }

    /// Says which limit of this connection makes its calls wait.
    #[cold]
    fn tell_limit(&mut self) {
        if std::mem::replace(&mut self.limit_told, true) {
            return;
        }
        let (peer, unsent) = (&self.answering.info.peer, self.outgoing.len());
        if unsent > self.answering.settings.max_unsent {
            tracing::debug!(target: "onc::server", %peer, unsent, "a peer does not take its replies, and its calls wait; `max_unsent` allows more");
        } else {
            let running = self.answering.outbox.running();
            tracing::debug!(target: "onc::server", %peer, running, "further calls of a connection wait; `max_calls_per_connection` allows more");
        }
    }

    /// Bytes have come; `complete`: a record has been completed.
    #[inline]
    fn note_arrival(&mut self, complete: bool) {
        self.has_moved = true;
        let Some(vitals) = &self.vitals else { return };
        if !self.incoming.in_progress() {
            if vitals.record_under_way() {
                vitals.no_record();
            }
        } else if complete || !vitals.record_under_way() || self.incoming.received() - self.step >= STEP {
            self.step = self.incoming.received();
            vitals.record_grows();
        }
    }

    /// Picks up what handlers have left that took their time.
    fn collect(&mut self, cx: &Context<'_>) {
        let outbox = &self.answering.outbox;
        if outbox.running() > 0 && !std::mem::replace(&mut self.gathering, true) {
            // More handlers are running: one turn of the scheduler lets those that are about to finish leave in the same
            // write.
            cx.waker().wake_by_ref();
        } else {
            self.gathering = false;
            outbox.collect(&mut self.outgoing);
        }
    }

    /// Writes what is to leave; true if all of it has left.
    #[inline]
    fn flush(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        if self.outgoing.is_empty() {
            return Ok(true);
        }
        let bytes = self.outgoing.len();
        let flushed = self.outgoing.poll_flush(Pin::new(&mut self.io), cx)?.is_ready();
        if flushed {
            step!(8, "the reply crosses back", bytes);
        }
        self.has_moved |= flushed || self.outgoing.len() < bytes;
        Ok(flushed)
    }

    /// Nothing is read for now: whether a record comes slowly cannot be told.
    fn note_pause(&self) {
        if let Some(vitals) = &self.vitals {
            vitals.no_record();
        }
    }
}

impl<S: Stream> Connection<S> {
    /// Goes on as far as it can. Ready when the connection has come to its end.
    fn poll_on(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.ending && self.answering.lifecycle.is_stopping() {
            self.ending = true;
            self.held.clear();
        }
        loop {
            if self.answering.outbox.is_filled() {
                self.collect(cx);
            }
            if let Some(side) = &self.side {
                side.attend(cx.waker());
                side.collect(&mut self.outgoing);
            }
            let flushed = self.flush(cx)?;
            if !self.held.is_empty() && self.begin_held(cx)? {
                continue;
            }
            if self.ending && self.held.is_empty() {
                let outbox = &self.answering.outbox;
                if flushed && outbox.running() == 0 && !outbox.is_filled() {
                    ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
                    return Poll::Ready(Ok(()));
                }
                if self.side.is_none() || self.peer_closed {
                    return Poll::Pending;
                }
                // A handler that still runs may wait for the reply to a call of its own.
            } else {
                // Backpressure: what is not read stays in the socket, and the peer's own buffer fills.
                if self.poll_room(cx).is_pending() {
                    self.note_pause();
                    return Poll::Pending;
                }
                if !self.held.is_empty() {
                    continue;
                }
            }
            if let Some(side) = &self.side
                && side.poll_room().is_pending()
            {
                self.note_pause();
                return Poll::Pending;
            }
            match ready!(self.poll_calls(cx))? {
                Arrival::Bytes => {}
                Arrival::End { inside_record } => {
                    if inside_record {
                        tracing::debug!(target: "onc::server", peer = %self.answering.info.peer, "closed in the middle of a record");
                    }
                    self.ending = true;
                    self.peer_closed = true;
                    self.note_pause();
                }
            }
        }
    }
}

/// Whether a record is a reply, to a call that went the other way.
fn is_reply(record: &[u8]) -> bool {
    // RFC 5531 §9: behind the xid the msg_type, of which REPLY is 1.
    record.get(4..8) == Some(&1_u32.to_be_bytes())
}

impl<S: Stream> Future for Connection<S> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = self.poll_on(cx);
        if std::mem::take(&mut self.has_waited) {
            // Others that wait may have the room that is left.
            self.answering.lifecycle.calls().pass_on();
        }
        let has_moved = std::mem::take(&mut self.has_moved);
        if let Some(vitals) = &self.vitals {
            if has_moved {
                vitals.active();
            }
            vitals.busy(self.answering.outbox.running() > 0 || self.room.is_some());
        }
        poll
    }
}

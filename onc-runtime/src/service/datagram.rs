//! The server's side of one UDP socket.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::net::UdpSocket;
use tokio::time::Instant;

use crate::observe::{self, Side, step};
use crate::rpc::{CallError, CallHeader, Netid};
use crate::transport::{MultihomedSocket, Outgoing, Peer, Return, canonical};

use super::answering::put_record;
use super::connection::Settings;
use super::duplicates::{Admission, DuplicateCache, Ticket};
use super::execution::{AtOnce, Spares};
use super::registry::Verdict;
use super::{ConnectionInfo, Handling, Lifecycle, Registry, Reply};

/// The largest datagram that IPv4 carries behind its own and UDP's header.
pub(crate) const MAX_DATAGRAM: usize = 65_507;

/// Room for a received datagram.
const ROOM: usize = 64 << 10;

/// One UDP socket: reads calls, runs them, sends replies from the address that each call came to.
pub(crate) struct Datagrams {
    socket: Arc<MultihomedSocket>,
    registry: Registry,
    settings: Settings,
    /// The largest call that is taken.
    max_call_size: usize,
    lifecycle: Lifecycle,
    /// Whose datagrams are looked at.
    admits: Option<Box<Admits>>,
    /// The calls that must not be executed twice.
    duplicates: Option<DuplicateCache>,
    /// What the socket is bound to.
    local: SocketAddr,
    /// Where the last datagram came from: the next one is often from the same peer.
    from: Option<Return>,
    /// What handlers may know of that.
    info: Arc<ConnectionInfo>,
    spares: Spares,
    /// The length of a datagram that has been read, and is not answered before the server has room for its call. What has not been
    /// read waits in the socket.
    held: Option<usize>,
    /// Waits for that.
    room: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// The reply that is on its way.
    out: Outgoing,
    /// Where a reply of several pieces is put together.
    message: Vec<u8>,
}

/// Whether a datagram of this peer is looked at.
type Admits = dyn Fn(&Peer) -> bool + Send + Sync;

impl Datagrams {
    /// Serves `socket`.
    ///
    /// # Errors
    ///
    /// The socket does not let itself be set up.
    pub(crate) fn new(
        socket: UdpSocket,
        registry: Registry,
        mut settings: Settings,
        lifecycle: Lifecycle,
    ) -> io::Result<Self> {
        let local = socket.local_addr()?;
        let max_call_size = settings.max_record_size;
        settings.max_record_size = settings.max_record_size.min(MAX_DATAGRAM);
        let info = ConnectionInfo::new(Peer::udp(local), Some(local));
        let socket = Arc::new(MultihomedSocket::new(socket)?);
        Ok(Self {
            socket,
            registry,
            settings,
            max_call_size,
            lifecycle,
            admits: None,
            duplicates: None,
            local,
            from: None,
            info: Arc::new(info),
            spares: Spares::default(),
            held: None,
            room: None,
            out: Outgoing::default(),
            message: Vec::new(),
        })
    }

    /// Asks before a datagram is looked at; what is not admitted is dropped.
    pub(crate) fn admitting(mut self, admits: impl Fn(&Peer) -> bool + Send + Sync + 'static) -> Self {
        self.admits = Some(Box::new(admits));
        self
    }

    /// Calls that come twice are executed once, as far as `duplicates` remembers them.
    pub(crate) fn remembering(mut self, duplicates: Option<DuplicateCache>) -> Self {
        self.duplicates = duplicates;
        self
    }

    /// Serves until the server stops. To be run in a task of its [`Lifecycle`], which wakes it then.
    ///
    /// # Errors
    ///
    /// The socket failed for good.
    pub(crate) async fn run(mut self) -> io::Result<()> {
        let mut buffer = vec![0; ROOM];
        poll_fn(|cx| self.poll_on(cx, &mut buffer)).await
    }

    /// Goes on as far as it can. Ready when the server stops.
    fn poll_on(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<()>> {
        loop {
            if !self.out.is_empty() {
                ready!(self.poll_send(cx));
            }
            if self.lifecycle.is_stopping() {
                return Poll::Ready(Ok(()));
            }
            let length = match self.held {
                Some(length) => {
                    ready!(self.poll_room(cx));
                    length
                }
                None => {
                    let (length, from) = ready!(self.socket.poll_receive(cx, buffer))?;
                    self.remember(from);
                    if !self.takes(length) {
                        continue;
                    }
                    if self.lifecycle.calls().is_full() {
                        self.held = Some(length);
                        continue;
                    }
                    length
                }
            };
            self.answer(cx, &buffer[..length]);
            if self.held.take().is_some() {
                // Others that wait may have the room that is left.
                self.lifecycle.calls().pass_on();
            }
        }
    }

    /// Keeps what handlers may know of the peer, made anew only when it is another one.
    #[inline]
    fn remember(&mut self, from: Return) {
        if self.from == Some(from) {
            return;
        }
        self.from = Some(from);
        let local = canonical(SocketAddr::new(from.from.unwrap_or(self.local.ip()), self.local.port()));
        self.info = Arc::new(ConnectionInfo::new(Peer::udp(from.to), Some(local)));
    }

    /// Whether the datagram that has come is looked at.
    #[inline]
    fn takes(&self, length: usize) -> bool {
        let peer = &self.info.peer;
        observe::datagram_received(Side::Server, peer.netid(), length);
        if self.admits.as_ref().is_some_and(|admits| !admits(peer)) {
            tracing::trace!(target: "onc::server", %peer, "a datagram was not admitted");
            return false;
        }
        if length > self.max_call_size {
            tracing::debug!(
                target: "onc::server",
                %peer,
                bytes = length,
                "a call that is too large was dropped; `max_record_size` takes larger ones"
            );
            return false;
        }
        true
    }

    /// The server has room for another call.
    #[cold]
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let calls = self.lifecycle.calls();
        let room = self.room.get_or_insert_with(|| Box::pin(calls.clone().room()));
        ready!(room.as_mut().poll(cx));
        self.room = None;
        Poll::Ready(())
    }

    /// Answers a datagram into `out`, or starts its handler.
    #[inline]
    fn answer(&mut self, cx: &mut Context<'_>, datagram: &[u8]) {
        let Some(from) = self.from else { return };
        let parsed = CallHeader::parse(datagram);
        let admission = match (&self.duplicates, &parsed) {
            (Some(duplicates), Ok((header, _))) => duplicates.admit(&self.registry, now, from.to, header, datagram),
            // What does not parse is refused further on.
            _ => Admission::Execute(None),
        };
        match admission {
            Admission::Execute(ticket) => {
                if let Some(ticket) = self.execute(cx, parsed, datagram, from, ticket) {
                    ticket.answered(now(), self.out.datagram(&mut self.message));
                }
            }
            Admission::Repeat(reply) => put_record(&mut self.out, reply),
            Admission::Drop => {}
        }
    }

    /// Executes a call. Gives the ticket back when its reply is in `out`.
    #[inline]
    fn execute(
        &mut self,
        cx: &mut Context<'_>,
        parsed: Result<(CallHeader<'_>, usize), CallError>,
        datagram: &[u8],
        from: Return,
        ticket: Option<Ticket>,
    ) -> Option<Ticket> {
        let max = self.settings.max_record_size;
        let dispatch = || {
            let at_once = AtOnce::new(&mut self.out, max, cx.waker(), &mut self.spares);
            self.registry.dispatch_parsed(parsed, datagram, None, &self.info, &self.settings.limits, Some(at_once))
        };
        // A connection may end with a panic, this socket may not: it is everybody's.
        let verdict = catch_unwind(AssertUnwindSafe(dispatch));
        let (xid, mut handling) = match verdict.unwrap_or_else(|panic| self.registry.panicked(datagram, &*panic)) {
            Verdict::Answered => return ticket,
            Verdict::Answer { xid, handling } => (xid, handling),
            Verdict::NotACall => {
                tracing::debug!(target: "onc::server", peer = %self.info.peer, "a datagram that is not a call");
                return None;
            }
        };
        if handling.poll(cx, &mut Reply::new(&mut self.out, xid, max)).is_ready() {
            return ticket;
        }
        let (socket, running) = (Arc::clone(&self.socket), self.lifecycle.calls().begin());
        self.lifecycle.spawn(async move {
            finish(handling, xid, max, socket, from, ticket).await;
            drop(running);
        });
        None
    }

    /// Sends the reply in `out`.
    #[inline]
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(from) = self.from {
            let message = self.out.datagram(&mut self.message);
            let sent = ready!(self.socket.poll_send(cx, message, from));
            tell_sent(sent, message, from);
        }
        self.out.discard();
        Poll::Ready(())
    }
}

/// Runs a handler to its end and sends the reply.
async fn finish(
    mut handling: Handling,
    xid: u32,
    max: usize,
    socket: Arc<MultihomedSocket>,
    destination: Return,
    ticket: Option<Ticket>,
) {
    let mut out = Outgoing::default();
    poll_fn(|cx| handling.poll(cx, &mut Reply::new(&mut out, xid, max))).await;
    let mut message = Vec::new();
    let reply = out.datagram(&mut message);
    if let Some(ticket) = ticket {
        ticket.answered(now(), reply);
    }
    // Not every call gets a reply.
    if !reply.is_empty() {
        tell_sent(socket.send(reply, destination).await, reply, destination);
    }
}

/// A reply that does not get out is as good as one lost on the way: the client asks again.
fn tell_sent(sent: io::Result<()>, message: &[u8], destination: Return) {
    step!(8, "the reply crosses back", bytes = message.len());
    observe::datagram_sent(Side::Server, Netid::udp(&canonical(destination.to)), message.len());
    if let Err(error) = sent {
        tracing::debug!(target: "onc::server", %error, to = %destination.to, "a reply was not sent");
    }
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

//! The server's side of one UDP socket.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::net::UdpSocket;
use tokio::time::Instant;

use crate::observe::{self, Side, step};
use crate::rpc::Netid;
use crate::transport::{MultihomedSocket, Outgoing, Peer, Return, canonical};

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
    /// Of the last call: the next one is often from the same peer.
    info: Arc<ConnectionInfo>,
    spares: Spares,
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
            info: Arc::new(info),
            spares: Spares::default(),
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

    /// Serves until the server stops.
    ///
    /// # Errors
    ///
    /// The socket failed for good.
    pub(crate) async fn run(mut self) -> io::Result<()> {
        let local = self.socket.local_addr()?;
        let mut room = vec![0; ROOM];
        let mut out = Outgoing::default();
        let mut message = Vec::new();
        let stopping = self.lifecycle.clone().stopping();
        tokio::pin!(stopping);
        loop {
            let (length, destination) = tokio::select! {
                received = self.socket.receive(&mut room) => received?,
                () = &mut stopping => return Ok(()),
            };
            let (datagram, now) = (&room[..length], Instant::now());
            self.remember(local, destination);
            observe::datagram_received(Side::Server, self.info.peer.netid(), length);
            if self.admits.as_ref().is_some_and(|admits| !admits(&self.info.peer)) {
                tracing::trace!(target: "onc::server", peer = %self.info.peer, "a datagram was not admitted");
                continue;
            }
            if length > self.max_call_size {
                tracing::debug!(
                    target: "onc::server",
                    peer = %self.info.peer,
                    bytes = length,
                    "a call that is too large was dropped; `max_record_size` takes larger ones"
                );
                continue;
            }
            if self.lifecycle.calls().is_full() {
                // What was read is held back too; what was not waits in the socket.
                tokio::select! {
                    () = self.lifecycle.calls().clone().room() => {}
                    () = &mut stopping => return Ok(()),
                }
            }
            match self.admit(now, datagram, destination.to) {
                Admission::Execute(ticket) => {
                    let Some(ticket) = self.answer(datagram, destination, ticket, &mut out).await else { continue };
                    let reply = out.datagram(&mut message);
                    if let Some(ticket) = ticket {
                        ticket.answered(now.into_std(), reply);
                    }
                    send(&self.socket, reply, destination).await;
                    out.discard();
                }
                Admission::Repeat(reply) => send(&self.socket, &reply, destination).await,
                Admission::Drop => {}
            }
        }
    }

    /// Keeps what handlers may know of the peer, made anew only when it is another one.
    fn remember(&mut self, local: SocketAddr, from: Return) {
        let local = canonical(SocketAddr::new(from.from.unwrap_or(local.ip()), local.port()));
        if self.info.peer.address() != Some(canonical(from.to)) || self.info.local != Some(local) {
            let peer = Peer::udp(from.to);
            self.info = Arc::new(ConnectionInfo::new(peer, Some(local)));
        }
    }

    fn admit(&self, now: Instant, datagram: &[u8], from: SocketAddr) -> Admission {
        match &self.duplicates {
            Some(duplicates) => duplicates.admit(&self.registry, now.into_std(), from, datagram),
            None => Admission::Execute(None),
        }
    }

    /// Answers a datagram or starts its handler. Gives the ticket back when there is a reply in `out`.
    async fn answer(
        &mut self,
        datagram: &[u8],
        destination: Return,
        ticket: Option<Ticket>,
        out: &mut Outgoing,
    ) -> Option<Option<Ticket>> {
        let max = self.settings.max_record_size;
        let verdict = poll_fn(|cx: &mut Context<'_>| {
            let dispatch = || {
                let at_once = AtOnce::new(out, max, cx.waker(), &mut self.spares);
                self.registry.dispatch(datagram, None, &self.info, &self.settings.limits, Some(at_once))
            };
            // A connection may end with a panic, this socket may not: it is everybody's.
            let verdict = catch_unwind(AssertUnwindSafe(dispatch));
            Poll::Ready(verdict.unwrap_or_else(|panic| self.registry.panicked(datagram, &*panic)))
        });
        let (xid, mut handling) = match verdict.await {
            Verdict::Answered => return Some(ticket),
            Verdict::Answer { xid, handling } => (xid, handling),
            Verdict::NotACall => {
                tracing::debug!(target: "onc::server", peer = %self.info.peer, "a datagram that is not a call");
                return None;
            }
        };
        if poll_fn(|cx| Poll::Ready(handling.poll(cx, &mut Reply::new(out, xid, max)).is_ready())).await {
            return Some(ticket);
        }
        let (socket, running) = (Arc::clone(&self.socket), self.lifecycle.calls().begin());
        self.lifecycle.spawn(async move {
            finish(handling, xid, max, socket, destination, ticket).await;
            drop(running);
        });
        self.lifecycle.calls().pass_on();
        None
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
        ticket.answered(Instant::now().into_std(), reply);
    }
    send(&socket, reply, destination).await;
}

/// Sends a reply. A reply that does not get out is as good as one lost on the way: the client asks again.
async fn send(socket: &MultihomedSocket, message: &[u8], destination: Return) {
    // Not every call gets a reply.
    if message.is_empty() {
        return;
    }
    let sent = socket.send(message, destination).await;
    step!(8, "the reply crosses back", bytes = message.len());
    observe::datagram_sent(Side::Server, Netid::udp(&canonical(destination.to)), message.len());
    if let Err(error) = sent {
        tracing::debug!(target: "onc::server", %error, to = %destination.to, "a reply was not sent");
    }
}

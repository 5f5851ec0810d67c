//! Connections to a port mapper: how many there may be, and what each may cost.

use std::io;
use std::sync::Arc;

use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::service::{
    Accept, Connection, ConnectionInfo, Datagrams, Guests, Lifecycle, Patience, Registry, Settings, Shares, Watch,
    accept,
};
use crate::transport::Stream;
#[cfg(unix)]
use crate::transport::UnixSocket;
use crate::xdr::Limits;

use super::limiter::Limiter;

/// What each listening socket needs.
#[derive(Clone)]
pub(super) struct Door {
    registry: Registry,
    lifecycle: Lifecycle,
    max_connections: usize,
    guests: Guests,
    /// Datagrams of other hosts.
    datagrams: Arc<Limiter>,
    /// Over connections from other hosts.
    strangers: Watch,
    /// Over those from this host.
    locals: Watch,
}

/// The largest reply: a list of as many entries as there can be by default, of the longest names.
const MAX_REPLY: usize = 2 << 20;

/// Calls of a connection that may run at the same time: only those that are handed on take a while.
const MAX_CALLS: usize = 64;

/// Bytes of replies that a peer has not taken, above which no further calls of it are read.
const MAX_UNSENT: usize = 64 << 10;

/// Calls of another host's connection that may wait for their turn. Nobody who keeps to the rate waits.
const CALLS_OF_STRANGER: usize = 4;

/// The largest call: one to be handed on with the most arguments. rpcbind takes no more than 9000 bytes.
const MAX_CALL: usize = 16 << 10;

/// Open connections of a Unix socket: every server of the host may keep one.
#[cfg(unix)]
const MAX_LOCAL_CONNECTIONS: usize = 4096;

/// Of these, connections of one user other than root.
const MAX_CONNECTIONS_OF_USER: usize = 1024;

impl Door {
    pub(super) fn new(
        registry: Registry,
        lifecycle: Lifecycle,
        max_connections: usize,
        max_connections_per_peer: usize,
        calls_per_second: u32,
        strangers: Patience,
        locals: Patience,
    ) -> Self {
        // Whoever is on this host cannot keep all others out.
        let of_this_host = max_connections.div_ceil(4) * 3;
        let guests = Guests::new(Shares {
            of_peer: max_connections_per_peer,
            of_this_host: Some(of_this_host),
            of_user: Some(MAX_CONNECTIONS_OF_USER),
        });
        let [strangers, locals] = [strangers, locals].map(Watch::new);
        let datagrams = Arc::new(Limiter::new(calls_per_second));
        Self { registry, lifecycle, max_connections, guests, datagrams, strangers, locals }
    }

    /// Answers what comes to a UDP socket.
    ///
    /// # Errors
    ///
    /// The socket does not let itself be set up.
    pub(super) fn datagrams(&self, socket: UdpSocket) -> io::Result<Datagrams> {
        let datagrams = Datagrams::new(socket, self.registry.clone(), settings(MAX_CALLS), self.lifecycle.clone())?;
        let limiter = Arc::clone(&self.datagrams);
        // Procedure 0 and versions that there are not are answered without the programs, whose own limit is behind this.
        Ok(datagrams.admitting(move |peer| match peer.other_host() {
            Some(host) => limiter.take(host, Instant::now()).is_ok(),
            None => true,
        }))
    }

    /// Closes connections that are silent for too long, in the background.
    pub(super) fn look_after_connections(&self) {
        for watch in [&self.strangers, &self.locals] {
            self.lifecycle.spawn_until_stop(watch.clone().run());
        }
    }

    /// Serves the connections to a TCP port.
    pub(super) async fn accept_tcp(self, listener: TcpListener) {
        let most = self.max_connections;
        self.accept(listener, most).await;
    }

    /// Serves the connections to a Unix socket.
    #[cfg(unix)]
    pub(super) async fn accept_unix(self, socket: UnixSocket) {
        self.accept(socket, MAX_LOCAL_CONNECTIONS).await;
    }

    /// Serves each connection in a task of its own, so many at the same time.
    async fn accept(self, listener: impl Accept, most: usize) {
        let (room, lifecycle) = (Arc::new(Semaphore::new(most)), self.lifecycle.clone());
        accept(listener, room, lifecycle, |io, info, place| self.serve(io, info, place)).await;
    }

    /// Serves a connection, which has `place` until it ends.
    fn serve(&self, io: impl Stream, info: ConnectionInfo, place: OwnedSemaphorePermit) {
        let Some(guest) = self.guests.admit(&info.peer) else {
            tracing::debug!(target: "onc::portmap", peer = %info.peer, "too many connections: closed");
            return;
        };
        let (watch, settings) = if info.peer.is_local() {
            (&self.locals, settings(MAX_CALLS))
        } else {
            (&self.strangers, settings(CALLS_OF_STRANGER))
        };
        let info = Arc::new(info);
        let vitals = watch.vitals(Arc::clone(&info));
        let watched = Arc::downgrade(&vitals);
        let connection = Connection::new(io, self.registry.clone(), info, settings, self.lifecycle.clone())
            .max_call_size(MAX_CALL)
            .watched(vitals);
        let task = self.lifecycle.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(target: "onc::portmap", %error, "a connection ended");
            }
            drop((place, guest));
        });
        watch.add(watched, task);
    }
}

/// What a connection, or a UDP socket, may cost.
fn settings(max_calls: usize) -> Settings {
    Settings { max_record_size: MAX_REPLY, limits: Limits::default(), max_calls, max_unsent: MAX_UNSENT }
}

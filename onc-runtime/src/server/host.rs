//! What all connections of a server share, and how each of them begins.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::channel;
use crate::observe::{self, Side, observed};
use crate::service::{
    Accept, Connection, ConnectionInfo, DuplicateCache, Guest, Guests, Lifecycle, Patience, Registry, Settings, Shares,
    Watch, accept,
};
use crate::transport::Stream;

use super::callback;

/// Serves connections. Clones are the same server.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) registry: Registry,
    pub(super) settings: Settings,
    pub(super) lifecycle: Lifecycle,
    limits: ConnectionLimits,
    room: Arc<Semaphore>,
    /// The log knows that there was no room: once is enough.
    full_told: Arc<AtomicBool>,
    guests: Guests,
    watch: Watch,
    /// The calls over streams that must not be executed twice.
    duplicates: Option<DuplicateCache>,
    /// Of the calls to clients, if there are to be any.
    callbacks: Option<channel::Settings>,
}

/// How many connections there may be, and how long they may be silent.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectionLimits {
    pub(super) connections: usize,
    pub(super) connections_of_peer: usize,
    pub(super) patience: Patience,
}

/// Why a connection is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServeError {
    /// The server stops.
    Stopping,
    /// The server has too many connections.
    Connections {
        /// The limit.
        max: usize,
    },
    /// The peer has too many connections.
    ConnectionsOfPeer {
        /// The limit.
        max: usize,
    },
}

impl Host {
    pub(super) fn new(
        registry: Registry,
        settings: Settings,
        lifecycle: Lifecycle,
        limits: ConnectionLimits,
        duplicates: Option<DuplicateCache>,
        callbacks: Option<channel::Settings>,
    ) -> Self {
        Self {
            registry,
            settings,
            lifecycle,
            limits,
            room: Arc::new(Semaphore::new(limits.connections)),
            full_told: Arc::default(),
            guests: Guests::new(Shares { of_peer: limits.connections_of_peer, of_this_host: None, of_user: None }),
            watch: Watch::new(limits.patience),
            duplicates,
            callbacks,
        }
    }

    /// Accepts connections and serves each in a task of its own, until the server stops.
    pub(super) async fn accept(self, listener: impl Accept) {
        let (room, lifecycle) = (Arc::clone(&self.room), self.lifecycle.clone());
        accept(listener, room, lifecycle, |io, info, place| {
            let peer = info.peer.clone();
            if let Err(error) = self.serve(io, info, place) {
                tracing::warn!(target: "onc::server", %error, %peer, "a connection was refused");
            }
        })
        .await;
    }

    /// The place for a connection, if there is one now.
    pub(super) fn place_now(&self) -> Result<OwnedSemaphorePermit, ServeError> {
        let full = ServeError::Connections { max: self.limits.connections };
        Arc::clone(&self.room).try_acquire_owned().map_err(|_| full.counted())
    }

    /// Serves a connection in a task of its own.
    pub(super) fn serve(
        &self,
        io: impl Stream,
        info: ConnectionInfo,
        place: OwnedSemaphorePermit,
    ) -> Result<(), ServeError> {
        if self.lifecycle.is_stopping() {
            return Err(ServeError::Stopping.counted());
        }
        let full = ServeError::ConnectionsOfPeer { max: self.limits.connections_of_peer };
        let guest = self.guests.admit(&info.peer).ok_or_else(|| full.counted())?;
        if self.room.available_permits() == 0 && !self.full_told.swap(true, Ordering::Relaxed) {
            let max = self.limits.connections;
            tracing::warn!(target: "onc::server", max, "further connections wait until others end; `max_connections` allows more");
        }
        let io = observed(io, Side::Server, info.peer.netid());
        let mut info = info;
        let side = self.callbacks.as_ref().map(|settings| callback::attach(&mut info, settings));
        let info = Arc::new(info);
        let vitals = self.watch.vitals(Arc::clone(&info));
        let watched = Arc::downgrade(&vitals);
        let mut connection =
            Connection::new(io, self.registry.clone(), Arc::clone(&info), self.settings, self.lifecycle.clone())
                .remembering(self.duplicates.clone())
                .watched(vitals);
        if let Some(side) = side {
            connection = connection.both_ways(side);
        }
        let task = self.lifecycle.spawn(Serving { connection, info, _place: place, _guest: guest });
        self.watch.add(watched, task);
        Ok(())
    }

    /// Looks after the connections for ever.
    pub(super) fn look_after_connections(&self) -> impl Future<Output = ()> + use<> {
        self.watch.clone().run()
    }

    /// How many connections there are.
    pub(super) fn connections(&self) -> usize {
        self.guests.len()
    }
}

/// A connection that is served. Written out, since an `async` block has room for all of it twice.
struct Serving<S> {
    connection: Connection<S>,
    info: Arc<ConnectionInfo>,
    _place: OwnedSemaphorePermit,
    _guest: Guest,
}

impl<S: Stream> Future for Serving<S> {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Err(error) = ready!(Pin::new(&mut self.connection).poll(cx)) {
            tracing::debug!(target: "onc::server", %error, peer = %self.info.peer, "a connection ended");
        }
        Poll::Ready(())
    }
}

impl ServeError {
    /// Tells the metrics of it.
    fn counted(self) -> Self {
        observe::refused(match self {
            Self::Stopping => "stopping",
            Self::Connections { .. } => "connections",
            Self::ConnectionsOfPeer { .. } => "connections_of_peer",
        });
        self
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopping => write!(f, "the server stops"),
            Self::Connections { max } => {
                write!(f, "the server has {max} connections already; `max_connections` allows more")
            }
            Self::ConnectionsOfPeer { max } => {
                write!(f, "the peer has {max} connections already; `max_connections_per_peer` allows more")
            }
        }
    }
}

impl std::error::Error for ServeError {}

//! The server: sockets, programs, registration, an orderly end.
//!
//! ```no_run
//! # async fn run(programs: onc_runtime::service::RegistryBuilder) -> Result<(), Box<dyn std::error::Error>> {
//! use onc_runtime::Server;
//!
//! let server = Server::builder()
//!     .programs(programs)                 // or .add(CalcV1Server::new(Calculator)), once for each version
//!     .bind("0.0.0.0:0").await?;          // TCP and UDP on any free port, told to the port mapper
//! println!("serving on {}", server.local_addr()?);
//! server.run_until(async { tokio::signal::ctrl_c().await.ok(); }).await?;
//! # Ok(())
//! # }
//! ```

mod builder;
mod callback;
mod host;
#[cfg(test)]
mod lossy_network;

pub use self::builder::{BindError, ServerBuilder};
pub use self::host::ServeError;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, UdpSocket};
use tokio::time::timeout;

use crate::clock;
use crate::portmap::Registration;
use crate::rpc::{Netid, UniversalAddress};
use crate::service::{ConnectionInfo, Datagrams, DuplicateCache, Lifecycle};
use crate::transport::{Peer, Sockets, Stream};

use self::host::Host;

/// A server that is bound and, if that was asked for, registered. It serves while [`run`](Self::run) is awaited.
#[derive(Debug)]
#[must_use = "nothing is served before `run` is awaited"]
pub struct Server {
    sockets: Sockets,
    addresses: Vec<(Netid, UniversalAddress)>,
    host: Host,
    duplicates: Option<DuplicateCache>,
    stop_timeout: Duration,
    registration: Option<Registration>,
}

/// Stops a [`Server`] from elsewhere, and hands it connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ServerHandle {
    host: Host,
}

/// How a server ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// Calls that had not ended when the time limit passed, and were cut off.
    pub cut: usize,
    /// Connections that were cut off then: those of these calls, and those whose peers had not taken their replies.
    pub connections: usize,
}

impl Server {
    /// A server to be set up.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// The address that it is bound to; for TCP and UDP the same unless told otherwise. If there are several, it is the first.
    ///
    /// A wildcard address stays one, with the port that was chosen.
    ///
    /// # Errors
    ///
    /// It has only Unix sockets, or none at all.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let none = || io::Error::new(io::ErrorKind::AddrNotAvailable, "the server is bound to no IP address");
        self.sockets.local_addr().ok_or_else(none)
    }

    /// The first address that TCP connections are accepted at.
    #[must_use]
    pub fn tcp_addr(&self) -> Option<SocketAddr> {
        self.sockets.tcp.first().and_then(|socket: &TcpListener| socket.local_addr().ok())
    }

    /// The first address that datagrams are received at.
    #[must_use]
    pub fn udp_addr(&self) -> Option<SocketAddr> {
        self.sockets.udp.first().and_then(|socket: &UdpSocket| socket.local_addr().ok())
    }

    /// Where it is reached: the first address of each transport, as the port mapper is told.
    #[must_use]
    pub fn addresses(&self) -> &[(Netid, UniversalAddress)] {
        &self.addresses
    }

    /// How its registration with the port mapper stands; `None`: it was not asked for.
    #[must_use]
    pub fn registration(&self) -> Option<&Registration> {
        self.registration.as_ref()
    }

    /// What stops it from elsewhere.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle { host: self.host.clone() }
    }

    /// Serves until [`ServerHandle::stop`] is called. Then it is taken out of the port mapper, no further calls are read,
    /// those that run are answered within the [time limit](ServerBuilder::stop_timeout), and the rest is cut off.
    ///
    /// # Errors
    ///
    /// A socket failed for good.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the server stops at once: sockets are closed and running calls are not waited for.
    pub async fn run(self) -> io::Result<Stopped> {
        self.run_until(std::future::pending()).await
    }

    /// [`run`](Self::run), and stops when `shutdown` is ready.
    ///
    /// # Errors
    ///
    /// A socket failed for good.
    ///
    /// # Cancel safety
    ///
    /// As [`run`](Self::run).
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> io::Result<Stopped> {
        if !self.sockets.is_empty() {
            clock::attach();
        }
        let Self { sockets, host, duplicates, stop_timeout, registration, .. } = self;
        let lifecycle = &host.lifecycle;
        // Whatever ends this future ends what it has started.
        let _cut = CutOnDrop(lifecycle.clone());
        for listener in sockets.tcp {
            lifecycle.spawn(host.clone().accept(listener));
        }
        #[cfg(unix)]
        for listener in sockets.unix {
            lifecycle.spawn(host.clone().accept(listener));
        }
        for socket in sockets.udp {
            let datagrams = Datagrams::new(socket, host.registry.clone(), host.settings, lifecycle.clone())?
                .remembering(duplicates.clone());
            lifecycle.spawn(async move {
                if let Err(error) = datagrams.run().await {
                    tracing::error!(target: "onc::server", %error, "a UDP socket failed; it is served no longer");
                }
            });
        }
        lifecycle.spawn_until_stop(host.look_after_connections());
        tokio::select! {
            () = shutdown => {}
            () = lifecycle.clone().stopping() => {}
        }
        if let Some(registration) = registration {
            registration.unregister().await;
        }
        lifecycle.stop();
        if timeout(stop_timeout, lifecycle.drained()).await.is_ok() {
            return Ok(Stopped::default());
        }
        let stopped = Stopped { cut: lifecycle.calls().len(), connections: host.connections() };
        let Stopped { cut, connections } = stopped;
        tracing::warn!(target: "onc::server", calls = cut, connections, "cut off at the end; `stop_timeout` allows more time");
        lifecycle.cut();
        Ok(stopped)
    }
}

impl ServerHandle {
    /// Asks the server to stop. Returns at once; [`Server::run`] ends when it has stopped.
    pub fn stop(&self) {
        self.host.lifecycle.stop();
    }

    /// Connections that are open now: over TCP, over Unix sockets, and those that were [handed in](Self::serve_stream).
    #[must_use]
    pub fn connections(&self) -> usize {
        self.host.connections()
    }

    /// Calls that wait in their handlers now, over all transports.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.host.lifecycle.calls().len()
    }

    /// Serves a connection that was made elsewhere: TLS, a [pipe in memory](crate::transport::memory), the standard input of a
    /// process. It ends with the server, or before it when the other end closes it.
    ///
    /// The limits of time are kept while the server [runs](Server::run).
    ///
    /// # Errors
    ///
    /// The server stops, or has too many connections.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn serve_stream(&self, io: impl Stream, peer: Peer) -> Result<(), ServeError> {
        self.host.serve(io, ConnectionInfo::new(peer, None), self.host.place_now()?)
    }
}

/// Ends all tasks of a server whose future is dropped.
struct CutOnDrop(Lifecycle);

impl Drop for CutOnDrop {
    fn drop(&mut self) {
        self.0.stop();
        self.0.cut();
    }
}

//! The server: sockets, programs, registration, an orderly end.
//!
//! ```no_run
//! # async fn run(programs: onc_runtime::service::RegistryBuilder) -> Result<(), Box<dyn std::error::Error>> {
//! use onc_runtime::Server;
//!
//! let server = Server::builder()
//!     .programs(programs)                 // or .add(CalcV1Server::new(Calculator)), once for each version
//!     .bind("0.0.0.0:0").await?;          // TCP and UDP on any free port, told to the port mapper
//! println!("serving on {}", server.local_addr());
//! server.run_until(async { tokio::signal::ctrl_c().await.ok(); }).await?;
//! # Ok(())
//! # }
//! ```

mod builder;
mod listen;
#[cfg(test)]
mod lossy_network;

pub use self::builder::{BindError, ServerBuilder};

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, UdpSocket};
use tokio::time::timeout;

use crate::portmap::Registration;
use crate::service::{Datagrams, DuplicateCache, Lifecycle, Registry, Settings};

/// A server that is bound and, if that was asked for, registered. It serves while [`run`](Self::run) is awaited.
#[derive(Debug)]
pub struct Server {
    tcp: Option<TcpListener>,
    udp: Option<UdpSocket>,
    addresses: Addresses,
    registry: Registry,
    settings: Settings,
    max_connections: usize,
    stop_timeout: Duration,
    duplicates: Option<DuplicateCache>,
    lifecycle: Lifecycle,
    registration: Option<Registration>,
}

#[derive(Clone, Copy, Debug)]
struct Addresses {
    tcp: Option<SocketAddr>,
    udp: Option<SocketAddr>,
}

/// Stops a [`Server`] from elsewhere. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ServerHandle {
    lifecycle: Lifecycle,
}

/// How a server ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// Connections and calls that had not ended when the time limit passed, and were cut off.
    pub cut: usize,
}

impl Server {
    /// A server to be set up.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// The address that it is bound to; for TCP and UDP the same unless told otherwise.
    ///
    /// A wildcard address stays one, with the port that was chosen.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        let Addresses { tcp, udp } = self.addresses;
        tcp.or(udp).unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)))
    }

    /// The address that TCP connections are accepted at.
    #[must_use]
    pub fn tcp_addr(&self) -> Option<SocketAddr> {
        self.addresses.tcp
    }

    /// The address that datagrams are received at.
    #[must_use]
    pub fn udp_addr(&self) -> Option<SocketAddr> {
        self.addresses.udp
    }

    /// How its registration with the port mapper stands; `None`: it was not asked for.
    #[must_use]
    pub fn registration(&self) -> Option<&Registration> {
        self.registration.as_ref()
    }

    /// What stops it from elsewhere.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle { lifecycle: self.lifecycle.clone() }
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
        let Self { tcp, udp, registry, settings, max_connections, stop_timeout, duplicates, lifecycle, .. } = self;
        let registration = self.registration;
        // Whatever ends this future ends what it has started.
        let _cut = CutOnDrop(lifecycle.clone());
        if let Some(listener) = tcp {
            lifecycle.spawn(listen::accept(listener, registry.clone(), settings, max_connections, lifecycle.clone()));
        }
        if let Some(socket) = udp {
            let datagrams = Datagrams::new(socket, registry, settings, lifecycle.clone())?.remembering(duplicates);
            lifecycle.spawn(async move {
                if let Err(error) = datagrams.run().await {
                    tracing::error!(target: "onc::server", %error, "the UDP socket failed; it is served no longer");
                }
            });
        }
        tokio::select! {
            () = shutdown => {}
            () = lifecycle.clone().stopping() => {}
        }
        if let Some(registration) = registration {
            registration.unregister().await;
        }
        lifecycle.stop();
        let cut = match timeout(stop_timeout, lifecycle.drained()).await {
            Ok(()) => 0,
            Err(_) => lifecycle.cut(),
        };
        Ok(Stopped { cut })
    }
}

impl ServerHandle {
    /// Asks the server to stop. Returns at once; [`Server::run`] ends when it has stopped.
    pub fn stop(&self) {
        self.lifecycle.stop();
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

//! Accepting connections.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use crate::observe;
#[cfg(unix)]
use crate::transport::UnixSocket;
use crate::transport::{Peer, Stream, canonical, tcp};

use super::{ConnectionInfo, Lifecycle};

/// Where connections come from.
pub(crate) trait Accept: Send + Sync + 'static {
    type Io: Stream;

    /// The address that every connection comes to. `None`: each has one of its own, or none.
    fn address(&self) -> Option<SocketAddr>;

    /// The next connection, which has come to `address` if that is known of all.
    fn accept(
        &self,
        address: Option<SocketAddr>,
    ) -> impl Future<Output = io::Result<(Self::Io, ConnectionInfo)>> + Send;
}

/// How long to wait after the system refused a connection for want of descriptors or memory.
const BREATH: Duration = Duration::from_millis(100);

/// Accepts connections and hands each to `serve`, with its place, until the server stops. While `room` has no place no further
/// ones are accepted: they wait in the backlog.
pub(crate) async fn accept<L: Accept>(
    listener: L,
    room: Arc<Semaphore>,
    lifecycle: Lifecycle,
    serve: impl Fn(L::Io, ConnectionInfo, OwnedSemaphorePermit),
) {
    let address = listener.address();
    let stopping = lifecycle.stopping();
    tokio::pin!(stopping);
    loop {
        let next = async {
            // Not kept while nobody comes: it may be another listener's to give.
            drop(place(&room).await);
            let (io, info) = listener.accept(address).await?;
            Ok((io, info, place(&room).await))
        };
        let accepted: io::Result<_> = tokio::select! {
            accepted = next => accepted,
            () = &mut stopping => return,
        };
        match accepted {
            Ok((io, info, place)) => serve(io, info, place),
            Err(error) => {
                observe::refused("system");
                // Out of descriptors, or the peer was gone already: neither is a reason to stop serving.
                tracing::warn!(target: "onc::server", %error, "a connection was not accepted");
                if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
                    sleep(BREATH).await;
                }
            }
        }
    }
}

async fn place(room: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    if let Ok(place) = Arc::clone(room).try_acquire_owned() {
        return place;
    }
    Arc::clone(room).acquire_owned().await.expect("the semaphore is never closed")
}

impl Accept for TcpListener {
    type Io = TcpStream;

    fn address(&self) -> Option<SocketAddr> {
        self.local_addr().ok().filter(|address| !address.ip().is_unspecified()).map(canonical)
    }

    async fn accept(&self, address: Option<SocketAddr>) -> io::Result<(TcpStream, ConnectionInfo)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        tcp::set_up_accepted(&stream)?;
        let local = address.or_else(|| stream.local_addr().ok().map(canonical));
        Ok((stream, ConnectionInfo::new(Peer::tcp(peer), local)))
    }
}

#[cfg(unix)]
impl Accept for UnixSocket {
    type Io = tokio::net::UnixStream;

    fn address(&self) -> Option<SocketAddr> {
        None
    }

    async fn accept(&self, _address: Option<SocketAddr>) -> io::Result<(Self::Io, ConnectionInfo)> {
        let (stream, peer) = UnixSocket::accept(self).await?;
        Ok((stream, ConnectionInfo::new(peer, None)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_knows_where_it_came_to() {
        // What is bound to one address knows it of all, what is bound to every one asks for each.
        for (bound, called) in [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("[::]", "127.0.0.1")] {
            let listener = tcp::listen(format!("{bound}:0").parse().expect("an address")).expect("bound");
            let address = listener.address();
            assert_eq!(address.is_some(), bound == called);
            let called =
                SocketAddr::new(called.parse().expect("an address"), listener.local_addr().expect("bound").port());
            let client = tcp::connect(called).await.expect("connected");
            let (_stream, info) = Accept::accept(&listener, address).await.expect("accepted");
            assert_eq!(info.local, Some(called), "bound to {bound}");
            assert_eq!(info.peer.address(), client.local_addr().ok());
        }
    }
}

//! Accepting connections.

use std::future::Future;
use std::io;
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

    /// The next connection.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Io, ConnectionInfo)>> + Send;
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
    let stopping = lifecycle.stopping();
    tokio::pin!(stopping);
    loop {
        let next = async {
            // Not kept while nobody comes: it may be another listener's to give.
            drop(place(&room).await);
            let (io, info) = listener.accept().await?;
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
    Arc::clone(room).acquire_owned().await.expect("the semaphore is never closed")
}

impl Accept for TcpListener {
    type Io = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, ConnectionInfo)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        tcp::set_up_accepted(&stream)?;
        let local = stream.local_addr().ok().map(canonical);
        Ok((stream, ConnectionInfo::new(Peer::tcp(peer), local)))
    }
}

#[cfg(unix)]
impl Accept for UnixSocket {
    type Io = tokio::net::UnixStream;

    async fn accept(&self) -> io::Result<(Self::Io, ConnectionInfo)> {
        let (stream, peer) = UnixSocket::accept(self).await?;
        Ok((stream, ConnectionInfo::new(peer, None)))
    }
}

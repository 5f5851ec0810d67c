//! Accepting connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::rpc::Netid;
use crate::service::{Connection, ConnectionInfo, Lifecycle, Registry, Settings};
use crate::transport::{Peer, tcp};

/// How long to wait after the system refused a connection for want of descriptors or memory.
const BREATH: Duration = Duration::from_millis(100);

/// Accepts connections and serves each in a task of its own, until the server stops. While `max_connections` are open no
/// further ones are accepted: they wait in the backlog.
pub(super) async fn accept(
    listener: TcpListener,
    registry: Registry,
    settings: Settings,
    max_connections: usize,
    lifecycle: Lifecycle,
) {
    let room = Arc::new(Semaphore::new(max_connections));
    let stopping = lifecycle.clone().stopping();
    tokio::pin!(stopping);
    loop {
        let accepted = tokio::select! {
            accepted = next(&listener, &room) => accepted,
            () = &mut stopping => return,
        };
        let (stream, peer, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, or the peer was gone already: neither is a reason to stop serving.
                tracing::warn!(target: "onc::server", %error, "a connection was not accepted");
                if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
                    sleep(BREATH).await;
                }
                continue;
            }
        };
        let (registry, lifecycle_of_it) = (registry.clone(), lifecycle.clone());
        let info = ConnectionInfo { peer: Peer::ip(Netid::tcp(&peer), peer), local: stream.local_addr().ok() };
        let connection = Connection::new(stream, registry, Arc::new(info), settings, lifecycle_of_it);
        lifecycle.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(target: "onc::server", %error, %peer, "a connection ended");
            }
            drop(place);
        });
    }
}

async fn next(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    tcp::set_up(&stream)?;
    Ok((stream, peer, place))
}

//! Accepting connections.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::observe;
use crate::service::ConnectionInfo;
#[cfg(unix)]
use crate::transport::UnixSocket;
use crate::transport::{Peer, Stream, canonical, tcp};

use super::host::Host;

/// How long to wait after the system refused a connection for want of descriptors or memory.
const BREATH: Duration = Duration::from_millis(100);

/// Where connections come from.
pub(super) trait Accept: Send + 'static {
    type Io: Stream;

    /// The next connection.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Io, ConnectionInfo)>> + Send;
}

/// Accepts connections and serves each in a task of its own, until the server stops. While there are as many as there may be, no
/// further ones are accepted: they wait in the backlog.
pub(super) async fn accept(listener: impl Accept, host: Host) {
    let stopping = host.lifecycle.clone().stopping();
    tokio::pin!(stopping);
    loop {
        let next = async {
            let place = host.place().await;
            listener.accept().await.map(|(io, info)| (io, info, place))
        };
        let accepted = tokio::select! {
            accepted = next => accepted,
            () = &mut stopping => return,
        };
        match accepted {
            Ok((io, info, place)) => {
                let peer = info.peer.clone();
                if let Err(error) = host.serve(io, info, place) {
                    tracing::warn!(target: "onc::server", %error, %peer, "a connection was refused");
                }
            }
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

impl Accept for TcpListener {
    type Io = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, ConnectionInfo)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        tcp::set_up(&stream)?;
        tcp::ask_when_silent(&stream);
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

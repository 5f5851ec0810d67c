//! A client and a server joined by a pipe in memory: nothing of the kernel is in what is measured.

use onc_runtime::portmap::Policy;
use onc_runtime::transport::Peer;
use onc_runtime::{Client, Server};
use tokio::io::DuplexStream;

use crate::bench::{BenchV1Client, BenchV1Server};
use crate::service::Bench;

/// What the pipe holds.
const ROOM: usize = 256 << 10;

/// The two ends of a pipe, the second of them served in tasks of this runtime.
///
/// # Errors
///
/// The server's.
pub async fn served() -> Result<DuplexStream, Box<dyn std::error::Error + Send + Sync>> {
    let server = Server::builder().add(BenchV1Server::new(Bench::default())).registration(Policy::Off).build().await?;
    let (near, far) = tokio::io::duplex(ROOM);
    server.handle().serve_stream(far, Peer::local(None))?;
    tokio::spawn(server.run());
    Ok(near)
}

/// A client of such a server.
///
/// # Errors
///
/// The server's, the client's.
pub async fn client() -> Result<BenchV1Client, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Client::builder().connect_stream(served().await?)?)
}

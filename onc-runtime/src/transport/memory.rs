//! Connections within a process, for tests and for services that are called from the program that they are part of.

use tokio::io::DuplexStream;

/// Bytes that one end may be ahead of the other.
const ROOM: usize = 64 << 10;

/// The two ends of a connection. One goes to the server's `serve_stream`, the other to the client's `connect_stream`.
///
/// ```
/// # async fn run<S: onc_runtime::client::Stub>(server: onc_runtime::Server) -> Result<S, Box<dyn std::error::Error>> {
/// use onc_runtime::transport::{Peer, memory};
/// use onc_runtime::Client;
///
/// let (near, far) = memory::pair();
/// server.handle().serve_stream(far, Peer::local(None))?;
/// let stub: S = Client::builder().connect_stream(near)?;
/// # Ok(stub)
/// # }
/// ```
#[must_use]
pub fn pair() -> (DuplexStream, DuplexStream) {
    tokio::io::duplex(ROOM)
}

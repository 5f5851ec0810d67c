//! A server beside the test.

use std::net::SocketAddr;

use onc_runtime::portmap::Policy;
use onc_runtime::server::{ServerBuilder, ServerHandle, Stopped};
use tokio::task::JoinHandle;

/// A server that runs in a task of its own.
pub struct Serving {
    /// Where it is, over TCP and over UDP.
    pub address: SocketAddr,
    pub handle: ServerHandle,
    /// Ends with the server.
    pub running: JoinHandle<Stopped>,
}

/// Serves what `builder` has, on free ports of the loopback interface and unknown to any port mapper.
pub async fn serving(builder: ServerBuilder) -> Serving {
    let server = builder.registration(Policy::Off).bind("127.0.0.1:0").await.expect("bound");
    let (address, handle) = (server.local_addr().expect("bound"), server.handle());
    let running = tokio::spawn(async move { server.run().await.expect("an orderly end") });
    Serving { address, handle, running }
}

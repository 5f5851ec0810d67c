//! A server of the runtime, on a thread of the test.

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use onc_runtime::portmap::Policy;
use onc_runtime::server::{ServerBuilder, ServerHandle, Stopped};
use tokio::runtime::Builder;

/// A server that serves, unknown to any port mapper, on a free port of the loopback interface. It stops when this is
/// dropped.
#[derive(Debug)]
pub struct ServerUnderTest {
    address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<Stopped>>,
}

impl ServerUnderTest {
    /// Starts it.
    ///
    /// # Panics
    ///
    /// If it cannot be bound.
    #[must_use]
    pub fn start(builder: ServerBuilder) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a tokio runtime");
        let server = runtime.block_on(builder.registration(Policy::Off).bind("127.0.0.1:0")).expect("a bound server");
        let (address, handle) = (server.local_addr().expect("bound"), server.handle());
        let thread = thread::spawn(move || runtime.block_on(server.run()).expect("an orderly end"));
        Self { address, handle, thread: Some(thread) }
    }

    /// Where it is, over TCP and over UDP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for ServerUnderTest {
    fn drop(&mut self) {
        self.handle.stop();
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            assert!(matches!(ended, Some(Ok(_))), "the server's thread panicked");
        }
    }
}

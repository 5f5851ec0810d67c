//! Connections that the user's own function makes, and makes again.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::channel::{Connector, Link, Stub};
use crate::clock;
use crate::error::{Deadline, Error, Phase};
use crate::transport::{Peer, Stream};

use super::ClientBuilder;
use super::builder::connect_error;
use super::served::Served;

impl ClientBuilder {
    /// Calls over connections that `open` makes: TLS, a tunnel, a pipe to a process. A connection that is lost is made again by it
    /// when the next call needs it. `server` is what errors and spans call the other end.
    ///
    /// ```
    /// # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
    /// # use onc_runtime::{Context, Fault, Server};
    /// # struct Calculator;
    /// # impl calc::CalcV1 for Calculator {
    /// #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a + b) }
    /// # }
    /// use onc_runtime::Client;
    /// use tokio::net::TcpStream;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = Server::builder().add(calc::CalcV1Server::new(Calculator)).bind("127.0.0.1:0").await?;
    /// # let address = server.local_addr()?;
    /// # let running = tokio::spawn(server.run());
    /// let open = move || async move {
    ///     let stream = TcpStream::connect(address).await?;
    ///     // Here a proxy is spoken to, or a TLS handshake made.
    ///     Ok(stream)
    /// };
    /// let calc: calc::CalcV1Client = Client::builder().connect_with("calc, through a tunnel", open).await?;
    /// assert_eq!(calc.add(2, 40).await?, 42);
    /// # running.abort();
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Connect`]: that of `open`. [`Error::Deadline`].
    ///
    /// # Cancel safety
    ///
    /// Dropped, the attempt is abandoned.
    pub async fn connect_with<S, F, Fut, T>(mut self, server: impl Into<String>, open: F) -> Result<S, Error>
    where
        S: Stub,
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = io::Result<T>> + Send + 'static,
        T: Stream,
    {
        let server: Arc<str> = server.into().into();
        self.settings.datagrams = false;
        self.settings.server = Some(Arc::clone(&server));
        let mut opener = Opener {
            open,
            server,
            served: self.served.clone(),
            timeout: self.settings.timeout,
            max_record_size: self.settings.max_record_size,
        };
        let link = opener.connect().await?;
        Ok(S::from_client(self.start(S::INTERFACE, link, Some(Box::new(opener)))?))
    }
}

/// Makes connections by a function.
struct Opener<F> {
    open: F,
    server: Arc<str>,
    served: Served,
    timeout: Duration,
    max_record_size: usize,
}

impl<F, Fut, T> Connector for Opener<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = io::Result<T>> + Send + 'static,
    T: Stream,
{
    fn connect(&mut self) -> Pin<Box<dyn Future<Output = Result<Link, Error>> + Send>> {
        let opening = (self.open)();
        let (server, served, timeout, max) =
            (Arc::clone(&self.server), self.served.clone(), self.timeout, self.max_record_size);
        Box::pin(async move {
            let opened = match Instant::now().checked_add(timeout) {
                Some(deadline) => clock::until(deadline, opening).await,
                None => Some(opening.await),
            };
            match opened {
                Some(Ok(stream)) => Ok(served.link(stream, max, Peer::local(None))),
                Some(Err(error)) => Err(connect_error(server, error)),
                None => Err(Error::Deadline(Deadline { after: timeout, phase: Phase::Connecting })),
            }
        })
    }

    fn asks_for(&self) -> Option<u32> {
        None
    }

    fn elsewhere(&mut self) -> Pin<Box<dyn Future<Output = Option<Link>> + Send>> {
        // Whoever opens connections knows where to.
        Box::pin(std::future::ready(None))
    }
}

impl<F> fmt::Debug for Opener<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("server", &self.server).finish_non_exhaustive()
    }
}

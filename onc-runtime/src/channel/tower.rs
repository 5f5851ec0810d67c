//! Middleware on the client's side: `tower`'s services and layers.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use crate::error::Error;

use super::caller::{Caller, Request, Response};
use super::client::Client;

/// What middleware's errors are converted from.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A [`Client`] as a `tower` service: what layers wrap.
#[derive(Clone, Debug)]
pub struct ClientService(Client);

impl Client {
    /// This client as a `tower` service of encoded calls.
    #[must_use]
    pub fn into_service(self) -> ClientService {
        ClientService(self)
    }

    /// A client whose calls go through a `tower` service, such as [`into_service`](Self::into_service) with layers around
    /// it. Each call clones the service, waits until it is ready and calls it.
    ///
    /// An error of the service that is an [`Error`] stays what it is; another one becomes [`Error::Middleware`].
    ///
    /// ```
    /// # use onc_runtime::{Context, Fault, Server};
    /// # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
    /// # struct Calculator;
    /// # impl calc::CalcV1 for Calculator {
    /// #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a + b) }
    /// # }
    /// use onc_runtime::Client;
    /// use onc_runtime::client::Stub;
    /// use tower::ServiceBuilder;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = Server::builder().add(calc::CalcV1Server::new(Calculator)).bind("127.0.0.1:0").await?;
    /// # let address = server.local_addr()?;
    /// # let running = tokio::spawn(server.run());
    /// let calc = calc::CalcV1Client::connect_to(address).await?;
    /// let limited = ServiceBuilder::new().concurrency_limit(8).service(calc.client().clone().into_service());
    /// let calc = calc::CalcV1Client::new(Client::from_service(limited));
    /// assert_eq!(calc.add(2, 40).await?, 42);
    /// # running.abort();
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn from_service<S>(service: S) -> Self
    where
        S: Service<Request, Response = Response> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
    {
        Self::from_caller(Served(service))
    }
}

impl Service<Request> for ClientService {
    type Response = Response;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let client = self.0.share();
        Box::pin(async move { client.call_raw(request).await })
    }
}

/// A service in a client's place.
struct Served<S>(S);

impl<S> Caller for Served<S>
where
    S: Service<Request, Response = Response> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    fn call(&self, request: Request) -> Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>> {
        let mut service = self.0.clone();
        Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(middleware_error)?;
            service.call(request).await.map_err(middleware_error)
        })
    }
}

/// A middleware's error as the client's.
pub(crate) fn middleware_error(error: impl Into<BoxError>) -> Error {
    match error.into().downcast::<Error>() {
        Ok(own) => *own,
        Err(other) => Error::Middleware(Arc::from(other)),
    }
}

impl<S> fmt::Debug for Served<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Served")
    }
}

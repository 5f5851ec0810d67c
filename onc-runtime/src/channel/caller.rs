//! The seam for middleware: a call as a request, its reply as a response.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use crate::error::Error;
use crate::rpc::{Credential, Interface};

/// A call on its way from the stub to the channel.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The program and version.
    pub interface: &'static Interface,
    /// The procedure's number.
    pub procedure: u32,
    /// The procedure's name as its `.x` file spells it.
    pub procedure_name: &'static str,
    /// It may be executed twice without harm.
    pub idempotent: bool,
    /// When the call is given up, if it does not follow the channel's default.
    pub deadline: Option<Instant>,
    /// Whom the client was told to call: `host`, `host:port`, `unix:/path`. None of a service in this process.
    pub server: Option<Arc<str>>,
    /// Who calls; `None`: as whom the client beneath calls. Another one may be put here, call by call. A client with a
    /// [`ClientFlavour`](crate::rpc::ClientFlavour) makes its own.
    pub credential: Option<Arc<Credential>>,
    /// The encoded arguments.
    pub arguments: Bytes,
}

/// The reply to a call that succeeded, on its way to the stub.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response {
    /// The encoded results.
    pub results: Bytes,
}

impl Request {
    /// A call with encoded arguments, and the channel's deadline and credential.
    #[must_use]
    pub fn new(interface: &'static Interface, procedure: u32, arguments: Bytes) -> Self {
        let known = interface.procedure(procedure);
        Self {
            interface,
            procedure,
            procedure_name: known.map_or("", |known| known.name),
            idempotent: known.is_some_and(|known| known.idempotent),
            deadline: None,
            server: None,
            credential: None,
            arguments,
        }
    }
}

impl Response {
    /// A response with these encoded results.
    #[must_use]
    pub fn new(results: Bytes) -> Self {
        Self { results }
    }
}

/// What answers calls in place of a connection: middleware around one, a service in this process, a mock.
pub trait Caller: Send + Sync + 'static {
    /// Answers a call.
    fn call(&self, request: Request) -> Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>;
}

impl fmt::Debug for dyn Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Caller")
    }
}

//! Middleware on the server's side: `tower`'s services and layers, around a [program](super::Program) before it is added to a server.
//!
//! ```
//! # use onc_runtime::{Client, Context, Fault};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! # struct Calculator;
//! # impl calc::CalcV1 for Calculator {
//! #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a + b) }
//! # }
//! use std::time::Duration;
//! use onc_runtime::Server;
//! use onc_runtime::service::tower::{Layered, Request};
//! use tower::ServiceBuilder;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The first is the outermost.
//! let layers = ServiceBuilder::new()
//!     .map_request(|call: Request| {
//!         println!("{} for {}", call.context.procedure_name(), call.context.peer());
//!         call
//!     })
//!     .concurrency_limit(64)
//!     .timeout(Duration::from_secs(5))
//!     .into_inner();
//! let server = Server::builder()
//!     .add(Layered::new(calc::CalcV1Server::new(Calculator), &layers))
//!     .bind("127.0.0.1:0").await?;
//! # let address = server.local_addr()?;
//! # let running = tokio::spawn(server.run());
//! # assert_eq!(calc::CalcV1Client::connect_to(address).await?.add(2, 40).await?, 42);
//! # running.abort();
//! # Ok(()) }
//! ```

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use tower_layer::Layer;
use tower_service::Service;

use crate::rpc::{AcceptStatus, CallHeader, Interface, OpaqueAuth, RejectStatus, Reply as ReplyMessage, parse_reply};
use crate::transport::Outgoing;
use crate::xdr::Limits;

use super::encoded::Encoded;
use super::incoming_call::{Arguments, Received};
use super::{Context, Fault, Handling, IncomingCall, Program, Reply};

/// A call on its way through a server's middleware.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// Who calls what, from where.
    pub context: Context,
    /// The encoded arguments.
    pub arguments: Bytes,
    limits: Limits,
}

/// The answer to a call on its way through a server's middleware.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response {
    /// The encoded results.
    pub results: Bytes,
}

impl Response {
    /// An answer with these encoded results.
    #[must_use]
    pub fn new(results: Bytes) -> Self {
        Self { results }
    }
}

/// A [`Program`] as a `tower` service: what layers wrap.
#[derive(Clone)]
pub struct ProgramService {
    program: Arc<dyn Program>,
}

impl ProgramService {
    /// The program as a service.
    #[must_use]
    pub fn new(program: impl Program) -> Self {
        Self { program: Arc::new(program) }
    }
}

impl Service<Request> for ProgramService {
    type Response = Response;
    type Error = Fault;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Fault>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut TaskContext<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Request { context, arguments, limits } = request;
        let header = CallHeader {
            xid: context.xid,
            program: context.interface.program,
            version: context.interface.version,
            procedure: context.procedure,
            credential: OpaqueAuth { flavour: context.flavour, body: &context.credential },
            verifier: OpaqueAuth::NONE,
        };
        let mut received = Received {
            header,
            interface: context.interface,
            arguments: Arguments { bytes: &arguments, record: Some(&arguments) },
            connection: &context.connection,
            limits: &limits,
            identity: context.identity.clone(),
            protection: None,
            at_once: None,
        };
        let xid = header.xid;
        let mut handling = self.program.call(IncomingCall { received: &mut received });
        Box::pin(async move {
            let mut out = Outgoing::default();
            poll_fn(|cx| handling.poll(cx, &mut Reply::new(&mut out, xid, usize::MAX >> 1))).await;
            let message = Bytes::copy_from_slice(out.datagram(&mut Vec::new()));
            answer(&message)
        })
    }
}

/// What a reply that was just written says.
fn answer(message: &Bytes) -> Result<Response, Fault> {
    if message.is_empty() {
        return Err(Fault::NoReply);
    }
    let status = match parse_reply(message) {
        Ok((_, ReplyMessage::Accepted { status, .. }, offset)) => {
            if status == AcceptStatus::Success {
                return Ok(Response::new(message.slice(offset..)));
            }
            status
        }
        Ok((_, ReplyMessage::Denied(RejectStatus::AuthError(status)), _)) => return Err(Fault::Auth(status)),
        Ok(_) | Err(_) => AcceptStatus::SystemError,
    };
    Err(match status {
        AcceptStatus::ProcedureUnavailable => Fault::ProcedureUnavailable,
        AcceptStatus::GarbageArguments => Fault::GarbageArguments,
        _ => Fault::SystemError,
    })
}

/// A program with layers around it.
#[derive(Clone)]
pub struct Layered<S> {
    interface: &'static Interface,
    service: S,
}

impl<S> Layered<S> {
    /// `program` with `layer` around it; an adapter to add to a server in its place.
    ///
    /// An error of the middleware that is a [`Fault`] is answered as that; another one is logged and answered
    /// `SYSTEM_ERR`.
    pub fn new<L: Layer<ProgramService, Service = S>>(program: impl Program, layer: &L) -> Self {
        Self { interface: program.interface(), service: layer.layer(ProgramService::new(program)) }
    }
}

impl<S> Program for Layered<S>
where
    S: Service<Request, Response = Response> + Clone + Send + Sync + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::Future: Send,
{
    fn interface(&self) -> &'static Interface {
        self.interface
    }

    fn call(&self, call: IncomingCall<'_>) -> Handling {
        let request = Request { context: call.context(), arguments: call.arguments(), limits: call.limits() };
        let mut service = self.service.clone();
        Handling::run::<_, Bytes, Encoded>(call.called(), async move {
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(fault)?;
            Ok(service.call(request).await.map_err(fault)?.results)
        })
    }
}

/// A middleware's error as a refusal.
fn fault(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    match error.into().downcast::<Fault>() {
        Ok(fault) => *fault,
        Err(error) => Fault::system(error),
    }
}

impl<S> fmt::Debug for Layered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layered").field("interface", &self.interface).finish_non_exhaustive()
    }
}

impl fmt::Debug for ProgramService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProgramService").field(&self.program.interface()).finish()
    }
}

//! 8. What stands between a call and its handler.
//!
//! # Interceptors
//!
//! See each call before it is sent, or before its handler runs: program, version, procedure by name, who calls. They may wait, and
//! refuse it. They need know neither services nor bytes.
//!
//! ```
//! # use onc_runtime::{Client, Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! # struct Calculator;
//! # impl calc::CalcV1 for Calculator {
//! #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a + b) }
//! # }
//! use onc_runtime::client::Request;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder()
//!     .add(calc::CalcV1Server::new(Calculator))
//!     .intercept(async |call: Context| match call.peer().is_local() {
//!         true => Ok(()),
//!         false => Err(Fault::ProcedureUnavailable),
//!     })
//!     .bind("127.0.0.1:0").await?;
//! # let address = server.local_addr()?;
//! # let running = tokio::spawn(server.run());
//!
//! let log = async |call: Request| {
//!     println!("calling {} of {}", call.procedure_name, call.interface.program_name);
//!     Ok(call)
//! };
//! let calc: calc::CalcV1Client = Client::builder().intercept(log).connect_to(address).await?;
//! assert_eq!(calc.add(2, 40).await?, 42);
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! [`ServerInterceptor`](crate::service::ServerInterceptor) and [`ClientInterceptor`](crate::client::ClientInterceptor) are the
//! traits, [`Intercepted`](crate::service::Intercepted) is for a single program of a server.
//!
//! # Layers
//!
//! What wraps a call whole, and sees its reply, is `tower`'s: layers around a client by its builder, around a program before it is
//! added to a server. Everything that `tower` and its friends have fits: limits of time, number and rate, load shedding, buffers,
//! filters, retries, load balancing. A call is encoded once, between stub and layers; layers pass it on as bytes.
//!
//! ```
//! # use onc_runtime::{Client, Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! # struct Calculator;
//! # impl calc::CalcV1 for Calculator {
//! #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a + b) }
//! # }
//! use std::time::Duration;
//! use onc_runtime::service::tower::Layered;
//! use tower::ServiceBuilder;
//! use tower::limit::ConcurrencyLimitLayer;
//! use tower::timeout::TimeoutLayer;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let layers = ServiceBuilder::new().layer(TimeoutLayer::new(Duration::from_secs(5))).into_inner();
//! let server = Server::builder()
//!     .add(Layered::new(calc::CalcV1Server::new(Calculator), &layers))
//!     .bind("127.0.0.1:0").await?;
//! # let address = server.local_addr()?;
//! # let running = tokio::spawn(server.run());
//!
//! let calc: calc::CalcV1Client =
//!     Client::builder().layer(ConcurrencyLimitLayer::new(8)).connect_to(address).await?;
//! assert_eq!(calc.add(2, 40).await?, 42);
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! The example `middleware` has tracing, limits, authentication and retries; `balance` spreads calls over hosts that their
//! port mappers tell, and goes on when one of them is gone.
//!
//! # A policy of retries
//!
//! Decides by what is known of the failure: [`Error::maybe_executed`](crate::Error::maybe_executed), and whether the procedure is
//! idempotent.
//!
//! ```
//! use std::future::{Ready, ready};
//! use onc_runtime::Error;
//! use onc_runtime::client::{Request, Response};
//! use tower::retry::{Policy, RetryLayer};
//!
//! #[derive(Clone)]
//! struct Twice(bool);
//!
//! impl Policy<Request, Response, Error> for Twice {
//!     type Future = Ready<()>;
//!
//!     fn retry(&mut self, call: &mut Request, outcome: &mut Result<Response, Error>) -> Option<Ready<()>> {
//!         let error = outcome.as_ref().err()?;
//!         let is_harmless = call.idempotent || !error.maybe_executed();
//!         (is_harmless && std::mem::replace(&mut self.0, false)).then(|| ready(()))
//!     }
//!
//!     fn clone_request(&mut self, call: &Request) -> Option<Request> {
//!         Some(call.clone())
//!     }
//! }
//!
//! let builder = onc_runtime::Client::builder().layer(RetryLayer::new(Twice(true)));
//! # drop(builder);
//! ```
//!
//! Next: [`one_way`](super::one_way).

//! 13. Tests without a network, and with as much of one as is wanted.
//!
//! # In place of a server
//!
//! A server's implementation stands in for its client, without a socket. Calls are encoded and decoded as if they had travelled:
//!
//! ```
//! # use onc_runtime::{Client, Context, Fault};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! struct AlwaysSeven;
//!
//! impl calc::CalcV1 for AlwaysSeven {
//!     async fn add(&self, _cx: &Context, _a: i32, _b: i32) -> Result<i32, Fault> {
//!         Ok(7)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let calc = calc::CalcV1Client::new(Client::in_process(calc::CalcV1Server::new(AlwaysSeven)));
//! assert_eq!(calc.add(2, 40).await?, 7);
//! # Ok(()) }
//! ```
//!
//! # In place of a network
//!
//! A function of a request stands in for all that is behind a client, and can fail as networks do:
//!
//! ```
//! # use onc_runtime::{Client, Error};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! use std::sync::Arc;
//! use onc_runtime::Lost;
//! use onc_runtime::client::{Request, Response};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let broken = tower::service_fn(async |_: Request| -> Result<Response, Error> {
//!     Err(Error::Lost(Lost { sent: true, cause: Arc::new(std::io::ErrorKind::ConnectionReset.into()) }))
//! });
//! let calc = calc::CalcV1Client::new(Client::from_service(broken));
//! let error = calc.add(2, 40).await.unwrap_err();
//! assert!(error.maybe_executed());
//! # }
//! ```
//!
//! # Connections in memory
//!
//! [`memory::pair`](crate::transport::memory::pair) makes both ends of a connection: the one goes to
//! [`serve_stream`](crate::server::ServerHandle::serve_stream), the other to
//! [`connect_stream`](crate::client::ClientBuilder::connect_stream). Whatever is put between them delays, splits or breaks the
//! bytes.
//!
//! # A port mapper of the test's own
//!
//! ```
//! # use onc_runtime::{Client, Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! # struct Calculator;
//! # impl calc::CalcV1 for Calculator {
//! #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a + b) }
//! # }
//! use onc_runtime::portmap::{Daemon, Policy, Registrar, Resolver};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mapper = Daemon::embedded().bind("127.0.0.1:0").await?;
//! let server = Server::builder()
//!     .add(calc::CalcV1Server::new(Calculator))
//!     .registrar(Registrar::new().mapper(mapper.local_addr()?).policy(Policy::Require))
//!     .bind("127.0.0.1:0").await?;
//! # let running = tokio::spawn(server.run());
//!
//! let resolver = Resolver::new().with_port(mapper.local_addr()?.port());
//! let calc: calc::CalcV1Client = Client::builder().resolver(resolver).connect("127.0.0.1").await?;
//! assert_eq!(calc.add(2, 40).await?, 42);
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! Servers that tests start are best bound to `127.0.0.1:0`, and tell nobody: `.registration(Policy::Off)`.
//!
//! Next: [`observing`](super::observing).

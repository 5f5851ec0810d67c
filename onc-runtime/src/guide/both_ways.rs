//! 11. A server that calls its clients, over the connections that they have made: RFC 8167.
//!
//! The client [serves](crate::client::ClientBuilder::serve) a program, the server [allows it](crate::server::ServerBuilder::callbacks),
//! and a handler finds the way back in its [`Context`](crate::Context::client):
//!
//! ```
//! # use onc_runtime::{Client, Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! use calc::{CalcV1, CalcV1Client, CalcV1Server};
//!
//! /// Has its clients do the work.
//! struct Lazy;
//!
//! impl CalcV1 for Lazy {
//!     async fn add(&self, cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
//!         let caller: CalcV1Client = cx.client().ok_or(Fault::SystemError)?;
//!         caller.add(a, b).await.map_err(Fault::system)
//!     }
//! }
//!
//! struct Diligent;
//!
//! impl CalcV1 for Diligent {
//!     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
//!         Ok(a + b)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder().add(CalcV1Server::new(Lazy)).callbacks(true).bind("127.0.0.1:0").await?;
//! # let address = server.local_addr()?;
//! # let running = tokio::spawn(server.run());
//!
//! let calc: CalcV1Client = Client::builder().serve(CalcV1Server::new(Diligent)).connect_to(address).await?;
//! assert_eq!(calc.add(2, 40).await?, 42);
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! The handler's client may be kept and used later, as a subscriber's: as long as it is, the connection is not closed for being idle.
//! Its calls fail once the connection is gone, which is not made again from this side. The client's program is served anew over each
//! connection that the client makes. The example `callback` is a server of news with subscribers.
//!
//! Next: [`without_async`](super::without_async).

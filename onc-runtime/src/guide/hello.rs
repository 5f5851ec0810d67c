//! 1. A server and a client.
//!
//! `cargo add onc-runtime`, `cargo add tokio --features macros,rt-multi-thread`, `cargo add --build xdrgen --no-default-features`,
//! and a `build.rs`:
//!
//! ```text
//! fn main() -> Result<(), xdrgen::Error> {
//!     xdrgen::compile("proto/calc.x")
//! }
//! ```
//!
//! For each version of a program there are now a trait to implement, an adapter that serves it and a client that calls it.
//! [`include_xdr!`](crate::include_xdr) makes a module of them:
//!
//! ```
//! use onc_runtime::{Context, Fault, Server};
//!
//! mod calc {
//!     # /*
//!     onc_runtime::include_xdr!("calc");
//!     # */ include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs"));
//! }
//!
//! struct Calculator;
//!
//! impl calc::CalcV1 for Calculator {
//!     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
//!         Ok(a.wrapping_add(b))
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let server = Server::builder().add(calc::CalcV1Server::new(Calculator)).bind("127.0.0.1:0").await?;
//!     let (address, handle) = (server.local_addr()?, server.handle());
//!     let serving = tokio::spawn(server.run());
//!
//!     let calc = calc::CalcV1Client::connect_to(address).await?;
//!     assert_eq!(calc.add(2, 40).await?, 42);
//!
//!     handle.stop();
//!     serving.await??;
//!     Ok(())
//! }
//! ```
//!
//! A procedure that is not implemented is answered `PROC_UNAVAIL`; procedure 0, by which clients ask whether anybody is there, is
//! answered without being declared.
//!
//! # Found by name
//!
//! A server tells its port mapper where it is when it is bound, and takes that back when it stops. If there is no port mapper it
//! serves all the same, and is registered when there is one ([`Policy`](crate::portmap::Policy) is the choice).
//! `CalcV1Client::connect("host")` asks the port mapper of that host; with a port, `connect("host:2049")`, none is asked.
//! [`Target`](crate::client::Target) lists what else it takes.
//!
//! # One connection for all
//!
//! Clients are cheap to clone, calls take `&self`, and any number of them may be in flight on one connection: nothing has to be
//! pooled. Calls that are made at the same time leave together.
//!
//! ```
//! # use onc_runtime::{Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! # struct Calculator;
//! # impl calc::CalcV1 for Calculator {
//! #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a.wrapping_add(b)) }
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = Server::builder().add(calc::CalcV1Server::new(Calculator)).bind("127.0.0.1:0").await?;
//! # let address = server.local_addr()?;
//! # let running = tokio::spawn(server.run());
//! let calc = calc::CalcV1Client::connect_to(address).await?;
//! let (small, large) = tokio::try_join!(calc.add(1, 2), calc.add(1000, 2000))?;
//! assert_eq!((small, large), (3, 3000));
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! # Called by hand
//!
//! The command `onc` calls it without a client, and any other server whose `.x` file is at hand, in C as well; `onc info` shows what the
//! port mapper of a host knows, and whether it answers:
//!
//! ```text
//! $ onc call localhost proto/calc.x ADD '[2, 40]'
//! 42
//! ```
//!
//! Next: [`values`](super::values).

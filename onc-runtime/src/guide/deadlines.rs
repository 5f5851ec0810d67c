//! 3. How long a call may take, and what becomes of one that is given up.
//!
//! Every call has a deadline: 25 s, as rpcgen's stubs, unless the client's builder or the call says otherwise. Connecting, which
//! includes asking the port mapper, has the same in all. A call that has to connect again has one deadline for both, and
//! one that waits in [middleware](super::middleware) has no other than that either.
//!
//! ```
//! # use onc_runtime::{Client, Context, Error, Fault};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! # struct Slow;
//! # impl calc::CalcV1 for Slow {
//! #     async fn add(&self, _cx: &Context, _a: i32, _b: i32) -> Result<i32, Fault> { std::future::pending().await }
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = onc_runtime::Server::builder().add(calc::CalcV1Server::new(Slow)).bind("127.0.0.1:0").await?;
//! # let address = server.local_addr()?;
//! # let running = tokio::spawn(server.run());
//! use std::time::Duration;
//!
//! // For all calls of this client:
//! let calc: calc::CalcV1Client = Client::builder().timeout(Duration::from_secs(2)).connect_to(address).await?;
//!
//! // For one:
//! let late = calc.add(2, 40).timeout(Duration::from_millis(50)).await;
//! let Err(Error::Deadline(deadline)) = late else { panic!("{late:?}") };
//! assert_eq!(deadline.after, Duration::from_millis(50));
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! The error says [what was waited for](crate::Phase): the port mapper, the connection, the reply, or over UDP that a server comes
//! back that is not at its address any more. In the last two cases the server may have executed the call, and
//! [`Error::maybe_executed`](crate::Error::maybe_executed) is true.
//!
//! # Calls that nobody waits for any more
//!
//! A call is a future: nothing is sent before it is awaited, and one that is dropped is forgotten. Its late reply is ignored. The
//! server is not told, since RPC has no way to; it finishes the call. That is also what happens there when a client's connection
//! is gone: a handler is never cut off half way, except by the end of the server's
//! [time limit for stopping](crate::server::ServerBuilder::stop_timeout). A handler that wants less sets a limit of its own,
//! with `tokio::time::timeout` or a layer.
//!
//! Next: [`repeats`](super::repeats).

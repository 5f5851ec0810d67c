//! 9. Calls that nobody waits for, many in one write.
//!
//! [`Call::one_way`](crate::Call::one_way) sends a call and expects no reply: what a C client does that waits for zero seconds.
//! It is ready when the call is queued, and what is queued leaves together: RFC 5531 §8.4.1 calls it batching. On a stream calls
//! arrive in their order, so that the reply to a later call says that those before it are there.
//!
//! ```
//! # use onc_runtime::{Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! use std::sync::atomic::{AtomicI32, Ordering};
//!
//! /// Adds up what it is told.
//! #[derive(Default)]
//! struct Counter(AtomicI32);
//!
//! impl calc::CalcV1 for Counter {
//!     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
//!         Ok(self.0.fetch_add(a + b, Ordering::Relaxed) + a + b)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = Server::builder().add(calc::CalcV1Server::new(Counter::default())).bind("127.0.0.1:0").await?;
//! # let address = server.local_addr()?;
//! # let running = tokio::spawn(server.run());
//! let calc = calc::CalcV1Client::connect_to(address).await?;
//! for _ in 0..100 {
//!     calc.add(1, 1).one_way().await?;
//! }
//! assert_eq!(calc.add(0, 0).await?, 200);
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! Nothing is said of calls that get lost with the connection, or that the server refuses. A server that knows of a procedure that
//! nobody waits for it answers [`Fault::NoReply`](crate::Fault::NoReply), and saves the reply; a reply that comes all the same
//! does no harm.
//!
//! Next: [`broadcast`](super::broadcast).

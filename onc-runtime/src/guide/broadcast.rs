//! 10. One call to every server of a network.
//!
//! [`Client::broadcast`](crate::Client::broadcast) sends a call by UDP to an address that many receive at, a network's broadcast address
//! or a multicast address, and gives out the replies as they come: RFC 5531 §8.4.2.
//!
//! ```
//! # use onc_runtime::{Client, Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! # struct Calculator;
//! # impl calc::CalcV1 for Calculator {
//! #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a + b) }
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = Server::builder().add(calc::CalcV1Server::new(Calculator)).bind("127.0.0.1:0").await?;
//! # let everybody = server.local_addr()?;
//! # let running = tokio::spawn(server.run());
//! use calc::calc_v1::Add;
//!
//! // To 192.0.2.255:2049, say. A single server's address will do, too.
//! let mut replies = Client::broadcast::<Add>(everybody, (2, 40)).max_replies(1).send().await?;
//! while let Some((server, sum)) = replies.next().await {
//!     println!("{server} says {}", sum?);
//! }
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! The call is repeated while replies are awaited, for 8 s in all, so that a server may execute it more than once. Each one is heard
//! once; one that refuses gives an error. [`Replies`](crate::client::Replies) is a `Stream`.
//!
//! `transport::broadcast_address("eth0")` is the address of everybody on the network of that interface, on Unix. A multicast address of
//! IPv6 names the interface itself: `[ff02::1%2]:2049`, 2 being its number.
//!
//! A server is reached by broadcast when it is bound to a wildcard address. One that has nothing to say keeps silent by
//! [`Fault::NoReply`](crate::Fault::NoReply).
//!
//! Next: [`both_ways`](super::both_ways).

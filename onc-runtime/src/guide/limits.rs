//! 5. What a server and a client hold out against.
//!
//! All limits are on by default, good for a server that anybody can reach, and the text of each one's error names the setter
//! that raises it. Memory follows what has arrived, never what a peer announces.
//!
//! | a server's | default | beyond it |
//! |---|---|---|
//! | [`max_record_size`] | 4 MiB | the connection is closed; a reply that is larger becomes `SYSTEM_ERR` |
//! | [`max_decoded_size`] | 64 MiB | `GARBAGE_ARGS` |
//! | [`max_depth`] | 128 | `GARBAGE_ARGS` |
//! | [`max_calls`] | 16384 | calls wait |
//! | [`max_calls_per_connection`] | 1024 | calls wait, most of them in the socket |
//! | [`max_connections`] | 16384 | connections wait to be accepted |
//! | [`max_connections_per_peer`] | 1024 | closed at once |
//! | [`max_unsent`] | 4 MiB of replies that the peer has not taken | no further calls of it are begun |
//! | [`record_timeout`] | 35 s for a record, or the next 512 KiB of it | the connection is closed |
//! | [`idle_timeout`] | 6 min without a call, or without taking a reply | the connection is closed |
//! | [`stop_timeout`] | 10 s for what runs when the server stops | cut off, and counted |
//!
//! [`max_record_size`]: crate::server::ServerBuilder::max_record_size
//! [`max_decoded_size`]: crate::server::ServerBuilder::max_decoded_size
//! [`max_depth`]: crate::server::ServerBuilder::max_depth
//! [`max_calls`]: crate::server::ServerBuilder::max_calls
//! [`max_calls_per_connection`]: crate::server::ServerBuilder::max_calls_per_connection
//! [`max_connections`]: crate::server::ServerBuilder::max_connections
//! [`max_connections_per_peer`]: crate::server::ServerBuilder::max_connections_per_peer
//! [`max_unsent`]: crate::server::ServerBuilder::max_unsent
//! [`record_timeout`]: crate::server::ServerBuilder::record_timeout
//! [`idle_timeout`]: crate::server::ServerBuilder::idle_timeout
//! [`stop_timeout`]: crate::server::ServerBuilder::stop_timeout
//!
//! Two more are RFC 5531's, and have no setter: credential and verifier of a call have 400 bytes at most (§8.2), and that header is
//! all that is decoded of a call before it is known who calls.
//!
//! What makes calls or connections wait is told under `onc::server`, once, with the setter's name: for the whole server at `WARN`,
//! for a single connection at `DEBUG`.
//!
//! A server that cannot keep up stops reading; its peers' sockets fill, and their calls wait where they are. Only what would take
//! another's share is refused.
//!
//! A client has [`max_record_size`](crate::client::ClientBuilder::max_record_size) (64 MiB),
//! [`max_decoded_size`](crate::client::ClientBuilder::max_decoded_size) and [`max_depth`](crate::client::ClientBuilder::max_depth)
//! for what a server sends, [`max_calls`](crate::client::ClientBuilder::max_calls) (65536) and
//! [`max_unsent`](crate::client::ClientBuilder::max_unsent) (64 MiB) for what it has not answered or taken, and
//! [`idle_timeout`](crate::client::ClientBuilder::idle_timeout) (5 min).
//!
//! Protocols with large data want to raise the size of records on both sides:
//!
//! ```
//! # use onc_runtime::{Client, Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! # struct Calculator;
//! # impl calc::CalcV1 for Calculator {
//! #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a + b) }
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder()
//!     .add(calc::CalcV1Server::new(Calculator))
//!     .max_record_size(16 << 20)
//!     .max_connections_per_peer(16)
//!     .bind("127.0.0.1:0").await?;
//! # let address = server.local_addr()?;
//! # let running = tokio::spawn(server.run());
//!
//! // A limit of one's own calls: one more than that fails at once, and says so.
//! let calc: calc::CalcV1Client = Client::builder().max_calls(1).connect_to(address).await?;
//! let (first, second) = tokio::join!(calc.add(2, 40), calc.add(3, 50));
//! assert_eq!(first?, 42);
//! assert!(second.unwrap_err().to_string().contains("`max_calls` allows more"));
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! To wait instead of failing is the work of a [layer](super::middleware): `ConcurrencyLimitLayer`.
//!
//! Next: [`callers`](super::callers).

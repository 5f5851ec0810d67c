//! 4. Lost connections; what is sent again, and what never is.
//!
//! # Streams
//!
//! When a connection is lost, calls in flight fail with [`Error::Lost`](crate::Error::Lost), which says whether the call had
//! left. The next call connects again, after a pause that grows with each failure; the port mapper is asked again, for the
//! server may have come back on another port. Calls wait for the connection until their deadlines; those that are given up before it
//! is there are never sent, and their errors say why it is not.
//!
//! That a server's host has vanished without a word, nobody says: TCP is told to notice it within two minutes, on Linux, and takes
//! one that accepts no byte for that long for gone, too. Calls that are made meanwhile pass their deadlines.
//!
//! Nothing is sent twice behind a caller's back. A call is sent again only if no byte of it had left, or if its procedure is
//! *idempotent*: executing it twice does no harm. That is said in the build script,
//!
//! ```text
//! xdrgen::configure().with("CALC_PROG.CALC_V1.ADD", xdrgen::Choice::Idempotent)
//! ```
//!
//! or for a call:
//!
//! ```
//! # use onc_runtime::{Context, Error, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! # struct Calculator;
//! # impl calc::CalcV1 for Calculator {
//! #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a + b) }
//! # }
//! # use onc_runtime::Client;
//! # use onc_runtime::portmap::{Daemon, Policy, Registrar, Resolver};
//! # async fn serve(mapper: &Daemon) -> Result<Server, Box<dyn std::error::Error>> {
//! #     let registrar = Registrar::new().mapper(mapper.local_addr()?).policy(Policy::Require);
//! #     Ok(Server::builder().add(calc::CalcV1Server::new(Calculator)).registrar(registrar).bind("127.0.0.1:0").await?)
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mapper = Daemon::embedded().bind("127.0.0.1:0").await?;
//! # let resolver = Resolver::new().with_port(mapper.local_addr()?.port());
//! # let server = serve(&mapper).await?;
//! # let handle = server.handle();
//! # let running = tokio::spawn(server.run());
//! # let host = "127.0.0.1";
//! let calc: calc::CalcV1Client = Client::builder()
//! #   .resolver(resolver)
//!     .connect(host).await?;
//! assert_eq!(calc.add(2, 40).await?, 42);
//!
//! // The server is restarted, and has another port.
//! # handle.stop();
//! # running.await??;
//! # let server = serve(&mapper).await?;
//! # let running = tokio::spawn(server.run());
//! assert_eq!(calc.add(2, 40).idempotent().await?, 42);
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! All of it happens within the call's [deadline](super::deadlines).
//!
//! # Datagrams
//!
//! Over UDP a call or its reply may get lost, so calls are sent again until the reply comes, after times that follow the
//! measured round trip and double with each attempt. A repeat has the same transaction id, by which a server with a *duplicate request
//! cache* knows it again, and answers it with the first reply instead of executing it twice. Ours has one:
//!
//! ```
//! use std::time::Duration;
//! use onc_runtime::Server;
//!
//! let builder = Server::builder()
//!     .max_duplicates(100_000)                        // default: 8192 calls
//!     .max_duplicate_bytes(64 << 20)                  // default: 16 MiB of replies
//!     .duplicate_age(Duration::from_secs(300))        // default: 2 min
//!     .duplicates_over_tcp(true);                     // default: false
//! # drop(builder);
//! ```
//!
//! Over TCP it is of use with clients that send a call again over their next connection, from the same port, as Linux's NFS client
//! does. The procedures that are marked idempotent are executed again instead of being remembered.
//!
//! Next: [`limits`](super::limits).

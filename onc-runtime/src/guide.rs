//! From hello to deployment.
//!
//! 1. [Hello](#1-hello)
//! 2. [Arguments, results, errors](#2-arguments-results-errors)
//! 3. [Deadlines](#3-deadlines)
//! 4. [Lost connections and repeats](#4-lost-connections-and-repeats)
//! 5. [Limits](#5-limits)
//! 6. [Who calls](#6-who-calls)
//! 7. [Middleware](#7-middleware)
//! 8. [Testing](#8-testing)
//! 9. [Seeing what happens](#9-seeing-what-happens)
//! 10. [Deploying](#10-deploying)
//!
//! The examples share a calculator, `doc/calc.x` of this crate:
//!
//! ```text
#![doc = include_str!("../doc/calc.x")]
//! ```
//!
//! # 1. Hello
//!
//! `cargo add onc-runtime tokio`, `cargo add --build xdrgen --no-default-features`, and a `build.rs`:
//!
//! ```text
//! fn main() -> Result<(), xdrgen::Error> {
//!     xdrgen::compile("proto/calc.x")
//! }
//! ```
//!
//! For each version of a program there are now a trait to implement, an adapter that serves it and a client that calls it:
//!
//! ```
//! # use onc_runtime::{Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! struct Calculator;
//!
//! impl calc::CalcV1 for Calculator {
//!     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
//!         Ok(a.wrapping_add(b))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder().add(calc::CalcV1Server::new(Calculator)).bind("127.0.0.1:0").await?;
//! let address = server.local_addr();
//! let running = tokio::spawn(server.run());
//!
//! let calc = calc::CalcV1Client::connect_to(address).await?;
//! assert_eq!(calc.add(2, 40).await?, 42);
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! A server tells its port mapper where it is when it is bound, and takes that back when it stops; if there is no port mapper
//! it serves all the same ([`Policy`](crate::portmap::Policy)). `CalcV1Client::connect("host")` asks the port mapper of that
//! host; [`Target`](crate::client::Target) lists what else it takes.
//!
//! Clients are cheap to clone, calls take `&self`, and any number of them may be in flight on one connection.
//!
//! # 2. Arguments, results, errors
//!
//! Values go in and out by value. `string` is `String`, `opaque<>` is [`Bytes`](crate::Bytes), which shares the memory of the
//! received record, `T *` is `Option<T>`, a linked list is a `Vec`, a union an enum with data. Bounds of the `.x` file are
//! checked on both sides, when a value is encoded and when it is decoded.
//!
//! Three kinds of failure are kept apart. What the *application* has to say (no such file, division by zero) is part of the
//! protocol, a union as a rule. A [`Fault`](crate::Fault) is a handler's refusal on the level of RPC. An
//! [`Error`](crate::Error) is what a caller gets if there is no result; its variants say whose fault it was:
//!
//! ```
//! use onc_runtime::{Error, Refusal};
//!
//! fn advise(error: &Error) -> &'static str {
//!     match error {
//!         Error::Arguments(_) => "our value breaks a bound of the protocol",
//!         Error::Resolve(_) | Error::Connect(_) => "the server is not there",
//!         Error::Refused(Refusal::ProgramMismatch { .. }) => "the server has other versions",
//!         Error::Refused(_) => "the server would not",
//!         Error::Results(_) => "the server's .x file differs from ours",
//!         error if error.maybe_executed() => "it may have happened, or not",
//!         _ => "it has not happened",
//!     }
//! }
//! ```
//!
//! # 3. Deadlines
//!
//! Every call has one: 25 s, as rpcgen's stubs, unless the client's builder or the call says otherwise. Connecting, which
//! includes asking the port mapper, has the same in all.
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
//! # let address = server.local_addr();
//! # let running = tokio::spawn(server.run());
//! use std::time::Duration;
//!
//! let calc: calc::CalcV1Client = Client::builder().timeout(Duration::from_secs(2)).connect_to(address).await?;
//! let late = calc.add(2, 40).timeout(Duration::from_millis(50)).await;
//! assert!(matches!(late, Err(Error::Deadline(_))));
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! A call that was given up, or whose future was dropped, is forgotten: its late reply is ignored. The server is not told,
//! since RPC has no way to; it finishes the call.
//!
//! # 4. Lost connections and repeats
//!
//! When a connection is lost, calls in flight fail with [`Error::Lost`](crate::Error::Lost), which says whether the call had
//! left. The next call connects again, after a pause that grows with each failure; the port mapper is asked again, for
//! the server may have come back on another port.
//!
//! A call is sent a second time only if no byte of it had left, or if its procedure is idempotent: said in the build script
//! for a procedure, or for a call with [`Call::idempotent`](crate::Call::idempotent). Over UDP calls are repeated until their
//! reply comes, with the same xid, by which a server with a duplicate request cache knows them again. Ours has one.
//!
//! # 5. Limits
//!
//! All are on by default, and each error names the setter that raises its limit. The ones that protocols with large data
//! want to raise: [`ServerBuilder::max_record_size`](crate::server::ServerBuilder::max_record_size) and
//! [`ClientBuilder::max_record_size`](crate::client::ClientBuilder::max_record_size). Memory follows what has arrived, never
//! what a peer announces.
//!
//! A server that cannot keep up stops reading; its peers' sockets fill, and their calls wait where they are.
//!
//! # 6. Who calls
//!
//! A handler's [`Context`](crate::Context) knows the peer's address, or its user on a Unix socket, and the `AUTH_SYS`
//! credential, which is only what the caller says of itself. A server says per program which flavours it takes; flavours
//! that prove something implement [`ServerFlavour`](crate::rpc::ServerFlavour) and
//! [`ClientFlavour`](crate::rpc::ClientFlavour).
//!
//! ```
//! # use onc_runtime::{Client, Context, Fault, Server};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! use onc_runtime::rpc::{AuthFlavour, AuthStatus, AuthSys, Credential};
//!
//! struct ForRoot;
//!
//! impl calc::CalcV1 for ForRoot {
//!     async fn add(&self, cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
//!         match cx.auth_sys() {
//!             Some(caller) if caller.uid == 0 && cx.peer().is_local() => Ok(a + b),
//!             _ => Err(Fault::Auth(AuthStatus::TooWeak)),
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder()
//!     .add_with_flavours(calc::CalcV1Server::new(ForRoot), [AuthFlavour::SYS])
//!     .bind("127.0.0.1:0").await?;
//! # let address = server.local_addr();
//! # let running = tokio::spawn(server.run());
//! let root = AuthSys { machine_name: "here".into(), ..AuthSys::default() };
//! let calc: calc::CalcV1Client =
//!     Client::builder().credential(Credential::Sys(root)).connect_to(address).await?;
//! assert_eq!(calc.add(2, 40).await?, 42);
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! # 7. Middleware
//!
//! It is `tower`'s, on both sides: layers around a client by its builder, around a program before it is added to a server.
//! What they see is a call with its program, version, procedure and name, deadline or peer and credential, and encoded
//! arguments.
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
//! # let address = server.local_addr();
//! # let running = tokio::spawn(server.run());
//!
//! let calc: calc::CalcV1Client =
//!     Client::builder().layer(ConcurrencyLimitLayer::new(8)).connect_to(address).await?;
//! assert_eq!(calc.add(2, 40).await?, 42);
//! # running.abort();
//! # Ok(()) }
//! ```
//!
//! # 8. Testing
//!
//! A server's implementation stands in for its client, without a socket; a function can, too:
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
//! # 9. Seeing what happens
//!
//! With any `tracing` subscriber: `RUST_LOG=onc::call=debug` shows each call on both sides with its status and time,
//! `onc::steps=trace` the ten steps. The feature `metrics` counts the same for Prometheus and others:
//! `onc_server_calls`, `onc_server_call_seconds`, `onc_server_in_flight`, and the same of `onc_client`.
//!
//! # 10. Deploying
//!
//! [`Server::run_until`](crate::Server::run_until) takes what ends the program (`tokio::signal::ctrl_c()`, a SIGTERM): the
//! server is taken out of the port mapper, reads no further calls, answers those that run within
//! [`stop_timeout`](crate::server::ServerBuilder::stop_timeout), and says how many it had to cut off. A server that is bound to
//! a wildcard address is registered for every interface, one that is bound to a single address for that. It need not be root
//! to register when the port mapper has a Unix socket.

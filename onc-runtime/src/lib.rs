//! ONC RPC (RFC 5531) as it has been spoken for forty years, in Rust: typed clients and servers from a `.x` file, to and from
//! anything made with rpcgen, through any port mapper.
//!
//! The `.x` file
//!
//! ```text
#![doc = include_str!("../doc/calc.x")]
//! ```
//!
//! becomes Rust in the build script (`xdrgen::compile("proto/calc.x")`), and then:
//!
//! ```
//! # #[cfg(feature = "net")] mod example {
//! use onc_runtime::{Client, Context, Fault, Server};
//!
//! pub mod calc {
//!     # /*
//!     onc_runtime::include_xdr!("calc");
//!     # */ include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs"));
//! }
//!
//! struct Calculator;
//!
//! impl calc::CalcV1 for Calculator {
//!     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
//!         a.checked_add(b).ok_or(Fault::GarbageArguments)
//!     }
//! }
//!
//! pub async fn run() -> Result<(), Box<dyn std::error::Error>> {
//!     let server = Server::builder()
//!         .add(calc::CalcV1Server::new(Calculator))
//!         .bind("127.0.0.1:0").await?;                // any free port, TCP and UDP, told to the port mapper
//!     let address = server.local_addr()?;
//!     tokio::spawn(server.run());
//!
//!     // calc::CalcV1Client::connect("host") asks the port mapper there; without one, the address does.
//!     let calc = calc::CalcV1Client::connect_to(address).await?;
//!     assert_eq!(calc.add(2, 40).await?, 42);
//!     Ok(())
//! }
//! # }
//! # #[cfg(feature = "net")]
//! # tokio::runtime::Runtime::new().unwrap().block_on(example::run()).unwrap();
//! ```
//!
//! Types need no `.x` file: see [`derive@Xdr`] and [`xdr`].
//!
//! # Where to look
//!
//! | for | see |
//! |---|---|
//! | the way from hello to deployment | [`guide`] |
//! | types and bytes | [`xdr`] |
//! | a server's settings and limits | [`server::ServerBuilder`] |
//! | a client's | [`client::ClientBuilder`] |
//! | what a call can fail with | [`Error`], [`Fault`] |
//! | who calls | [`Context`], [`rpc::AuthSys`] |
//! | the port mapper, from both sides | [`portmap`] |
//! | spans and metrics | [`observe`] |
//! | addresses, sockets, peers | [`transport`] |
//! | interceptors and middleware | [`client::ClientInterceptor`], [`service::ServerInterceptor`], [`client::ClientService`], [`service::tower`] |
//! | programs without async | [`blocking`] |
//! | messages, for tools of one's own | [`rpc`] |
//!
//! # Features
//!
//! | feature | default | what |
//! |---|---|---|
//! | `net` | yes | clients, servers, transports, the port mapper; without it there are [`xdr`] and [`rpc`], and no tokio |
//! | `metrics` | no | numbers of calls, errors, times and connections for the `metrics` facade |
//! | `serde` | no | generated types in JSON and the like |
//!
//! # Seen from outside
//!
//! Everything is told to `tracing`: a span for each call on both sides, with OpenTelemetry's field names, the ten steps of a
//! call, and what happens to sockets, connections and registrations. [`observe`] lists the targets and fields, and the numbers
//! that the feature `metrics` counts.

// Without `net` the front page speaks of what is not there.
#![cfg_attr(not(feature = "net"), allow(rustdoc::broken_intra_doc_links))]

extern crate self as onc_runtime;

#[cfg(feature = "net")]
pub mod blocking;
#[cfg(feature = "net")]
pub mod channel;
#[cfg(feature = "net")]
pub mod client;
#[cfg(feature = "net")]
mod clock;
#[cfg(feature = "net")]
mod error;
#[cfg(feature = "net")]
pub mod guide;
#[cfg(feature = "net")]
pub mod observe;
#[cfg(feature = "net")]
pub mod portmap;
pub mod rpc;
#[cfg(feature = "serde")]
pub mod serde;
#[cfg(feature = "net")]
pub mod server;
#[cfg(feature = "net")]
pub mod service;
#[cfg(feature = "net")]
pub mod transport;
pub mod xdr;

#[cfg(feature = "net")]
pub use self::channel::{Call, Client};
#[cfg(feature = "net")]
pub use self::error::{ConnectError, Deadline, Error, Limit, Lost, Phase, Refusal, ResolveError, TargetError};
pub use self::rpc::{Interface, Procedure, ProcedureInfo};
#[cfg(feature = "net")]
pub use self::server::Server;
#[cfg(feature = "net")]
pub use self::service::{Context, Fault};
pub use self::xdr::Xdr;
pub use bytes::Bytes;
pub use onc_derive::{HexDebug, Xdr};

/// Includes the Rust that xdrgen made of `NAME.x` in the build script, as the contents of the module that it stands in.
///
/// ```ignore
/// mod calc {
///     onc_runtime::include_xdr!("calc");
/// }
/// ```
///
/// Everything in it is `pub`. A crate that asks for the lint `unreachable_pub` puts `#[allow(unreachable_pub)]` before the
/// module where that is private.
// Not in a module of its own within: files made of several `.x` files refer to each other as `super::other`.
#[macro_export]
macro_rules! include_xdr {
    ($name:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $name, ".rs"));
    };
}

//! ONC RPC (RFC 5531) for Rust.

extern crate self as onc_runtime;

#[cfg(feature = "net")]
pub mod channel;
#[cfg(feature = "net")]
pub mod client;
#[cfg(feature = "net")]
mod error;
#[cfg(feature = "net")]
mod observe;
#[cfg(feature = "net")]
pub mod portmap;
pub mod rpc;
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
pub use onc_derive::Xdr;

/// Includes the Rust that xdrgen made of `NAME.x` in the build script.
///
/// ```ignore
/// pub mod calc {
///     onc_runtime::include_xdr!("calc");
/// }
/// ```
#[macro_export]
macro_rules! include_xdr {
    ($name:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $name, ".rs"));
    };
}

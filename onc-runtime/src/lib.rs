//! ONC RPC (RFC 5531) for Rust.

extern crate self as onc_runtime;

pub mod rpc;
pub mod xdr;

pub use self::xdr::Xdr;
pub use onc_derive::Xdr;

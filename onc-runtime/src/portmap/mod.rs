//! The port mapper (RFC 1833): who serves which program at which address.
//!
//! A server tells the port mapper of its host what it serves ([`Registrar`]) and keeps that true: the mapper may come later,
//! go away, or lose its memory. A client asks the mapper of the server's host ([`Resolver`]).

mod error;
mod registrar;
mod resolver;

pub use self::error::RegisterError;
pub use self::registrar::{Policy, Registrar, Registration, Service, Status, Unregistered};
pub use self::resolver::Resolver;

/// The program number of the port mapper.
// RFC 1833 §3.1, §2.1: program 100000.
pub const PROGRAM: u32 = 100_000;

/// The port of the port mapper, for TCP and for UDP.
pub const PORT: u16 = 111;

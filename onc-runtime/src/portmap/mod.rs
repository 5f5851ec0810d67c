//! The port mapper (RFC 1833): who serves which program at which address.
//!
//! A server tells the port mapper of its host what it serves ([`Registrar`]) and keeps that true: the mapper may come later,
//! go away, or lose its memory. A client asks the mapper of the server's host ([`Resolver`]). A program that
//! cannot count on a system's port mapper brings its own ([`Daemon`]).

mod ask_udp;
mod cache;
mod conflict;
mod daemon;
mod door;
mod error;
mod farewell;
mod here;
mod journal;
mod keeper;
mod limiter;
mod mapper;
mod names;
mod place;
mod probe;
mod process;
mod programs;
/// The port mapper's protocol, as xdrgen makes it of `portmap.x`: for programs that speak it themselves.
#[rustfmt::skip]
pub mod protocol;
mod registrar;
mod resolver;
mod service;
mod sockaddr;
mod statistics;
mod sweep;
pub mod table;

pub use self::daemon::{Daemon, DaemonBuilder};
pub use self::error::{Holder, RegisterError};
pub use self::journal::Journal;
pub use self::mapper::{Mapper, Version};
pub use self::names::ProgramNames;
pub use self::probe::{Probe, probe};
pub use self::process::Process;
pub use self::programs::{Indirect, Programs, Rules};
pub use self::registrar::{Policy, Registrar, Registration, Status, Unregistered};
pub use self::resolver::Resolver;
pub use self::service::Service;
pub use self::table::Table;
pub use crate::transport::Sockets;

/// The program number of the port mapper.
// RFC 1833 §2.1, §3.1: program 100000.
pub const PROGRAM: u32 = protocol::PORTMAPPER;

/// The port of the port mapper, for TCP and for UDP.
pub const PORT: u16 = 111;

/// Ports below this one can only be bound by root, which port mappers take for proof of who calls.
const RESERVED: u16 = 1024;

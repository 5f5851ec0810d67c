//! Transports: bytes in, bytes out, and who is at the other end.
//!
//! Nothing here knows of calls. A stream transport is anything that is `AsyncRead + AsyncWrite` ([`Stream`]); what is to
//! leave is collected in an `Outgoing`, what arrives goes through an `Incoming` that finds the records in it.

mod both_ways;
mod incoming;
#[cfg(unix)]
mod interface;
mod low_water;
pub mod memory;
#[cfg(feature = "metrics")]
mod metered;
mod multihomed;
mod outgoing;
mod peer;
mod refused;
#[cfg(unix)]
mod reserved;
mod sockets;
#[cfg(unix)]
mod systemd;
mod target;
pub mod tcp;
pub mod udp;
#[cfg(unix)]
pub mod unix;

pub(crate) use self::both_ways::{Side, SideStream, side};
pub(crate) use self::incoming::{Arrival, Incoming};
#[cfg(unix)]
pub use self::interface::broadcast_address;
#[cfg(feature = "metrics")]
pub(crate) use self::metered::Metered;
pub(crate) use self::multihomed::{MultihomedSocket, Return};
pub(crate) use self::outgoing::Outgoing;
pub use self::peer::Peer;
pub(crate) use self::peer::canonical;
pub(crate) use self::refused::failure;
pub use self::sockets::Sockets;
pub(crate) use self::target::Place;
pub use self::target::Target;
#[cfg(unix)]
pub(crate) use self::unix::{Name, UnixSocket};

use std::any::Any;

use tokio::io::{AsyncRead, AsyncWrite};

/// A connection that carries bytes in order: TCP, a Unix socket, a pipe in memory, TLS over one of them.
pub trait Stream: Any + AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

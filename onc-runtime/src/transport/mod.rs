//! Transports: bytes in, bytes out, and who is at the other end.
//!
//! Nothing here knows of calls. A stream transport is anything that is `AsyncRead + AsyncWrite` ([`Stream`]); what is to
//! leave is collected in an [`Outgoing`], what arrives goes through an [`Incoming`] that finds the records in it.

mod incoming;
mod low_water;
mod outgoing;
mod peer;
pub mod tcp;
pub mod udp;

pub(crate) use self::incoming::{Arrival, Incoming};
pub(crate) use self::outgoing::Outgoing;
pub use self::peer::Peer;

use std::any::Any;

use tokio::io::{AsyncRead, AsyncWrite};

/// A connection that carries bytes in order: TCP, a Unix socket, a pipe in memory, TLS over one of them.
pub trait Stream: Any + AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

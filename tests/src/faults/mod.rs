//! A network with faults, between programs that would have none on one machine.
//!
//! Each proxy listens somewhere and hands what comes to a server, losing, delaying, repeating and breaking as dice say.

mod datagrams;
mod streams;

pub use self::datagrams::{DatagramFaults, datagram_proxy};
pub use self::streams::{StreamFaults, stream_proxy};

#[cfg(unix)]
pub use self::streams::unix_proxy;

//! Calls in flight: many on one connection, matched to their replies by xid.
//!
//! Callers put their calls into a queue and wait; one task for each connection, the driver, sends what is queued
//! (what is queued together leaves together) and hands replies to those who wait. A [`Client`] is a cheap handle.

mod alone;
mod back_off;
mod call;
mod caller;
mod client;
mod datagram;
mod driver;
mod elsewhere;
mod link;
mod one_way;
mod pending;
mod queue;
mod raw;
mod replies;
mod retransmission;
mod signed;
mod stream;
mod tower;
mod unserved;

pub use self::call::{Call, TimedCall};
pub use self::caller::{Caller, Request, Response};
pub use self::client::{Client, Stub};
pub(crate) use self::datagram::DatagramLink;
pub(crate) use self::driver::{Connector, Settings};
pub(crate) use self::link::Link;
pub use self::one_way::OneWay;
pub(crate) use self::queue::Channel;
pub(crate) use self::raw::response;
#[cfg(test)]
pub(crate) use self::retransmission::{Attempts, Retransmission};
pub(crate) use self::stream::StreamLink;
pub(crate) use self::tower::middleware_error;
pub use self::tower::{BoxError, ClientService};

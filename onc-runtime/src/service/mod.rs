//! Dispatch: from a received call to its reply.
//!
//! A [`Program`] is one version of a program, as generated code implements it for a user's trait. A [`Registry`] holds
//! all that a server answers and gives the RFC's answer to everything else. A connection runs the calls of one stream,
//! a UDP socket those that come as datagrams.

mod accept;
mod answering;
mod called;
mod calls;
mod connection;
mod context;
mod datagram;
mod duplicates;
mod encoded;
mod execution;
mod fault;
mod flavours;
mod guests;
mod handling;
mod incoming_call;
mod interceptor;
mod lifecycle;
mod outbox;
mod phase;
mod registry;
mod reply;
pub mod tower;
mod vitals;

pub(crate) use self::accept::{Accept, accept};
use self::called::Called;
pub(crate) use self::connection::{Connection, Settings};
pub(crate) use self::context::{Attached, Attachment};
pub use self::context::{ConnectionInfo, Context};
pub(crate) use self::datagram::Datagrams;
pub(crate) use self::duplicates::{DuplicateCache, DuplicateLimits};
#[cfg(test)]
pub(crate) use self::duplicates::{Seen, Ticket};
pub use self::execution::Execution;
pub use self::fault::Fault;
pub use self::flavours::Flavours;
pub(crate) use self::guests::{Guest, Guests, Shares};
pub use self::handling::Handling;
pub use self::incoming_call::IncomingCall;
pub use self::interceptor::{Intercepted, ServerInterceptor};
pub(crate) use self::lifecycle::Lifecycle;
pub(crate) use self::registry::Verdict;
pub use self::registry::{Registry, RegistryBuilder};
pub use self::reply::Reply;

pub(crate) use self::vitals::{Patience, Watch};

use std::sync::Arc;

use crate::rpc::Interface;

/// One version of a program: what generated server adapters implement.
pub trait Program: Send + Sync + 'static {
    /// Its numbers and names.
    fn interface(&self) -> &'static Interface;

    /// Answers a call of it. Procedure 0 never comes here: it is answered by the [`Registry`].
    fn call(&self, call: IncomingCall<'_>) -> Handling;
}

impl<P: Program + ?Sized> Program for Arc<P> {
    fn interface(&self) -> &'static Interface {
        (**self).interface()
    }

    fn call(&self, call: IncomingCall<'_>) -> Handling {
        (**self).call(call)
    }
}

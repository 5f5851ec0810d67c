//! Connections as numbers.

use crate::rpc::Netid;
#[cfg(feature = "metrics")]
use crate::transport::Metered;
use crate::transport::Stream;

use super::Side;
#[cfg(feature = "metrics")]
use super::names;

/// A connection that was made, with its bytes counted from now on, and itself until it is dropped.
#[cfg(feature = "metrics")]
pub(crate) fn observed<S: Stream>(io: S, side: Side, netid: Netid) -> Metered<S> {
    let netid = netid.as_str();
    metrics::counter!(names::CONNECTIONS_MADE.of(side), "netid" => netid).increment(1);
    Metered::new(
        io,
        metrics::counter!(names::RECEIVED_BYTES.of(side), "netid" => netid),
        metrics::counter!(names::SENT_BYTES.of(side), "netid" => netid),
        metrics::gauge!(names::CONNECTIONS.of(side), "netid" => netid),
    )
}

/// The connection as it is: nobody counts.
#[cfg(not(feature = "metrics"))]
#[inline]
pub(crate) fn observed<S: Stream>(io: S, _side: Side, _netid: Netid) -> S {
    io
}

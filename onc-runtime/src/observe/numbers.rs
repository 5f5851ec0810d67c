//! What is counted besides calls. Without the feature `metrics` each of these is empty.
#![cfg_attr(not(feature = "metrics"), expect(unused_variables, reason = "nobody counts"))]

use crate::rpc::Netid;

use super::Side;
#[cfg(feature = "metrics")]
use super::names;

/// A datagram of so many bytes has been received.
#[inline]
pub(crate) fn datagram_received(side: Side, netid: Netid, bytes: usize) {
    #[cfg(feature = "metrics")]
    metrics::counter!(names::RECEIVED_BYTES.of(side), "netid" => netid.as_str()).increment(bytes as u64);
}

/// A datagram of so many bytes has been sent.
#[inline]
pub(crate) fn datagram_sent(side: Side, netid: Netid, bytes: usize) {
    #[cfg(feature = "metrics")]
    metrics::counter!(names::SENT_BYTES.of(side), "netid" => netid.as_str()).increment(bytes as u64);
}

/// No reply has come, and the datagram is sent again.
#[inline]
pub(crate) fn retransmitted() {
    #[cfg(feature = "metrics")]
    metrics::counter!(names::RETRANSMISSIONS).increment(1);
}

/// A client's connection broke, or the server has closed it.
#[inline]
pub(crate) fn connection_lost() {
    #[cfg(feature = "metrics")]
    metrics::counter!(names::CONNECTIONS_LOST).increment(1);
}

/// A client has tried to connect again.
#[inline]
pub(crate) fn reconnected(connected: bool) {
    #[cfg(feature = "metrics")]
    {
        let outcome = if connected { "connected" } else { "failed" };
        metrics::counter!(names::RECONNECTS, "outcome" => outcome).increment(1);
    }
}

/// A connection was not accepted.
#[inline]
pub(crate) fn refused(reason: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!(names::CONNECTIONS_REFUSED, "reason" => reason).increment(1);
}

/// A call was for nothing that is served here.
#[inline]
pub(crate) fn rejected(status: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!(names::REJECTED, "status" => status).increment(1);
}

/// The duplicate request cache has kept a call from being executed.
#[inline]
pub(crate) fn duplicate(outcome: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!(names::DUPLICATES, "outcome" => outcome).increment(1);
}

/// Whether the port mapper has an entry that it is to have.
#[inline]
pub(crate) fn registered(program: u32, version: u32, netid: Netid, is_there: bool) {
    #[cfg(feature = "metrics")]
    metrics::gauge!(
        names::REGISTERED,
        "program" => program.to_string(), "version" => version.to_string(), "netid" => netid.as_str()
    )
    .set(if is_there { 1.0 } else { 0.0 });
}

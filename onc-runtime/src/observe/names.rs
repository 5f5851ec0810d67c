//! The names of the numbers, and what they are.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

use super::Side;

/// A number that either side has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    client: &'static str,
    server: &'static str,
}

impl Name {
    /// Its name on this side.
    pub(super) const fn of(self, side: Side) -> &'static str {
        match side {
            Side::Client => self.client,
            Side::Server => self.server,
        }
    }
}

macro_rules! both {
    ($name:literal) => {
        Name { client: concat!("onc_client_", $name), server: concat!("onc_server_", $name) }
    };
}

pub(super) const CALLS: Name = both!("calls");
pub(super) const CALL_SECONDS: Name = both!("call_seconds");
pub(super) const IN_FLIGHT: Name = both!("in_flight");
pub(super) const RECEIVED_BYTES: Name = both!("received_bytes");
pub(super) const SENT_BYTES: Name = both!("sent_bytes");
pub(super) const CONNECTIONS: Name = both!("connections");
/// Those that were made: by the one side opened, by the other accepted.
pub(super) const CONNECTIONS_MADE: Name =
    Name { client: "onc_client_connections_opened", server: "onc_server_connections_accepted" };

pub(super) const REJECTED: &str = "onc_server_rejected";
pub(super) const DUPLICATES: &str = "onc_server_duplicates";
pub(super) const CONNECTIONS_REFUSED: &str = "onc_server_connections_refused";
pub(super) const REGISTERED: &str = "onc_server_registered";
pub(super) const RETRANSMISSIONS: &str = "onc_client_retransmissions";
pub(super) const CONNECTIONS_LOST: &str = "onc_client_connections_lost";
pub(super) const RECONNECTS: &str = "onc_client_reconnects";

/// Tells the recorder that is installed what the numbers of this crate are, and their units.
///
/// ```
/// // A recorder has been installed.
/// onc_runtime::observe::describe_metrics();
/// ```
pub fn describe_metrics() {
    for side in [Side::Client, Side::Server] {
        describe_counter!(CALLS.of(side), Unit::Count, "calls that have ended, by how");
        describe_histogram!(CALL_SECONDS.of(side), Unit::Seconds, "how long calls took");
        describe_gauge!(IN_FLIGHT.of(side), Unit::Count, "calls that have not ended");
        describe_counter!(RECEIVED_BYTES.of(side), Unit::Bytes, "bytes received, record marks included");
        describe_counter!(SENT_BYTES.of(side), Unit::Bytes, "bytes sent, record marks included");
        describe_gauge!(CONNECTIONS.of(side), Unit::Count, "open connections");
        describe_counter!(CONNECTIONS_MADE.of(side), Unit::Count, "connections that were made");
    }
    describe_counter!(REJECTED, Unit::Count, "calls of programs, versions or protocols that are not served");
    describe_counter!(DUPLICATES, Unit::Count, "calls that the duplicate request cache kept from being executed");
    describe_counter!(CONNECTIONS_REFUSED, Unit::Count, "connections that were not accepted, by the reason");
    describe_gauge!(REGISTERED, Unit::Count, "entries that the port mapper has (1) or should have (0)");
    describe_counter!(RETRANSMISSIONS, Unit::Count, "datagrams that were sent again because no reply came");
    describe_counter!(CONNECTIONS_LOST, Unit::Count, "connections that broke, or that the server closed");
    describe_counter!(RECONNECTS, Unit::Count, "attempts to connect again, by their outcome");
}

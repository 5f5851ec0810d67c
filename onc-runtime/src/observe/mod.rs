//! Calls seen from outside: spans and events of `tracing`, and numbers for the `metrics` facade.
//!
//! # Spans and events
//!
//! | target | level | what |
//! |---|---|---|
//! | `onc::call` | debug | a span for each call, on both sides, and an event at its end |
//! | `onc::steps` | trace | the ten steps of a call |
//! | `onc::server`, `onc::client`, `onc::portmap` | error to debug | what happens to sockets, connections and registrations |
//!
//! While nobody listens a call costs one comparison. The span's fields are named as OpenTelemetry names them:
//!
//! | field | what |
//! |---|---|
//! | `otel.kind` | `server` or `client` |
//! | `rpc.system` | `onc_rpc` |
//! | `rpc.service`, `onc_rpc.version` | the program by its name, and the version's number |
//! | `rpc.method` | the procedure by its name |
//! | `onc_rpc.xid` | the transaction id |
//! | `network.peer.address` | on the server: who calls |
//! | `server.address` | on the client: whom it was told to call |
//! | `rpc.onc.status` | how it ended, as RFC 5531 spells it (`SUCCESS`, `GARBAGE_ARGS`, …), or one word for what else can happen (`TIMED_OUT`, `CONNECTION_LOST`, `CANT_CONNECT`, …; `CANCELLED`: nobody waited any more; `SENT`: nobody waits for the reply of a one-way call) |
//!
//! # Numbers
//!
//! With the feature `metrics`; without it nothing of this is compiled. A recorder has to be installed before the first server or
//! client is made: a connection looks its counters up once.
//!
//! | name | kind | labels | what |
//! |---|---|---|---|
//! | `onc_server_calls` | counter | `program`, `version`, `procedure`, `status` | calls that have ended |
//! | `onc_server_call_seconds` | histogram | `program`, `version`, `procedure` | from the call's arrival to its reply |
//! | `onc_server_in_flight` | gauge | `program` | calls that are being answered |
//! | `onc_server_rejected` | counter | `status` | calls of a program, or version, that is not served, and of another RPC version |
//! | `onc_server_duplicates` | counter | `outcome` | repeats that the duplicate request cache knew: `answered` with the first reply, dropped because the call is still `running` or its reply was `too_large` to be kept; and calls dropped because it was `full` |
//! | `onc_server_received_bytes` | counter | `netid` | bytes received, record marks included |
//! | `onc_server_sent_bytes` | counter | `netid` | bytes sent, record marks included |
//! | `onc_server_connections` | gauge | `netid` | open connections |
//! | `onc_server_connections_accepted` | counter | `netid` | connections that were taken |
//! | `onc_server_connections_refused` | counter | `reason` | connections that were not: `connections` or `connections_of_peer` beyond a limit, `stopping`, `system` (out of descriptors, …) |
//! | `onc_server_registered` | gauge | `program`, `version`, `netid` | 1: the port mapper has this entry; 0: it is to have it. The program is its number |
//! | `onc_client_calls` | counter | `program`, `version`, `procedure`, `status` | calls that have ended |
//! | `onc_client_call_seconds` | histogram | `program`, `version`, `procedure` | from sending a call to its end |
//! | `onc_client_in_flight` | gauge | `program` | calls that wait for their reply |
//! | `onc_client_retransmissions` | counter | | datagrams that were sent again because no reply came |
//! | `onc_client_received_bytes` | counter | `netid` | bytes received, record marks included |
//! | `onc_client_sent_bytes` | counter | `netid` | bytes sent, record marks included |
//! | `onc_client_connections` | gauge | `netid` | open connections |
//! | `onc_client_connections_opened` | counter | `netid` | connections that were made |
//! | `onc_client_connections_lost` | counter | | connections that broke, or that the server closed |
//! | `onc_client_reconnects` | counter | `outcome` | attempts to connect again: `connected`, `failed` |
//!
//! `describe_metrics` tells a recorder what they are.

mod call;
#[cfg(feature = "metrics")]
mod names;
mod numbers;
mod stream;

pub(crate) use self::call::{Observation, Side, step};
#[cfg(feature = "metrics")]
pub use self::names::describe_metrics;
pub(crate) use self::numbers::{
    connection_lost, datagram_received, datagram_sent, duplicate, reconnected, refused, registered, rejected,
    retransmitted,
};
pub(crate) use self::stream::observed;

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
//! | `otel.name`, `otel.kind` | `PROGRAM/PROCEDURE`; `client` or `server` |
//! | `rpc.system`, `rpc.system.name` | `onc_rpc`, by its old name and its new one |
//! | `rpc.service`, `onc_rpc.version` | the program by its name, and the version's number |
//! | `rpc.method`, `onc_rpc.procedure.number` | the procedure by its name, and its number |
//! | `onc_rpc.xid` | the transaction id |
//! | `network.peer.address`, `network.peer.port` | on the server: who calls |
//! | `server.address`, `server.port` | on the client: whom it was told to call |
//! | `rpc.response.status_code` | how it ended, as RFC 5531 spells it (`SUCCESS`, `GARBAGE_ARGS`, …), or one word for what else can happen (`TIMED_OUT`, `CONNECTION_LOST`, `CANT_CONNECT`, …; `CANCELLED`: nobody waited any more; `SENT`: nobody waits for the reply of a one-way call) |
//! | `otel.status_code`, `error.type` | `ERROR`, and the status again: on the client if there is no result, on the server if that is the server's fault |
//!
//! The time of a call is its span's; the event at its end has it as `duration`. What a handler tells is told within the server's span.
//!
//! ```
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! # use onc_runtime::{Client, Context, Fault};
//! # struct Calculator;
//! # impl calc::CalcV1 for Calculator {
//! #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a + b) }
//! # }
//! use tracing_subscriber::filter::{LevelFilter, Targets};
//! use tracing_subscriber::fmt::format::FmtSpan;
//! use tracing_subscriber::layer::SubscriberExt as _;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A line for each call when it has ended; or a layer of `tracing-opentelemetry`, to which these names mean something.
//! let calls = tracing_subscriber::fmt::layer().with_span_events(FmtSpan::CLOSE);
//! let subscriber =
//!     tracing_subscriber::registry().with(calls).with(Targets::new().with_target("onc::call", LevelFilter::DEBUG));
//! # let _subscribed = tracing::subscriber::set_default(subscriber);
//! # let calc = calc::CalcV1Client::new(Client::in_process(calc::CalcV1Server::new(Calculator)));
//! # assert_eq!(calc.add(2, 40).await?, 42);
//! # Ok(()) }
//! ```
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

//! 14. Spans, the ten steps of a call, numbers.
//!
//! # Spans
//!
//! With any `tracing` subscriber, the target `onc::call` at level `DEBUG` has a span for each call on both sides: program, version,
//! procedure, transaction id, peer, status, time, under OpenTelemetry's names. What a handler tells is told within it.
//! `RUST_LOG=onc::call=debug` shows them where the subscriber reads that, `onc::steps=trace` the ten steps of the classic
//! description. While nobody listens it costs one comparison a call.
//!
//! ```
//! # use onc_runtime::{Client, Context, Fault};
//! # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
//! use tracing_subscriber::filter::{LevelFilter, Targets};
//! use tracing_subscriber::fmt::format::FmtSpan;
//! use tracing_subscriber::layer::SubscriberExt as _;
//!
//! struct Calculator;
//!
//! impl calc::CalcV1 for Calculator {
//!     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
//!         tracing::info!(a, b, "adding");
//!         Ok(a + b)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let wanted = Targets::new().with_default(LevelFilter::INFO).with_target("onc::call", LevelFilter::DEBUG);
//! let printed = tracing_subscriber::fmt::layer().with_span_events(FmtSpan::CLOSE);
//! let subscriber = tracing_subscriber::registry().with(printed).with(wanted);
//! # let _subscribed = tracing::subscriber::set_default(subscriber);
//! # /*
//! tracing::subscriber::set_global_default(subscriber)?;
//! # */
//! # let calc = calc::CalcV1Client::new(Client::in_process(calc::CalcV1Server::new(Calculator)));
//! assert_eq!(calc.add(2, 40).await?, 42);
//! # Ok(()) }
//! ```
//!
//! # Numbers
//!
//! The feature `metrics` counts calls by their status, their times, those in flight, bytes, connections, retransmissions, what the
//! duplicate request cache knew, and registrations, for whatever recorder is installed before the first server or client is
//! made: Prometheus's, say. Of those [`observe`](crate::observe) has the list. The example `observed` has both in one program.
//!
//! Two of them a server's [`handle`](crate::Server::handle) tells without any recorder: how many
//! [connections](crate::server::ServerHandle::connections) are open, and how many [calls](crate::server::ServerHandle::calls) wait in their
//! handlers.
//!
//! # What happens besides
//!
//! Connections that are refused or lost, sockets that fail and registrations are told under `onc::server`, `onc::client` and
//! `onc::portmap`, what has to be looked after at `WARN` and above. A procedure that panics is told at `ERROR`, with its program,
//! version and name, and what it panicked with; its caller is answered `SYSTEM_ERR`.
//!
//! Next: [`deploying`](super::deploying).

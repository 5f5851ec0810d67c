//! Calls seen from outside: `tracing` spans, and numbers for the `metrics` facade (feature `metrics`).
//!
//! | target | level | what |
//! |---|---|---|
//! | `onc::call` | debug | a span for each call, on both sides, and an event at its end |
//! | `onc::steps` | trace | the ten steps of a call |
//! | `onc::server`, `onc::client`, `onc::portmap` | warn, debug | what happens to sockets and connections |
//!
//! The span's fields are named as OpenTelemetry names them: `rpc.system`, `rpc.service` (the program), `rpc.method` (the
//! procedure), `onc_rpc.version`, `onc_rpc.xid`, `network.peer.address`, `otel.kind`; at its end `rpc.onc.status`, as RFC 5531
//! spells it, and `duration`. While nobody listens a call costs one comparison.

use std::fmt;
use std::time::Instant;

use tracing::{Level, Span};

use crate::rpc::Interface;

/// Tells of one of the ten steps of a call, by its number; free while nobody listens.
macro_rules! step {
    ($number:literal, $text:literal $(, $($field:tt)+)?) => {
        tracing::trace!(target: "onc::steps", step = $number, $($($field)+,)? $text)
    };
}
pub(crate) use step;

/// Which end of a call is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// A call that is watched.
#[derive(Debug)]
pub(crate) struct Observation {
    #[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "told to the metrics only"))]
    side: Side,
    #[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "told to the metrics only"))]
    interface: &'static Interface,
    #[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "told to the metrics only"))]
    procedure: &'static str,
    span: Span,
    started: Instant,
}

impl Observation {
    /// Watches a call from now on, if anybody listens.
    #[inline]
    pub(crate) fn begin(
        side: Side,
        interface: &'static Interface,
        procedure: u32,
        xid: u32,
        peer: Option<&dyn fmt::Display>,
    ) -> Option<Box<Self>> {
        if cfg!(feature = "metrics") || tracing::enabled!(target: "onc::call", Level::DEBUG) {
            return Some(Self::new(side, interface, procedure, xid, peer));
        }
        None
    }

    #[cold]
    fn new(
        side: Side,
        interface: &'static Interface,
        procedure: u32,
        xid: u32,
        peer: Option<&dyn fmt::Display>,
    ) -> Box<Self> {
        let procedure = match interface.procedure(procedure) {
            Some(known) => known.name,
            None if procedure == 0 => "NULL",
            None => "unknown",
        };
        let kind = if side == Side::Server { "server" } else { "client" };
        let span = tracing::debug_span!(
            target: "onc::call",
            "call",
            otel.kind = kind,
            rpc.system = "onc_rpc",
            rpc.service = interface.program_name,
            rpc.method = procedure,
            onc_rpc.version = interface.version,
            onc_rpc.xid = xid,
            network.peer.address = peer.map(tracing::field::display),
            rpc.onc.status = tracing::field::Empty,
        );
        #[cfg(feature = "metrics")]
        metrics::gauge!(side.name("in_flight"), "program" => interface.program_name).increment(1.0);
        Box::new(Self { side, interface, procedure, span, started: Instant::now() })
    }

    /// The call's span.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// The call has ended.
    pub(crate) fn end(self, status: &'static str) {
        let duration = self.started.elapsed();
        self.span.record("rpc.onc.status", status);
        tracing::debug!(target: "onc::call", parent: &self.span, status, ?duration, "the call ended");
        #[cfg(feature = "metrics")]
        {
            let (program, procedure) = (self.interface.program_name, self.procedure);
            let version = self.interface.version.to_string();
            metrics::counter!(
                self.side.name("calls"),
                "program" => program, "version" => version.clone(), "procedure" => procedure, "status" => status
            )
            .increment(1);
            metrics::histogram!(
                self.side.name("call_seconds"),
                "program" => program, "version" => version, "procedure" => procedure
            )
            .record(duration.as_secs_f64());
        }
    }
}

#[cfg(feature = "metrics")]
impl Drop for Observation {
    fn drop(&mut self) {
        metrics::gauge!(self.side.name("in_flight"), "program" => self.interface.program_name).decrement(1.0);
    }
}

#[cfg(feature = "metrics")]
impl Side {
    fn name(self, what: &'static str) -> String {
        let side = if self == Self::Server { "server" } else { "client" };
        format!("onc_{side}_{what}")
    }
}

//! One call that is watched.

use std::fmt;
use std::time::Instant;

use tracing::{Level, Span};

use crate::rpc::Interface;

#[cfg(feature = "metrics")]
use super::names;

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

/// A call that is watched. Dropped before it has ended, it was cancelled.
#[derive(Debug)]
pub(crate) struct Observation {
    #[cfg(feature = "metrics")]
    labels: Labels,
    span: Span,
    started: Instant,
    ended: bool,
}

/// What the numbers of a call are told apart by.
#[cfg(feature = "metrics")]
#[derive(Debug)]
struct Labels {
    side: Side,
    interface: &'static Interface,
    procedure: &'static str,
}

impl Observation {
    /// When a call begins, if anybody listens.
    #[inline]
    pub(crate) fn start() -> Option<Instant> {
        (cfg!(feature = "metrics") || tracing::enabled!(target: "onc::call", Level::DEBUG)).then(Instant::now)
    }

    /// Watches a call that has [started](Self::start). `peer` is the caller, or whom the client was told to call.
    #[inline]
    pub(crate) fn begin(
        started: Option<Instant>,
        side: Side,
        interface: &'static Interface,
        procedure: u32,
        xid: u32,
        peer: Option<&dyn fmt::Display>,
    ) -> Option<Box<Self>> {
        started.map(|started| Self::new(started, side, interface, procedure, xid, peer))
    }

    #[cold]
    fn new(
        started: Instant,
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
        let peer = peer.map(tracing::field::display);
        let (kind, caller, server) = match side {
            Side::Client => ("client", None, peer),
            Side::Server => ("server", peer, None),
        };
        let span = tracing::debug_span!(
            target: "onc::call",
            "call",
            otel.kind = kind,
            rpc.system = "onc_rpc",
            rpc.service = interface.program_name,
            rpc.method = procedure,
            onc_rpc.version = interface.version,
            onc_rpc.xid = xid,
            network.peer.address = caller,
            server.address = server,
            rpc.onc.status = tracing::field::Empty,
        );
        #[cfg(feature = "metrics")]
        metrics::gauge!(names::IN_FLIGHT.of(side), "program" => interface.program_name).increment(1.0);
        Box::new(Self {
            #[cfg(feature = "metrics")]
            labels: Labels { side, interface, procedure },
            span,
            started,
            ended: false,
        })
    }

    /// The call's span.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// The call has ended.
    pub(crate) fn end(mut self, status: &'static str) {
        self.tell(status);
        self.ended = true;
    }

    fn tell(&self, status: &'static str) {
        let duration = self.started.elapsed();
        self.span.record("rpc.onc.status", status);
        tracing::debug!(target: "onc::call", parent: &self.span, status, ?duration, "the call ended");
        #[cfg(feature = "metrics")]
        self.labels.count(status, duration);
    }
}

#[cfg(feature = "metrics")]
impl Labels {
    fn count(&self, status: &'static str, duration: std::time::Duration) {
        let Self { side, interface, procedure } = *self;
        let (program, version) = (interface.program_name, interface.version.to_string());
        metrics::counter!(
            names::CALLS.of(side),
            "program" => program, "version" => version.clone(), "procedure" => procedure, "status" => status
        )
        .increment(1);
        metrics::histogram!(
            names::CALL_SECONDS.of(side),
            "program" => program, "version" => version, "procedure" => procedure
        )
        .record(duration.as_secs_f64());
        metrics::gauge!(names::IN_FLIGHT.of(side), "program" => program).decrement(1.0);
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        if !self.ended {
            self.tell("CANCELLED");
        }
    }
}

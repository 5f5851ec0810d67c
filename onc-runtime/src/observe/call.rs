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
    side: Side,
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
        // A level that nobody wants at all costs one comparison; who wants it of whom is asked behind that.
        let may_listen = Level::DEBUG <= tracing::level_filters::LevelFilter::current();
        if cfg!(feature = "metrics") || may_listen { Self::start_if_heard() } else { None }
    }

    #[cold]
    fn start_if_heard() -> Option<Instant> {
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
        let number = procedure;
        let procedure = match interface.procedure(procedure) {
            Some(known) => known.name,
            None if procedure == 0 => "NULL",
            None => "unknown",
        };
        let span = span(side, interface, procedure, number, xid, peer);
        #[cfg(feature = "metrics")]
        metrics::gauge!(names::IN_FLIGHT.of(side), "program" => interface.program_name).increment(1.0);
        Box::new(Self {
            #[cfg(feature = "metrics")]
            labels: Labels { side, interface, procedure },
            side,
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
        self.span.record("rpc.response.status_code", status);
        if is_error(self.side, status) {
            self.span.record("otel.status_code", "ERROR");
            self.span.record("error.type", status);
        }
        tracing::debug!(target: "onc::call", parent: &self.span, status, ?duration, "the call ended");
        #[cfg(feature = "metrics")]
        self.labels.count(status, duration);
    }
}

/// The span of a call, its fields named as OpenTelemetry names them.
fn span(
    side: Side,
    interface: &Interface,
    procedure: &'static str,
    number: u32,
    xid: u32,
    peer: Option<&dyn fmt::Display>,
) -> Span {
    let peer = peer.map(Place::of);
    let (kind, caller, server) = match side {
        Side::Client => ("client", None, peer),
        Side::Server => ("server", peer, None),
    };
    tracing::debug_span!(
        target: "onc::call",
        "call",
        otel.name = %format_args!("{}/{procedure}", interface.program_name),
        otel.kind = kind,
        otel.status_code = tracing::field::Empty,
        rpc.system = "onc_rpc",
        rpc.system.name = "onc_rpc",
        rpc.service = interface.program_name,
        rpc.method = procedure,
        rpc.response.status_code = tracing::field::Empty,
        error.type = tracing::field::Empty,
        onc_rpc.version = interface.version,
        onc_rpc.procedure.number = number,
        onc_rpc.xid = xid,
        network.peer.address = caller.as_ref().map(|place| &*place.address),
        network.peer.port = caller.as_ref().and_then(|place| place.port),
        server.address = server.as_ref().map(|place| &*place.address),
        server.port = server.as_ref().and_then(|place| place.port),
    )
}

/// Whether the one who looks at this side has to see an error: on the server only what is its own fault.
fn is_error(side: Side, status: &str) -> bool {
    match side {
        Side::Client => !matches!(status, "SUCCESS" | "SENT"),
        Side::Server => status == "SYSTEM_ERR",
    }
}

/// Where the other end is, in the two parts that OpenTelemetry has for it.
struct Place {
    address: String,
    port: Option<u16>,
}

impl Place {
    /// From what people read: `192.0.2.7:2049`, `[2001:db8::7]:2049`, `host:2049`, `host`, `unix:/run/x`.
    fn of(text: &dyn fmt::Display) -> Self {
        let text = text.to_string();
        match text.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
            Some((host, Ok(port))) => {
                let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
                // An IPv6 address without a port has colons, too.
                if bare == host && host.contains(':') {
                    return Self { address: text, port: None };
                }
                Self { address: bare.to_owned(), port: Some(port) }
            }
            _ => Self { address: text, port: None },
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_an_address_and_maybe_a_port() {
        for (text, address, port) in [
            ("192.0.2.7:2049", "192.0.2.7", Some(2049)),
            ("[2001:db8::7]:2049", "2001:db8::7", Some(2049)),
            ("[fe80::7%eth0]:2049", "fe80::7%eth0", Some(2049)),
            ("host:2049", "host", Some(2049)),
            ("host", "host", None),
            ("2001:db8::7", "2001:db8::7", None),
            ("unix:/run/x", "unix:/run/x", None),
            ("unix:@x:7", "unix:@x:7", None),
            ("local user 7", "local user 7", None),
        ] {
            let place = Place::of(&text);
            assert_eq!((&*place.address, place.port), (address, port), "{text}");
        }
    }
}

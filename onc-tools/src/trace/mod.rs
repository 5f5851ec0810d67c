//! Calls and replies in captured packets.
//!
//! ```text
//! capture    the packets of a pcap or pcapng file, as they come
//! link       what they begin with
//! segment    what TCP and UDP carried in them
//! flows      all connections, each with its two directions
//!   reassembly   a direction's bytes in their order
//!   records      its records
//! pairing    which reply belongs to which call
//! dictionary what they say, by `.x` files
//! print      text and JSON
//! ```
//!
//! Nothing here trusts a capture: what is kept of it is bounded, and what makes no sense is counted. [`Tracer`] does no I/O.

mod capture;
mod dictionary;
mod event;
mod flows;
mod link;
mod pairing;
mod print;
mod reassembly;
mod records;
mod segment;
mod time;

pub use self::capture::{CaptureError, Packet, Sink, read};
pub use self::dictionary::Dictionary;
pub use self::event::{Call, Counts, Event, Exchange, Message, Reply, Transport, Way};
pub use self::link::Link;
pub use self::print::Printer;
pub use self::time::Time;

use self::flows::{Flows, Seen, What};
use self::pairing::{Pairing, Told};
use self::records::{Found, MAX_KEPT, Record};
use self::segment::{Fragments, Kind, Segment};

/// Finds calls and replies in packets.
pub struct Tracer {
    fragments: Fragments,
    flows: Flows,
    pairing: Pairing,
    counts: Counts,
    /// When the last packet was seen.
    now: Time,
}

impl Tracer {
    /// One that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            fragments: Fragments::new(),
            flows: Flows::new(),
            pairing: Pairing::new(),
            counts: Counts::default(),
            now: Time::default(),
        }
    }

    /// Takes the next packet, and adds to `events` what became clear by it.
    pub fn packet(&mut self, packet: &Packet<'_>, events: &mut Vec<Event>) {
        self.counts.packets += 1;
        self.now = packet.time;
        if matches!(packet.link, Link::Other(_)) {
            self.counts.unread += 1;
            return;
        }
        let Self { fragments, flows, pairing, counts, now } = self;
        let mut seen = Vec::new();
        let mut told = Told { events, counts };
        fragments.segment(packet, |segment| match segment.kind {
            Kind::Tcp { .. } => flows.segment(&segment, &mut seen),
            Kind::Udp => {
                let way = Way { transport: Transport::Udp, from: segment.from, to: segment.to };
                pairing.message(*now, way, datagram(&segment), &mut told);
            }
        });
        self.seen(seen, events);
    }

    /// The capture has ended: adds to `events` what has not become clear.
    pub fn finish(&mut self, events: &mut Vec<Event>) {
        let mut seen = Vec::new();
        self.flows.finish(&mut seen);
        self.seen(seen, events);
        self.pairing.finish(&mut Told { events, counts: &mut self.counts });
    }

    /// What there was so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn seen(&mut self, seen: Vec<Seen>, events: &mut Vec<Event>) {
        let Self { pairing, counts, now: time, .. } = self;
        let (time, mut told) = (*time, Told { events, counts });
        for Seen { from, to, what } in seen {
            let way = Way { transport: Transport::Tcp, from, to };
            match what {
                What::Found(Found::Record(record)) => pairing.message(time, way, record, &mut told),
                What::Found(Found::BadMark(length)) => {
                    told.malformed(time, way, format!("a record mark that promises {length} bytes"));
                }
                What::Found(Found::NoRecords) if pairing.is_rpc(way) => {
                    told.malformed(time, way, "the connection does not begin with a record".into());
                }
                What::Found(Found::NoRecords) => {}
                What::Found(Found::Tls) => told.events.push(Event::Tls { time, way }),
                What::Repeat => told.counts.retransmissions += 1,
                What::Gap(bytes) => {
                    told.counts.gaps += 1;
                    told.counts.missing_bytes += bytes;
                    told.events.push(Event::Gap { time, way, bytes });
                }
            }
        }
    }
}

impl Default for Tracer {
    fn default() -> Self {
        Self::new()
    }
}

fn datagram(segment: &Segment<'_>) -> Record {
    let kept = segment.payload.len().min(MAX_KEPT);
    Record { bytes: segment.payload[..kept].to_vec(), length: (segment.payload.len() + segment.missing) as u64 }
}

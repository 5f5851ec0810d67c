//! From packets to what TCP and UDP carried.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use etherparse::defrag::{IpDefragPayloadVec, IpDefragPool};
use etherparse::{LaxNetSlice, NetSlice, TcpSlice, TransportSlice, UdpSlice, ip_number};

use super::capture::Packet;
use super::time::Time;

/// How many fragments are looked at between two looks at what has been waiting, for how long it may wait, and how many IP
/// packets may: at 64 KiB each, 32 MiB.
const FRAGMENTS_BETWEEN: usize = 512;
const FRAGMENT_AGE: Duration = Duration::from_secs(30);
const MAX_FRAGMENTED: usize = 512;

/// What a packet carried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) kind: Kind,
    pub(super) payload: &'a [u8],
    /// Bytes at the end of the payload that were sent, but not captured.
    pub(super) missing: usize,
}

/// By which protocol.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Tcp { sequence: u32, acknowledged: Option<u32>, syn: bool, fin: bool, reset: bool },
    Udp,
}

/// Puts fragments of IP packets together.
pub(super) struct Fragments {
    pool: IpDefragPool<Time>,
    since: usize,
}

impl Fragments {
    pub(super) fn new() -> Self {
        Self { pool: IpDefragPool::new(), since: 0 }
    }

    /// Shows what a packet carried, if it was anything of TCP or UDP; of a fragment, once the others are there, too.
    pub(super) fn segment<T>(&mut self, packet: &Packet<'_>, show: impl FnOnce(Segment<'_>) -> T) -> Option<T> {
        let sliced = packet.link.slice(packet.data)?;
        let (source, destination, missing, fragmented) = match sliced.net.as_ref()? {
            LaxNetSlice::Ipv4(ip) => {
                let header = ip.header();
                let auth = ip.extensions().auth.map_or(0, |auth| auth.slice().len());
                let there = header.slice().len() + auth + ip.payload().payload.len();
                let missing = usize::from(header.total_len()).saturating_sub(there);
                (header.source_addr().into(), header.destination_addr().into(), missing, ip.is_payload_fragmented())
            }
            LaxNetSlice::Ipv6(ip) => {
                let header = ip.header();
                let there = ip.extensions().slice().len() + ip.payload().payload.len();
                let missing = usize::from(header.payload_length()).saturating_sub(there);
                (header.source_addr().into(), header.destination_addr().into(), missing, ip.is_payload_fragmented())
            }
            LaxNetSlice::Arp(_) => return None,
        };
        if fragmented {
            return self.fragment(packet, show);
        }
        let transport = sliced.transport?;
        Some(show(segment(source, destination, &transport, missing)?))
    }

    fn fragment<T>(&mut self, packet: &Packet<'_>, show: impl FnOnce(Segment<'_>) -> T) -> Option<T> {
        let sliced = packet.link.slice_whole(packet.data)?;
        let (source, destination): (IpAddr, IpAddr) = match sliced.net.as_ref()? {
            NetSlice::Ipv4(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
            NetSlice::Ipv6(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
            NetSlice::Arp(_) => return None,
        };
        self.make_room(packet.time);
        let whole = self.pool.process_sliced_packet(&sliced, packet.time, ()).ok()??;
        let shown = transport(&whole).and_then(|transport| segment(source, destination, &transport, 0)).map(show);
        self.pool.return_buf(whole);
        shown
    }

    /// Gives up IP packets whose fragments do not come.
    fn make_room(&mut self, now: Time) {
        self.since += 1;
        if self.since < FRAGMENTS_BETWEEN {
            return;
        }
        self.since = 0;
        self.pool.retain(|then| now.since(*then) < FRAGMENT_AGE);
        let waiting = Cell::new(0);
        self.pool.retain(|_| {
            waiting.set(waiting.get() + 1);
            true
        });
        if waiting.get() > MAX_FRAGMENTED {
            self.pool = IpDefragPool::new();
        }
    }
}

fn transport(packet: &IpDefragPayloadVec) -> Option<TransportSlice<'_>> {
    match packet.ip_number {
        ip_number::TCP => TcpSlice::from_slice(&packet.payload).ok().map(TransportSlice::Tcp),
        ip_number::UDP => UdpSlice::from_slice_lax(&packet.payload).ok().map(TransportSlice::Udp),
        _ => None,
    }
}

fn segment<'a>(
    source: IpAddr,
    destination: IpAddr,
    transport: &TransportSlice<'a>,
    missing: usize,
) -> Option<Segment<'a>> {
    let segment = |source_port: u16, destination_port: u16, kind, payload: &'a [u8], missing| Segment {
        from: SocketAddr::new(source, source_port),
        to: SocketAddr::new(destination, destination_port),
        kind,
        payload,
        missing,
    };
    match transport {
        TransportSlice::Tcp(tcp) => {
            let kind = Kind::Tcp {
                sequence: tcp.sequence_number(),
                acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
                syn: tcp.syn(),
                fin: tcp.fin(),
                reset: tcp.rst(),
            };
            Some(segment(tcp.source_port(), tcp.destination_port(), kind, tcp.payload(), missing))
        }
        TransportSlice::Udp(udp) => {
            Some(segment(udp.source_port(), udp.destination_port(), Kind::Udp, udp.payload(), missing))
        }
        _ => None,
    }
}

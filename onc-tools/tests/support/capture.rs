//! Captures, byte by byte.

use std::net::{IpAddr, SocketAddr};

use etherparse::PacketBuilder;

/// A link type, and what comes before the IP packet with it.
pub(crate) struct Link {
    pub(crate) number: u16,
    pub(crate) header: fn(ipv4: bool) -> Vec<u8>,
}

pub(crate) const ETHERNET: Link = Link { number: 1, header: |ipv4| [&[2; 12][..], &ether_type(ipv4)].concat() };
pub(crate) const RAW: Link = Link { number: 101, header: |_| Vec::new() };

/// Ethernet with and without a VLAN, raw IP, loopback in both byte orders and Linux's both.
pub(crate) const LINKS: [Link; 7] = [
    ETHERNET,
    Link { number: 1, header: |ipv4| [&[2; 12][..], &[0x81, 0, 0, 7], &ether_type(ipv4)].concat() },
    RAW,
    Link { number: 0, header: |ipv4| u32::to_le_bytes(if ipv4 { 2 } else { 30 }).to_vec() },
    Link { number: 108, header: |ipv4| u32::to_be_bytes(if ipv4 { 2 } else { 24 }).to_vec() },
    Link { number: 113, header: |ipv4| [&[0, 0, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0][..], &ether_type(ipv4)].concat() },
    Link {
        number: 276,
        header: |ipv4| [&ether_type(ipv4)[..], &[0, 0, 0, 0, 0, 1, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0]].concat(),
    },
];

fn ether_type(ipv4: bool) -> [u8; 2] {
    if ipv4 { [8, 0] } else { [0x86, 0xdd] }
}

/// What a segment of TCP says besides its bytes.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Flag {
    None,
    Syn,
    Fin,
}

/// An IP packet with a segment of TCP.
pub(crate) fn tcp(from: SocketAddr, to: SocketAddr, sequence: u32, flag: Flag, payload: &[u8]) -> Vec<u8> {
    tcp_with_ack(from, to, sequence, None, flag, payload)
}

/// The same, with the number up to which the other side's bytes have arrived.
pub(crate) fn tcp_with_ack(
    from: SocketAddr,
    to: SocketAddr,
    sequence: u32,
    acknowledged: Option<u32>,
    flag: Flag,
    payload: &[u8],
) -> Vec<u8> {
    let mut builder = ip(from, to).tcp(from.port(), to.port(), sequence, 1000);
    if let Some(number) = acknowledged {
        builder = builder.ack(number);
    }
    builder = match flag {
        Flag::None => builder,
        Flag::Syn => builder.syn(),
        Flag::Fin => builder.fin(),
    };
    let mut packet = Vec::new();
    builder.write(&mut packet, payload).expect("written");
    packet
}

/// An IP packet with a datagram.
pub(crate) fn udp(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let mut packet = Vec::new();
    ip(from, to).udp(from.port(), to.port()).write(&mut packet, payload).expect("written");
    packet
}

fn ip(from: SocketAddr, to: SocketAddr) -> etherparse::PacketBuilderStep<etherparse::IpHeaders> {
    match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => PacketBuilder::ipv4(from.octets(), to.octets(), 64),
        (IpAddr::V6(from), IpAddr::V6(to)) => PacketBuilder::ipv6(from.octets(), to.octets(), 64),
        _ => panic!("addresses of one family"),
    }
}

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Format {
    /// pcap, microseconds, little-endian.
    Micro,
    /// pcap, nanoseconds, big-endian.
    Nano,
    /// pcapng, little-endian, microseconds.
    Ng,
    /// pcapng, big-endian, units of 1/1024 s, an hour to be added.
    NgOdd,
}

/// A capture in the making.
pub(crate) struct Capture {
    format: Format,
    number: u16,
    pub(crate) bytes: Vec<u8>,
}

impl Capture {
    pub(crate) fn new(format: Format, number: u16) -> Self {
        let mut capture = Self { format, number, bytes: Vec::new() };
        match format {
            Format::Micro | Format::Nano => {
                let magic = if format == Format::Micro { 0xa1b2_c3d4 } else { 0xa1b2_3c4d };
                let mut header = capture.words(&[magic]);
                header.extend(capture.halves(&[2, 4]));
                header.extend(capture.words(&[0, 0, 65_535, number.into()]));
                capture.bytes.extend(header);
            }
            Format::Ng | Format::NgOdd => {
                let mut section = capture.words(&[0x1a2b_3c4d]);
                section.extend(capture.halves(&[1, 0]));
                section.extend([0xff; 8]);
                capture.block(0x0a0d_0d0a, &section);
                capture.interface(number);
            }
        }
        capture
    }

    fn interface(&mut self, number: u16) {
        let mut interface = self.halves(&[number, 0]);
        interface.extend(self.words(&[65_535]));
        if self.format == Format::NgOdd {
            // if_tsresol, if_tsoffset, end of options
            interface.extend(self.halves(&[9, 1]));
            interface.extend([0x80 | 10, 0, 0, 0]);
            interface.extend(self.halves(&[14, 8]));
            interface.extend(3600_i64.to_be_bytes());
            interface.extend([0; 4]);
        }
        self.block(1, &interface);
    }

    /// Adds a packet, as seen so many milliseconds after the start of 1970.
    pub(crate) fn packet(&mut self, milliseconds: u32, packet: &[u8]) {
        self.cut_packet(milliseconds, packet, packet.len());
    }

    /// Adds the first bytes of a packet.
    pub(crate) fn cut_packet(&mut self, milliseconds: u32, packet: &[u8], length: usize) {
        let (captured, length) = (&packet[..length.min(packet.len())], packet.len() as u32);
        let kept = captured.len() as u32;
        let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
        match self.format {
            Format::Micro | Format::Nano => {
                let unit = if self.format == Format::Micro { 1000 } else { 1_000_000 };
                let header = self.words(&[seconds, rest * unit, kept, length]);
                self.bytes.extend(header);
                self.bytes.extend(captured);
            }
            Format::Ng | Format::NgOdd => {
                let time = if self.format == Format::Ng {
                    u64::from(milliseconds) * 1000
                } else {
                    (u64::from(milliseconds) - 3_600_000) * 1024 / 1000
                };
                let mut block = self.words(&[0, (time >> 32) as u32, time as u32, kept, length]);
                block.extend(captured);
                block.resize(block.len().next_multiple_of(4), 0);
                self.block(6, &block);
            }
        }
    }

    /// The packet with what comes before IP with this link type.
    pub(crate) fn ip_packet(&mut self, milliseconds: u32, link: &Link, packet: &[u8]) {
        assert_eq!(link.number, self.number);
        let framed = [&(link.header)(packet[0] >> 4 == 4)[..], packet].concat();
        self.packet(milliseconds, &framed);
    }

    fn block(&mut self, kind: u32, body: &[u8]) {
        let length = body.len() as u32 + 12;
        let mut block = self.words(&[kind, length]);
        block.extend(body);
        block.extend(self.words(&[length]));
        self.bytes.extend(block);
    }

    fn words(&self, words: &[u32]) -> Vec<u8> {
        let big = matches!(self.format, Format::Nano | Format::NgOdd);
        words.iter().flat_map(|word| if big { word.to_be_bytes() } else { word.to_le_bytes() }).collect()
    }

    fn halves(&self, halves: &[u16]) -> Vec<u8> {
        let big = matches!(self.format, Format::Nano | Format::NgOdd);
        halves.iter().flat_map(|half| if big { half.to_be_bytes() } else { half.to_le_bytes() }).collect()
    }
}

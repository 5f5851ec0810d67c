//! What a captured packet's bytes begin with.

use etherparse::{EtherType, LaxSlicedPacket, SlicedPacket};

/// What a captured packet's bytes begin with: a link type of <https://www.tcpdump.org/linktypes.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Link {
    /// Ethernet (1).
    Ethernet,
    /// IP, version 4 or 6 (101, and 12, 14, 228, 229).
    Ip,
    /// BSD's loopback, with the number of the address family in the byte order of whoever captured (0), or the network's
    /// (108).
    Loopback,
    /// Linux's `any` interface, version 1 (113).
    Cooked,
    /// Linux's `any` interface, version 2 (276).
    Cooked2,
    /// One that is not read.
    Other(i32),
}

impl From<i32> for Link {
    fn from(number: i32) -> Self {
        match number {
            1 => Self::Ethernet,
            12 | 14 | 101 | 228 | 229 => Self::Ip,
            0 | 108 => Self::Loopback,
            113 => Self::Cooked,
            276 => Self::Cooked2,
            other => Self::Other(other),
        }
    }
}

impl Link {
    /// The layers of a packet, as far as they are there.
    pub(super) fn slice(self, data: &[u8]) -> Option<LaxSlicedPacket<'_>> {
        match self.inside(data)? {
            Inside::Ethernet => LaxSlicedPacket::from_ethernet(data).ok(),
            Inside::Ip(packet) => LaxSlicedPacket::from_ip(packet).ok(),
            Inside::Type(ether_type, packet) => Some(LaxSlicedPacket::from_ether_type(ether_type, packet)),
        }
    }

    /// The layers of a packet that is there as a whole.
    pub(super) fn slice_whole(self, data: &[u8]) -> Option<SlicedPacket<'_>> {
        match self.inside(data)? {
            Inside::Ethernet => SlicedPacket::from_ethernet(data).ok(),
            Inside::Ip(packet) => SlicedPacket::from_ip(packet).ok(),
            Inside::Type(ether_type, packet) => SlicedPacket::from_ether_type(ether_type, packet).ok(),
        }
    }

    fn inside(self, data: &[u8]) -> Option<Inside<'_>> {
        match self {
            Self::Ethernet => Some(Inside::Ethernet),
            Self::Ip => Some(Inside::Ip(data)),
            // IP says its version itself; the families' numbers differ from system to system.
            Self::Loopback => Some(Inside::Ip(data.get(4..)?)),
            // LINKTYPE_LINUX_SLL: the protocol in the last two of 16 bytes.
            Self::Cooked => Some(Inside::Type(ether_type(data, 14)?, data.get(16..)?)),
            // LINKTYPE_LINUX_SLL2: the protocol in the first two of 20 bytes.
            Self::Cooked2 => Some(Inside::Type(ether_type(data, 0)?, data.get(20..)?)),
            Self::Other(_) => None,
        }
    }
}

/// What comes next.
enum Inside<'a> {
    Ethernet,
    Ip(&'a [u8]),
    Type(EtherType, &'a [u8]),
}

fn ether_type(data: &[u8], at: usize) -> Option<EtherType> {
    let bytes = data.get(at..)?.first_chunk()?;
    Some(EtherType(u16::from_be_bytes(*bytes)))
}

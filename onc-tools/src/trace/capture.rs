//! Captures, as tcpdump, dumpcap and Wireshark write them: pcap and pcapng.

use std::fmt;
use std::io::{self, Cursor, Read};

use pcap_parser::pcapng::{Block, InterfaceDescriptionBlock, OptionCode};
use pcap_parser::traits::{PcapNGPacketBlock as _, PcapReaderIterator};
use pcap_parser::{LegacyPcapReader, Linktype, PcapBlockOwned, PcapError, PcapHeader, PcapNGReader};

use super::link::Link;
use super::time::Time;

/// What is read at once, and how much of that a packet may take.
const BUFFER: usize = 256 << 10;
const MAX_PACKET: usize = 16 << 20;

/// The most interfaces of a capture that are kept apart.
const MAX_INTERFACES: usize = 1 << 12;

/// A packet of a capture.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// When it was seen.
    pub time: Time,
    /// What its bytes begin with.
    pub link: Link,
    /// Its bytes, as far as they were captured.
    pub data: &'a [u8],
}

/// Who takes the packets of a capture.
pub trait Sink {
    /// What may go wrong, here or in reading.
    type Error: From<CaptureError>;

    /// Takes a packet.
    ///
    /// # Errors
    ///
    /// Whatever this returns ends the reading.
    fn packet(&mut self, packet: &Packet<'_>) -> Result<(), Self::Error>;

    /// All that had come has been taken; what comes next may take its time.
    ///
    /// # Errors
    ///
    /// Whatever this returns ends the reading.
    fn caught_up(&mut self) -> Result<(), Self::Error>;
}

/// Why a capture was not read, or not to its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum CaptureError {
    /// It cannot be read.
    Io(io::Error),
    /// It has no bytes.
    Empty,
    /// It is neither pcap nor pcapng.
    NotACapture,
    /// It ends within a packet; all before was read. Usual where the program that captured was killed.
    Cut,
    /// It has a packet of more than 16 MiB.
    TooLarge,
    /// It does not go on as pcap or pcapng does; all before was read.
    Broken,
}

/// Reads a capture to its end, and hands over each packet as soon as it has come.
///
/// # Errors
///
/// The capture cannot be read, is none, or is damaged, or the sink fails.
pub fn read<S: Sink>(mut input: impl Read + Send, sink: &mut S) -> Result<(), S::Error> {
    let start = start(&mut input)?;
    let is_ng = start.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]);
    // The readers want the first header whole, in their first read.
    let input = Cursor::new(start).chain(input);
    let mut reader: Box<dyn PcapReaderIterator + Send + '_> = if is_ng {
        Box::new(PcapNGReader::new(BUFFER, input).map_err(|error| CaptureError::of(&error))?)
    } else {
        Box::new(LegacyPcapReader::new(BUFFER, input).map_err(|error| CaptureError::of(&error))?)
    };
    let mut format = Format::default();
    let mut capacity = BUFFER;
    loop {
        let held = reader.data().len();
        let wants_more = match reader.next() {
            Ok((length, block)) => {
                if let Some(packet) = format.packet(&block) {
                    sink.packet(&packet)?;
                }
                reader.consume(length);
                continue;
            }
            Err(PcapError::Eof) => return sink.caught_up(),
            // A packet says how long it is before it is there; no room is made before that is needed.
            Err(PcapError::BufferTooSmall) if held >= capacity => true,
            Err(PcapError::Incomplete(_) | PcapError::BufferTooSmall) => false,
            Err(error) => return Err(CaptureError::of(&error).into()),
        };
        if wants_more {
            capacity *= 2;
            if capacity > MAX_PACKET {
                return Err(CaptureError::TooLarge.into());
            }
            reader.grow(capacity);
        }
        sink.caught_up()?;
        reader.refill().map_err(|error| CaptureError::of(&error))?;
    }
}

/// As many bytes of the input as its first header has.
fn start(input: &mut impl Read) -> Result<Vec<u8>, CaptureError> {
    let mut start = Vec::new();
    let mut read = |start: &mut Vec<u8>, length: usize| {
        let missing = (length.saturating_sub(start.len())) as u64;
        input.by_ref().take(missing).read_to_end(start).map_err(CaptureError::Io)
    };
    // pcap's own header has 24 bytes; pcapng's first block says in its second four how long it is, in the byte order of its
    // third.
    read(&mut start, 24)?;
    if start.is_empty() {
        return Err(CaptureError::Empty);
    }
    if let [0x0a, 0x0d, 0x0d, 0x0a, a, b, c, d, magic, ..] = start[..] {
        let length = if magic == 0x4d { u32::from_le_bytes([a, b, c, d]) } else { u32::from_be_bytes([a, b, c, d]) };
        read(&mut start, (length as usize).min(BUFFER / 2))?;
    }
    Ok(start)
}

/// What the blocks before said of the packets that follow.
#[derive(Default)]
struct Format {
    header: Option<PcapHeader>,
    interfaces: Vec<Interface>,
    /// The byte order of a pcapng section.
    big_endian: bool,
    last: Time,
}

/// An interface of a pcapng capture.
#[derive(Clone, Copy)]
struct Interface {
    link: Link,
    /// Units of time in a second.
    resolution: u64,
    /// Seconds to be added.
    offset: i64,
}

impl Format {
    /// The packet that a block is, if it is one.
    fn packet<'a>(&mut self, block: &'a PcapBlockOwned<'_>) -> Option<Packet<'a>> {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                self.header = Some(header.clone());
                None
            }
            PcapBlockOwned::Legacy(packet) => {
                let header = self.header.as_ref()?;
                let resolution = if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
                let units = u64::from(packet.ts_sec) * resolution + u64::from(packet.ts_usec);
                let time = Time::of_units(units, resolution, 0);
                // The upper bits of the field say how long the checksums at the end of each packet are.
                let link = Link::from(header.network.0 & 0xffff);
                Some(Packet { time, link, data: captured(packet.data, packet.caplen) })
            }
            PcapBlockOwned::NG(block) => self.ng_packet(block),
        }
    }

    fn ng_packet<'a>(&mut self, block: &'a Block<'_>) -> Option<Packet<'a>> {
        match block {
            Block::SectionHeader(section) => {
                self.big_endian = section.big_endian();
                self.interfaces.clear();
                None
            }
            Block::InterfaceDescription(interface) => {
                if self.interfaces.len() < MAX_INTERFACES {
                    self.interfaces.push(Interface::of(interface, self.big_endian));
                }
                None
            }
            Block::EnhancedPacket(packet) => {
                let interface = self.interfaces.get(packet.if_id as usize)?;
                let units = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                self.last = Time::of_units(units, interface.resolution, interface.offset);
                Some(Packet { time: self.last, link: interface.link, data: packet.packet_data() })
            }
            Block::SimplePacket(packet) => {
                // It has no time of its own.
                let interface = self.interfaces.first()?;
                Some(Packet { time: self.last, link: interface.link, data: captured(packet.data, packet.origlen) })
            }
            _ => None,
        }
    }
}

impl Interface {
    fn of(block: &InterfaceDescriptionBlock<'_>, big_endian: bool) -> Self {
        let Linktype(link) = block.linktype;
        // pcapng, section 4.2: the highest bit says whether the rest is a power of 2 or of 10.
        let exponent = u32::from(block.if_tsresol & 0x7f);
        let base: u64 = if block.if_tsresol & 0x80 == 0 { 10 } else { 2 };
        let resolution = base.checked_pow(exponent).unwrap_or(u64::MAX);
        // The parser reads this option as little-endian whatever the section is.
        let offset = block.options.iter().find(|option| option.code == OptionCode::IfTsoffset);
        let offset = offset.and_then(|option| option.value().first_chunk().copied()).unwrap_or_default();
        let offset = if big_endian { i64::from_be_bytes(offset) } else { i64::from_le_bytes(offset) };
        Self { link: Link::from(link), resolution, offset }
    }
}

/// Without what pads it.
fn captured(data: &[u8], length: u32) -> &[u8] {
    data.get(..length as usize).unwrap_or(data)
}

impl CaptureError {
    fn of(error: &PcapError<&[u8]>) -> Self {
        match error {
            PcapError::UnexpectedEof | PcapError::Eof | PcapError::Incomplete(_) => Self::Cut,
            PcapError::ReadError => Self::Io(io::Error::other("reading failed")),
            PcapError::HeaderNotRecognized => Self::NotACapture,
            PcapError::BufferTooSmall => Self::TooLarge,
            _ => Self::Broken,
        }
    }
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "it cannot be read: {error}"),
            Self::Empty => f.write_str("it is empty; a capture has a header even if it has no packets"),
            Self::NotACapture => f.write_str("it is neither pcap nor pcapng, which tcpdump -w and dumpcap write"),
            Self::Cut => f.write_str("it ends within a packet; all before that was read"),
            Self::TooLarge => write!(f, "it has a packet of more than {} MiB", MAX_PACKET >> 20),
            Self::Broken => f.write_str("it is damaged; all before the damage was read"),
        }
    }
}

impl std::error::Error for CaptureError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

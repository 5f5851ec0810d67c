//! One direction of a TCP connection: its bytes in their order, each once.

use std::collections::BTreeMap;

/// What is kept of segments that came before their turn. Then what they wait for is taken to be missing from the capture.
const MAX_EARLY_BYTES: usize = 1 << 20;
const MAX_EARLY_SEGMENTS: usize = 256;

/// How far back the number of a segment may go. What seems to be older is from another connection between the same ports,
/// whose beginning the capture lacks.
const MAX_BACK: i64 = 16 << 20;

/// A piece of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Bytes, as one segment had them.
    Bytes(&'a [u8]),
    /// So many bytes are not in the capture.
    Hole(u64),
    /// The stream begins here, or begins anew; what the piece before belonged to is over. `true`: with its first byte.
    Start(bool),
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub(super) struct Reassembly {
    /// The sequence number of the next byte, and how many there were before it; `None`: nothing was seen yet.
    next: Option<(u32, u64)>,
    /// Segments before their turn, by where they begin.
    early: BTreeMap<u64, Early>,
    early_bytes: usize,
}

/// A segment before its turn.
#[derive(Debug)]
struct Early {
    payload: Vec<u8>,
    missing: u64,
}

impl Reassembly {
    /// A segment that opens the connection; its bytes begin after `sequence`. Says whether it is a repeat.
    pub(super) fn open(&mut self, sequence: u32, out: &mut impl FnMut(Piece<'_>)) -> bool {
        let first = sequence.wrapping_add(1);
        if self.next == Some((first, 0)) {
            return true;
        }
        self.finish(out);
        self.next = Some((first, 0));
        out(Piece::Start(true));
        false
    }

    /// A segment, of whose bytes so many at the end are not in the capture. Says whether it is a repeat.
    pub(super) fn segment(
        &mut self,
        sequence: u32,
        payload: &[u8],
        missing: usize,
        out: &mut impl FnMut(Piece<'_>),
    ) -> bool {
        let missing = missing as u64;
        if payload.is_empty() && missing == 0 {
            return false;
        }
        let (next, before) = self.next.unwrap_or_else(|| {
            out(Piece::Start(false));
            self.next = Some((sequence, 0));
            (sequence, 0)
        });
        // RFC 9293 §3.4: sequence numbers are compared modulo 2^32.
        let ahead = i64::from(sequence.wrapping_sub(next).cast_signed());
        if ahead < -MAX_BACK {
            self.finish(out);
            out(Piece::Start(false));
            self.next = Some((sequence, 0));
            return self.segment(sequence, payload, missing as usize, out);
        }
        if ahead <= 0 {
            let seen = ahead.unsigned_abs();
            if seen >= payload.len() as u64 + missing {
                return true;
            }
            self.deliver(payload, missing, seen, out);
        } else {
            self.keep(before + ahead.unsigned_abs(), payload, missing);
        }
        self.drain(out);
        while self.early_bytes > MAX_EARLY_BYTES || self.early.len() > MAX_EARLY_SEGMENTS {
            self.skip(out);
        }
        false
    }

    /// The peer has told that it has all bytes before this number. What is missing of these is missing from the capture alone,
    /// and will not come.
    pub(super) fn acknowledged(&mut self, number: u32, out: &mut impl FnMut(Piece<'_>)) {
        while let (Some((next, before)), Some((at, _))) = (self.next, self.early.first_key_value()) {
            let ahead = i64::from(number.wrapping_sub(next).cast_signed());
            let reached = u64::try_from(ahead).is_ok_and(|ahead| before + ahead >= *at);
            if !reached {
                return;
            }
            self.skip(out);
        }
    }

    /// Gives out what is still kept; what that waited for is missing.
    pub(super) fn finish(&mut self, out: &mut impl FnMut(Piece<'_>)) {
        while !self.early.is_empty() {
            self.skip(out);
        }
    }

    /// Bytes that are kept.
    pub(super) fn held(&self) -> usize {
        self.early_bytes
    }

    fn keep(&mut self, at: u64, payload: &[u8], missing: u64) {
        let length = payload.len() as u64 + missing;
        let known = self.early.get(&at).map_or(0, |early| early.payload.len() as u64 + early.missing);
        if known >= length {
            return;
        }
        self.early_bytes += payload.len();
        if let Some(old) = self.early.insert(at, Early { payload: payload.to_vec(), missing }) {
            self.early_bytes -= old.payload.len();
        }
    }

    /// Gives out all whose turn it is.
    fn drain(&mut self, out: &mut impl FnMut(Piece<'_>)) {
        while let Some((_, before)) = self.next
            && let Some(entry) = self.early.first_entry()
            && *entry.key() <= before
        {
            let seen = before - *entry.key();
            let early = entry.remove();
            self.early_bytes -= early.payload.len();
            if seen < early.payload.len() as u64 + early.missing {
                self.deliver(&early.payload, early.missing, seen, out);
            }
        }
    }

    /// Gives up what the first of the kept segments waits for.
    fn skip(&mut self, out: &mut impl FnMut(Piece<'_>)) {
        let (Some((_, before)), Some((at, _))) = (self.next, self.early.first_key_value()) else { return };
        let hole = at.saturating_sub(before);
        if hole > 0 {
            out(Piece::Hole(hole));
            self.advance(hole);
        }
        self.drain(out);
    }

    /// Gives out the part of a segment that was not `seen` yet.
    fn deliver(&mut self, payload: &[u8], missing: u64, seen: u64, out: &mut impl FnMut(Piece<'_>)) {
        let fresh = usize::try_from(seen).ok().and_then(|seen| payload.get(seen..)).unwrap_or_default();
        if !fresh.is_empty() {
            out(Piece::Bytes(fresh));
        }
        let hole = missing - seen.saturating_sub(payload.len() as u64);
        if hole > 0 {
            out(Piece::Hole(hole));
        }
        self.advance(fresh.len() as u64 + hole);
    }

    fn advance(&mut self, length: u64) {
        if let Some((next, before)) = &mut self.next {
            // The low 32 bits are what sequence numbers count.
            *next = next.wrapping_add(length as u32);
            *before += length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What came out, as text: `bytes`, `<7>` for a hole, `|` and `^` for starts.
    fn run(steps: impl FnOnce(&mut Reassembly, &mut dyn FnMut(Piece<'_>))) -> String {
        let mut text = String::new();
        let mut out = |piece: Piece<'_>| match piece {
            Piece::Bytes(bytes) => text += &format!("{} ", String::from_utf8_lossy(bytes)),
            Piece::Hole(length) => text += &format!("<{length}> "),
            Piece::Start(true) => text += "^ ",
            Piece::Start(false) => text += "| ",
        };
        let mut reassembly = Reassembly::default();
        steps(&mut reassembly, &mut out);
        reassembly.finish(&mut out);
        assert_eq!((reassembly.held(), reassembly.early.len()), (0, 0));
        text.trim_end().to_owned()
    }

    #[test]
    fn bytes_come_in_their_order() {
        // Over the end of the sequence numbers, too.
        for first in [0, 1000, u32::MAX - 3, u32::MAX] {
            let at = |offset: u32| first.wrapping_add(offset);
            let text = run(|stream, mut out| {
                stream.open(first.wrapping_sub(1), &mut out);
                stream.segment(at(0), b"ab", 0, &mut out);
                stream.segment(at(5), b"fg", 0, &mut out);
                stream.segment(at(7), b"h", 0, &mut out);
                stream.segment(at(2), b"cde", 0, &mut out);
                stream.segment(at(8), b"i", 0, &mut out);
            });
            assert_eq!(text, "^ ab cde fg h i", "from {first}");
        }
    }

    #[test]
    fn repeats_are_told_and_given_out_once() {
        let mut repeats = Vec::new();
        let text = run(|stream, mut out| {
            repeats.push(stream.open(9, &mut out));
            repeats.push(stream.open(9, &mut out));
            repeats.push(stream.segment(10, b"abc", 0, &mut out));
            repeats.push(stream.segment(10, b"abc", 0, &mut out));
            repeats.push(stream.segment(12, b"cde", 0, &mut out));
            // A probe whether the peer is still there: the last byte once more.
            repeats.push(stream.segment(14, b"e", 0, &mut out));
            repeats.push(stream.segment(17, b"hi", 0, &mut out));
            repeats.push(stream.segment(17, b"hij", 0, &mut out));
            repeats.push(stream.segment(14, b"efgh", 0, &mut out));
        });
        assert_eq!(text, "^ abc de fgh ij");
        assert_eq!(repeats, [false, true, false, true, false, true, false, false, false]);
    }

    #[test]
    fn what_never_comes_is_a_hole() {
        let text = run(|stream, mut out| {
            stream.segment(500, b"a", 0, &mut out);
            stream.segment(511, b"b", 0, &mut out);
            // Captured without its end.
            stream.segment(512, b"cd", 6, &mut out);
            stream.segment(520, b"e", 0, &mut out);
        });
        assert_eq!(text, "| a <10> b cd <6> e");
    }

    #[test]
    fn what_the_peer_has_will_not_come() {
        let text = run(|stream, mut out| {
            stream.open(u32::MAX, &mut out);
            stream.segment(10, b"a", 0, &mut out);
            stream.segment(20, b"b", 0, &mut out);
            for number in [u32::MAX, 0, 9] {
                stream.acknowledged(number, &mut out);
            }
            assert_eq!(stream.early.len(), 2, "the peer may lack it, too, and ask for it");
            stream.acknowledged(10, &mut out);
            assert_eq!(stream.early.len(), 1);
            stream.acknowledged(21, &mut out);
            assert_eq!(stream.early.len(), 0);
        });
        assert_eq!(text, "^ <10> a <9> b");
    }

    #[test]
    fn memory_is_bounded() {
        let text = run(|stream, mut out| {
            stream.segment(0, b"a", 0, &mut out);
            for at in 1..10_000 {
                stream.segment(at * 2, b"b", 0, &mut out);
                assert!(stream.early.len() <= MAX_EARLY_SEGMENTS);
            }
        });
        assert_eq!(text.matches("<1>").count(), 9_999);
        run(|stream, mut out| {
            stream.segment(0, b"a", 0, &mut out);
            for at in 1..100 {
                stream.segment(at * 70_000, &[0; 65_000], 0, &mut out);
                assert!(stream.held() <= MAX_EARLY_BYTES);
            }
        });
    }

    #[test]
    fn another_connection_between_the_same_ports_is_another_stream() {
        let text = run(|stream, mut out| {
            stream.segment(3_000_000_000, b"a", 0, &mut out);
            stream.segment(2_000_000_000, b"b", 0, &mut out);
            stream.open(77, &mut out);
            stream.segment(78, b"c", 0, &mut out);
        });
        assert_eq!(text, "| a | b ^ c");
    }
}

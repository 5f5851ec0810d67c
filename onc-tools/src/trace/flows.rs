//! All TCP connections of a capture, and the records in them.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::reassembly::{Piece, Reassembly};
use super::records::{Found, Records};
use super::segment::{Kind, Segment};

/// How many connections are kept apart, and how many bytes of their unfinished business are kept. Beyond that, those are
/// forgotten that have been silent for longest.
const MAX_FLOWS: usize = 1 << 14;
const MAX_HELD: usize = 128 << 20;

/// Something that was seen in a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) what: What,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Found(Found),
    /// A segment that was there before.
    Repeat,
    /// So many bytes are missing in a connection that carries RPC.
    Gap(u64),
}

/// The connections.
#[derive(Debug)]
pub(super) struct Flows {
    flows: HashMap<Ends, Flow>,
    /// Bytes that all of them keep.
    held: usize,
    /// How many segments there were.
    clock: u64,
    max_flows: usize,
    max_held: usize,
}

/// The two ends of a connection, the lower one first.
type Ends = (SocketAddr, SocketAddr);

/// A connection.
#[derive(Debug, Default)]
struct Flow {
    /// From the lower end, and from the higher.
    directions: [Direction; 2],
    /// When there was a segment last.
    last: u64,
}

#[derive(Debug, Default)]
struct Direction {
    reassembly: Reassembly,
    records: Records,
    finished: bool,
}

impl Flows {
    pub(super) fn new() -> Self {
        Self { flows: HashMap::new(), held: 0, clock: 0, max_flows: MAX_FLOWS, max_held: MAX_HELD }
    }

    /// Takes a segment of TCP, and adds what it showed to `seen`.
    pub(super) fn segment(&mut self, segment: &Segment<'_>, seen: &mut Vec<Seen>) {
        let Kind::Tcp { sequence, acknowledged, syn, fin, reset } = segment.kind else { return };
        self.clock += 1;
        let (ends, side) = ends(segment.from, segment.to);
        let known = self.flows.contains_key(&ends);
        // What carries nothing and opens nothing is of no interest, unless it ends something.
        if !known && !syn && segment.payload.is_empty() && segment.missing == 0 {
            return;
        }
        if !known && self.flows.len() >= self.max_flows {
            self.forget_half(seen);
        }
        let flow = self.flows.entry(ends).or_default();
        flow.last = self.clock;
        let before = flow.held();
        if let Some(number) = acknowledged {
            let mut back = Out { from: segment.to, to: segment.from, seen };
            flow.directions[1 - side].acknowledged(number, &mut back);
        }
        let direction = &mut flow.directions[side];
        let mut out = Out { from: segment.from, to: segment.to, seen };
        let mut sequence = sequence;
        let mut repeat = false;
        if syn {
            repeat = direction.open(sequence, &mut out);
            // RFC 9293 §3.4: SYN takes a number of its own.
            sequence = sequence.wrapping_add(1);
        }
        repeat |= direction.segment(sequence, segment.payload, segment.missing, &mut out);
        if repeat {
            out.add(What::Repeat);
        }
        direction.finished |= fin;
        let over = reset || flow.directions.iter().all(Direction::is_over);
        let after = flow.held();
        self.held = self.held + after - before;
        if over {
            self.forget(ends, seen);
        }
        while self.held > self.max_held {
            self.forget_half(seen);
        }
    }

    /// The capture has ended.
    pub(super) fn finish(&mut self, seen: &mut Vec<Seen>) {
        let mut all: Vec<Ends> = self.flows.keys().copied().collect();
        all.sort_unstable_by_key(|ends| self.flows.get(ends).map(|flow| flow.last));
        for ends in all {
            self.forget(ends, seen);
        }
    }

    fn forget(&mut self, ends: Ends, seen: &mut Vec<Seen>) {
        let Some(mut flow) = self.flows.remove(&ends) else { return };
        self.held -= flow.held();
        for (direction, (from, to)) in flow.directions.iter_mut().zip([ends, (ends.1, ends.0)]) {
            direction.finish(&mut Out { from, to, seen });
        }
    }

    /// Forgets the half that has been silent for longest: seldom, and many at once.
    fn forget_half(&mut self, seen: &mut Vec<Seen>) {
        let mut all: Vec<(u64, Ends)> = self.flows.iter().map(|(ends, flow)| (flow.last, *ends)).collect();
        all.sort_unstable();
        let half = all.len().div_ceil(2);
        for (_, ends) in all.into_iter().take(half) {
            self.forget(ends, seen);
        }
    }
}

impl Flow {
    fn held(&self) -> usize {
        self.directions.iter().map(|direction| direction.reassembly.held() + direction.records.held()).sum()
    }
}

impl Direction {
    fn open(&mut self, sequence: u32, out: &mut Out<'_>) -> bool {
        let Self { reassembly, records, finished } = self;
        let repeat = reassembly.open(sequence, &mut |piece| out.piece(records, piece));
        *finished &= repeat;
        repeat
    }

    fn segment(&mut self, sequence: u32, payload: &[u8], missing: usize, out: &mut Out<'_>) -> bool {
        let Self { reassembly, records, .. } = self;
        reassembly.segment(sequence, payload, missing, &mut |piece| out.piece(records, piece))
    }

    fn acknowledged(&mut self, number: u32, out: &mut Out<'_>) {
        let Self { reassembly, records, .. } = self;
        reassembly.acknowledged(number, &mut |piece| out.piece(records, piece));
    }

    /// Its end was seen, and all before that.
    fn is_over(&self) -> bool {
        self.finished && self.reassembly.held() == 0
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        let Self { reassembly, records, .. } = self;
        reassembly.finish(&mut |piece| out.piece(records, piece));
        records.finish(&mut |found| out.add(What::Found(found)));
    }
}

/// Where what was seen in a direction goes.
struct Out<'a> {
    from: SocketAddr,
    to: SocketAddr,
    seen: &'a mut Vec<Seen>,
}

impl Out<'_> {
    fn piece(&mut self, records: &mut Records, piece: Piece<'_>) {
        if let Piece::Hole(length) = piece
            && records.is_rpc()
        {
            self.add(What::Gap(length));
        }
        records.piece(piece, &mut |found| self.add(What::Found(found)));
    }

    fn add(&mut self, what: What) {
        self.seen.push(Seen { from: self.from, to: self.to, what });
    }
}

/// The ends in their order, and which of the directions this is.
fn ends(from: SocketAddr, to: SocketAddr) -> (Ends, usize) {
    if from <= to { ((from, to), 0) } else { ((to, from), 1) }
}

#[cfg(test)]
mod tests {
    use super::super::records::Record;
    use super::*;

    const CALL: [u8; 44] = {
        let mut call = [0; 44];
        (call[0], call[3], call[7], call[15]) = (0x80, 40, 9, 2);
        call
    };

    fn address(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    fn tcp(from: u16, to: u16, sequence: u32, flag: &str, payload: &'static [u8]) -> Segment<'static> {
        let (syn, fin, reset) = (flag == "syn", flag == "fin", flag == "rst");
        let kind = Kind::Tcp { sequence, acknowledged: None, syn, fin, reset };
        Segment { from: address(from), to: address(to), kind, payload, missing: 0 }
    }

    fn call() -> What {
        What::Found(Found::Record(Record { bytes: CALL[4..].to_vec(), length: 40 }))
    }

    fn whats(seen: Vec<Seen>) -> Vec<What> {
        seen.into_iter().map(|seen| seen.what).collect()
    }

    #[test]
    fn directions_and_connections_are_kept_apart() {
        let (mut flows, mut seen) = (Flows::new(), Vec::new());
        for (from, to) in [(1, 2), (2, 1), (3, 2), (1, 3)] {
            flows.segment(&tcp(from, to, 7, "syn", b""), &mut seen);
            flows.segment(&tcp(from, to, 8, "", &CALL[..20]), &mut seen);
        }
        for (from, to) in [(1, 2), (2, 1), (3, 2), (1, 3)] {
            flows.segment(&tcp(from, to, 28, "", &CALL[20..]), &mut seen);
        }
        let ends: Vec<_> = seen.iter().map(|seen| (seen.from.port(), seen.to.port())).collect();
        assert_eq!(ends, [(1, 2), (2, 1), (3, 2), (1, 3)]);
        assert!(seen.into_iter().all(|seen| seen.what == call()));
    }

    #[test]
    fn a_connection_that_is_over_is_forgotten() {
        let (mut flows, mut seen) = (Flows::new(), Vec::new());
        for end in ["fin", "rst"] {
            flows.segment(&tcp(1, 2, 7, "syn", b""), &mut seen);
            flows.segment(&tcp(1, 2, 8, end, &CALL), &mut seen);
            assert_eq!(flows.flows.len(), usize::from(end == "fin"));
            flows.segment(&tcp(2, 1, 70, "fin", b""), &mut seen);
            assert_eq!((flows.flows.len(), flows.held), (0, 0));
        }
        assert_eq!(whats(seen), [call(), call()]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (mut flows, mut seen) = (Flows::new(), Vec::new());
        (flows.max_flows, flows.max_held) = (100, 1000);
        for port in 1..10_000 {
            // The beginning of a record, whose end never comes.
            flows.segment(&tcp(port, 20_000, 7, "syn", b""), &mut seen);
            flows.segment(&tcp(port, 20_000, 8, "", &CALL[..30]), &mut seen);
            assert!(flows.flows.len() <= 100 && flows.held <= 1000);
        }
        flows.finish(&mut seen);
        assert_eq!((flows.flows.len(), flows.held), (0, 0));
        assert_eq!(seen.len(), 9_999, "each is given out at last");
        assert!(
            seen.iter().all(|seen| matches!(&seen.what, What::Found(Found::Record(record)) if record.length == 40))
        );
    }

    #[test]
    fn gaps_and_repeats_are_told() {
        let (mut flows, mut seen) = (Flows::new(), Vec::new());
        flows.segment(&tcp(1, 2, 7, "syn", b""), &mut seen);
        flows.segment(&tcp(1, 2, 8, "", &CALL), &mut seen);
        flows.segment(&tcp(1, 2, 8, "", &CALL), &mut seen);
        flows.segment(&tcp(1, 2, 100, "", &CALL), &mut seen);
        flows.finish(&mut seen);
        assert_eq!(whats(seen), [call(), What::Repeat, What::Gap(48), call()]);
    }
}

//! From a stream's bytes to its records (RFC 5531 §11), also where the capture began too late or has holes.

use onc_runtime::rpc::{MARK_SIZE, RPC_VERSION};

use super::reassembly::Piece;

/// What is kept of a record. Of longer ones the end is passed over.
pub(super) const MAX_KEPT: usize = 4 << 20;

/// A record mark that promises more is none.
const MAX_RECORD: u64 = 64 << 20;

/// Mark, xid, message type, and the word after it.
const START: usize = 16;

/// A record, or as much of it as there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Its first bytes.
    pub(super) bytes: Vec<u8>,
    /// How many it has.
    pub(super) length: u64,
}

/// What was found in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Record(Record),
    /// A record mark that cannot be one; the number of bytes that it promises.
    BadMark(u64),
    /// The stream does not begin as one of records does.
    NoRecords,
    /// From here on the stream is TLS.
    Tls,
}

/// The state of one direction of a stream.
#[derive(Debug, Default)]
pub(super) struct Records {
    state: State,
    /// Whether a record was found.
    synchronous: bool,
}

#[derive(Debug, Default)]
enum State {
    /// Nothing has come yet.
    #[default]
    New,
    /// Where a record begins is not known. A segment may begin with one; its first bytes, fewer than needed to tell.
    /// `first`: they are the stream's first.
    Searching { seen: Vec<u8>, first: bool },
    /// In a record, or before one.
    Inside(Partial),
    /// Nothing that can be read will come.
    Closed,
}

/// A record in the making.
#[derive(Debug, Default)]
struct Partial {
    record: Vec<u8>,
    length: u64,
    /// No more of it is kept, since it is too long or has a hole.
    full: bool,
    mark: [u8; MARK_SIZE],
    mark_bytes: usize,
    /// What is left of the fragment whose mark is complete.
    left: u64,
    last: bool,
}

impl Records {
    /// Takes the next piece of the stream.
    pub(super) fn piece(&mut self, piece: Piece<'_>, found: &mut impl FnMut(Found)) {
        match piece {
            Piece::Start(first) => {
                self.finish(found);
                *self = Self { state: State::Searching { seen: Vec::new(), first }, synchronous: false };
            }
            Piece::Bytes(bytes) => self.bytes(bytes, found),
            Piece::Hole(length) => self.hole(length, found),
        }
    }

    /// The stream has ended: gives out what there is of a record.
    pub(super) fn finish(&mut self, found: &mut impl FnMut(Found)) {
        if let State::Inside(partial) = std::mem::take(&mut self.state)
            && partial.length > 0
        {
            found(Found::Record(partial.cut_off()));
        }
    }

    /// Bytes that are kept.
    pub(super) fn held(&self) -> usize {
        match &self.state {
            State::Inside(partial) => partial.record.len(),
            _ => 0,
        }
    }

    /// Whether records were found.
    pub(super) fn is_rpc(&self) -> bool {
        self.synchronous
    }

    fn bytes(&mut self, bytes: &[u8], found: &mut impl FnMut(Found)) {
        match &mut self.state {
            State::New => {
                self.state = State::Searching { seen: Vec::new(), first: false };
                self.bytes(bytes, found);
            }
            State::Searching { seen, first } => {
                let first = *first;
                seen.extend_from_slice(&bytes[..bytes.len().min(START)]);
                let start = std::mem::take(seen);
                let rest = &bytes[bytes.len().min(START)..];
                match guess(&start, first) {
                    Guess::Record => self.begin(&start, rest, found),
                    Guess::Unclear => self.state = State::Searching { seen: start, first },
                    Guess::Nothing => {
                        // What came before this segment may have been the end of something.
                        self.state = State::Searching { seen: Vec::new(), first: false };
                        if first {
                            found(Found::NoRecords);
                        }
                        if start.len() > bytes.len().min(START) {
                            self.bytes(bytes, found);
                        }
                    }
                }
            }
            State::Inside(_) => self.inside(bytes, found),
            State::Closed => {}
        }
    }

    fn begin(&mut self, start: &[u8], rest: &[u8], found: &mut impl FnMut(Found)) {
        self.synchronous = true;
        self.state = State::Inside(Partial::default());
        self.inside(start, found);
        if !rest.is_empty() {
            self.bytes(rest, found);
        }
    }

    fn inside(&mut self, mut bytes: &[u8], found: &mut impl FnMut(Found)) {
        while !bytes.is_empty() {
            let State::Inside(partial) = &mut self.state else { return };
            if partial.mark_bytes < MARK_SIZE {
                let (now, later) = bytes.split_at(bytes.len().min(MARK_SIZE - partial.mark_bytes));
                partial.mark[partial.mark_bytes..][..now.len()].copy_from_slice(now);
                partial.mark_bytes += now.len();
                bytes = later;
                if partial.mark_bytes < MARK_SIZE {
                    return;
                }
                if let Err(closing) = partial.read_mark() {
                    let is_tls = closing == Found::Tls;
                    found(closing);
                    self.state =
                        if is_tls { State::Closed } else { State::Searching { seen: Vec::new(), first: false } };
                    return;
                }
            } else {
                let now = usize::try_from(partial.left).unwrap_or(usize::MAX).min(bytes.len());
                let (now, later) = bytes.split_at(now);
                partial.take(now);
                bytes = later;
            }
            self.fragment_ends(found);
        }
    }

    fn hole(&mut self, length: u64, found: &mut impl FnMut(Found)) {
        match &mut self.state {
            State::Inside(partial) if partial.mark_bytes == MARK_SIZE && length <= partial.left => {
                // Where the record ends is known.
                partial.full = true;
                partial.left -= length;
                partial.length += length;
                self.fragment_ends(found);
            }
            State::Inside(_) => {
                self.finish(found);
                self.state = State::Searching { seen: Vec::new(), first: false };
            }
            State::New | State::Searching { .. } => {
                self.state = State::Searching { seen: Vec::new(), first: false };
            }
            State::Closed => {}
        }
    }

    /// If the fragment is complete: the next mark, after the record if it was the last.
    fn fragment_ends(&mut self, found: &mut impl FnMut(Found)) {
        let State::Inside(partial) = &mut self.state else { return };
        if partial.mark_bytes < MARK_SIZE || partial.left > 0 {
            return;
        }
        partial.mark_bytes = 0;
        if partial.last {
            let Partial { record, length, .. } = std::mem::take(partial);
            found(Found::Record(Record { bytes: record, length }));
        }
    }
}

impl Partial {
    /// The mark is there: what it says, or why it is none.
    fn read_mark(&mut self) -> Result<(), Found> {
        // RFC 8446 §5.1: a record of TLS begins with its type, 22 for the handshake, and 3.
        if self.length == 0 && self.mark[..2] == [22, 3] {
            return Err(Found::Tls);
        }
        let mark = u32::from_be_bytes(self.mark);
        // RFC 5531 §11: the highest bit says whether it is the last fragment, the others how long it is.
        self.last = mark >> 31 == 1;
        self.left = u64::from(mark & 0x7fff_ffff);
        let promised = self.length + self.left;
        if promised > MAX_RECORD { Err(Found::BadMark(promised)) } else { Ok(()) }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.left -= bytes.len() as u64;
        self.length += bytes.len() as u64;
        if !self.full {
            let room = MAX_KEPT - self.record.len();
            self.record.extend_from_slice(&bytes[..bytes.len().min(room)]);
            self.full = bytes.len() > room;
        }
    }

    /// What there is of a record whose end does not come.
    fn cut_off(self) -> Record {
        // Longer than its bytes by what was promised, and by one at least: it must not look complete.
        Record { length: (self.length + self.left).max(self.record.len() as u64 + 1), bytes: self.record }
    }
}

/// What some bytes may be the beginning of.
enum Guess {
    Record,
    Unclear,
    Nothing,
}

/// Whether a record of RPC begins like this. `first`: the bytes are the first of a stream.
fn guess(start: &[u8], first: bool) -> Guess {
    let word =
        |at: usize| start.get(at..at + 4).and_then(|word| word.first_chunk()).map(|word| u32::from_be_bytes(*word));
    let Some(mark) = word(0) else { return Guess::Unclear };
    let (last, length) = (mark >> 31 == 1, u64::from(mark & 0x7fff_ffff));
    if length > MAX_RECORD {
        return Guess::Nothing;
    }
    // Some peers begin with fragments of a few bytes. That is seen only where a stream begins.
    if first && !last && length < (START - MARK_SIZE) as u64 {
        return Guess::Record;
    }
    let (Some(_xid), Some(kind)) = (word(4), word(8)) else { return Guess::Unclear };
    // RFC 5531 §9: a call has ten words at least, a reply five.
    let least = match kind {
        0 => 40,
        1 => 20,
        _ => return Guess::Nothing,
    };
    if last && length < least {
        return Guess::Nothing;
    }
    match (kind, word(12)) {
        (_, None) => Guess::Unclear,
        // RFC 5531 §9: the version of RPC; MSG_ACCEPTED or MSG_DENIED.
        (0, Some(RPC_VERSION)) | (1, Some(0 | 1)) => Guess::Record,
        _ => Guess::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of a call of `length` bytes, in fragments of at most `fragment`.
    fn call(xid: u8, length: usize, fragment: usize) -> Vec<u8> {
        let mut message = vec![0; length];
        (message[3], message[11]) = (xid, 2);
        let mut record = Vec::new();
        let count = message.chunks(fragment).count();
        for (at, part) in message.chunks(fragment).enumerate() {
            let last = if at + 1 == count { 1 << 31 } else { 0 };
            record.extend_from_slice(&(last | part.len() as u32).to_be_bytes());
            record.extend_from_slice(part);
        }
        record
    }

    /// What is found, as text: xid, bytes and length of records.
    fn run(pieces: &[Piece<'_>]) -> String {
        let (mut records, mut text) = (Records::default(), String::new());
        let mut found = |found: Found| match found {
            Found::Record(Record { bytes, length }) => {
                text += &format!("#{} {}/{length} ", bytes.get(3).copied().unwrap_or_default(), bytes.len());
            }
            Found::BadMark(length) => text += &format!("bad mark {length} "),
            Found::NoRecords => text += "no records ",
            Found::Tls => text += "TLS ",
        };
        for piece in pieces {
            records.piece(*piece, &mut found);
        }
        records.finish(&mut found);
        text.trim_end().to_owned()
    }

    #[test]
    fn records_are_found_however_they_are_cut() {
        let mut stream = call(1, 40, 100);
        stream.extend(call(2, 57, 8));
        stream.extend(call(3, 4000, 1000));
        for size in [1, 2, 3, 5, 16, 17, 40, 44, 1000, 10_000] {
            let mut pieces = vec![Piece::Start(true)];
            pieces.extend(stream.chunks(size).map(Piece::Bytes));
            assert_eq!(run(&pieces), "#1 40/40 #2 57/57 #3 4000/4000", "in pieces of {size}");
        }
        assert_eq!(
            run(&[Piece::Start(true), Piece::Bytes(&call(7, 40, 4))]),
            "#7 40/40",
            "ten fragments from the start"
        );
    }

    #[test]
    fn what_begins_in_the_middle_goes_on_with_the_next_record() {
        let (first, second) = (call(1, 400, 1000), call(2, 40, 100));
        let pieces = [Piece::Start(false), Piece::Bytes(&first[100..]), Piece::Bytes(&second)];
        assert_eq!(run(&pieces), "#2 40/40");
        // The rest of a record is too short to tell, and the next comes in two pieces.
        let pieces = [
            Piece::Start(false),
            Piece::Bytes(&first[399..]),
            Piece::Bytes(&second[..4]),
            Piece::Bytes(&second[4..]),
            Piece::Bytes(&second),
        ];
        assert_eq!(run(&pieces), "#2 40/40");
    }

    #[test]
    fn a_hole_within_a_record_costs_that_record_alone() {
        let (first, second) = (call(1, 400, 1000), call(2, 40, 100));
        let pieces = [
            Piece::Start(true),
            Piece::Bytes(&first[..104]),
            Piece::Hole(200),
            Piece::Bytes(&first[304..]),
            Piece::Bytes(&second),
        ];
        assert_eq!(run(&pieces), "#1 100/400 #2 40/40");
        let pieces = [Piece::Start(true), Piece::Bytes(&first[..104]), Piece::Hole(300), Piece::Bytes(&second)];
        assert_eq!(run(&pieces), "#1 100/400 #2 40/40", "to its very end");
    }

    #[test]
    fn a_hole_beyond_a_record_costs_what_is_in_it() {
        let (first, second) = (call(1, 400, 1000), call(2, 40, 100));
        let pieces = [Piece::Start(true), Piece::Bytes(&first[..104]), Piece::Hole(500), Piece::Bytes(&second)];
        assert_eq!(run(&pieces), "#1 100/400 #2 40/40");
        let pieces = [
            Piece::Start(true),
            Piece::Bytes(&first),
            Piece::Hole(1),
            Piece::Bytes(&second[1..]),
            Piece::Bytes(&second),
        ];
        assert_eq!(run(&pieces), "#1 400/400 #2 40/40");
    }

    #[test]
    fn what_is_no_rpc_is_passed_over() {
        let text = b"SSH-2.0-OpenSSH_10.0\r\n";
        assert_eq!(run(&[Piece::Start(true), Piece::Bytes(text), Piece::Bytes(&[0; 100])]), "no records");
        assert_eq!(run(&[Piece::Start(false), Piece::Bytes(text)]), "");
        let tls = [&call(1, 40, 100)[..], &[22, 3, 1, 0, 200, 1]].concat();
        assert_eq!(run(&[Piece::Start(true), Piece::Bytes(&tls), Piece::Bytes(&call(2, 40, 100))]), "#1 40/40 TLS");
        let wild = [&call(1, 40, 100)[..], &[0xff; 4]].concat();
        let pieces = [Piece::Start(true), Piece::Bytes(&wild), Piece::Bytes(&call(2, 40, 100))];
        assert_eq!(run(&pieces), "#1 40/40 bad mark 2147483647 #2 40/40");
    }

    #[test]
    fn of_a_long_record_the_start_is_kept() {
        let length = MAX_KEPT + 5000;
        let (long, next) = (call(1, length, 1 << 20), call(2, 40, 100));
        let mut pieces = vec![Piece::Start(true)];
        pieces.extend(long.chunks(1500).map(Piece::Bytes));
        pieces.push(Piece::Bytes(&next));
        assert_eq!(run(&pieces), format!("#1 {MAX_KEPT}/{length} #2 40/40"));
    }

    #[test]
    fn what_is_cut_off_never_looks_complete() {
        let whole = call(1, 40, 20);
        for length in 17..whole.len() {
            let text = run(&[Piece::Start(true), Piece::Bytes(&whole[..length])]);
            let (kept, of) = text.trim_start_matches("#1 ").split_once('/').expect("a record");
            assert!(kept.parse::<u64>().expect("a number") < of.parse().expect("a number"), "{length}: {text}");
        }
    }
}

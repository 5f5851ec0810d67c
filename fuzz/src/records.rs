//! Record marking: the same stream in one piece, in several, and read to its place.

use bytes::BufMut;
use onc_runtime::rpc::{RecordError, RecordReader};

const MAX_RECORD_SIZE: usize = 100_000;

/// The first byte says how the stream is made and how many pieces it is cut into; a byte for the length of each piece,
/// which then come round and round; then the stream. It is taken as it is, or as fragments of three bytes each, whose content
/// is made up: then records can be larger than the input.
pub fn records(input: &[u8]) -> bool {
    let Some((&how, rest)) = input.split_first() else { return false };
    let Some((cuts, rest)) = rest.split_at_checked(usize::from(how >> 4)) else { return false };
    let stream = if how & 1 == 0 { rest.to_vec() } else { fragments(rest) };
    let single_fragments = how & 2 != 0;

    let whole = read(&stream, &[stream.len()], false, single_fragments);
    let accepted = !whole.0.is_empty();
    if cuts.is_empty() {
        return accepted;
    }
    // A long stream byte by byte would take its time, and show nothing that a short one does not.
    let (least, scale) = if how & 1 == 0 { (1, 1) } else { (50, 300) };
    let cuts: Vec<usize> = cuts.iter().map(|cut| least + usize::from(*cut) * scale).collect();
    assert_eq!(read(&stream, &cuts, false, single_fragments), whole, "in pieces");
    assert_eq!(read(&stream, &cuts, true, single_fragments), whole, "read to its place");
    accepted
}

/// For each three bytes a fragment: the highest bit of the first says that it is the last of its record, the next that its
/// content is missing; the others, with those of the second, its length.
fn fragments(descriptions: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    for description in descriptions.as_chunks::<3>().0 {
        let [flags, low, content] = *description;
        let length = (u32::from(flags & 0x3f) << 10) | u32::from(low) << 2 | u32::from(content & 3);
        stream.extend_from_slice(&(length | u32::from(flags & 0x80) << 24).to_be_bytes());
        if flags & 0x40 == 0 {
            stream.resize(stream.len() + length as usize, content);
        }
        if stream.len() > 2 * MAX_RECORD_SIZE {
            break;
        }
    }
    stream
}

/// What comes of a stream: its records, the error that ended it, whether a record was left unfinished.
type Outcome = (Vec<Vec<u8>>, Option<RecordError>, bool);

fn read(stream: &[u8], cuts: &[usize], direct: bool, single_fragments: bool) -> Outcome {
    let mut reader = RecordReader::new(MAX_RECORD_SIZE).with_single_fragments(single_fragments);
    let mut records = Vec::new();
    let mut rest = stream;
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let most = (*cut).min(rest.len());
        let mut scratch = &[][..];
        if direct && let Some(mut room) = reader.wants() {
            let (now, after) = rest.split_at(most.min(room.remaining_mut()));
            assert!(!now.is_empty(), "no room where some is wanted");
            room.put_slice(now);
            rest = after;
        } else {
            (scratch, rest) = rest.split_at(most);
        }
        loop {
            let missing = reader.missing();
            assert!(missing > 0 || !scratch.is_empty() || direct);
            match reader.next(&mut scratch) {
                Ok(Some(record)) => records.push(record.to_vec()),
                Ok(None) => break,
                Err(error) => return (records, Some(error), reader.in_progress()),
            }
        }
        assert!(scratch.is_empty(), "more was asked for before everything was taken");
    }
    (records, None, reader.in_progress())
}

//! Opaque data is not copied: slices of the record that was received, references in the message that is sent.

use bytes::Bytes;
use onc_runtime::Xdr;
use onc_runtime::xdr::{self, BY_REFERENCE, Decoder, Encoder, Limits, Plain, Segment, Size};

#[derive(Clone, Debug, PartialEq, Xdr)]
struct Read {
    status: u32,
    #[xdr(max = 64)]
    handle: Bytes,
    attributes: Option<[u32; 4]>,
    data: Bytes,
    more: Vec<Bytes>,
    eof: bool,
}

fn read(lengths: &[usize]) -> Read {
    let opaque = |length: usize| (0..length).map(|at| (at % 251) as u8).collect::<Bytes>();
    Read {
        status: 0,
        handle: opaque(33),
        attributes: Some([1, 2, 3, 4]),
        data: opaque(lengths[0]),
        more: lengths[1..].iter().copied().map(opaque).collect(),
        eof: true,
    }
}

/// Buffer and segments put together as they leave.
fn joined(buffer: &[u8], segments: &[Segment]) -> Vec<u8> {
    let mut whole = Vec::new();
    let mut start = 0;
    for segment in segments {
        whole.extend_from_slice(&buffer[start..segment.at]);
        whole.extend_from_slice(&segment.bytes);
        start = segment.at;
    }
    whole.extend_from_slice(&buffer[start..]);
    whole
}

fn is_within(part: &[u8], whole: &[u8]) -> bool {
    whole.as_ptr_range().contains(&part.as_ptr()) && part.as_ptr_range().end <= whole.as_ptr_range().end
}

const LENGTHS: [&[usize]; 6] = [
    &[0],
    &[BY_REFERENCE - 1, 3],
    &[BY_REFERENCE],
    &[BY_REFERENCE + 1, 0, BY_REFERENCE + 2, 5, BY_REFERENCE + 3],
    &[1 << 20, 1, BY_REFERENCE],
    &[1, 2, 3, 4, 5],
];

#[test]
fn decoded_bytes_are_slices_of_the_record() {
    let value = read(&[5, 1000, 1]);
    let record = xdr::to_bytes(&value).expect("within its bounds");
    let decoded = xdr::from_bytes::<Read>(&record).expect("its own encoding");
    assert_eq!(decoded, value);
    for opaque in [&decoded.handle, &decoded.data, &decoded.more[0], &decoded.more[1]] {
        assert!(is_within(opaque, &record), "a slice of the record");
    }
}

#[test]
fn of_borrowed_bytes_one_copy_is_shared() {
    let record = xdr::to_vec(&read(&[5, 1000])).expect("within its bounds");
    let decoded = xdr::from_slice::<Read>(&record).expect("its own encoding");
    assert!(!is_within(&decoded.data, &record), "a copy");
    let distance = decoded.more[0].as_ptr() as usize - decoded.handle.as_ptr() as usize;
    assert!(distance < record.len(), "of the whole, once");
}

#[test]
fn empty_bytes_do_not_keep_the_record() {
    let record = Bytes::from(vec![0, 0, 0, 0]);
    let empty = xdr::from_bytes::<Bytes>(&record).expect("its own encoding");
    assert!(empty.is_empty());
    assert!(record.is_unique(), "nothing else refers to the record");
}

#[test]
fn gathered_and_plain_are_the_same_bytes() {
    for lengths in LENGTHS {
        let value = read(lengths);
        let plain = xdr::to_vec(&value).expect("within its bounds");
        let size = value.measure().expect("within its bounds");
        assert_eq!(size.total, plain.len());
        let large = lengths.iter().filter(|length| **length >= BY_REFERENCE);
        assert_eq!(size.by_reference, large.clone().sum::<usize>());

        let (mut buffer, mut segments) = (b"head".to_vec(), Vec::new());
        Encoder::gathering(&mut buffer, &mut segments).write::<_, Plain>(&value, size);
        assert_eq!(segments.len(), large.count());
        assert_eq!(buffer.len(), 4 + size.total - size.by_reference);
        assert!(segments.iter().all(|segment| segment.at > 4), "offsets are of the whole buffer");
        assert_eq!(joined(&buffer, &segments), [b"head", &plain[..]].concat());

        // The same without a size known in advance.
        let (mut streamed, mut streamed_segments) = (b"head".to_vec(), Vec::new());
        value.encode(&mut Encoder::gathering(&mut streamed, &mut streamed_segments));
        assert_eq!(joined(&streamed, &streamed_segments), joined(&buffer, &segments));
        assert_eq!(streamed, buffer);
        let mut unreserved = Vec::new();
        value.encode(&mut Encoder::new(&mut unreserved));
        assert_eq!(unreserved, plain);
    }
}

#[test]
fn large_bytes_leave_by_reference() {
    let value = read(&[BY_REFERENCE, BY_REFERENCE + 3]);
    let (mut buffer, mut segments) = (Vec::new(), Vec::new());
    let size = value.measure().expect("within its bounds");
    Encoder::gathering(&mut buffer, &mut segments).write::<_, Plain>(&value, size);
    assert_eq!(segments[0].bytes.as_ptr(), value.data.as_ptr());
    assert_eq!(segments[1].bytes.as_ptr(), value.more[0].as_ptr());
}

#[test]
fn one_reservation_is_enough() {
    for lengths in LENGTHS {
        let value = read(lengths);
        let size = value.measure().expect("within its bounds");
        let mut buffer = Vec::new();
        let mut encoder = Encoder::new(&mut buffer);
        encoder.reserve(size);
        value.encode(&mut encoder);
        let capacity = buffer.capacity();
        let mut again = Vec::with_capacity(capacity);
        let start = again.as_ptr();
        Encoder::new(&mut again).write::<_, Plain>(&value, size);
        assert_eq!(again.as_ptr(), start, "the buffer has not moved");
        assert_eq!(again, buffer);
    }
}

#[test]
#[should_panic(expected = "longer than it was measured")]
fn a_value_larger_than_its_size_writes_nothing_outside() {
    let mut buffer = Vec::new();
    Encoder::new(&mut buffer).write::<_, Plain>(&0u64, Size::of(4));
}

#[test]
fn several_values_follow_each_other() {
    let mut buffer = Vec::new();
    let mut encoder = Encoder::new(&mut buffer);
    1u32.encode(&mut encoder);
    let size = 2u64.measure().expect("a number has no bound");
    encoder.write::<_, Plain>(&2u64, size);
    "a".to_owned().encode(&mut encoder);
    assert_eq!(buffer, b"\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\x01a\0\0\0");

    let mut decoder = Decoder::new(&buffer, Limits::default());
    assert_eq!(u32::decode(&mut decoder).expect("four bytes"), 1);
    assert_eq!((decoder.position(), decoder.rest().len()), (4, 16));
    assert_eq!(u64::decode(&mut decoder).expect("eight bytes"), 2);
    assert_eq!(String::decode(&mut decoder).expect("eight bytes"), "a");
    decoder.finish().expect("nothing is left over");
}

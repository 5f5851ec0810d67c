use super::*;

/// The fragments of one record, each behind its mark.
fn fragmented(fragments: &[&[u8]]) -> Vec<u8> {
    let mut stream = Vec::new();
    for (at, fragment) in fragments.iter().enumerate() {
        let last = if at + 1 == fragments.len() { LAST } else { 0 };
        stream.extend_from_slice(&(fragment.len() as u32 | last).to_be_bytes());
        stream.extend_from_slice(fragment);
    }
    stream
}

/// All records of a stream that arrives in these pieces, each copied out; checks that every piece is taken.
fn read<'a>(
    reader: &mut RecordReader,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Vec<u8>>, RecordError> {
    let mut records = Vec::new();
    for mut piece in pieces {
        while let Some(record) = reader.next(&mut piece)? {
            records.push(record.to_vec());
        }
        assert!(piece.is_empty(), "everything is taken before more is asked for");
    }
    Ok(records)
}

#[test]
fn a_record_in_one_piece_is_not_copied() {
    let stream = fragmented(&[b"hello"]);
    let mut reader = RecordReader::new(5);
    let mut input = &stream[..];
    let Ok(Some(Record::Borrowed(record))) = reader.next(&mut input) else { panic!("not borrowed") };
    assert_eq!(record.as_ptr(), stream[4..].as_ptr());

    // Nor is one whose mark came earlier.
    let mut reader = RecordReader::new(5);
    assert!(matches!(reader.next(&mut &stream[..4]), Ok(None)));
    let Ok(Some(Record::Borrowed(record))) = reader.next(&mut &stream[4..]) else { panic!("not borrowed") };
    assert_eq!(record, b"hello");
    assert!(!reader.in_progress());
}

#[test]
fn every_split_of_the_stream_gives_the_same_records() {
    let records: [&[&[u8]]; 7] =
        [&[b"one"], &[b""], &[b"t", b"", b"wo"], &[b"", b"three"], &[b"four", b""], &[b"", b"", b""], &[b"five"]];
    let stream: Vec<u8> = records.iter().flat_map(|record| fragmented(record)).collect();
    let expected: Vec<Vec<u8>> = records.iter().map(|record| record.concat()).collect();
    let check = |pieces: &[&[u8]]| {
        let mut reader = RecordReader::new(5);
        assert_eq!(read(&mut reader, pieces.iter().copied()).as_ref(), Ok(&expected), "{pieces:?}");
        assert!(!reader.in_progress());
        assert_eq!(reader.buffer.capacity(), 0, "no memory is held between records");
    };
    for first in 0..=stream.len() {
        for second in first..=stream.len() {
            check(&[&stream[..first], &stream[first..second], &stream[second..]]);
        }
    }
    check(&stream.chunks(1).collect::<Vec<_>>());
}

#[test]
fn a_record_is_under_way_from_its_first_byte_to_its_last() {
    let stream = fragmented(&[b"ab", b"", b"cd"]);
    let mut reader = RecordReader::new(16);
    assert!(!reader.in_progress());
    assert!(matches!(reader.next(&mut &[][..]), Ok(None)));
    assert!(!reader.in_progress());
    for (at, byte) in stream.iter().enumerate() {
        let whole = reader.next(&mut &[*byte][..]).expect("a good stream").is_some();
        assert_eq!(whole, at + 1 == stream.len());
        assert_eq!(reader.in_progress(), !whole);
    }
}

#[test]
fn what_is_missing_is_known() {
    let stream = fragmented(&[b"ab", b"cdef"]);
    let missing = [4, 3, 2, 1, 2, 1, 4, 3, 2, 1, 4, 3, 2, 1, 4];
    let mut reader = RecordReader::new(16);
    assert_eq!(reader.missing(), missing[0]);
    for (byte, missing) in stream.iter().zip(&missing[1..]) {
        read(&mut reader, [&[*byte][..]]).expect("a good stream");
        assert_eq!(reader.missing(), *missing);
    }
}

#[test]
fn records_over_the_limit_are_refused_by_their_marks() {
    let refused = |mut stream: &[u8], size| {
        let mut reader = RecordReader::new(8);
        let error = Err(RecordError::TooLarge { size, max: 8 });
        assert_eq!(reader.next(&mut stream).map(|record| record.is_some()), error);
        assert!(reader.buffer.capacity() <= 8);
        assert_eq!(reader.next(&mut &b"\x80\0\0\0"[..]).map(|record| record.is_some()), error, "it stays refused");
        assert!(reader.wants().is_none());
    };
    refused(b"\x80\0\0\x09123456789", 9);
    refused(b"\x80\0\0\x09", 9);
    refused(b"\xff\xff\xff\xff", MAX_FRAGMENT_SIZE);
    refused(b"\x7f\xff\xff\xff", MAX_FRAGMENT_SIZE);
    refused(b"\0\0\0\x0412341\0\0\0\x05", 4 + 0x3100_0000);
    refused(b"\0\0\0\x041234\x80\0\0\x05", 9);
    // At the limit it is not.
    let mut reader = RecordReader::new(8);
    let whole = read(&mut reader, [&b"\x80\0\0\x0812345678\0\0\0\x041234\x80\0\0\x045678"[..]]);
    assert_eq!(whole.expect("records of 8 bytes").len(), 2);
}

#[test]
fn endless_empty_fragments_are_refused() {
    let few = [0; 4 * MAX_EMPTY_FRAGMENTS as usize];
    let mut reader = RecordReader::new(8);
    for _ in 0..3 {
        assert_eq!(read(&mut reader, [&few[..], b"\x80\0\0\x01x"]), Ok(vec![b"x".to_vec()]), "a few are well");
    }
    assert_eq!(read(&mut reader, [&few[..]]), Ok(vec![]));
    assert_eq!(read(&mut reader, [&[0; 4][..]]), Err(RecordError::EmptyFragments));
    assert_eq!(read(&mut reader, [&b"\x80\0\0\x01x"[..]]), Err(RecordError::EmptyFragments));
}

#[test]
fn memory_is_bounded_by_what_has_arrived() {
    const PROMISED: usize = 1 << 20;
    // The same in one fragment, and in many small ones.
    let whole = fragmented(&[&[1; PROMISED]]);
    let small: Vec<&[u8]> = [&[1_u8; 7][..]; 10_000].to_vec();
    for (stream, step) in [(&whole, 1000), (&whole, 65_536), (&fragmented(&small), 1), (&fragmented(&small), 777)] {
        let mut reader = RecordReader::new(PROMISED);
        let mut received = 0;
        for mut piece in stream.chunks(step) {
            received += piece.len();
            if reader.next(&mut piece).expect("a good stream").is_none() {
                assert!(reader.buffer.capacity() <= (GROWTH * received).max(16), "after {received} bytes");
            }
        }
        assert!(!reader.in_progress());
    }
}

#[test]
fn a_promise_alone_allocates_nothing() {
    let mut reader = RecordReader::new(MAX_FRAGMENT_SIZE);
    assert!(matches!(reader.next(&mut &b"\xff\xff\xff\xff"[..]), Ok(None)));
    assert!(reader.wants().is_none());
    assert_eq!(reader.buffer.capacity(), 0);
    assert!(matches!(reader.next(&mut &b"x"[..]), Ok(None)));
    assert!(reader.wants().is_none());
    assert!(reader.buffer.capacity() <= 16);
}

#[test]
fn a_large_record_is_read_to_its_place() {
    let record: Vec<u8> = (0..1_000_003_u32).map(|at| at.to_le_bytes()[0] ^ at.to_le_bytes()[1]).collect();
    let stream = fragmented(&[&record]);
    let mut reader = RecordReader::new(record.len());
    let (scratch, mut rest) = stream.split_at(64 * 1024);
    assert_eq!(read(&mut reader, [scratch]), Ok(vec![]));
    let mut reads = 0;
    while let Some(mut room) = reader.wants() {
        // A read that brings less than there is room for, as most do.
        let length = room.remaining_mut().min(100_000).min(rest.len());
        assert!(length > 0, "there is room, and it is not for the record behind");
        room.put_slice(&rest[..length]);
        rest = &rest[length..];
        reads += 1;
        assert!(reader.buffer.capacity() <= GROWTH * (stream.len() - rest.len()));
        if rest.len() >= WORTH_A_READ {
            assert!(matches!(reader.next(&mut &[][..]), Ok(None)));
        }
    }
    assert!((9..16).contains(&reads), "{reads} reads");
    let Ok(Some(Record::Owned(whole))) = reader.next(&mut rest) else { panic!("not whole") };
    assert_eq!(whole, record);
    assert_eq!(reader.buffer.capacity(), 0);
}

#[test]
fn room_grows_with_what_has_arrived_in_fragments_too() {
    let fragment = [7; 3 * WORTH_A_READ];
    let stream = fragmented(&[&fragment[..]; 100]);
    let mut reader = RecordReader::new(stream.len());
    let (mut rest, mut capacities) = (&stream[..], std::collections::BTreeSet::new());
    while reader.buffer.len() < 99 * fragment.len() {
        while let Some(mut room) = reader.wants() {
            let length = room.remaining_mut();
            room.put_slice(&rest[..length]);
            rest = &rest[length..];
            assert!(reader.buffer.capacity() <= GROWTH * (stream.len() - rest.len()));
        }
        let (mut scratch, after) = rest.split_at(WORTH_A_READ);
        assert!(matches!(reader.next(&mut scratch), Ok(None)));
        rest = after;
        capacities.insert(reader.buffer.capacity());
    }
    assert!(capacities.len() < 12, "it doubles: {capacities:?}");
    assert_eq!(reader.next(&mut rest).expect("a good stream").expect("whole").len(), 100 * fragment.len());
}

#[test]
fn room_ends_where_the_fragment_ends() {
    let mut reader = RecordReader::new(1 << 20);
    let first = fragmented(&[&[1; 40_000], &[2; 10]]);
    assert_eq!(read(&mut reader, [&first[..20_004]]), Ok(vec![]));
    let room = reader.wants().expect("20,000 bytes are missing");
    assert_eq!(room.remaining_mut(), 20_000);
    assert_eq!(read(&mut reader, [&first[20_004..]]).expect("a good stream")[0].len(), 40_010);
}

#[test]
fn instruments_that_never_mark_the_last_fragment_are_understood_on_request() {
    let stream = b"\0\0\0\x02ab\0\0\0\x01c\x80\0\0\x01d\0\0\0\0";
    for step in [1, 3, stream.len()] {
        let mut reader = RecordReader::new(8).with_single_fragments(true);
        let records = read(&mut reader, stream.chunks(step)).expect("a good stream");
        assert_eq!(records, [&b"ab"[..], b"c", b"d", b""]);
    }
}

#[test]
fn marks_are_written() {
    let mut out = b"before".to_vec();
    out.extend_from_slice(&record_mark(0));
    out.extend_from_slice(b"12345");
    patch_mark(&mut out, 6, 5);
    assert_eq!(out, b"before\x80\0\0\x0512345");
    assert_eq!(record_mark(MAX_FRAGMENT_SIZE), [0xff; 4]);
}

#[test]
#[should_panic(expected = "does not fit in its mark")]
fn a_mark_too_large_is_a_mistake_of_ours() {
    let _ = record_mark(MAX_FRAGMENT_SIZE + 1);
}

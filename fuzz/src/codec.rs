//! The codec on types of every kind.

use bytes::Bytes;
use onc_runtime::xdr::{self, DecodeError, Decoder, Encoder, Limits, Xdr};

use crate::everything::{Answer, Chained, Everything, Lists, Numbers, Painted, Sequences, Tree};

/// The first byte selects a type, the others are its encoding.
pub fn codec(input: &[u8]) -> bool {
    let Some((&which, bytes)) = input.split_first() else { return false };
    match which {
        0 => check::<Everything>(bytes),
        1 => check::<Numbers>(bytes),
        2 => check::<Sequences>(bytes),
        3 => check::<Lists>(bytes),
        4 => check::<Chained>(bytes),
        5 => check::<Painted>(bytes),
        6 => check::<Answer>(bytes),
        7 => check::<Tree>(bytes),
        8 => check::<Vec<Numbers>>(bytes),
        9 => check::<(String, Vec<Painted>, Option<Box<Answer>>)>(bytes),
        _ => false,
    }
}

fn check<T: Xdr>(bytes: &[u8]) -> bool {
    let record = Bytes::copy_from_slice(bytes);
    let accepted = match (xdr::from_slice::<T>(bytes), xdr::from_bytes::<T>(&record)) {
        (Ok(value), Ok(shared)) => {
            // Strict decoding takes one encoding of each value.
            assert_eq!(encode(&value), bytes);
            assert_eq!(encode(&shared), bytes);
            assert_eq!(gather(&shared), bytes);
            true
        }
        (Err(error), Err(shared)) => {
            assert_eq!((error.kind(), error.offset()), (shared.kind(), shared.offset()));
            assert!(error.offset() <= bytes.len() && !error.to_string().is_empty());
            false
        }
        (strict, shared) => panic!("decoded from a slice: {}, from a record: {}", strict.is_ok(), shared.is_ok()),
    };
    // What is tolerated can be encoded, and then it is strict.
    if let Ok(value) = decode::<T>(bytes, Limits::default().with_lenient(true)) {
        let strict = encode(&value);
        assert_eq!(encode(&xdr::from_slice::<T>(&strict).expect("our own encoding")), strict);
    }
    // Tighter limits refuse more, and take nothing else.
    if let Ok(value) = decode::<T>(bytes, Limits::default().with_depth(3).with_memory(512)) {
        assert_eq!(encode(&value), bytes);
    }
    accepted
}

fn decode<T: Xdr>(bytes: &[u8], limits: Limits) -> Result<T, DecodeError> {
    let mut decoder = Decoder::new(bytes, limits);
    let value = T::decode(&mut decoder)?;
    decoder.finish()?;
    Ok(value)
}

fn encode<T: Xdr>(value: &T) -> Vec<u8> {
    let size = value.measure().expect("a value that was decoded keeps its bounds");
    let encoded = xdr::to_vec(value).expect("it was measured");
    assert_eq!(encoded.len(), size.total);
    encoded
}

/// The encoding of a value whose large parts leave by reference.
fn gather<T: Xdr>(value: &T) -> Vec<u8> {
    let size = value.measure().expect("a value that was decoded keeps its bounds");
    let (mut buffer, mut segments) = (Vec::new(), Vec::new());
    value.encode(&mut Encoder::gathering(&mut buffer, &mut segments));
    assert_eq!(segments.iter().map(|segment| segment.bytes.len()).sum::<usize>(), size.by_reference);
    let (mut whole, mut from) = (Vec::new(), 0);
    for segment in &segments {
        whole.extend_from_slice(&buffer[from..segment.at]);
        whole.extend_from_slice(&segment.bytes);
        from = segment.at;
    }
    whole.extend_from_slice(&buffer[from..]);
    whole
}

//! Whatever is not an encoding is refused: every kind of error, with its place.

use std::fmt::Debug;

use bytes::Bytes;
use onc_runtime::Xdr;
use onc_runtime::xdr::{
    self, Chain, DecodeErrorKind, Decoder, EncodeErrorKind, Limits, List, Max, Plain, Shape, padding,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Xdr)]
enum Colour {
    Red = 1,
    Green = 5,
}

#[derive(Debug, PartialEq, Xdr)]
#[xdr(union(Colour))]
enum Painted {
    #[xdr(case = Colour::Red)]
    Red(u32),
}

#[derive(Debug, PartialEq, Xdr)]
struct Record {
    id: u32,
    colour: Colour,
    flag: bool,
}

/// The bytes are refused for this reason, which is `offset` bytes from their start.
#[track_caller]
fn refused<T: Xdr + Debug>(bytes: &[u8], kind: DecodeErrorKind, offset: usize) {
    refused_shaped::<Plain, T>(bytes, kind, offset);
}

#[track_caller]
fn refused_shaped<H: Shape<T>, T: Debug>(bytes: &[u8], kind: DecodeErrorKind, offset: usize) {
    let mut decoder = Decoder::new(bytes, Limits::default());
    let error = match H::decode(&mut decoder) {
        Ok(value) => decoder.finish().expect_err(&format!("decoded as {value:?}")),
        Err(error) => error,
    };
    assert_eq!((error.kind(), error.offset()), (&kind, offset), "{error}");
    assert!(error.to_string().ends_with(&format!("(at byte {offset})")), "{error}");
}

#[test]
fn cut_short() {
    use DecodeErrorKind::Truncated;
    refused::<u32>(&[0, 0, 0], Truncated { needed: 4, remaining: 3 }, 0);
    refused::<i64>(&[0; 7], Truncated { needed: 8, remaining: 7 }, 0);
    refused::<(u32, u32)>(&[0; 6], Truncated { needed: 8, remaining: 6 }, 0);
    refused::<String>(&[0, 0, 0, 4, b'a'], Truncated { needed: 4, remaining: 1 }, 4);
    refused::<String>(&[0, 0, 0, 3, b'a', b'b', b'c'], Truncated { needed: 3, remaining: 3 }, 4);
    refused::<Bytes>(&[0, 0, 0, 10, 1, 2, 3, 4], Truncated { needed: 10, remaining: 4 }, 4);
    refused::<[u8; 5]>(&[0; 7], Truncated { needed: 5, remaining: 7 }, 0);
    refused::<Vec<u64>>(&[0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1], Truncated { needed: 16, remaining: 8 }, 4);
    refused::<Vec<Record>>(&[0, 0, 0, 1, 0, 0, 0, 0], Truncated { needed: 12, remaining: 4 }, 4);
    refused::<Option<u32>>(&[0, 0, 0, 1], Truncated { needed: 4, remaining: 0 }, 4);
    refused_shaped::<List, Vec<u32>>(&[0, 0, 0, 1, 0, 0, 0, 9], Truncated { needed: 4, remaining: 0 }, 8);
    refused_shaped::<Chain, Vec<u32>>(&[], Truncated { needed: 4, remaining: 0 }, 0);
}

#[test]
fn every_prefix_is_too_short() {
    type Everything = (String, Vec<Option<Bytes>>, [u16; 3], Option<Box<(u64, bool)>>, Vec<[u8; 3]>);
    let value: Everything = (
        "text".into(),
        vec![None, Some(Bytes::from_static(b"abc"))],
        [1, 2, 3],
        Some(Box::new((1, true))),
        vec![[1, 2, 3]],
    );
    let bytes = xdr::to_vec(&value).expect("it has no bounds");
    for length in 0..bytes.len() {
        let error = xdr::from_slice::<Everything>(&bytes[..length]).expect_err("something is missing");
        assert!(matches!(error.kind(), DecodeErrorKind::Truncated { .. }), "{length} bytes: {error}");
    }
    assert_eq!(xdr::from_slice::<Everything>(&bytes).expect("its own encoding"), value);
}

#[test]
fn left_over() {
    refused::<u32>(&[0; 5], DecodeErrorKind::TrailingBytes { count: 1 }, 4);
    refused::<()>(&[0; 4], DecodeErrorKind::TrailingBytes { count: 4 }, 0);
    refused::<String>(&[0; 8], DecodeErrorKind::TrailingBytes { count: 4 }, 4);
}

#[test]
fn too_long() {
    use DecodeErrorKind::TooLong;
    refused_shaped::<Max<3>, String>(b"\0\0\0\x04abcd", TooLong { length: 4, max: 3 }, 0);
    refused_shaped::<Max<3>, Bytes>(b"\0\0\0\x04abcd", TooLong { length: 4, max: 3 }, 0);
    refused_shaped::<Max<1>, Vec<u32>>(&[0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0], TooLong { length: 2, max: 1 }, 0);
    refused_shaped::<Max<9, Max<1>>, Vec<String>>(b"\0\0\0\x01\0\0\0\x02ab\0\0", TooLong { length: 2, max: 1 }, 4);
}

#[test]
fn neither_true_nor_false() {
    refused::<bool>(&[0, 0, 0, 2], DecodeErrorKind::InvalidBool { value: 2 }, 0);
    refused::<Option<u32>>(&[0xff; 4], DecodeErrorKind::InvalidBool { value: u32::MAX }, 0);
    refused_shaped::<List, Vec<u32>>(
        &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3],
        DecodeErrorKind::InvalidBool { value: 3 },
        8,
    );
    refused::<Record>(&[0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 1, 0], DecodeErrorKind::InvalidBool { value: 256 }, 8);
}

#[test]
fn not_declared() {
    refused::<Colour>(&[0, 0, 0, 2], DecodeErrorKind::UnknownEnumValue { value: 2 }, 0);
    refused::<Record>(
        &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        DecodeErrorKind::UnknownEnumValue { value: -1 },
        4,
    );
    refused::<Painted>(&[0, 0, 0, 5], DecodeErrorKind::UnknownDiscriminant { value: 5 }, 0);
    refused::<Painted>(&[0, 0, 0, 3], DecodeErrorKind::UnknownEnumValue { value: 3 }, 0);
}

#[test]
fn out_of_range() {
    use DecodeErrorKind::OutOfRange;
    refused::<u8>(&[0, 0, 1, 0], OutOfRange { value: 256 }, 0);
    refused::<i8>(&[0, 0, 0, 0x80], OutOfRange { value: 128 }, 0);
    refused::<i8>(&[0xff, 0xff, 0xff, 0x7f], OutOfRange { value: -129 }, 0);
    refused::<u16>(&[0xff, 0xff, 0xff, 0xff], OutOfRange { value: u32::MAX.into() }, 0);
    refused::<[i16; 2]>(&[0, 0, 0, 0, 0, 0, 0x80, 0], OutOfRange { value: 32768 }, 4);
}

#[test]
fn not_text() {
    refused::<String>(b"\0\0\0\x03a\xffb\0", DecodeErrorKind::InvalidUtf8, 5);
    // Cut in the middle of a character.
    refused::<String>(b"\0\0\0\x01\xc3\0\0\0", DecodeErrorKind::InvalidUtf8, 4);
    // As opaque data the same bytes are fine.
    assert_eq!(xdr::from_slice::<Bytes>(b"\0\0\0\x01\xc3\0\0\0").expect("any bytes are"), b"\xc3"[..]);
}

#[test]
fn padding_is_zero() {
    for at in 5..8 {
        let mut bytes = *b"\0\0\0\x01a\0\0\0";
        bytes[at] = 1;
        refused::<String>(&bytes, DecodeErrorKind::NonZeroPadding, 5);
        refused::<Bytes>(&bytes, DecodeErrorKind::NonZeroPadding, 5);
        refused::<Vec<u8>>(&bytes, DecodeErrorKind::NonZeroPadding, 5);
        refused::<(u32, [u8; 1])>(&bytes, DecodeErrorKind::NonZeroPadding, 5);
        refused::<(String, [u8; 1])>(&[&[0; 4], &bytes[4..]].concat(), DecodeErrorKind::NonZeroPadding, 5);
    }
}

#[test]
fn lenience_tolerates_padding_and_what_is_left_over_and_nothing_else() {
    let limits = Limits::default().with_lenient(true);
    let mut decoder = Decoder::new(b"\0\0\0\x01a\x01\x02\x03\0\0\0\x02bc\x04\x05rest", limits);
    assert_eq!(String::decode(&mut decoder).expect("padding is tolerated"), "a");
    assert_eq!(<(u32, [u8; 2])>::decode(&mut decoder).expect("in a run, too"), (2, *b"bc"));
    assert_eq!(decoder.rest(), b"rest");
    decoder.finish().expect("what is left over is tolerated");

    assert!(bool::decode(&mut Decoder::new(&[0, 0, 0, 2], limits)).is_err());
    assert!(String::decode(&mut Decoder::new(b"\0\0\0\x02a", limits)).is_err());
}

#[test]
fn values_that_break_a_bound_are_not_encoded() {
    #[derive(Debug, Xdr)]
    struct Names {
        #[xdr(max = 2, item(max = 3))]
        names: Vec<String>,
        #[xdr(chain)]
        chain: Vec<u32>,
    }

    let error = xdr::to_vec(&Names { names: vec![String::new(); 3], chain: vec![1] }).expect_err("three are too many");
    assert_eq!(*error.kind(), EncodeErrorKind::TooLong { length: 3, max: 2 });
    assert_eq!(error.to_string(), "Names.names: 3 elements or bytes, but the protocol allows at most 2");
    let error = xdr::to_bytes(&Names { names: vec!["four".into()], chain: vec![1] }).expect_err("four are too many");
    assert_eq!(*error.kind(), EncodeErrorKind::TooLong { length: 4, max: 3 });
    let error = xdr::to_vec(&Names { names: Vec::new(), chain: Vec::new() }).expect_err("one is needed");
    assert_eq!(*error.kind(), EncodeErrorKind::Empty);
    assert!(error.to_string().starts_with("Names.chain: "), "{error}");
}

#[test]
fn padding_makes_multiples_of_four() {
    assert_eq!([0, 1, 2, 3, 4, 5].map(padding), [0, 3, 2, 1, 0, 3]);
}

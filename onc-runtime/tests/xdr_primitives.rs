//! Each type of RFC 4506 §4, byte for byte.

use std::fmt::Debug;

use bytes::Bytes;
use onc_runtime::Xdr;
use onc_runtime::xdr::{self, Chain, Decoder, Encoder, Item, Limits, List, Max, Shape, Unpacked};

/// The value has this encoding, and the encoding this value.
#[track_caller]
fn is<T: Xdr + PartialEq + Debug>(value: T, bytes: &[u8]) {
    assert_eq!(xdr::to_vec(&value).expect("within its bounds"), bytes, "encoding {value:?}");
    assert_eq!(value.measure().expect("within its bounds").total, bytes.len(), "measuring {value:?}");
    assert!(T::LEAST <= bytes.len(), "the least size of {value:?}");
    assert!(T::FIXED.is_none_or(|size| size == bytes.len()), "the fixed size of {value:?}");
    let decoded = xdr::from_slice::<T>(bytes).expect("its own encoding");
    assert_eq!(decoded, value);
}

/// As [`is`], in this shape.
#[track_caller]
fn is_shaped<H: Shape<T>, T: PartialEq + Debug>(value: T, bytes: &[u8]) {
    let size = H::measure(&value).expect("within its bounds");
    assert_eq!(size.total, bytes.len(), "measuring {value:?}");
    let mut written = Vec::new();
    Encoder::new(&mut written).write::<T, H>(&value, size);
    assert_eq!(written, bytes, "encoding {value:?}");
    let mut decoder = Decoder::new(bytes, Limits::default());
    assert_eq!(H::decode(&mut decoder).expect("its own encoding"), value);
    decoder.finish().expect("nothing is left over");
}

// RFC 4506 §4.1, §4.2
#[test]
fn integers() {
    is(0i32, &[0, 0, 0, 0]);
    is(-1i32, &[0xff, 0xff, 0xff, 0xff]);
    is(i32::MIN, &[0x80, 0, 0, 0]);
    is(i32::MAX, &[0x7f, 0xff, 0xff, 0xff]);
    is(u32::MAX, &[0xff, 0xff, 0xff, 0xff]);
    is(0x0102_0304u32, &[1, 2, 3, 4]);
}

// As rpcgen has them: four bytes each.
#[test]
fn narrow_integers() {
    is(-128i8, &[0xff, 0xff, 0xff, 0x80]);
    is(127i8, &[0, 0, 0, 0x7f]);
    is(255u8, &[0, 0, 0, 0xff]);
    is(i16::MIN, &[0xff, 0xff, 0x80, 0]);
    is(u16::MAX, &[0, 0, 0xff, 0xff]);
}

// RFC 4506 §4.4
#[test]
fn booleans() {
    is(false, &[0, 0, 0, 0]);
    is(true, &[0, 0, 0, 1]);
}

// RFC 4506 §4.5
#[test]
fn hypers() {
    is(i64::MIN, &[0x80, 0, 0, 0, 0, 0, 0, 0]);
    is(-2i64, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]);
    is(0x0102_0304_0506_0708u64, &[1, 2, 3, 4, 5, 6, 7, 8]);
}

// RFC 4506 §4.6, §4.7
#[test]
fn floating_point() {
    is(1.0f32, &[0x3f, 0x80, 0, 0]);
    is(-0.0f32, &[0x80, 0, 0, 0]);
    is(f32::INFINITY, &[0x7f, 0x80, 0, 0]);
    is(f32::from_bits(1), &[0, 0, 0, 1]);
    is(-2.0f64, &[0xc0, 0, 0, 0, 0, 0, 0, 0]);
    is(f64::MAX, &[0x7f, 0xef, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    // A NaN keeps its bits.
    let quiet = f64::from_bits(0x7ff8_0000_0000_1234);
    let bytes = xdr::to_vec(&quiet).expect("a double has no bound");
    assert_eq!(bytes, [0x7f, 0xf8, 0, 0, 0, 0, 0x12, 0x34]);
    assert_eq!(xdr::from_slice::<f64>(&bytes).expect("its own encoding").to_bits(), quiet.to_bits());
}

// RFC 4506 §4.9
#[test]
fn fixed_opaque() {
    is([0u8; 0], &[]);
    is([1u8], &[1, 0, 0, 0]);
    is([1u8, 2, 3], &[1, 2, 3, 0]);
    is([1u8, 2, 3, 4], &[1, 2, 3, 4]);
    is([1u8, 2, 3, 4, 5], &[1, 2, 3, 4, 5, 0, 0, 0]);
    is([7u8; 64], &[7; 64]);
}

// RFC 4506 §4.10
#[test]
fn variable_opaque() {
    is(Bytes::new(), &[0, 0, 0, 0]);
    is(Bytes::from_static(&[1, 2]), &[0, 0, 0, 2, 1, 2, 0, 0]);
    is(vec![1u8, 2, 3, 4], &[0, 0, 0, 4, 1, 2, 3, 4]);
    is(vec![1u8, 2, 3, 4, 5], &[0, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0]);
}

// RFC 4506 §4.11
#[test]
fn strings() {
    is(String::new(), &[0, 0, 0, 0]);
    is("sillyprog".to_owned(), b"\0\0\0\x09sillyprog\0\0\0");
    is("Größe".to_owned(), b"\0\0\0\x07Gr\xc3\xb6\xc3\x9fe\0");
    is("a\0b".to_owned(), b"\0\0\0\x03a\0b\0");
}

// RFC 4506 §4.12, §4.13
#[test]
fn arrays() {
    is([1u32, 2], &[0, 0, 0, 1, 0, 0, 0, 2]);
    is([true, false], &[0, 0, 0, 1, 0, 0, 0, 0]);
    is(["a".to_owned(), String::new()], b"\0\0\0\x01a\0\0\0\0\0\0\0");
    is([[1u8, 2], [3, 4]], &[1, 2, 0, 0, 3, 4, 0, 0]);
    is(Vec::<u64>::new(), &[0, 0, 0, 0]);
    is(vec![1i16, -1], &[0, 0, 0, 2, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]);
    is(vec![vec![1u32], vec![]], &[0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0]);
    is(vec![-1i8], &[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]);
}

// RFC 4506 §4.14, §4.16
#[test]
fn tuples_and_void() {
    is((), &[]);
    is((1u32, "a".to_owned(), 2u64), b"\0\0\0\x01\0\0\0\x01a\0\0\0\0\0\0\0\0\0\0\x02");
    is((1u8, -1i64), &[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
}

// RFC 4506 §4.19
#[test]
fn optional_data() {
    is(None::<u32>, &[0, 0, 0, 0]);
    is(Some(5u32), &[0, 0, 0, 1, 0, 0, 0, 5]);
    is(Some(Box::new("a".to_owned())), b"\0\0\0\x01\0\0\0\x01a\0\0\0");
    is(Some(None::<bool>), &[0, 0, 0, 1, 0, 0, 0, 0]);
}

// RFC 4506 §4.19: struct stringentry { string item<>; stringentry *next; }
#[test]
fn linked_lists() {
    is_shaped::<List, _>(Vec::<u32>::new(), &[0, 0, 0, 0]);
    is_shaped::<List, _>(vec![1u32, 2], &[0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0]);
    is_shaped::<List<Max<4>>, _>(vec!["ab".to_owned()], b"\0\0\0\x01\0\0\0\x02ab\0\0\0\0\0\0");
    is_shaped::<Chain, _>(vec![1u32], &[0, 0, 0, 1, 0, 0, 0, 0]);
    is_shaped::<Chain, _>(vec![1u32, 2], &[0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0]);
    // An opaque byte in a list is still an integer: only sequences are opaque data.
    is_shaped::<List, _>(vec![9u8], &[0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0]);
}

#[test]
fn bytes_that_are_integers() {
    is_shaped::<Max<3, Unpacked>, _>(vec![1u8, 255], &[0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 255]);
    is_shaped::<Item<Unpacked>, _>([1u8, 2, 3], &[0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]);
    is_shaped::<Item<Unpacked>, _>(Some(7u8), &[0, 0, 0, 1, 0, 0, 0, 7]);
    assert_eq!(<Item<Unpacked> as Shape<[u8; 3]>>::FIXED, Some(12));
    assert_eq!(<[u8; 3]>::FIXED, Some(4));
}

#[test]
fn bounds_reach_what_is_inside() {
    is_shaped::<Max<2, Max<3>>, _>(vec!["abc".to_owned()], b"\0\0\0\x01\0\0\0\x03abc\0");
    assert!(<Max<2, Max<3>> as Shape<Vec<String>>>::measure(&vec!["abcd".to_owned()]).is_err());
    assert!(<Max<2, Max<3>> as Shape<Vec<String>>>::measure(&vec![String::new(); 3]).is_err());
    assert!(<Item<Max<1>> as Shape<Option<Vec<u32>>>>::measure(&Some(vec![1, 2])).is_err());
    assert!(<Item<Item<Max<1>>> as Shape<Option<Box<String>>>>::measure(&Some(Box::new("ab".to_owned()))).is_err());
    assert!(<Item<Max<1>> as Shape<[Bytes; 2]>>::measure(&[Bytes::new(), Bytes::from_static(b"ab")]).is_err());
    assert!(<List<Max<1>> as Shape<Vec<String>>>::measure(&vec!["ab".to_owned()]).is_err());
}

/// RFC 4506 §7: the file that the standard encodes as its example.
#[test]
fn the_example_of_the_standard() {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Xdr)]
    enum FileKind {
        Text = 0,
        Data = 1,
        Exec = 2,
    }

    #[derive(Debug, PartialEq, Xdr)]
    #[xdr(union(FileKind))]
    enum FileType {
        #[xdr(case = FileKind::Text)]
        Text,
        #[xdr(case = FileKind::Data)]
        Creator(#[xdr(max = 255)] String),
        #[xdr(case = FileKind::Exec)]
        Interpretor(#[xdr(max = 255)] String),
    }

    #[derive(Debug, PartialEq, Xdr)]
    struct File {
        #[xdr(max = 255)]
        filename: String,
        r#type: FileType,
        #[xdr(max = 32)]
        owner: String,
        #[xdr(max = 65535)]
        data: Bytes,
    }

    let file = File {
        filename: "sillyprog".into(),
        r#type: FileType::Interpretor("lisp".into()),
        owner: "john".into(),
        data: Bytes::from_static(b"(quit)"),
    };
    #[rustfmt::skip]
    let bytes = [
        0x00, 0x00, 0x00, 0x09,
        0x73, 0x69, 0x6c, 0x6c,
        0x79, 0x70, 0x72, 0x6f,
        0x67, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x02,
        0x00, 0x00, 0x00, 0x04,
        0x6c, 0x69, 0x73, 0x70,
        0x00, 0x00, 0x00, 0x04,
        0x6a, 0x6f, 0x68, 0x6e,
        0x00, 0x00, 0x00, 0x06,
        0x28, 0x71, 0x75, 0x69,
        0x74, 0x29, 0x00, 0x00,
    ];
    is(file, &bytes);
}

//! `#[derive(Xdr)]` on structs: the bytes, the sizes, and what errors say.

use bytes::Bytes;
use onc_runtime::Xdr;
use onc_runtime::xdr::{self, DecodeErrorKind, EncodeErrorKind, Max, Shape};

/// The value has this encoding, and the encoding this value.
#[track_caller]
fn is<T: Xdr + PartialEq + std::fmt::Debug>(value: T, bytes: &[u8]) {
    assert_eq!(xdr::to_vec(&value).expect("within its bounds"), bytes, "encoding {value:?}");
    assert_eq!(value.measure().expect("within its bounds").total, bytes.len());
    assert_eq!(xdr::from_slice::<T>(bytes).expect("its own encoding"), value);
}

#[derive(Clone, Debug, PartialEq, Xdr)]
struct Named {
    a: u32,
    #[xdr(max = 4)]
    name: String,
    b: i64,
    c: bool,
    data: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Xdr)]
struct Tuple(u8, i64, [u8; 3]);

#[derive(Clone, Copy, Debug, PartialEq, Xdr)]
struct Unit;

#[derive(Clone, Copy, Debug, PartialEq, Xdr)]
struct Empty {}

#[derive(Clone, Copy, Debug, PartialEq, Xdr)]
struct FileId(u64);

type Alias = u32;

/// Fields whose size the derive cannot see, some known and some not.
#[derive(Clone, Debug, PartialEq, Xdr)]
struct Mixed {
    first: Alias,
    tuple: Tuple,
    named: Named,
    second: Alias,
    third: u32,
    fourth: FileId,
    pair: (u32, Alias),
    varying: (u32, String),
    last: u16,
}

#[test]
fn fields_in_order() {
    is(
        Named { a: 1, name: "abc".into(), b: -2, c: true, data: Bytes::from_static(&[9]) },
        b"\0\0\0\x01\0\0\0\x03abc\0\xff\xff\xff\xff\xff\xff\xff\xfe\0\0\0\x01\0\0\0\x01\x09\0\0\0",
    );
    is(Tuple(255, 1, [1, 2, 3]), &[0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 0]);
    is(Unit, &[]);
    is(Empty {}, &[]);
    is(FileId(1), &[0, 0, 0, 0, 0, 0, 0, 1]);
}

#[test]
fn runs_of_known_size_among_others() {
    let mixed = Mixed {
        first: 1,
        tuple: Tuple(2, 3, [4; 3]),
        named: Named { a: 5, name: String::new(), b: 6, c: false, data: Bytes::new() },
        second: 7,
        third: 8,
        fourth: FileId(9),
        pair: (10, 11),
        varying: (12, "m".into()),
        last: 14,
    };
    #[rustfmt::skip]
    let bytes = [
        0, 0, 0, 1,
        0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 4, 4, 4, 0,
        0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 7,
        0, 0, 0, 8,
        0, 0, 0, 0, 0, 0, 0, 9,
        0, 0, 0, 10, 0, 0, 0, 11,
        0, 0, 0, 12, 0, 0, 0, 1, b'm', 0, 0, 0,
        0, 0, 0, 14,
    ];
    is(mixed, &bytes);
    for length in 0..bytes.len() {
        assert!(xdr::from_slice::<Mixed>(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
}

#[test]
fn sizes_that_are_known() {
    assert_eq!((Tuple::FIXED, Tuple::LEAST), (Some(16), 16));
    assert_eq!((Unit::FIXED, Unit::LEAST), (Some(0), 0));
    assert_eq!((FileId::FIXED, FileId::LEAST), (Some(8), 8));
    assert_eq!((Named::FIXED, Named::LEAST), (None, 4 + 4 + 8 + 4 + 4));
    assert_eq!((Mixed::FIXED, Mixed::LEAST), (None, 4 + 16 + 24 + 4 + 4 + 8 + 8 + 8 + 4));
}

#[test]
fn errors_name_the_way_to_the_field() {
    let value = Named { a: 1, name: "abcde".into(), b: 0, c: false, data: Bytes::new() };
    let error = xdr::to_vec(&value).expect_err("five bytes are above the bound");
    assert_eq!(*error.kind(), EncodeErrorKind::TooLong { length: 5, max: 4 });
    assert_eq!(error.to_string(), "Named.name: 5 elements or bytes, but the protocol allows at most 4");

    let error = xdr::from_slice::<Named>(b"\0\0\0\x01\0\0\0\x05abcde\0\0\0").expect_err("above the bound");
    assert_eq!(*error.kind(), DecodeErrorKind::TooLong { length: 5, max: 4 });
    assert_eq!(error.to_string(), "Named.name: a length of 5, but the protocol allows at most 4 (at byte 4)");

    #[derive(Debug, Xdr)]
    struct Outer {
        r#type: u32,
        r#in: Vec<Named>,
        flags: (bool, bool),
    }

    let outer = Outer { r#type: 1, r#in: vec![value], flags: (true, false) };
    let error = xdr::to_vec(&outer).expect_err("five bytes are above the bound");
    assert!(error.to_string().starts_with("Outer.in.name: "), "{error}");
    let error = xdr::from_slice::<Outer>(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9]).expect_err("a bool of 9");
    assert_eq!(error.to_string(), "Outer.flags: a bool of 9, which is neither 0 nor 1 (at byte 12)");
    let error =
        xdr::from_slice::<Tuple>(&[0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).expect_err("256 is no byte");
    assert_eq!(error.to_string(), "Tuple.0: 256 is out of range for its type (at byte 0)");
}

#[test]
fn parameters() {
    #[derive(Clone, Debug, PartialEq, Xdr)]
    struct Page<T, const N: usize, const MAX: u32> {
        #[xdr(max = MAX)]
        items: Vec<T>,
        digest: [u8; N],
        next: Option<Box<Page<T, N, MAX>>>,
    }

    let last = Page::<u16, 2, 3> { items: vec![1, 2, 3], digest: [7, 8], next: None };
    is(
        Page { items: Vec::new(), digest: [5, 6], next: Some(Box::new(last.clone())) },
        &[0, 0, 0, 0, 5, 6, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 7, 8, 0, 0, 0, 0, 0, 0],
    );
    assert!(Page::<u16, 2, 2> { items: vec![1, 2, 3], digest: [7, 8], next: None }.measure().is_err());
}

#[test]
fn shapes_of_fields() {
    #[expect(clippy::box_collection, reason = "items within items")]
    #[derive(Clone, Debug, PartialEq, Xdr)]
    struct Shapes {
        #[xdr(item(unpacked))]
        unpacked: [u8; 2],
        #[xdr(max = 2, item(max = 3))]
        names: Vec<String>,
        #[xdr(item(item(max = 1)))]
        deep: Option<Box<Vec<u32>>>,
        #[xdr(list, item(max = 2))]
        list: Vec<Bytes>,
        #[xdr(chain)]
        chain: Vec<u32>,
        #[xdr(with = "Max<5>")]
        with: String,
        #[xdr(unpacked)]
        byte: u8,
    }

    let shapes = Shapes {
        unpacked: [1, 2],
        names: vec!["abc".into()],
        deep: Some(Box::new(vec![4])),
        list: vec![Bytes::from_static(b"zz")],
        chain: vec![5, 6],
        with: "hello".into(),
        byte: 9,
    };
    #[rustfmt::skip]
    let bytes = [
        0, 0, 0, 1, 0, 0, 0, 2,
        0, 0, 0, 1, 0, 0, 0, 3, b'a', b'b', b'c', 0,
        0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4,
        0, 0, 0, 1, 0, 0, 0, 2, b'z', b'z', 0, 0, 0, 0, 0, 0,
        0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0,
        0, 0, 0, 5, b'h', b'e', b'l', b'l', b'o', 0, 0, 0,
        0, 0, 0, 9,
    ];
    is(shapes.clone(), &bytes);

    let too_long = |change: fn(&mut Shapes)| {
        let mut broken = shapes.clone();
        change(&mut broken);
        broken.measure().expect_err("a bound is broken").to_string()
    };
    assert!(too_long(|shapes| shapes.names = vec![String::new(); 3]).starts_with("Shapes.names: 3 "));
    assert!(too_long(|shapes| shapes.names[0].push('d')).starts_with("Shapes.names: 4 "));
    assert!(too_long(|shapes| shapes.deep = Some(Box::new(vec![1, 2]))).starts_with("Shapes.deep: 2 "));
    assert!(too_long(|shapes| shapes.list[0] = Bytes::from_static(b"zzz")).starts_with("Shapes.list: 3 "));
    assert!(too_long(|shapes| shapes.chain.clear()).starts_with("Shapes.chain: an empty list"));
    assert!(too_long(|shapes| shapes.with.push('!')).starts_with("Shapes.with: 6 "));
}

#[test]
fn a_shape_of_ones_own() {
    /// Seconds and nanoseconds, as NFS has them.
    struct Time;

    impl Shape<std::time::Duration> for Time {
        const FIXED: Option<usize> = Some(8);
        const LEAST: usize = 8;

        fn measure(_value: &std::time::Duration) -> Result<xdr::Size, xdr::EncodeError> {
            Ok(xdr::Size::of(8))
        }

        fn encode<S: xdr::Sink>(value: &std::time::Duration, out: &mut S) {
            (value.as_secs() as u32, value.subsec_nanos()).encode(out);
        }

        fn decode<S: xdr::Source>(from: &mut S) -> Result<std::time::Duration, xdr::DecodeError> {
            let (seconds, nanos) = <(u32, u32)>::decode(from)?;
            Ok(std::time::Duration::new(seconds.into(), nanos))
        }
    }

    #[derive(Debug, PartialEq, Xdr)]
    struct Attributes {
        size: u64,
        #[xdr(with = "Time")]
        modified: std::time::Duration,
        #[xdr(item(with = "Time"))]
        history: Vec<std::time::Duration>,
    }

    let modified = std::time::Duration::new(1, 2);
    is(
        Attributes { size: 3, modified, history: vec![modified] },
        &[0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2],
    );
}

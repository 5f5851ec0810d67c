//! `#[derive(Xdr)]` on structs: what goes over the wire, field by field.

use bytes::Bytes;
use onc_runtime::Xdr;
use onc_runtime::xdr::{self, DecodeErrorKind, EncodeErrorKind};

#[derive(Clone, Debug, PartialEq, Xdr)]
struct Named {
    a: u32,
    #[xdr(max = 4)]
    name: String,
    b: i64,
    c: bool,
    data: Bytes,
}

#[test]
fn fields_in_order() {
    let value = Named { a: 1, name: "abc".into(), b: -2, c: true, data: Bytes::from_static(&[9]) };
    let bytes = xdr::to_vec(&value).expect("within its bounds");
    assert_eq!(
        bytes,
        [
            0, 0, 0, 1, 0, 0, 0, 3, b'a', b'b', b'c', 0, 255, 255, 255, 255, 255, 255, 255, 254, 0, 0, 0, 1, 0, 0, 0,
            1, 9, 0, 0, 0
        ]
    );
    assert_eq!(xdr::from_slice::<Named>(&bytes).expect("its own encoding"), value);
}

#[test]
fn a_bound_holds_both_ways() {
    let value = Named { a: 1, name: "abcde".into(), b: 0, c: false, data: Bytes::new() };
    let error = xdr::to_vec(&value).expect_err("five bytes are above the bound");
    assert_eq!(*error.kind(), EncodeErrorKind::TooLong { length: 5, max: 4 });
    assert!(error.to_string().starts_with("Named.name: "), "{error}");

    let bytes = [0, 0, 0, 1, 0, 0, 0, 5, b'a', b'b', b'c', b'd', b'e', 0, 0, 0];
    let error = xdr::from_slice::<Named>(&bytes).expect_err("five bytes are above the bound");
    assert_eq!(*error.kind(), DecodeErrorKind::TooLong { length: 5, max: 4 });
    assert!(error.to_string().starts_with("Named.name: "), "{error}");
}

#[derive(Clone, Debug, PartialEq, Xdr)]
enum Color {
    Red = 2,
    Green = -3,
    Blue,
}

#[derive(Clone, Debug, PartialEq, Xdr)]
#[xdr(union(i32))]
enum Any {
    #[xdr(case = 0)]
    Nothing,
    #[xdr(case = 1)]
    One(u32, String),
    #[xdr(case = [2, 3])]
    Two(i32, Vec<Any>),
    #[xdr(default)]
    Rest { kind: i32, r#type: Option<Box<Any>> },
}

#[test]
fn first() {
    for value in [Color::Red, Color::Green, Color::Blue] {
        let bytes = xdr::to_vec(&value).unwrap();
        assert_eq!(xdr::from_slice::<Color>(&bytes).unwrap(), value);
    }
    let v = Any::Rest { kind: 9, r#type: Some(Box::new(Any::Two(3, vec![Any::Nothing, Any::One(3, "x".into())]))) };
    let bytes = xdr::to_vec(&v).unwrap();
    assert_eq!(xdr::from_slice::<Any>(&bytes).unwrap(), v);
}

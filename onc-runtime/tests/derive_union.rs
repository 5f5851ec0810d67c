//! `#[derive(Xdr)]` on enums with data: discriminated unions.

use std::fmt::Debug;

use onc_runtime::Xdr;
use onc_runtime::xdr::{self, DecodeErrorKind, EncodeErrorKind};

/// The value has this encoding, and the encoding this value.
#[track_caller]
fn is<T: Xdr + PartialEq + Debug>(value: T, bytes: &[u8]) {
    assert_eq!(xdr::to_vec(&value).expect("within its bounds"), bytes, "encoding {value:?}");
    assert_eq!(value.measure().expect("within its bounds").total, bytes.len());
    assert_eq!(xdr::from_slice::<T>(bytes).expect("its own encoding"), value);
}

#[track_caller]
fn refused<T: Xdr + Debug>(bytes: &[u8], message: &str) -> DecodeErrorKind {
    let error = xdr::from_slice::<T>(bytes).expect_err("it is no encoding");
    assert_eq!(error.to_string(), message);
    error.kind().clone()
}

#[track_caller]
fn not_encoded<T: Xdr + Debug>(value: T, kind: EncodeErrorKind, message: &str) {
    let error = xdr::to_vec(&value).expect_err("it breaks a rule");
    assert_eq!((error.kind(), error.to_string().as_str()), (&kind, message));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Xdr)]
enum Status {
    Ok = 0,
    Perm = 1,
    Io = 5,
    Stale = 70,
    Other = -9,
}

#[derive(Debug, PartialEq, Xdr)]
#[xdr(union(Status))]
enum ReadResult {
    #[xdr(case = Status::Ok)]
    Ok(#[xdr(max = 8)] Vec<u8>),
    #[xdr(case = Status::Stale)]
    Stale,
    #[xdr(case = [Status::Io, Status::Perm])]
    Hard(Status, u32),
    #[xdr(default)]
    Rest(Status),
}

#[test]
fn arms_of_every_kind() {
    is(ReadResult::Ok(vec![1]), &[0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0]);
    is(ReadResult::Stale, &[0, 0, 0, 70]);
    is(ReadResult::Hard(Status::Io, 9), &[0, 0, 0, 5, 0, 0, 0, 9]);
    is(ReadResult::Hard(Status::Perm, 9), &[0, 0, 0, 1, 0, 0, 0, 9]);
    is(ReadResult::Rest(Status::Other), &[0xff, 0xff, 0xff, 0xf7]);
    assert_eq!((ReadResult::FIXED, ReadResult::LEAST), (None, 4));
}

#[test]
fn a_discriminant_of_another_arm_is_not_encoded() {
    let wrong = |value| EncodeErrorKind::WrongDiscriminant { value };
    let message = "ReadResult.Hard: discriminant 70 belongs to another arm of the union";
    not_encoded(ReadResult::Hard(Status::Stale, 1), wrong(70), message);
    let message = "ReadResult.Rest: discriminant 0 belongs to another arm of the union";
    not_encoded(ReadResult::Rest(Status::Ok), wrong(0), message);
    let message = "ReadResult.Rest: discriminant 1 belongs to another arm of the union";
    not_encoded(ReadResult::Rest(Status::Perm), wrong(1), message);
    // In a sequence too, where values of one size are not looked at one by one.
    assert!(xdr::to_vec(&vec![ReadResult::Rest(Status::Perm)]).is_err());
}

#[test]
fn errors_name_the_arm() {
    let kind = EncodeErrorKind::TooLong { length: 9, max: 8 };
    not_encoded(
        ReadResult::Ok(vec![0; 9]),
        kind,
        "ReadResult.Ok: 9 elements or bytes, but the protocol allows at most 8",
    );
    refused::<ReadResult>(&[0, 0, 0, 5], "ReadResult.Hard: 4 bytes are needed and 0 are left (at byte 4)");
    let kind =
        refused::<ReadResult>(&[0, 0, 0, 2], "ReadResult.discriminant: 2 is not a value of the enum (at byte 0)");
    assert_eq!(kind, DecodeErrorKind::UnknownEnumValue { value: 2 });
    refused::<ReadResult>(&[0, 0], "ReadResult.discriminant: 4 bytes are needed and 2 are left (at byte 0)");
    refused::<Shape>(&[0, 0, 0, 2, 0, 0, 0, 0], "Shape.Box.height: 4 bytes are needed and 0 are left (at byte 8)");
}

// Several fields in an arm, by position and by name.
#[derive(Debug, PartialEq, Xdr)]
#[xdr(union(i32))]
enum Shape {
    #[xdr(case = 1)]
    Circle(u32, bool, String),
    #[xdr(case = 2)]
    Box {
        #[xdr(max = 3)]
        width: Vec<u32>,
        height: u32,
    },
    #[xdr(case = [-3, 4])]
    Two { kind: i32, r#type: u64 },
    #[xdr(case = i32::MAX)]
    Braces {},
    #[xdr(case = 6)]
    Parentheses(),
    #[xdr(default)]
    Rest { kind: i32, inner: Option<std::boxed::Box<Shape>> },
}

#[test]
fn several_fields_in_an_arm() {
    is(Shape::Circle(1, true, "a".into()), b"\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01a\0\0\0");
    is(Shape::Box { width: vec![7], height: 8 }, &[0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 8]);
    is(Shape::Two { kind: -3, r#type: 1 }, &[0xff, 0xff, 0xff, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1]);
    is(Shape::Braces {}, &[0x7f, 0xff, 0xff, 0xff]);
    is(Shape::Parentheses(), &[0, 0, 0, 6]);
    is(
        Shape::Rest { kind: 0, inner: Some(Box::new(Shape::Rest { kind: -1, inner: None })) },
        &[0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
    );
    assert!(xdr::to_vec(&Shape::Two { kind: 3, r#type: 0 }).is_err());
    assert!(xdr::to_vec(&Shape::Rest { kind: -3, inner: None }).is_err());
}

#[derive(Debug, PartialEq, Xdr)]
#[xdr(union(bool))]
enum Maybe {
    #[xdr(case = true)]
    Some(u64),
    #[xdr(case = false)]
    None,
}

#[derive(Debug, PartialEq, Xdr)]
#[xdr(union(u32))]
enum Same {
    #[xdr(case = 0)]
    Words(u32, u32),
    #[xdr(case = u32::MAX)]
    Hyper(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Xdr)]
struct Number(u32);

#[derive(Debug, PartialEq, Xdr)]
#[xdr(union(Number))]
enum Numbered {
    #[xdr(case = Number(1))]
    One,
    #[xdr(case = [Number(0x8000_0000), Number(3)])]
    Large(Number),
}

#[derive(Debug, PartialEq, Xdr)]
#[xdr(union(i64))]
enum Hyper {
    #[xdr(case = i64::MIN)]
    Least,
    #[xdr(default)]
    Rest(i64),
}

#[derive(Debug, PartialEq, Xdr)]
#[xdr(union(u8))]
enum Byte {
    #[xdr(case = b'a')]
    A(u32),
}

#[derive(Debug, PartialEq, Xdr)]
#[xdr(union(u32))]
enum OnlyDefault {
    #[xdr(default)]
    Any(u32, bool),
}

#[test]
fn discriminants_of_every_type() {
    is(Maybe::Some(1), &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
    is(Maybe::None, &[0, 0, 0, 0]);
    refused::<Maybe>(&[0, 0, 0, 2], "Maybe.discriminant: a bool of 2, which is neither 0 nor 1 (at byte 0)");
    is(Same::Words(1, 2), &[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]);
    is(Same::Hyper(1), &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1]);
    is(Numbered::One, &[0, 0, 0, 1]);
    is(Numbered::Large(Number(0x8000_0000)), &[0x80, 0, 0, 0]);
    is(Hyper::Least, &[0x80, 0, 0, 0, 0, 0, 0, 0]);
    is(Hyper::Rest(-1), &[0xff; 8]);
    is(Byte::A(1), &[0, 0, 0, 97, 0, 0, 0, 1]);
    is(OnlyDefault::Any(7, true), &[0, 0, 0, 7, 0, 0, 0, 1]);
}

#[test]
fn unknown_discriminants_keep_their_sign() {
    let unknown = |value| DecodeErrorKind::UnknownDiscriminant { value };
    let message = "Same.discriminant: the union has no arm for 4294967294 (at byte 0)";
    assert_eq!(refused::<Same>(&[0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0], message), unknown(0xffff_fffe));
    let message = "Numbered.discriminant: the union has no arm for 2147483649 (at byte 0)";
    assert_eq!(refused::<Numbered>(&[0x80, 0, 0, 1], message), unknown(0x8000_0001));
    let message = "Byte.discriminant: the union has no arm for 98 (at byte 0)";
    assert_eq!(refused::<Byte>(&[0, 0, 0, 98], message), unknown(98));
    let message = "Numbered.Large: discriminant 4294967295 belongs to another arm of the union";
    not_encoded(Numbered::Large(Number(u32::MAX)), EncodeErrorKind::WrongDiscriminant { value: 0xffff_ffff }, message);
    let message = "Hyper.Rest: discriminant -9223372036854775808 belongs to another arm of the union";
    not_encoded(Hyper::Rest(i64::MIN), EncodeErrorKind::WrongDiscriminant { value: i64::MIN }, message);

    #[derive(Debug, Xdr)]
    #[xdr(union(i32))]
    enum Signed {
        #[xdr(case = 0)]
        Zero,
    }
    let message = "Signed.discriminant: the union has no arm for -2 (at byte 0)";
    assert_eq!(refused::<Signed>(&[0xff, 0xff, 0xff, 0xfe], message), unknown(-2));
}

#[test]
fn sizes_that_are_known() {
    assert_eq!((Same::FIXED, Same::LEAST), (Some(12), 12));
    assert_eq!((Maybe::FIXED, Maybe::LEAST), (None, 4));
    assert_eq!((Byte::FIXED, Byte::LEAST), (Some(8), 8));
    // All values have one size, but not all can be encoded: each has to be looked at.
    assert_eq!((Numbered::FIXED, Numbered::LEAST), (None, 4));
    assert_eq!((OnlyDefault::FIXED, OnlyDefault::LEAST), (Some(8), 8));
    assert_eq!((Shape::FIXED, Shape::LEAST), (None, 4));
}

#[test]
fn a_union_within_a_run() {
    #[derive(Debug, PartialEq, Xdr)]
    struct Outer {
        before: u32,
        same: Same,
        byte: Byte,
        after: u32,
    }

    assert_eq!(Outer::FIXED, Some(4 + 12 + 8 + 4));
    is(
        Outer { before: 1, same: Same::Hyper(2), byte: Byte::A(3), after: 4 },
        &[0, 0, 0, 1, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 97, 0, 0, 0, 3, 0, 0, 0, 4],
    );
    let bytes = [0, 0, 0, 1, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 98, 0, 0, 0, 3, 0, 0, 0, 4];
    refused::<Outer>(&bytes, "Outer.byte.discriminant: the union has no arm for 98 (at byte 16)");
    refused::<Outer>(&bytes[..24], "28 bytes are needed and 24 are left (at byte 0)");
}

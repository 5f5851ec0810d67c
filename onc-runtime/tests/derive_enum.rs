//! `#[derive(Xdr)]` on enums without data: XDR enums.

use onc_runtime::Xdr;
use onc_runtime::xdr::{self, DecodeErrorKind};

const BASE: isize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Xdr)]
enum Status {
    Ok,
    Perm = 1,
    Minus = -1,
    NoSuchEntry = 2,
    Computed = BASE * 2,
    Implied,
    r#Type = i32::MAX as isize,
    Least = i32::MIN as isize,
}

const ALL: [(Status, i32); 8] = [
    (Status::Ok, 0),
    (Status::Perm, 1),
    (Status::Minus, -1),
    (Status::NoSuchEntry, 2),
    (Status::Computed, 200),
    (Status::Implied, 201),
    (Status::Type, i32::MAX),
    (Status::Least, i32::MIN),
];

#[test]
fn the_discriminant_goes_over_the_wire() {
    for (status, number) in ALL {
        assert_eq!(xdr::to_vec(&status).expect("enums have no bounds"), number.to_be_bytes());
        assert_eq!(xdr::from_slice::<Status>(&number.to_be_bytes()).expect("a declared value"), status);
    }
    assert_eq!((Status::FIXED, Status::LEAST), (Some(4), 4));
}

#[test]
fn other_numbers_are_refused() {
    for number in [3, 99, 199, 202, -2, i32::MAX - 1, i32::MIN + 1] {
        let error = xdr::from_slice::<Status>(&number.to_be_bytes()).expect_err("not declared");
        assert_eq!(*error.kind(), DecodeErrorKind::UnknownEnumValue { value: number });
        assert_eq!(error.to_string(), format!("{number} is not a value of the enum (at byte 0)"));
    }
}

// Not `Clone`, and with another representation.
#[derive(Debug, PartialEq, Xdr)]
#[repr(u8)]
enum Small {
    Zero,
    Last = 255,
}

#[test]
fn any_representation() {
    assert_eq!(xdr::to_vec(&[Small::Zero, Small::Last]).expect("enums have no bounds"), [0, 0, 0, 0, 0, 0, 0, 255]);
    assert!(xdr::from_slice::<Small>(&[0, 0, 1, 255]).is_err(), "all four bytes count");
}

#[derive(Debug, PartialEq, Xdr)]
enum Only {
    One = 7,
}

#[test]
fn a_single_value() {
    assert_eq!(xdr::to_vec(&Only::One).expect("enums have no bounds"), [0, 0, 0, 7]);
    assert!(xdr::from_slice::<Only>(&[0, 0, 0, 0]).is_err());
}

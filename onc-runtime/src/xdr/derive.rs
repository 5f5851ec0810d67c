//! What the code that `#[derive(Xdr)]` and `#[derive(HexDebug)]` write calls. No interface for anyone else: it changes with the derive.

pub use super::shown::{AsDebug, AsHex, Shown};

use super::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind, Encoder, Source, Xdr};

/// The sum of sizes, if all are known.
#[must_use]
pub const fn sum<const N: usize>(sizes: [Option<usize>; N]) -> Option<usize> {
    let mut total = 0;
    let mut at = 0;
    while at < N {
        match sizes[at] {
            Some(size) => total += size,
            None => return None,
        }
        at += 1;
    }
    Some(total)
}

/// The size of all arms of a union, if each has the same.
#[must_use]
pub const fn same<const N: usize>(arms: [Option<usize>; N]) -> Option<usize> {
    let Some(first) = arms[0] else { return None };
    let mut at = 1;
    while at < N {
        match arms[at] {
            Some(size) if size == first => at += 1,
            _ => return None,
        }
    }
    Some(first)
}

/// The size of the least arm of a union.
#[must_use]
pub const fn least<const N: usize>(arms: [usize; N]) -> usize {
    let mut least = arms[0];
    let mut at = 1;
    while at < N {
        if arms[at] < least {
            least = arms[at];
        }
        at += 1;
    }
    least
}

/// The size of fields whose types are all scalars by their names.
///
/// # Panics
///
/// At compile time, one of them is a user's type of that name and of no fixed size.
#[must_use]
pub const fn known(size: Option<usize>) -> usize {
    match size {
        Some(size) => size,
        None => panic!("a type with the name of a primitive one has a size that varies: give it another name"),
    }
}

/// The bound that `#[xdr(max = …)]` says.
///
/// # Panics
///
/// At compile time, it does not fit in 32 bits.
#[must_use]
pub const fn bound(value: i128) -> u32 {
    assert!(0 <= value && value <= u32::MAX as i128, "a bound is between 0 and 4294967295, as XDR counts in 32 bits");
    value as u32
}

/// The value of an enum on the wire.
///
/// # Panics
///
/// At compile time, it does not fit in 32 bits.
#[must_use]
pub const fn enum_value(value: i128) -> i32 {
    // RFC 4506 §4.3: "Enumerations have the same representation as signed integers."
    assert!(
        i32::MIN as i128 <= value && value <= i32::MAX as i128,
        "the value of an XDR enum is between -2147483648 and 2147483647"
    );
    value as i32
}

/// Refuses a discriminant that is no integer.
///
/// # Panics
///
/// At compile time, `D` is not of four or eight bytes.
pub const fn discriminant<D: Xdr>() {
    // RFC 4506 §4.15: "either int, unsigned int, or an enumerated type, such as bool"; hyper is a common extension.
    assert!(
        matches!(D::FIXED, Some(4 | 8)),
        "the discriminant of a union is an integer, a bool or an XDR enum, or a struct around one of these"
    );
}

/// An enum does not have the value that was read.
#[cold]
#[must_use]
pub fn unknown_value(from: &impl Source, value: i32) -> DecodeError {
    from.fail(DecodeErrorKind::UnknownEnumValue { value }).back(4)
}

/// A union has no arm for what was read.
#[cold]
#[must_use]
pub fn unknown_discriminant<D: Xdr>(from: &impl Source, discriminant: &D) -> DecodeError {
    let size = D::FIXED.unwrap_or_default();
    from.fail(DecodeErrorKind::UnknownDiscriminant { value: number(discriminant) }).back(size)
}

/// An arm of a union holds a discriminant of another arm.
#[cold]
#[must_use]
pub fn wrong_discriminant<D: Xdr>(discriminant: &D) -> EncodeError {
    EncodeError::new(EncodeErrorKind::WrongDiscriminant { value: number(discriminant) })
}

/// The number that a discriminant is on the wire. An unsigned hyper above `i64::MAX` wraps.
fn number<D: Xdr>(discriminant: &D) -> i64 {
    let mut bytes = Vec::with_capacity(8);
    discriminant.encode(&mut Encoder::new(&mut bytes));
    let negative = D::SIGNED && bytes.first().is_some_and(|byte| *byte >= 0x80);
    bytes.iter().fold(if negative { -1 } else { 0 }, |number, byte| number << 8 | i64::from(*byte))
}

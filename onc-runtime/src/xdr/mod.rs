//! XDR, the external data representation (RFC 4506): Rust values to bytes and back.
//!
//! ```
//! use onc_runtime::{Xdr, xdr};
//!
//! #[derive(Debug, PartialEq, Xdr)]
//! struct Entry {
//!     #[xdr(max = 255)]
//!     name: String,
//!     size: u64,
//!     next_cookie: Option<u64>,
//! }
//!
//! let entry = Entry { name: "motd".into(), size: 286, next_cookie: None };
//! let bytes = xdr::to_bytes(&entry)?;
//! assert_eq!(bytes.len(), 4 + 4 + 8 + 4);
//! assert_eq!(xdr::from_bytes::<Entry>(&bytes)?, entry);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How it works
//!
//! A value is [measured](Xdr::measure) first: that checks every bound and says how many bytes there will be, so that
//! one reservation suffices and [encoding](Xdr::encode) cannot fail. Consecutive fields of known size are written and
//! read as one run with one check. Integer arrays are swapped in bulk. [`Bytes`] are slices of the
//! received record when decoded, and leave by reference when they are large and the [`Encoder`] gathers.
//!
//! Decoding is strict: padding is zero, a bool is 0 or 1, text is UTF-8, nothing is left over, every bound holds;
//! nothing is allocated that the message does not hold, recursion is limited in depth, lists are read in a loop.

mod collection;
mod convert;
mod decoder;
#[doc(hidden)]
pub mod derive;
mod encoder;
mod error;
mod hex;
mod integer;
mod scalar;
mod shape;
mod shown;
mod swap;
mod tuple;
mod unknown;

pub use self::convert::{from_bytes, from_slice, to_bytes, to_vec};
pub use self::decoder::{DecodeRun, Decoder, Limits};
pub use self::encoder::{BY_REFERENCE, EncodeRun, Encoder, Segment};
pub use self::error::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind};
pub use self::hex::Hex;
pub use self::shape::{Chain, Item, List, Max, Plain, Shape, Unpacked};
pub use self::unknown::UnknownValue;

use std::ops::{Add, AddAssign};

use bytes::Bytes;

/// A type with an XDR encoding. Derive it: `#[derive(Xdr)]`.
///
/// `u8` in sequences is opaque data: `[u8; N]` is `opaque[N]`, `Vec<u8>` is `opaque<>`. A lone `u8` is an integer of
/// four bytes, as rpcgen's `u_char`; for C's arrays of `u_char`, four bytes each, see [`Unpacked`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no XDR encoding",
    label = "the trait `Xdr` is not implemented for `{Self}`",
    note = "put `#[derive(onc_runtime::Xdr)]` before its definition, or use a type that XDR knows: integers from 8 to 64 \
            bits, f32, f64, bool, String, Bytes, Vec, arrays, Option, Box"
)]
pub trait Xdr: Sized {
    /// The size on the wire in bytes, when it is the same for every value. Then no value is wrong: `measure` succeeds.
    const FIXED: Option<usize> = None;

    /// The least number of bytes that a value has on the wire: what a length is checked against before anything is
    /// reserved for it.
    const LEAST: usize = match Self::FIXED {
        Some(size) => size,
        None => 0,
    };

    /// In sequences, values of this type are bytes of opaque data: true of `u8` alone.
    #[doc(hidden)]
    const PACKED: bool = false;

    /// As a discriminant, the number is signed. It matters to what errors say.
    #[doc(hidden)]
    const SIGNED: bool = true;

    /// How many bytes [`encode`](Self::encode) will write.
    ///
    /// # Errors
    ///
    /// The value breaks a bound or does not fit in XDR's 32-bit lengths.
    fn measure(&self) -> Result<Size, EncodeError>;

    /// Writes the value. It cannot fail on a value that [`measure`](Self::measure) accepted; on another it writes what
    /// a peer will refuse.
    fn encode<S: Sink>(&self, out: &mut S);

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// The bytes are not the encoding of a value of this type.
    fn decode<S: Source>(from: &mut S) -> Result<Self, DecodeError>;

    /// [`measure`](Self::measure) for consecutive values.
    ///
    /// # Errors
    ///
    /// As [`measure`](Self::measure).
    #[inline]
    fn measure_slice(items: &[Self]) -> Result<Size, EncodeError> {
        <Plain as Shape<Self>>::measure_each(items)
    }

    /// [`encode`](Self::encode) for consecutive values; integers override it to swap in bulk.
    #[inline]
    fn encode_slice<S: Sink>(items: &[Self], out: &mut S) {
        <Plain as Shape<Self>>::encode_each(items, out);
    }

    /// [`decode`](Self::decode) for `count` consecutive values.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    #[inline]
    fn decode_vec<S: Source>(from: &mut S, count: usize) -> Result<Vec<Self>, DecodeError> {
        <Plain as Shape<Self>>::decode_each(from, count)
    }

    /// [`decode`](Self::decode) for `N` consecutive values.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    #[inline]
    fn decode_array<const N: usize, S: Source>(from: &mut S) -> Result<[Self; N], DecodeError> {
        <Plain as Shape<Self>>::decode_each_array(from)
    }
}

/// How many bytes an encoding takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// All of them, padding included.
    pub total: usize,
    /// Those of them that a gathering [`Encoder`] will hand over by reference instead of copying.
    pub by_reference: usize,
}

impl Size {
    /// A size that is copied in full.
    #[inline]
    #[must_use]
    pub const fn of(total: usize) -> Self {
        Self { total, by_reference: 0 }
    }
}

impl Add for Size {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self { total: self.total + other.total, by_reference: self.by_reference + other.by_reference }
    }
}

impl AddAssign for Size {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// Where an encoding is written: an [`Encoder`], or a [run](EncodeRun) of known length inside it.
pub trait Sink {
    /// Writes `N` bytes.
    fn put<const N: usize>(&mut self, bytes: [u8; N]);

    /// Writes bytes as they are, without padding.
    fn put_slice(&mut self, bytes: &[u8]);

    /// Hands `body` a run of exactly `length` bytes: the room is checked once, not for each field.
    fn run(&mut self, length: usize, body: impl FnOnce(&mut EncodeRun<'_>));

    /// Writes bytes and their zero padding, without a length.
    #[inline]
    fn put_opaque(&mut self, bytes: &[u8]) {
        self.put_slice(bytes);
        self.put_slice(&[0; 3][..padding(bytes.len())]);
    }

    /// [`put_opaque`](Self::put_opaque) for bytes that may leave by reference.
    #[inline]
    fn put_shared(&mut self, bytes: &Bytes) {
        self.put_opaque(bytes);
    }

    /// [`put_shared`](Self::put_shared), with the length in front, which the value was [measured](Xdr::measure) to have in 32 bits.
    // RFC 4506 §4.10
    #[inline]
    fn put_counted(&mut self, bytes: &Bytes) {
        self.put((bytes.len() as u32).to_be_bytes());
        self.put_shared(bytes);
    }
}

/// Where an encoding is read from: a [`Decoder`], or a [run](DecodeRun) of known length inside it.
pub trait Source {
    /// Reads `N` bytes.
    ///
    /// # Errors
    ///
    /// Fewer are left.
    fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError>;

    /// Reads `length` bytes, and checks that their padding is there and zero.
    ///
    /// # Errors
    ///
    /// Fewer are left, or the padding is not zero.
    fn opaque(&mut self, length: usize) -> Result<&[u8], DecodeError>;

    /// [`opaque`](Self::opaque), as a slice of the received record where that is possible.
    ///
    /// # Errors
    ///
    /// As [`opaque`](Self::opaque).
    fn shared(&mut self, length: usize) -> Result<Bytes, DecodeError>;

    /// The next `length` bytes, a multiple of four, as a run: their presence is checked once, not for each field.
    ///
    /// # Errors
    ///
    /// Fewer are left.
    fn run(&mut self, length: usize) -> Result<DecodeRun<'_>, DecodeError>;

    /// How many bytes are left.
    fn remaining(&self) -> usize;

    /// Accounts for memory that is about to be allocated for decoded values.
    ///
    /// # Errors
    ///
    /// It would be more than [`Limits::memory`].
    fn charge(&mut self, bytes: usize) -> Result<(), DecodeError>;

    /// Goes one level down into a value that may contain itself, for the time of `body`.
    ///
    /// # Errors
    ///
    /// It would be deeper than [`Limits::depth`], or `body` failed.
    fn nested<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T, DecodeError>) -> Result<T, DecodeError>;

    /// An error at the place that was reached.
    fn fail(&self, kind: DecodeErrorKind) -> DecodeError;
}

/// How many zero bytes follow `length` bytes of opaque data.
#[inline]
#[must_use]
pub const fn padding(length: usize) -> usize {
    // RFC 4506 §4.10: "residual zero bytes, r, to make the total byte count a multiple of four".
    length.wrapping_neg() & 3
}

//! Shapes: what a Rust type looks like on the wire where its own [`Xdr`] does not say it all.
//!
//! `string<255>` and `string<>` are both a `String`; the bound is in the shape: [`Max<255>`](Max). A linked list is a `Vec`
//! of shape [`List`]. Shapes nest as types do: `Max<10, Max<255>>` is a `Vec<String>` of at most ten strings of at most 255
//! bytes. They exist at compile time only. `#[xdr(max = 10, item(max = 255))]` is how to say it on a field.

use std::marker::PhantomData;

use super::{DecodeError, DecodeErrorKind, EncodeError, Sink, Size, Source, Xdr};

/// How values of `T` look on the wire.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shape of `{T}`",
    label = "of this type nothing like that can be said",
    note = "`max` is for `String`, `Bytes` and `Vec`; `list` and `chain` are for `Vec`; `item` is for `Vec`, arrays, `Option` \
            and `Box`; `unpacked` is for `u8`"
)]
pub trait Shape<T> {
    /// As [`Xdr::FIXED`].
    const FIXED: Option<usize>;

    /// As [`Xdr::LEAST`].
    const LEAST: usize;

    /// In sequences, values of this shape are bytes of opaque data.
    #[doc(hidden)]
    const PACKED: bool = false;

    /// As [`Xdr::measure`].
    ///
    /// # Errors
    ///
    /// The value breaks a bound.
    fn measure(value: &T) -> Result<Size, EncodeError>;

    /// As [`Xdr::encode`].
    fn encode<S: Sink>(value: &T, out: &mut S);

    /// As [`Xdr::decode`].
    ///
    /// # Errors
    ///
    /// The bytes are not the encoding of a value of this shape.
    fn decode<S: Source>(from: &mut S) -> Result<T, DecodeError>;

    /// As [`Xdr::measure_slice`].
    ///
    /// # Errors
    ///
    /// As [`measure`](Self::measure).
    #[inline]
    fn measure_slice(items: &[T]) -> Result<Size, EncodeError> {
        Self::measure_each(items)
    }

    /// As [`Xdr::encode_slice`].
    #[inline]
    fn encode_slice<S: Sink>(items: &[T], out: &mut S) {
        Self::encode_each(items, out);
    }

    /// As [`Xdr::decode_vec`].
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    #[inline]
    fn decode_vec<S: Source>(from: &mut S, count: usize) -> Result<Vec<T>, DecodeError> {
        Self::decode_each(from, count)
    }

    /// As [`Xdr::decode_array`].
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    #[inline]
    fn decode_array<const N: usize, S: Source>(from: &mut S) -> Result<[T; N], DecodeError> {
        Self::decode_each_array(from)
    }

    /// Measures items one by one.
    ///
    /// # Errors
    ///
    /// As [`measure`](Self::measure).
    #[doc(hidden)]
    #[inline]
    fn measure_each(items: &[T]) -> Result<Size, EncodeError> {
        if let Some(size) = Self::FIXED {
            return Ok(Size::of(size * items.len()));
        }
        items.iter().try_fold(Size::default(), |sum, item| Ok(sum + Self::measure(item)?))
    }

    /// Encodes items one by one, in a single run when each has the same size.
    #[doc(hidden)]
    #[inline]
    fn encode_each<S: Sink>(items: &[T], out: &mut S) {
        if let Some(size) = Self::FIXED {
            out.run(size * items.len(), |all| {
                for item in items {
                    all.run(size, |run| Self::encode(item, run));
                }
            });
        } else {
            for item in items {
                Self::encode(item, out);
            }
        }
    }

    /// Decodes items one by one, from a single run when each has the same size.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    #[doc(hidden)]
    #[inline]
    fn decode_each<S: Source>(from: &mut S, count: usize) -> Result<Vec<T>, DecodeError> {
        // Nothing is reserved that the message cannot hold.
        let least = count.saturating_mul(Self::LEAST);
        if least > from.remaining() {
            return Err(from.fail(DecodeErrorKind::Truncated { needed: least, remaining: from.remaining() }));
        }
        // An element of no bytes on the wire still counts, or a length alone could keep us busy.
        from.charge(count.saturating_mul(size_of::<T>().max(1)))?;
        if let Some(size) = Self::FIXED
            && size > 0
        {
            let mut all = from.run(size * count)?;
            let mut items = Vec::with_capacity(count);
            for _ in 0..count {
                items.push(Self::decode(&mut all.run(size)?)?);
            }
            return Ok(items);
        }
        from.nested(|from| {
            let mut items = Vec::with_capacity(count.min(from.remaining()));
            for _ in 0..count {
                items.push(Self::decode(from)?);
            }
            Ok(items)
        })
    }

    /// Decodes items one by one into an array.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    #[doc(hidden)]
    #[inline]
    fn decode_each_array<const N: usize, S: Source>(from: &mut S) -> Result<[T; N], DecodeError> {
        let mut failed = None;
        let items: [Option<T>; N] = std::array::from_fn(|_| {
            if failed.is_some() {
                return None;
            }
            Self::decode(from).map_err(|error| failed = Some(error)).ok()
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(items.map(|item| item.expect("each was decoded, or the error was returned"))),
        }
    }
}

/// As the type's own [`Xdr`] says.
#[derive(Debug)]
pub struct Plain;

/// At most `N` bytes (`String`, `Bytes`) or elements (`Vec`), each of shape `I`. As `#[xdr(max = N)]`.
#[derive(Debug)]
pub struct Max<const N: u32, I = Plain>(PhantomData<I>);

/// What is inside an `Option`, `Vec`, array or `Box` has shape `I`. As `#[xdr(item(…))]`.
#[derive(Debug)]
pub struct Item<I>(PhantomData<I>);

/// A `Vec` that is a linked list on the wire: each node behind a 1, then a 0 (RFC 4506 §4.19). As `#[xdr(list)]`.
///
/// Node and link of the usual C list, `struct node { …; node *next; }`, without the link.
#[derive(Debug)]
pub struct List<I = Plain>(PhantomData<I>);

/// A [`List`] whose first node is always there, so that there is no 1 before it. As `#[xdr(chain)]`.
#[derive(Debug)]
pub struct Chain<I = Plain>(PhantomData<I>);

/// A byte as an integer of four bytes even in a sequence, as C's `u_char x<>`. As `#[xdr(unpacked)]`.
#[derive(Debug)]
pub struct Unpacked;

impl<T: Xdr> Shape<T> for Plain {
    const FIXED: Option<usize> = T::FIXED;
    const LEAST: usize = T::LEAST;
    const PACKED: bool = T::PACKED;

    #[inline(always)]
    fn measure(value: &T) -> Result<Size, EncodeError> {
        value.measure()
    }

    #[inline(always)]
    fn encode<S: Sink>(value: &T, out: &mut S) {
        value.encode(out);
    }

    #[inline(always)]
    fn decode<S: Source>(from: &mut S) -> Result<T, DecodeError> {
        T::decode(from)
    }

    #[inline(always)]
    fn measure_slice(items: &[T]) -> Result<Size, EncodeError> {
        T::measure_slice(items)
    }

    #[inline(always)]
    fn encode_slice<S: Sink>(items: &[T], out: &mut S) {
        T::encode_slice(items, out);
    }

    #[inline(always)]
    fn decode_vec<S: Source>(from: &mut S, count: usize) -> Result<Vec<T>, DecodeError> {
        T::decode_vec(from, count)
    }

    #[inline(always)]
    fn decode_array<const N: usize, S: Source>(from: &mut S) -> Result<[T; N], DecodeError> {
        T::decode_array(from)
    }
}

impl Shape<u8> for Unpacked {
    const FIXED: Option<usize> = Some(4);
    const LEAST: usize = 4;

    #[inline(always)]
    fn measure(_value: &u8) -> Result<Size, EncodeError> {
        Ok(Size::of(4))
    }

    #[inline(always)]
    fn encode<S: Sink>(value: &u8, out: &mut S) {
        value.encode(out);
    }

    #[inline(always)]
    fn decode<S: Source>(from: &mut S) -> Result<u8, DecodeError> {
        u8::decode(from)
    }
}

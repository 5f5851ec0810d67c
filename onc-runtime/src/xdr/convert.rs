//! Whole values to bytes and back.

use bytes::Bytes;

use super::{DecodeError, Decoder, EncodeError, Encoder, Limits, Plain, Xdr};

/// Encodes a value.
///
/// # Errors
///
/// The value breaks a bound.
#[inline]
pub fn to_vec<T: Xdr>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut buffer = Vec::new();
    Encoder::new(&mut buffer).write::<T, Plain>(value, value.measure()?);
    Ok(buffer)
}

/// Encodes a value.
///
/// # Errors
///
/// The value breaks a bound.
#[inline]
pub fn to_bytes<T: Xdr>(value: &T) -> Result<Bytes, EncodeError> {
    to_vec(value).map(Bytes::from)
}

/// Decodes a value from all of `bytes`, with the default [`Limits`].
///
/// # Errors
///
/// The bytes are not the encoding of a `T`, or something is left over.
#[inline]
pub fn from_slice<T: Xdr>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut decoder = Decoder::new(bytes, Limits::default());
    let value = T::decode(&mut decoder)?;
    decoder.finish()?;
    Ok(value)
}

/// [`from_slice`], except that [`Bytes`] in the value are slices of `bytes`, not copies.
///
/// # Errors
///
/// As [`from_slice`].
#[inline]
pub fn from_bytes<T: Xdr>(bytes: &Bytes) -> Result<T, DecodeError> {
    let mut decoder = Decoder::shared(bytes, Limits::default());
    let value = T::decode(&mut decoder)?;
    decoder.finish()?;
    Ok(value)
}

//! Results that are encoded already.

use bytes::Bytes;

use crate::xdr::{DecodeError, EncodeError, Shape, Sink, Size, Source};

/// The shape of bytes that are the encoding of something: they have no length in front.
#[derive(Debug)]
pub(super) struct Encoded;

impl Shape<Bytes> for Encoded {
    const FIXED: Option<usize> = None;
    const LEAST: usize = 0;

    fn measure(value: &Bytes) -> Result<Size, EncodeError> {
        Ok(Size::of(value.len()))
    }

    fn encode<S: Sink>(value: &Bytes, out: &mut S) {
        out.put_slice(value);
    }

    fn decode<S: Source>(from: &mut S) -> Result<Bytes, DecodeError> {
        let length = from.remaining();
        from.shared(length)
    }
}

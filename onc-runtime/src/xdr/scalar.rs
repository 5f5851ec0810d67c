//! Numbers and bool.

use super::integer::narrow;
use super::swap::Swap;
use super::{DecodeError, DecodeErrorKind, EncodeError, Sink, Size, Source, Xdr};

// RFC 4506 §4.1 to §4.7: four or eight bytes, most significant first.
macro_rules! number {
    ($($number:ty),*) => {$(
        impl Xdr for $number {
            const FIXED: Option<usize> = Some(size_of::<$number>());
            const SIGNED: bool = <$number>::MIN as i128 != 0;

            #[inline]
            fn measure(&self) -> Result<Size, EncodeError> {
                Ok(Size::of(size_of::<$number>()))
            }

            #[inline(always)]
            fn encode<S: Sink>(&self, out: &mut S) {
                out.put(self.to_be_bytes());
            }

            #[inline(always)]
            fn decode<S: Source>(from: &mut S) -> Result<Self, DecodeError> {
                from.take().map(<$number>::from_be_bytes)
            }

            #[inline]
            fn encode_slice<S: Sink>(items: &[Self], out: &mut S) {
                let length = size_of_val(items);
                out.run(length, |run| run.fill(length, |room| Swap::put_all(items, room)));
            }

            #[inline]
            fn decode_vec<S: Source>(from: &mut S, count: usize) -> Result<Vec<Self>, DecodeError> {
                let bytes = count.saturating_mul(size_of::<Self>());
                let run = from.run(bytes)?;
                let numbers = Swap::take_all(run.rest());
                from.charge(bytes)?;
                Ok(numbers)
            }

            #[inline]
            fn decode_array<const N: usize, S: Source>(from: &mut S) -> Result<[Self; N], DecodeError> {
                let run = from.run(N * size_of::<Self>())?;
                let (slots, _) = run.rest().as_chunks::<{ size_of::<$number>() }>();
                let mut numbers = [Self::default(); N];
                for (number, slot) in numbers.iter_mut().zip(slots) {
                    *number = Self::from_be_bytes(*slot);
                }
                Ok(numbers)
            }
        }
    )*};
}

number!(i32, u32, i64, u64, f32, f64);

// rpcgen's char, short and their unsigned kin: four bytes on the wire like int.
macro_rules! small_number {
    ($($number:ty as $wire:ty),*) => {$(
        impl Xdr for $number {
            const FIXED: Option<usize> = Some(4);
            const SIGNED: bool = <$number>::MIN as i128 != 0;

            #[inline]
            fn measure(&self) -> Result<Size, EncodeError> {
                Ok(Size::of(4))
            }

            #[inline(always)]
            fn encode<S: Sink>(&self, out: &mut S) {
                <$wire>::from(*self).encode(out);
            }

            #[inline(always)]
            fn decode<S: Source>(from: &mut S) -> Result<Self, DecodeError> {
                let value = <$wire>::decode(from)?;
                narrow(value).ok_or_else(|| from.fail(DecodeErrorKind::OutOfRange { value: value.into() }).back(4))
            }
        }
    )*};
}

small_number!(i8 as i32, i16 as i32, u16 as u32);

impl Xdr for u8 {
    const FIXED: Option<usize> = Some(4);
    const PACKED: bool = true;
    const SIGNED: bool = false;

    #[inline]
    fn measure(&self) -> Result<Size, EncodeError> {
        Ok(Size::of(4))
    }

    #[inline(always)]
    fn encode<S: Sink>(&self, out: &mut S) {
        u32::from(*self).encode(out);
    }

    #[inline(always)]
    fn decode<S: Source>(from: &mut S) -> Result<Self, DecodeError> {
        let value = u32::decode(from)?;
        narrow(value).ok_or_else(|| from.fail(DecodeErrorKind::OutOfRange { value: value.into() }).back(4))
    }

    // From here on: bytes in sequence are opaque data, RFC 4506 §4.9 and §4.10.

    #[inline]
    fn measure_slice(items: &[Self]) -> Result<Size, EncodeError> {
        Ok(Size::of(items.len() + super::padding(items.len())))
    }

    #[inline]
    fn encode_slice<S: Sink>(items: &[Self], out: &mut S) {
        out.put_opaque(items);
    }

    #[inline]
    fn decode_vec<S: Source>(from: &mut S, count: usize) -> Result<Vec<Self>, DecodeError> {
        let bytes = from.opaque(count)?.to_vec();
        from.charge(count)?;
        Ok(bytes)
    }

    #[inline]
    fn decode_array<const N: usize, S: Source>(from: &mut S) -> Result<[Self; N], DecodeError> {
        let bytes = from.opaque(N)?.first_chunk().copied();
        bytes.ok_or_else(|| from.fail(DecodeErrorKind::Truncated { needed: N, remaining: 0 }))
    }
}

impl Xdr for bool {
    const FIXED: Option<usize> = Some(4);
    const SIGNED: bool = false;

    #[inline]
    fn measure(&self) -> Result<Size, EncodeError> {
        Ok(Size::of(4))
    }

    #[inline(always)]
    fn encode<S: Sink>(&self, out: &mut S) {
        u32::from(*self).encode(out);
    }

    #[inline(always)]
    fn decode<S: Source>(from: &mut S) -> Result<Self, DecodeError> {
        // RFC 4506 §4.4: an enum of FALSE = 0 and TRUE = 1.
        match u32::decode(from)? {
            0 => Ok(false),
            1 => Ok(true),
            value => Err(from.fail(DecodeErrorKind::InvalidBool { value }).back(4)),
        }
    }
}

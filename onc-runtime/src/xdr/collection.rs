//! Strings, opaque data, arrays, optional values, lists, boxes.

use bytes::Bytes;

use super::{
    BY_REFERENCE, Chain, DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind, Item, List, Max, Plain, Shape,
    Sink, Size, Source, Xdr, padding,
};

/// The bound of what has none: RFC 4506 §4.10, §4.11 and §4.13 count in 32 bits.
const UNBOUNDED: u32 = u32::MAX;

/// The length that goes before something, if it is within the bound.
#[inline]
fn bounded(length: usize, max: u32) -> Result<(), EncodeError> {
    match u32::try_from(length) {
        Ok(length) if length <= max => Ok(()),
        _ => Err(EncodeError::too_long(length, max)),
    }
}

/// Whether [`Bytes`] of at most `max` bytes may ever leave by reference. Those that may not need no code for it.
const fn may_be_long(max: u32) -> bool {
    max as usize >= BY_REFERENCE
}

#[inline]
fn put_length<S: Sink>(length: usize, out: &mut S) {
    // `measure` has refused anything longer than 32 bits.
    out.put((length as u32).to_be_bytes());
}

#[inline]
fn take_length<S: Source>(from: &mut S, max: u32) -> Result<usize, DecodeError> {
    let length = u32::decode(from)?;
    if length > max {
        return Err(from.fail(DecodeErrorKind::TooLong { length, max }).back(4));
    }
    Ok(length as usize)
}

/// Delegates a type's [`Xdr`] to one of its shapes.
macro_rules! xdr_as {
    ($type:ty, $shape:ty $(, $parameter:ident)?) => {
        impl $(<$parameter: Xdr>)? Xdr for $type {
            const FIXED: Option<usize> = <$shape as Shape<Self>>::FIXED;
            const LEAST: usize = <$shape as Shape<Self>>::LEAST;

            #[inline]
            fn measure(&self) -> Result<Size, EncodeError> {
                <$shape as Shape<Self>>::measure(self)
            }

            #[inline(always)]
            fn encode<S: Sink>(&self, out: &mut S) {
                <$shape as Shape<Self>>::encode(self, out);
            }

            #[inline]
            fn decode<S: Source>(from: &mut S) -> Result<Self, DecodeError> {
                <$shape as Shape<Self>>::decode(from)
            }
        }
    };
}

xdr_as!(String, Max<UNBOUNDED>);
xdr_as!(Bytes, Max<UNBOUNDED>);
xdr_as!(Vec<T>, Max<UNBOUNDED>, T);
xdr_as!(Option<T>, Item<Plain>, T);
xdr_as!(Box<T>, Item<Plain>, T);

impl<T: Xdr, const LENGTH: usize> Xdr for [T; LENGTH] {
    const FIXED: Option<usize> = <Item<Plain> as Shape<Self>>::FIXED;
    const LEAST: usize = <Item<Plain> as Shape<Self>>::LEAST;

    #[inline]
    fn measure(&self) -> Result<Size, EncodeError> {
        T::measure_slice(self)
    }

    #[inline(always)]
    fn encode<S: Sink>(&self, out: &mut S) {
        T::encode_slice(self, out);
    }

    #[inline]
    fn decode<S: Source>(from: &mut S) -> Result<Self, DecodeError> {
        T::decode_array(from)
    }
}

// RFC 4506 §4.11
impl<const N: u32> Shape<String> for Max<N> {
    const FIXED: Option<usize> = None;
    const LEAST: usize = 4;

    #[inline]
    fn measure(value: &String) -> Result<Size, EncodeError> {
        bounded(value.len(), N)?;
        Ok(Size::of(4 + value.len() + padding(value.len())))
    }

    #[inline(always)]
    fn encode<S: Sink>(value: &String, out: &mut S) {
        put_length(value.len(), out);
        out.put_opaque(value.as_bytes());
    }

    #[inline]
    fn decode<S: Source>(from: &mut S) -> Result<String, DecodeError> {
        let length = take_length(from, N)?;
        match std::str::from_utf8(from.opaque(length)?) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => {
                let valid = error.valid_up_to();
                Err(from.fail(DecodeErrorKind::InvalidUtf8).back(length + padding(length) - valid))
            }
        }
    }
}

// RFC 4506 §4.10
impl<const N: u32> Shape<Bytes> for Max<N> {
    const FIXED: Option<usize> = None;
    const LEAST: usize = 4;

    #[inline]
    fn measure(value: &Bytes) -> Result<Size, EncodeError> {
        let length = value.len();
        bounded(length, N)?;
        let by_reference = if may_be_long(N) && length >= BY_REFERENCE { length } else { 0 };
        Ok(Size { total: 4 + length + padding(length), by_reference })
    }

    #[inline(always)]
    fn encode<S: Sink>(value: &Bytes, out: &mut S) {
        if may_be_long(N) {
            out.put_counted(value);
        } else {
            put_length(value.len(), out);
            out.put_opaque(value);
        }
    }

    #[inline]
    fn decode<S: Source>(from: &mut S) -> Result<Bytes, DecodeError> {
        let length = take_length(from, N)?;
        from.shared(length)
    }
}

// RFC 4506 §4.13
impl<T, const N: u32, I: Shape<T>> Shape<Vec<T>> for Max<N, I> {
    const FIXED: Option<usize> = None;
    const LEAST: usize = 4;

    #[inline]
    fn measure(value: &Vec<T>) -> Result<Size, EncodeError> {
        bounded(value.len(), N)?;
        Ok(Size::of(4) + I::measure_slice(value)?)
    }

    #[inline(always)]
    fn encode<S: Sink>(value: &Vec<T>, out: &mut S) {
        put_length(value.len(), out);
        I::encode_slice(value, out);
    }

    #[inline]
    fn decode<S: Source>(from: &mut S) -> Result<Vec<T>, DecodeError> {
        let count = take_length(from, N)?;
        I::decode_vec(from, count)
    }
}

impl<T, I: Shape<T>> Shape<Vec<T>> for Item<I> {
    const FIXED: Option<usize> = None;
    const LEAST: usize = 4;

    #[inline]
    fn measure(value: &Vec<T>) -> Result<Size, EncodeError> {
        <Max<UNBOUNDED, I> as Shape<Vec<T>>>::measure(value)
    }

    #[inline(always)]
    fn encode<S: Sink>(value: &Vec<T>, out: &mut S) {
        <Max<UNBOUNDED, I> as Shape<Vec<T>>>::encode(value, out);
    }

    #[inline]
    fn decode<S: Source>(from: &mut S) -> Result<Vec<T>, DecodeError> {
        <Max<UNBOUNDED, I> as Shape<Vec<T>>>::decode(from)
    }
}

// RFC 4506 §4.12
impl<T, const LENGTH: usize, I: Shape<T>> Shape<[T; LENGTH]> for Item<I> {
    const FIXED: Option<usize> = match I::FIXED {
        // Opaque data is padded as a whole; all else is made of multiples of four.
        Some(_) if I::PACKED => Some(LENGTH + padding(LENGTH)),
        Some(size) => Some(size * LENGTH),
        None => None,
    };
    const LEAST: usize = match <Self as Shape<[T; LENGTH]>>::FIXED {
        Some(size) => size,
        None => I::LEAST * LENGTH,
    };

    #[inline]
    fn measure(value: &[T; LENGTH]) -> Result<Size, EncodeError> {
        I::measure_slice(value)
    }

    #[inline(always)]
    fn encode<S: Sink>(value: &[T; LENGTH], out: &mut S) {
        I::encode_slice(value, out);
    }

    #[inline]
    fn decode<S: Source>(from: &mut S) -> Result<[T; LENGTH], DecodeError> {
        I::decode_array(from)
    }
}

// RFC 4506 §4.19
impl<T, I: Shape<T>> Shape<Option<T>> for Item<I> {
    const FIXED: Option<usize> = None;
    const LEAST: usize = 4;

    #[inline]
    fn measure(value: &Option<T>) -> Result<Size, EncodeError> {
        let inner = value.as_ref().map_or(Ok(Size::default()), I::measure)?;
        Ok(Size::of(4) + inner)
    }

    #[inline(always)]
    fn encode<S: Sink>(value: &Option<T>, out: &mut S) {
        match (value, I::FIXED) {
            (None, _) => false.encode(out),
            (Some(value), Some(size)) => out.run(4 + size, |run| {
                true.encode(run);
                I::encode(value, run);
            }),
            (Some(value), None) => {
                true.encode(out);
                I::encode(value, out);
            }
        }
    }

    #[inline]
    fn decode<S: Source>(from: &mut S) -> Result<Option<T>, DecodeError> {
        if !bool::decode(from)? {
            return Ok(None);
        }
        match I::FIXED {
            Some(size) => I::decode(&mut from.run(size)?).map(Some),
            None => I::decode(from).map(Some),
        }
    }
}

impl<T, I: Shape<T>> Shape<Box<T>> for Item<I> {
    // A box is how a type contains itself, and then it has no size to ask for: the question would go round in circles.
    const FIXED: Option<usize> = None;
    const LEAST: usize = 0;

    #[inline]
    fn measure(value: &Box<T>) -> Result<Size, EncodeError> {
        I::measure(value)
    }

    #[inline(always)]
    fn encode<S: Sink>(value: &Box<T>, out: &mut S) {
        I::encode(value, out);
    }

    #[inline]
    fn decode<S: Source>(from: &mut S) -> Result<Box<T>, DecodeError> {
        from.charge(size_of::<T>())?;
        from.nested(|from| I::decode(from).map(Box::new))
    }
}

impl<T, I: Shape<T>> Shape<Vec<T>> for List<I> {
    const FIXED: Option<usize> = None;
    const LEAST: usize = 4;

    #[inline]
    fn measure(value: &Vec<T>) -> Result<Size, EncodeError> {
        Ok(Size::of(4 * value.len() + 4) + I::measure_each(value)?)
    }

    #[inline(always)]
    fn encode<S: Sink>(value: &Vec<T>, out: &mut S) {
        for node in value {
            true.encode(out);
            I::encode(node, out);
        }
        false.encode(out);
    }

    #[inline]
    fn decode<S: Source>(from: &mut S) -> Result<Vec<T>, DecodeError> {
        let mut nodes = Vec::new();
        from.nested(|from| take_nodes::<T, I, S>(from, &mut nodes))?;
        Ok(nodes)
    }
}

impl<T, I: Shape<T>> Shape<Vec<T>> for Chain<I> {
    const FIXED: Option<usize> = None;
    // Not `I::LEAST`: a list is how a type contains itself, and the question would go round in circles.
    const LEAST: usize = 4;

    #[inline]
    fn measure(value: &Vec<T>) -> Result<Size, EncodeError> {
        if value.is_empty() {
            return Err(EncodeError::new(EncodeErrorKind::Empty));
        }
        Ok(Size::of(4 * value.len()) + I::measure_each(value)?)
    }

    #[inline(always)]
    fn encode<S: Sink>(value: &Vec<T>, out: &mut S) {
        for (at, node) in value.iter().enumerate() {
            if at > 0 {
                true.encode(out);
            }
            I::encode(node, out);
        }
        false.encode(out);
    }

    #[inline]
    fn decode<S: Source>(from: &mut S) -> Result<Vec<T>, DecodeError> {
        from.charge(size_of::<T>())?;
        let mut nodes = Vec::with_capacity(1);
        from.nested(|from| {
            nodes.push(I::decode(from)?);
            take_nodes::<T, I, S>(from, &mut nodes)
        })?;
        Ok(nodes)
    }
}

/// Reads the rest of a list in a loop, however long it is.
#[inline]
fn take_nodes<T, I: Shape<T>, S: Source>(from: &mut S, nodes: &mut Vec<T>) -> Result<(), DecodeError> {
    while bool::decode(from)? {
        from.charge(size_of::<T>())?;
        nodes.push(I::decode(from)?);
    }
    Ok(())
}

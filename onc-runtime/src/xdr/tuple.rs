//! Tuples: their parts in order, as a struct. The arguments of a procedure are one. And what is void.

use std::marker::PhantomData;

use super::derive::sum;
use super::{DecodeError, EncodeError, Plain, Shape, Sink, Size, Source, Xdr};

impl Xdr for () {
    const FIXED: Option<usize> = Some(0);

    #[inline]
    fn measure(&self) -> Result<Size, EncodeError> {
        Ok(Size::default())
    }

    #[inline]
    fn encode<S: Sink>(&self, _out: &mut S) {}

    #[inline]
    fn decode<S: Source>(_from: &mut S) -> Result<Self, DecodeError> {
        Ok(())
    }
}

/// Nothing: so that a type can have a parameter that is not on the wire.
impl<T: ?Sized> Xdr for PhantomData<T> {
    const FIXED: Option<usize> = Some(0);

    #[inline]
    fn measure(&self) -> Result<Size, EncodeError> {
        Ok(Size::default())
    }

    #[inline]
    fn encode<S: Sink>(&self, _out: &mut S) {}

    #[inline]
    fn decode<S: Source>(_from: &mut S) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}

/// [`Plain`] for a part of a tuple.
macro_rules! plain {
    ($part:ident) => {
        Plain
    };
}

macro_rules! tuple {
    ($($part:ident $shape:ident $at:tt),+) => {
        impl<$($part: Xdr),+> Xdr for ($($part,)+) {
            const FIXED: Option<usize> = sum([$($part::FIXED),+]);
            const LEAST: usize = 0 $(+ $part::LEAST)+;

            #[inline]
            fn measure(&self) -> Result<Size, EncodeError> {
                <($(plain!($part),)+) as Shape<Self>>::measure(self)
            }

            #[inline]
            fn encode<Out: Sink>(&self, out: &mut Out) {
                <($(plain!($part),)+) as Shape<Self>>::encode(self, out);
            }

            #[inline]
            fn decode<From: Source>(from: &mut From) -> Result<Self, DecodeError> {
                <($(plain!($part),)+) as Shape<Self>>::decode(from)
            }
        }

        impl<$($part, $shape: Shape<$part>),+> Shape<($($part,)+)> for ($($shape,)+) {
            const FIXED: Option<usize> = sum([$($shape::FIXED),+]);
            const LEAST: usize = 0 $(+ $shape::LEAST)+;

            #[inline]
            fn measure(value: &($($part,)+)) -> Result<Size, EncodeError> {
                Ok(Size::default() $(+ $shape::measure(&value.$at)?)+)
            }

            #[inline]
            fn encode<Out: Sink>(value: &($($part,)+), out: &mut Out) {
                if let Some(length) = Self::FIXED {
                    out.run(length, |run| {
                        run.has_length(const { Self::FIXED });
                        $($shape::encode(&value.$at, run);)+
                    });
                } else {
                    $($shape::encode(&value.$at, out);)+
                }
            }

            #[inline]
            fn decode<From: Source>(from: &mut From) -> Result<($($part,)+), DecodeError> {
                if let Some(length) = Self::FIXED {
                    let mut run = from.run(length)?;
                    Ok(($($shape::decode(&mut run)?,)+))
                } else {
                    Ok(($($shape::decode(from)?,)+))
                }
            }
        }
    };
}

tuple!(A SA 0);
tuple!(A SA 0, B SB 1);
tuple!(A SA 0, B SB 1, C SC 2);
tuple!(A SA 0, B SB 1, C SC 2, D SD 3);
tuple!(A SA 0, B SB 1, C SC 2, D SD 3, E SE 4);
tuple!(A SA 0, B SB 1, C SC 2, D SD 3, E SE 4, F SF 5);
tuple!(A SA 0, B SB 1, C SC 2, D SD 3, E SE 4, F SF 5, G SG 6);
tuple!(A SA 0, B SB 1, C SC 2, D SD 3, E SE 4, F SF 5, G SG 6, H SH 7);
tuple!(A SA 0, B SB 1, C SC 2, D SD 3, E SE 4, F SF 5, G SG 6, H SH 7, I SI 8);
tuple!(A SA 0, B SB 1, C SC 2, D SD 3, E SE 4, F SF 5, G SG 6, H SH 7, I SI 8, J SJ 9);
tuple!(A SA 0, B SB 1, C SC 2, D SD 3, E SE 4, F SF 5, G SG 6, H SH 7, I SI 8, J SJ 9, K SK 10);
tuple!(A SA 0, B SB 1, C SC 2, D SD 3, E SE 4, F SF 5, G SG 6, H SH 7, I SI 8, J SJ 9, K SK 10, L SL 11);

impl Shape<()> for () {
    const FIXED: Option<usize> = Some(0);
    const LEAST: usize = 0;

    #[inline]
    fn measure(_value: &()) -> Result<Size, EncodeError> {
        Ok(Size::default())
    }

    #[inline]
    fn encode<S: Sink>(_value: &(), _out: &mut S) {}

    #[inline]
    fn decode<S: Source>(_from: &mut S) -> Result<(), DecodeError> {
        Ok(())
    }
}

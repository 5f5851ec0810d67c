//! What is in vectors, arrays, options and boxes.

use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serializer, de::Error};

use super::{Borrowed, Codec, Owned};

/// Whatever is in a `Vec`, array, `Option` or `Box` as `C` says. Arrays may have any length.
#[derive(Clone, Copy, Debug)]
pub struct Each<C>(PhantomData<C>);

impl<T, C: Codec<T>> Codec<Vec<T>> for Each<C> {
    fn write<S: Serializer>(value: &Vec<T>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(value.iter().map(Borrowed::<T, C>::new))
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<T>, D::Error> {
        let items = Vec::<Owned<T, C>>::deserialize(from)?;
        Ok(items.into_iter().map(|item| item.0).collect())
    }
}

impl<T, C: Codec<T>, const N: usize> Codec<[T; N]> for Each<C> {
    fn write<S: Serializer>(value: &[T; N], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(value.iter().map(Borrowed::<T, C>::new))
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<[T; N], D::Error> {
        let items = <Self as Codec<Vec<T>>>::read(from)?;
        items.try_into().map_err(|items: Vec<T>| wrong_length("elements", items.len(), N))
    }
}

impl<T, C: Codec<T>> Codec<Option<T>> for Each<C> {
    fn write<S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.serialize_some(&Borrowed::<T, C>::new(value)),
            None => to.serialize_none(),
        }
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
        Ok(Option::<Owned<T, C>>::deserialize(from)?.map(|value| value.0))
    }
}

impl<T, C: Codec<T>> Codec<Box<T>> for Each<C> {
    fn write<S: Serializer>(value: &Box<T>, to: S) -> Result<S::Ok, S::Error> {
        C::write(value, to)
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Box<T>, D::Error> {
        C::read(from).map(Box::new)
    }
}

pub(super) fn wrong_length<E: Error>(of: &str, length: usize, expected: usize) -> E {
    E::custom(format_args!("{length} {of} where there are always {expected}"))
}

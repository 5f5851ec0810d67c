//! Options of options.

use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serializer, de::Error};

use super::{Borrowed, Codec, Owned};

/// An `Option` of what, as `C` writes it, may itself be nothing: `null`, or an array of one element, `[null]` or `[value]`.
///
/// In a `.x` file that is a pointer to a type that is a pointer. Without the brackets nobody could tell which of the two is absent.
#[derive(Clone, Copy, Debug)]
pub struct Nested<C>(PhantomData<C>);

impl<T, C: Codec<T>> Codec<Option<T>> for Nested<C> {
    fn write<S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.collect_seq([Borrowed::<T, C>::new(value)]),
            None => to.serialize_none(),
        }
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
        let Some(items) = Option::<Vec<Owned<T, C>>>::deserialize(from)? else { return Ok(None) };
        let [item] = <[_; 1]>::try_from(items).map_err(|items: Vec<_>| {
            D::Error::invalid_length(items.len(), &"one element, or null in place of the array")
        })?;
        Ok(Some(item.0))
    }
}

//! Unions: an object with the discriminant and the arm's field, `{"status": "NFS3_OK", "resok": {…}}`.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::Error;
use serde::ser::{SerializeStruct, Serializer};

use super::{Borrowed, Codec};

/// Writes a union. For generated code.
#[derive(Debug)]
pub struct UnionWriter<S> {
    to: S,
    name: &'static str,
    discriminant: &'static str,
}

impl<S: Serializer> UnionWriter<S> {
    /// Of the union `name`, whose discriminant is called `discriminant`.
    pub fn new(to: S, name: &'static str, discriminant: &'static str) -> Self {
        Self { to, name, discriminant }
    }

    /// An arm without a value.
    ///
    /// # Errors
    ///
    /// Those of the format.
    pub fn void<D: Serialize>(self, discriminant: &D) -> Result<S::Ok, S::Error> {
        let mut object = self.to.serialize_struct(self.name, 1)?;
        object.serialize_field(self.discriminant, discriminant)?;
        object.end()
    }

    /// An arm whose value is called `field`, and written as `C` says.
    ///
    /// # Errors
    ///
    /// Those of the format.
    pub fn arm<C: Codec<T>, D: Serialize, T>(
        self,
        discriminant: &D,
        field: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let mut object = self.to.serialize_struct(self.name, 2)?;
        object.serialize_field(self.discriminant, discriminant)?;
        object.serialize_field(field, &Borrowed::<T, C>::new(value))?;
        object.end()
    }
}

/// The fields that were given with a discriminant, each of which belongs to some arm: the name, and whether it is there. For
/// generated code.
#[derive(Debug)]
pub struct Arms<'a, D> {
    /// The discriminant.
    pub discriminant: &'a D,
    /// The fields.
    pub given: &'a [(&'static str, bool)],
}

impl<D: Debug> Arms<'_, D> {
    /// The value of the arm that the discriminant selects.
    ///
    /// # Errors
    ///
    /// It is missing, or a field of another arm is there.
    pub fn value<T, E: Error>(&self, field: &'static str, value: Option<T>) -> Result<T, E> {
        self.only(field)?;
        value.ok_or_else(|| E::missing_field(field))
    }

    /// The value of the arm that the discriminant selects, which may be missing.
    ///
    /// # Errors
    ///
    /// A field of another arm is there.
    pub fn optional<T, E: Error>(&self, field: &'static str, value: Option<T>) -> Result<Option<T>, E> {
        self.only(field).map(|()| value)
    }

    /// The arm that the discriminant selects has no value.
    ///
    /// # Errors
    ///
    /// A field is there.
    pub fn void<E: Error>(&self) -> Result<(), E> {
        self.only("")
    }

    /// The union has no arm for the discriminant.
    pub fn none<E: Error>(&self) -> E {
        E::custom(format_args!("the union has no arm for {:?}", self.discriminant))
    }

    fn only<E: Error>(&self, field: &str) -> Result<(), E> {
        match self.given.iter().find(|(name, there)| *there && *name != field) {
            None => Ok(()),
            Some((name, _)) => Err(E::custom(format_args!("the field `{name}` is not one of {:?}", self.discriminant))),
        }
    }
}

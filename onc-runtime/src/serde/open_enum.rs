//! Open enums: the name where a number has one.

use std::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::ser::Serializer;

/// For generated code: writes a number as its name in `names`, or as itself where it has none.
///
/// # Errors
///
/// Those of `to`.
pub fn write_number<S: Serializer>(value: i32, names: &[(&'static str, i32)], to: S) -> Result<S::Ok, S::Error> {
    match names.iter().find(|(_, number)| *number == value) {
        Some((name, _)) => to.serialize_str(name),
        None => to.serialize_i32(value),
    }
}

/// For generated code: reads a number that may be written as a name in `names`.
///
/// # Errors
///
/// Those of `from`, or neither a number of 32 bits nor one of the names is there.
pub fn read_number<'de, D: Deserializer<'de>>(names: &'static [(&'static str, i32)], from: D) -> Result<i32, D::Error> {
    from.deserialize_any(NumberVisitor(names))
}

struct NumberVisitor(&'static [(&'static str, i32)]);

impl Visitor<'_> for NumberVisitor {
    type Value = i32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of 32 bits, or one of")?;
        self.0.iter().try_for_each(|(name, _)| write!(f, " `{name}`"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<i32, E> {
        let named = self.0.iter().find(|(name, _)| *name == text);
        named.map(|(_, number)| *number).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i32, E> {
        i32::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i32, E> {
        i32::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }
}

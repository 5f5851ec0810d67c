//! Bytes that people read.

use std::fmt;

use bytes::Bytes;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};

use super::Codec;
use crate::xdr;

/// The key that says that text is no text.
const HEX: &str = "hex";

/// Bytes as a string; where they are not UTF-8, as an object with their hexadecimal digits: `{"hex": "6dff"}`.
#[derive(Clone, Copy, Debug)]
pub struct Text;

impl Codec<Bytes> for Text {
    fn write<S: Serializer>(value: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        if let Ok(text) = std::str::from_utf8(value) {
            return to.serialize_str(text);
        }
        let mut map = to.serialize_map(Some(1))?;
        map.serialize_entry(HEX, &format!("{:x}", xdr::Hex(value)))?;
        map.end()
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        from.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, or {\"hex\": …} with hexadecimal digits")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
        Ok(Bytes::copy_from_slice(text.as_bytes()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Bytes, E> {
        Ok(text.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bytes, A::Error> {
        match map.next_entry::<String, String>()? {
            Some((key, digits)) if key == HEX => {
                let bytes = xdr::Hex::parse(&digits)
                    .ok_or_else(|| A::Error::custom("an even number of hexadecimal digits is needed"));
                match map.next_key::<String>()? {
                    None => bytes.map(Bytes::from),
                    Some(key) => Err(A::Error::unknown_field(&key, &[HEX])),
                }
            }
            Some((key, _)) => Err(A::Error::unknown_field(&key, &[HEX])),
            None => Err(A::Error::missing_field(HEX)),
        }
    }
}

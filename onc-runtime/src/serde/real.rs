//! Floating-point numbers, also those that JSON does not have.

use std::fmt;

use serde::{
    Deserializer, Serializer,
    de::{Error, Unexpected, Visitor},
};

use super::Codec;

/// A number; where it is none, or infinite, the string `NaN`, `Infinity` or `-Infinity`. Of the many NaNs only that it is one is kept.
#[derive(Clone, Copy, Debug)]
pub struct Real;

impl Codec<f32> for Real {
    fn write<S: Serializer>(value: &f32, to: S) -> Result<S::Ok, S::Error> {
        match name(f64::from(*value)) {
            Some(name) => to.serialize_str(name),
            None => to.serialize_f32(*value),
        }
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
        // The nearest.
        from.deserialize_any(RealVisitor).map(|value| value as f32)
    }
}

impl Codec<f64> for Real {
    fn write<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        match name(*value) {
            Some(name) => to.serialize_str(name),
            None => to.serialize_f64(*value),
        }
    }

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        from.deserialize_any(RealVisitor)
    }
}

fn name(value: f64) -> Option<&'static str> {
    match value {
        _ if value.is_nan() => Some("NaN"),
        f64::INFINITY => Some("Infinity"),
        f64::NEG_INFINITY => Some("-Infinity"),
        _ => None,
    }
}

struct RealVisitor;

impl Visitor<'_> for RealVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, \"NaN\", \"Infinity\" or \"-Infinity\"")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        match text {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}

//! XDR to JSON.

use std::borrow::Cow;
use std::fmt;

use onc_runtime::xdr::{Hex, padding};
use serde_json::{Map, Number as JsonNumber, Value};
use xdrgen::model::{Integer, Model, Number, Shape, TypeId, TypeKind, Union};

use super::{MAX_DEPTH, ValueError, arm};

/// The most values that a decoded one may be made of. A value in memory takes a multiple of its four bytes on the wire, if it
/// takes any there.
const MAX_VALUES: u32 = 1 << 22;

/// A value, and what is wrong with its encoding all the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The value.
    pub value: Value,
    /// The first thing that its encoding has and must not have. Old encoders are known for it; strict decoders refuse it.
    pub flaw: Option<Flaw>,
}

/// What an encoding must not have, though the value can be made out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// Padding that is not zero.
    Padding {
        /// Where it begins, in bytes from the start.
        at: usize,
    },
    /// A string that is not UTF-8. U+FFFD stands in the value for what is not.
    Text {
        /// Where its first byte is, from the start.
        at: usize,
    },
    /// Bytes that follow the value.
    LeftOver {
        /// How many.
        count: usize,
    },
}

/// Decodes a value of the type that `shape` describes.
///
/// # Errors
///
/// The bytes are not the encoding of such a value: says in which field. Or it is made of more than four million values.
pub fn decode(model: &Model, shape: &Shape, bytes: &[u8]) -> Result<Decoded, ValueError> {
    decode_with(model, bytes, |decoder| decoder.shape(shape, 0))
}

/// Decodes what `read` reads, to the end of the bytes.
pub(super) fn decode_with<'b>(
    model: &Model,
    bytes: &'b [u8],
    read: impl FnOnce(&mut Decoder<'_, 'b>) -> Result<Value, ValueError>,
) -> Result<Decoded, ValueError> {
    let mut decoder = Decoder { model, length: bytes.len(), rest: bytes, values: 0, flaw: None };
    let value = read(&mut decoder).map_err(|error| error.at(decoder.position(), bytes.len()))?;
    let count = decoder.rest.len();
    let left_over = (count > 0).then_some(Flaw::LeftOver { count });
    Ok(Decoded { value, flaw: decoder.flaw.or(left_over) })
}

pub(super) struct Decoder<'a, 'b> {
    model: &'a Model,
    /// Of all bytes.
    length: usize,
    rest: &'b [u8],
    /// How many there were.
    values: u32,
    flaw: Option<Flaw>,
}

impl<'b> Decoder<'_, 'b> {
    pub(super) fn shape(&mut self, shape: &Shape, depth: u32) -> Result<Value, ValueError> {
        if depth > MAX_DEPTH {
            return Err(ValueError::new(format!("nested more than {MAX_DEPTH} deep")));
        }
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(ValueError::new(format!("more than {MAX_VALUES} values")));
        }
        Ok(match shape {
            Shape::Void => Value::Null,
            Shape::Bool => Value::Bool(self.bool()?),
            Shape::Integer(integer) => self.integer(*integer)?,
            Shape::Float => single(f32::from_bits(self.word()?)),
            Shape::Double => real(f64::from_bits(u64::from_be_bytes(self.take()?))),
            Shape::Quadruple => hex(self.padded(16)?),
            Shape::String { max, as_bytes } => {
                let length = self.length(max.as_ref())?;
                let (at, before) = (self.position(), self.flaw);
                let bytes = self.padded(length)?;
                match String::from_utf8_lossy(bytes) {
                    Cow::Borrowed(text) => Value::String(text.to_owned()),
                    Cow::Owned(_) if *as_bytes => hex(bytes),
                    Cow::Owned(text) => {
                        // Before the padding's.
                        self.flaw = before.or(Some(Flaw::Text { at }));
                        Value::String(text)
                    }
                }
            }
            Shape::FixedOpaque(length) => {
                let length = usize::try_from(length.value).unwrap_or_default();
                hex(self.padded(length)?)
            }
            Shape::Opaque(max) => {
                let length = self.length(max.as_ref())?;
                hex(self.padded(length)?)
            }
            Shape::Array { item, length } => {
                self.items(item, usize::try_from(length.value).unwrap_or_default(), depth)?
            }
            Shape::Vector { item, max } => {
                let length = self.length(max.as_ref())?;
                self.items(item, length, depth)?
            }
            Shape::Optional(inner) => {
                if !self.bool()? {
                    return Ok(Value::Null);
                }
                let value = self.shape(inner, depth + 1)?;
                // `null` in it is the inner one's.
                let nested = matches!(self.model.resolve(inner), Shape::Optional(_));
                if nested { Value::Array(vec![value]) } else { value }
            }
            Shape::List(id) => self.list(*id, Vec::new(), depth)?,
            Shape::Chain(id) => {
                let first = self.named(*id, depth + 1).map_err(|error| error.within(0))?;
                self.list(*id, vec![first], depth)?
            }
            Shape::Named(id) => self.named(*id, depth + 1)?,
        })
    }

    fn named(&mut self, id: TypeId, depth: u32) -> Result<Value, ValueError> {
        let model = self.model;
        let named = model.type_(id);
        match &named.kind {
            TypeKind::Alias(shape) => self.shape(shape, depth),
            TypeKind::Enum(members) => {
                let value = self.word()? as i32;
                match members.members.iter().find(|member| member.value == value) {
                    Some(member) => Ok(Value::String(member.name.clone())),
                    None => Err(ValueError::new(format!("{value} is not a value of `{}`", named.name.ident))),
                }
            }
            TypeKind::Struct(fields) => {
                let mut object = Map::new();
                for field in &fields.fields {
                    let value =
                        self.shape(&field.shape, depth + 1).map_err(|error| error.within(field.name.as_str()))?;
                    object.insert(field.name.clone(), value);
                }
                Ok(Value::Object(object))
            }
            TypeKind::Union(union) => self.union(union, depth),
            TypeKind::Extern(path) => {
                Err(ValueError::new(format!("`{}` is defined in Rust ({path}), not in the file", named.name.ident)))
            }
        }
    }

    fn union(&mut self, union: &Union, depth: u32) -> Result<Value, ValueError> {
        let name = &union.discriminant;
        let seen = self.rest;
        let value = self.shape(&union.discriminant_shape, depth + 1).map_err(|error| error.within(name.as_str()))?;
        // The discriminant once more, as the number that the cases are compared with.
        let width = seen.len() - self.rest.len();
        let signed =
            !matches!(self.model.resolve(&union.discriminant_shape), Shape::Integer(Integer::U32 | Integer::U64));
        let number = number(&seen[..width], signed);
        let Some(field) = arm(union, number) else {
            return Err(ValueError::new(format!("the union has no arm for {value}")).within(name.as_str()));
        };
        let mut object = Map::new();
        object.insert(name.clone(), value);
        if let Some(field) = field {
            let value = self.shape(&field.shape, depth + 1).map_err(|error| error.within(field.name.as_str()))?;
            object.insert(field.name.clone(), value);
        }
        Ok(Value::Object(object))
    }

    fn items(&mut self, item: &Shape, count: usize, depth: u32) -> Result<Value, ValueError> {
        // A count alone reserves nothing.
        let mut items = Vec::new();
        for at in 0..count {
            items.push(self.shape(item, depth + 1).map_err(|error| error.within(at))?);
        }
        Ok(Value::Array(items))
    }

    fn list(&mut self, id: TypeId, mut nodes: Vec<Value>, depth: u32) -> Result<Value, ValueError> {
        while self.bool()? {
            let at = nodes.len();
            nodes.push(self.named(id, depth + 1).map_err(|error| error.within(at))?);
        }
        Ok(Value::Array(nodes))
    }

    fn integer(&mut self, integer: Integer) -> Result<Value, ValueError> {
        let number: i128 = match integer {
            Integer::U64 => u64::from_be_bytes(self.take()?).into(),
            Integer::I64 => i64::from_be_bytes(self.take()?).into(),
            Integer::U8 | Integer::U16 | Integer::U32 => self.word()?.into(),
            Integer::I8 | Integer::I16 | Integer::I32 => (self.word()? as i32).into(),
        };
        let (least, most) = integer.range();
        if number < least || number > most {
            return Err(ValueError::new(format!("{number} is not between {least} and {most}")));
        }
        Ok(match u64::try_from(number) {
            Ok(number) => number.into(),
            Err(_) => (number as i64).into(),
        })
    }

    fn bool(&mut self) -> Result<bool, ValueError> {
        match self.word()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(ValueError::new(format!("a bool of {other}, which is neither 0 nor 1"))),
        }
    }

    fn length(&mut self, max: Option<&Number>) -> Result<usize, ValueError> {
        let length = self.word()?;
        let max = max.map_or(i128::from(u32::MAX), |max| max.value);
        if i128::from(length) > max {
            return Err(ValueError::new(format!("a length of {length}, but at most {max} are allowed")));
        }
        Ok(length as usize)
    }

    fn padded(&mut self, length: usize) -> Result<&'b [u8], ValueError> {
        let end = length.checked_add(padding(length)).filter(|end| *end <= self.rest.len());
        let Some(end) = end else { return Err(self.short(length)) };
        let at = self.position() + length;
        let (bytes, rest) = self.rest.split_at(end);
        self.rest = rest;
        let (bytes, padding) = bytes.split_at(length);
        // RFC 4506 §4.10: the residual bytes are zero.
        if padding.iter().any(|byte| *byte != 0) {
            self.flaw.get_or_insert(Flaw::Padding { at });
        }
        Ok(bytes)
    }

    fn word(&mut self) -> Result<u32, ValueError> {
        self.take().map(u32::from_be_bytes)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], ValueError> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else { return Err(self.short(N)) };
        self.rest = rest;
        Ok(*bytes)
    }

    /// How many bytes were read.
    fn position(&self) -> usize {
        self.length - self.rest.len()
    }

    fn short(&self, needed: usize) -> ValueError {
        ValueError::new(format!("{needed} bytes are needed and {} are left", self.rest.len()))
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Padding { at } => write!(f, "the padding at byte {at} is not zero"),
            Self::Text { at } => write!(f, "the string at byte {at} is not UTF-8"),
            Self::LeftOver { count } => write!(f, "{count} bytes too many"),
        }
    }
}

impl std::error::Error for Flaw {}

/// A big-endian number.
fn number(bytes: &[u8], signed: bool) -> i128 {
    let unsigned = bytes.iter().fold(0_i128, |number, byte| (number << 8) | i128::from(*byte));
    let bits = 8 * bytes.len();
    if signed && bits > 0 && unsigned >> (bits - 1) == 1 { unsigned - (1 << bits) } else { unsigned }
}

fn real(number: f64) -> Value {
    match JsonNumber::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number.is_nan() => "NaN".into(),
        None if number > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

/// With no more digits than tell it from other numbers of its size.
fn single(number: f32) -> Value {
    real(number.to_string().parse().unwrap_or_else(|_| number.into()))
}

fn hex(bytes: &[u8]) -> Value {
    Value::String(format!("{:x}", Hex(bytes)))
}

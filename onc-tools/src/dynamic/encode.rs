//! JSON to XDR.

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};
use onc_runtime::xdr::{Hex, padding};
use serde_json::{Map, Value};
use xdrgen::model::{Field, Integer, Model, Number, Shape, TypeKind, Union};

use super::{MAX_DEPTH, ValueError, arm, enumeration};

/// Encodes `value` as the type that `shape` describes, at the end of `out`.
///
/// # Errors
///
/// The value does not fit the type: says where in the value, what was found and what is wanted.
pub fn encode(model: &Model, shape: &Shape, value: &Value, out: &mut Vec<u8>) -> Result<(), ValueError> {
    Encoder { model, out }.shape(shape, value, 0)
}

struct Encoder<'a> {
    model: &'a Model,
    out: &'a mut Vec<u8>,
}

impl Encoder<'_> {
    fn shape(&mut self, shape: &Shape, value: &Value, depth: u32) -> Result<(), ValueError> {
        if depth > MAX_DEPTH {
            return Err(ValueError::new(format!("nested more than {MAX_DEPTH} deep")));
        }
        match shape {
            Shape::Void if value.is_null() => Ok(()),
            Shape::Void => Err(wanted("null, for void,", value)),
            Shape::Bool => {
                let truth = value.as_bool().ok_or_else(|| wanted("true or false", value))?;
                self.word(u32::from(truth));
                Ok(())
            }
            Shape::Integer(integer) => self.integer(*integer, value),
            Shape::Float => {
                let number = real(value)?;
                if number.is_finite() && !(number as f32).is_finite() {
                    return Err(ValueError::new(format!("{number:e} is too large for a float")));
                }
                self.out.extend_from_slice(&(number as f32).to_be_bytes());
                Ok(())
            }
            Shape::Double => {
                self.out.extend_from_slice(&real(value)?.to_be_bytes());
                Ok(())
            }
            Shape::Quadruple => self.fixed(16, &bytes(value)?),
            Shape::String { max, as_bytes } => {
                let text = match value {
                    Value::String(text) => text.as_bytes().to_vec(),
                    other if *as_bytes => bytes(other)?,
                    other => return Err(wanted("a string", other)),
                };
                self.variable(max.as_ref(), &text)
            }
            Shape::FixedOpaque(length) => self.fixed(length.value, &bytes(value)?),
            Shape::Opaque(max) => self.variable(max.as_ref(), &bytes(value)?),
            Shape::Array { item, length } => {
                let items = array(value)?;
                if items.len() as i128 != length.value {
                    let message = format!("{} elements, but there must be {}", items.len(), length.value);
                    return Err(ValueError::new(message));
                }
                self.items(item, items, depth)
            }
            Shape::Vector { item, max } => {
                let items = array(value)?;
                self.length(items.len(), max.as_ref())?;
                self.items(item, items, depth)
            }
            Shape::Optional(_) if value.is_null() => {
                self.word(0);
                Ok(())
            }
            // `null` in it is the inner one's.
            Shape::Optional(inner) if matches!(self.model.resolve(inner), Shape::Optional(_)) => {
                let [inner_value] = array(value)? else {
                    return Err(wanted("null, or an array of one element, since what it holds may be null", value));
                };
                self.word(1);
                self.shape(inner, inner_value, depth + 1)
            }
            Shape::Optional(inner) => {
                self.word(1);
                self.shape(inner, value, depth + 1)
            }
            // As C writes a list of nothing.
            Shape::List(_) if value.is_null() => {
                self.word(0);
                Ok(())
            }
            Shape::List(id) => {
                for (at, node) in array(value)?.iter().enumerate() {
                    self.word(1);
                    self.named(*id, node, depth).map_err(|error| error.within(at))?;
                }
                self.word(0);
                Ok(())
            }
            Shape::Chain(id) => {
                let nodes = array(value)?;
                if nodes.is_empty() {
                    return Err(ValueError::new("an empty array, but this list has one element at least"));
                }
                for (at, node) in nodes.iter().enumerate() {
                    if at > 0 {
                        self.word(1);
                    }
                    self.named(*id, node, depth).map_err(|error| error.within(at))?;
                }
                self.word(0);
                Ok(())
            }
            Shape::Named(id) => self.named(*id, value, depth),
        }
    }

    fn named(&mut self, id: xdrgen::model::TypeId, value: &Value, depth: u32) -> Result<(), ValueError> {
        let named = self.model.type_(id);
        match &named.kind {
            TypeKind::Alias(shape) => self.shape(shape, value, depth + 1),
            TypeKind::Enum(_) => {
                let number = discriminant(self.model, &Shape::Named(id), value)?;
                self.word(number as u32);
                Ok(())
            }
            TypeKind::Struct(fields) => {
                let object = object(value)?;
                let names: Vec<&str> = fields.fields.iter().map(|field| field.name.as_str()).collect();
                refuse_others(object, &names)?;
                for field in &fields.fields {
                    self.field(field, object, depth)?;
                }
                Ok(())
            }
            TypeKind::Union(union) => self.union(union, value, depth),
            TypeKind::Extern(path) => {
                Err(ValueError::new(format!("`{}` is defined in Rust ({path}), not in the file", named.name.ident)))
            }
        }
    }

    fn union(&mut self, union: &Union, value: &Value, depth: u32) -> Result<(), ValueError> {
        let object = object(value)?;
        let name = union.discriminant.as_str();
        let given = object.get(name).ok_or_else(|| missing(name))?;
        let number = discriminant(self.model, &union.discriminant_shape, given).map_err(|error| error.within(name))?;
        let Some(field) = arm(union, number) else {
            return Err(ValueError::new(format!("the union has no arm for {given}")).within(name));
        };
        self.shape(&union.discriminant_shape, given, depth + 1).map_err(|error| error.within(name))?;
        let Some(field) = field else { return refuse_others(object, &[name]) };
        refuse_others(object, &[name, &field.name])?;
        self.field(field, object, depth)
    }

    fn field(&mut self, field: &Field, object: &Map<String, Value>, depth: u32) -> Result<(), ValueError> {
        // What may be absent on the wire may be absent in the object.
        let absent = matches!(self.model.resolve(&field.shape), Shape::Optional(_) | Shape::List(_));
        let absent = absent.then_some(&Value::Null);
        let value = object.get(&field.name).or(absent).ok_or_else(|| missing(&field.name))?;
        self.shape(&field.shape, value, depth + 1).map_err(|error| error.within(field.name.as_str()))
    }

    fn items(&mut self, item: &Shape, items: &[Value], depth: u32) -> Result<(), ValueError> {
        for (at, value) in items.iter().enumerate() {
            self.shape(item, value, depth + 1).map_err(|error| error.within(at))?;
        }
        Ok(())
    }

    fn integer(&mut self, integer: Integer, value: &Value) -> Result<(), ValueError> {
        let number = number(value)?;
        let (least, most) = integer.range();
        if number < least || number > most {
            return Err(ValueError::new(format!("{number} is not between {least} and {most}")));
        }
        match integer {
            Integer::I64 | Integer::U64 => self.out.extend_from_slice(&(number as u64).to_be_bytes()),
            _ => self.word(number as u32),
        }
        Ok(())
    }

    fn length(&mut self, length: usize, max: Option<&Number>) -> Result<(), ValueError> {
        let max = max.map_or(i128::from(u32::MAX), |max| max.value);
        if length as i128 > max {
            return Err(ValueError::new(format!("{length} bytes or elements, but at most {max} are allowed")));
        }
        self.word(length as u32);
        Ok(())
    }

    fn variable(&mut self, max: Option<&Number>, bytes: &[u8]) -> Result<(), ValueError> {
        self.length(bytes.len(), max)?;
        self.padded(bytes);
        Ok(())
    }

    fn fixed(&mut self, length: i128, bytes: &[u8]) -> Result<(), ValueError> {
        if bytes.len() as i128 != length {
            return Err(ValueError::new(format!("{} bytes, but there must be {length}", bytes.len())));
        }
        self.padded(bytes);
        Ok(())
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        self.out.resize(self.out.len() + padding(bytes.len()), 0);
    }

    fn word(&mut self, word: u32) {
        self.out.extend_from_slice(&word.to_be_bytes());
    }
}

/// The number that a discriminant, or a value of an enum, is.
pub(super) fn discriminant(model: &Model, shape: &Shape, value: &Value) -> Result<i128, ValueError> {
    if let Some(members) = enumeration(model, shape) {
        if let Value::String(name) = value {
            let member = members.members.iter().find(|member| member.name == *name);
            return member.map(|member| member.value.into()).ok_or_else(|| {
                let names: Vec<&str> = members.members.iter().map(|member| member.name.as_str()).collect();
                ValueError::new(format!("{name:?} is none of {}", names.join(", ")))
            });
        }
        let number = number(value)?;
        if members.members.iter().any(|member| i128::from(member.value) == number) {
            return Ok(number);
        }
        return Err(ValueError::new(format!("{number} is not a value of the enum")));
    }
    if let Shape::Bool = model.resolve(shape) {
        return value.as_bool().map(i128::from).ok_or_else(|| wanted("true or false", value));
    }
    number(value)
}

fn number(value: &Value) -> Result<i128, ValueError> {
    let number = match value {
        Value::Number(number) => {
            let whole = number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
            whole.or_else(|| number.as_f64().and_then(exact))
        }
        Value::String(text) => whole(text),
        _ => None,
    };
    number.ok_or_else(|| wanted("a whole number", value))
}

/// `1e3` is a whole number, too, as long as it has all its digits.
fn exact(real: f64) -> Option<i128> {
    const DIGITS: f64 = 9_007_199_254_740_992.0;
    (real.fract() == 0.0 && real.abs() <= DIGITS).then_some(real as i128)
}

/// Decimal or, with `0x`, hexadecimal.
pub(super) fn whole(text: &str) -> Option<i128> {
    let (minus, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    // The standard library takes a sign of its own.
    if digits.contains(['+', '-']) {
        return None;
    }
    let number = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => i128::from_str_radix(digits, 16).ok()?,
        None => digits.parse::<i128>().ok()?,
    };
    Some(if minus { -number } else { number })
}

fn real(value: &Value) -> Result<f64, ValueError> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
    .ok_or_else(|| wanted("a number", value))
}

/// Opaque data, in whichever way it is written.
fn bytes(value: &Value) -> Result<Vec<u8>, ValueError> {
    /// With or without `=` at the end.
    const BASE64: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let part = |name: &str| {
        let object = value.as_object().filter(|object| object.len() == 1)?;
        object.get(name)?.as_str()
    };
    if let Some(text) = part("text") {
        return Ok(text.as_bytes().to_vec());
    }
    if let Some(text) = part("base64") {
        return BASE64.decode(text).map_err(|error| ValueError::new(format!("wrong base64: {error}")).within("base64"));
    }
    value.as_str().and_then(Hex::parse).ok_or_else(|| {
        wanted("a string of hexadecimal digits, two for each byte, {\"base64\": …} or {\"text\": …}", value)
    })
}

fn array(value: &Value) -> Result<&[Value], ValueError> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| wanted("an array", value))
}

fn object(value: &Value) -> Result<&Map<String, Value>, ValueError> {
    value.as_object().ok_or_else(|| wanted("an object", value))
}

/// A name that means nothing here is a mistake, a misspelt one as a rule.
fn refuse_others(object: &Map<String, Value>, known: &[&str]) -> Result<(), ValueError> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(ValueError::new(format!("there is no field {key:?}; the fields are {}", known.join(", ")))),
        None => Ok(()),
    }
}

fn missing(name: &str) -> ValueError {
    ValueError::new(format!("the field {name:?} is missing"))
}

fn wanted(what: &str, found: &Value) -> ValueError {
    let mut found = found.to_string();
    if found.chars().count() > 40 {
        found = found.chars().take(40).chain(['…']).collect();
    }
    ValueError::new(format!("{what} is needed, not {found}"))
}

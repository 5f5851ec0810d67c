//! The arguments of a procedure, of which there may be none, one or several.

use serde_json::{Map, Value};
use xdrgen::model::{Argument, Model, Procedure};

use super::decode::decode_with;
use super::{Decoded, ValueError, encode, template};

/// Encodes arguments: of one, its value; of several, an array in their order or an object with their names; of none, `null`.
///
/// # Errors
///
/// The value does not fit the procedure: says where in the value, what was found and what is wanted.
pub fn encode_arguments(model: &Model, procedure: &Procedure, value: &Value) -> Result<Vec<u8>, ValueError> {
    let mut out = Vec::new();
    match (&procedure.arguments[..], value) {
        ([], Value::Null) => {}
        // An array of no arguments, or an object of none.
        ([], Value::Array(none)) if none.is_empty() => {}
        ([], Value::Object(none)) if none.is_empty() => {}
        ([], _) => return Err(ValueError::new("the procedure takes no arguments: leave the JSON out")),
        ([one], value) => encode(model, &one.shape, value, &mut out)?,
        (several, Value::Array(values)) if values.len() == several.len() => {
            for (at, (argument, value)) in several.iter().zip(values).enumerate() {
                encode(model, &argument.shape, value, &mut out).map_err(|error| error.within(at))?;
            }
        }
        (several, Value::Object(values)) => {
            let names: Vec<String> = names(several).collect();
            if let Some(other) = values.keys().find(|key| !names.contains(key)) {
                let known = names.join(", ");
                return Err(ValueError::new(format!("there is no argument {other:?}; the arguments are {known}")));
            }
            for (argument, name) in several.iter().zip(&names) {
                let value = values.get(name);
                let value = value.ok_or_else(|| ValueError::new(format!("the argument {name:?} is missing")))?;
                encode(model, &argument.shape, value, &mut out).map_err(|error| error.within(name.as_str()))?;
            }
        }
        (several, _) => {
            return Err(ValueError::new(format!(
                "the procedure takes {} arguments, {}: an object with these names, or an array in this order, is needed",
                several.len(),
                names(several).collect::<Vec<_>>().join(", ")
            )));
        }
    }
    Ok(out)
}

/// Decodes arguments: of one, its value; of several, an object with their names; of none, `null`.
///
/// # Errors
///
/// The bytes are not the encoding of such arguments: says in which field.
pub fn decode_arguments(model: &Model, procedure: &Procedure, bytes: &[u8]) -> Result<Decoded, ValueError> {
    decode_with(model, bytes, |decoder| match &procedure.arguments[..] {
        [] => Ok(Value::Null),
        [one] => decoder.shape(&one.shape, 0),
        several => {
            let mut object = Map::new();
            for (argument, name) in several.iter().zip(names(several)) {
                let value = decoder.shape(&argument.shape, 0).map_err(|error| error.within(name.as_str()))?;
                object.insert(name, value);
            }
            Ok(Value::Object(object))
        }
    })
}

/// The JSON to fill in.
#[must_use]
pub fn arguments_template(model: &Model, procedure: &Procedure) -> Value {
    match &procedure.arguments[..] {
        [] => Value::Null,
        [one] => template(model, &one.shape),
        several => {
            let values = several.iter().map(|argument| template(model, &argument.shape));
            Value::Object(names(several).zip(values).collect())
        }
    }
}

/// The names of arguments in JSON: their own, or their places.
pub(super) fn names(arguments: &[Argument]) -> impl Iterator<Item = String> {
    let name = |(at, argument): (usize, &Argument)| argument.name.clone().unwrap_or_else(|| format!("arg{}", at + 1));
    arguments.iter().enumerate().map(name)
}

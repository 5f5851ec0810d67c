//! What may come next in the JSON of a procedure's arguments.

use serde_json::Value;
use xdrgen::model::{Argument, Field, Model, Procedure, Shape, TypeKind, Union};

use super::arguments::names;
use super::encode::discriminant;
use super::{arm, enumeration};

/// What may stand at the end of `text`, the beginning of JSON for a procedure's arguments: where the word begins that is being
/// written there, and what may take its place. Names of fields that are there already are left out, and of a union those
/// of arms that its discriminant rules out.
#[must_use]
pub fn complete(model: &Model, procedure: &Procedure, text: &str) -> (usize, Vec<String>) {
    let mut scanner = Scanner { text, at: 0, frames: Vec::new(), ended: false };
    let start = scanner.run();
    let word = &text[start..];
    if scanner.ended {
        return (start, Vec::new());
    }
    let mut place = match &procedure.arguments[..] {
        [] => return (start, Vec::new()),
        [one] => Place::Shape(one.shape.clone()),
        several => Place::Arguments(several),
    };
    for (at, frame) in scanner.frames.iter().enumerate() {
        let is_last = at + 1 == scanner.frames.len();
        let next = match frame {
            Frame::Object { fields, key: None } if is_last => {
                let there = |name: &String| fields.iter().any(|(field, _)| field == name);
                let names = place.names(model, fields).into_iter().filter(|name| !there(name));
                return (start, fitting(names.map(|name| format!("{}: ", Value::String(name))), word));
            }
            Frame::Object { fields, key } => key.as_ref().and_then(|key| place.field(model, fields, key)),
            Frame::Array { index } => place.element(model, *index),
        };
        match next {
            Some(next) => place = next,
            None => return (start, Vec::new()),
        }
    }
    (start, fitting(place.values(model), word))
}

fn fitting(candidates: impl IntoIterator<Item = String>, word: &str) -> Vec<String> {
    candidates.into_iter().filter(|candidate| candidate.starts_with(word)).collect()
}

/// Something that JSON stands for.
enum Place<'m> {
    /// Several arguments.
    Arguments(&'m [Argument]),
    /// A value.
    Shape(Shape),
}

/// A field that was written, with its value if that is a single word.
type Written = (String, Option<Value>);

impl<'m> Place<'m> {
    /// The names that an object may have here.
    fn names(&self, model: &'m Model, written: &[Written]) -> Vec<String> {
        match self {
            Self::Arguments(arguments) => names(arguments).collect(),
            Self::Shape(shape) => match object(model, shape) {
                Some(TypeKind::Struct(fields)) => fields.fields.iter().map(|field| field.name.clone()).collect(),
                Some(TypeKind::Union(union)) => {
                    let mut names = vec![union.discriminant.clone()];
                    for field in arms(model, union, written) {
                        if !names.contains(&field.name) {
                            names.push(field.name.clone());
                        }
                    }
                    names
                }
                _ => Vec::new(),
            },
        }
    }

    fn field(&self, model: &'m Model, written: &[Written], name: &str) -> Option<Self> {
        match self {
            Self::Arguments(arguments) => {
                let at = names(arguments).position(|own| own == name)?;
                Some(Self::Shape(arguments[at].shape.clone()))
            }
            Self::Shape(shape) => match object(model, shape)? {
                TypeKind::Struct(fields) => {
                    let field = fields.fields.iter().find(|field| field.name == name)?;
                    Some(Self::Shape(field.shape.clone()))
                }
                TypeKind::Union(union) if union.discriminant == name => {
                    Some(Self::Shape(union.discriminant_shape.clone()))
                }
                TypeKind::Union(union) => {
                    let field = arms(model, union, written).into_iter().find(|field| field.name == name)?;
                    Some(Self::Shape(field.shape.clone()))
                }
                _ => None,
            },
        }
    }

    fn element(&self, model: &'m Model, index: usize) -> Option<Self> {
        match self {
            Self::Arguments(arguments) => Some(Self::Shape(arguments.get(index)?.shape.clone())),
            Self::Shape(shape) => match model.resolve(shape) {
                Shape::Array { item, .. } | Shape::Vector { item, .. } => Some(Self::Shape((**item).clone())),
                Shape::List(id) | Shape::Chain(id) => Some(Self::Shape(Shape::Named(*id))),
                Shape::Optional(inner) => Self::Shape((**inner).clone()).element(model, index),
                _ => None,
            },
        }
    }

    /// What a value may be here, or how it begins.
    fn values(&self, model: &'m Model) -> Vec<String> {
        let Self::Shape(shape) = self else { return vec!["{".into(), "[".into()] };
        if let Some(members) = enumeration(model, shape) {
            return members.members.iter().map(|member| Value::from(member.name.as_str()).to_string()).collect();
        }
        match model.resolve(shape) {
            Shape::Void => vec!["null".into()],
            Shape::Bool => vec!["true".into(), "false".into()],
            Shape::String { .. } | Shape::Opaque(_) | Shape::FixedOpaque(_) | Shape::Quadruple => vec!["\"".into()],
            Shape::Array { .. } | Shape::Vector { .. } | Shape::List(_) | Shape::Chain(_) => vec!["[".into()],
            Shape::Optional(inner) => {
                let mut values = vec!["null".into()];
                values.extend(Self::Shape((**inner).clone()).values(model));
                values
            }
            Shape::Named(_) => vec!["{".into()],
            _ => Vec::new(),
        }
    }
}

/// The struct or union that a shape is, if it is one.
fn object<'m>(model: &'m Model, shape: &Shape) -> Option<&'m TypeKind> {
    match model.resolve(shape) {
        Shape::Named(id) => Some(&model.type_(*id).kind),
        Shape::Optional(inner) => object(model, inner),
        _ => None,
    }
}

/// The fields of a union's arms that its discriminant, as it was written, leaves; without one, all.
fn arms<'m>(model: &Model, union: &'m Union, written: &[Written]) -> Vec<&'m Field> {
    let value = written.iter().find(|(name, _)| *name == union.discriminant).and_then(|(_, value)| value.as_ref());
    let number = value.and_then(|value| discriminant(model, &union.discriminant_shape, value).ok());
    if let Some(number) = number {
        return arm(union, number).flatten().into_iter().collect();
    }
    let all = union.arms.iter().map(|arm| arm.field.as_ref());
    all.chain(union.default.as_ref().map(|default| default.field.as_ref())).flatten().collect()
}

/// Something that has been opened and not closed.
enum Frame {
    Object {
        fields: Vec<Written>,
        /// The name of the field whose value comes next, once it is there with its colon.
        key: Option<String>,
    },
    Array {
        index: usize,
    },
}

/// Goes through JSON that is not complete.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
    frames: Vec<Frame>,
    /// A value is complete: no word can come next.
    ended: bool,
}

impl Scanner<'_> {
    /// Goes to the end, and says where the word begins that ends there.
    fn run(&mut self) -> usize {
        while let Some(next) = self.text[self.at..].chars().next() {
            let start = self.at;
            self.at += next.len_utf8();
            match next {
                '{' => self.frames.push(Frame::Object { fields: Vec::new(), key: None }),
                '[' => self.frames.push(Frame::Array { index: 0 }),
                '}' | ']' => {
                    self.frames.pop();
                    self.value(None);
                }
                ',' => {
                    self.ended = false;
                    match self.frames.last_mut() {
                        Some(Frame::Object { key, .. }) => *key = None,
                        Some(Frame::Array { index }) => *index += 1,
                        None => self.ended = true,
                    }
                }
                // A name ends with it.
                ':' => self.ended = false,
                blank if blank.is_whitespace() => {}
                '"' => match self.string(start) {
                    Some(text) => self.word(Value::String(text)),
                    None => return start,
                },
                _ => {
                    let rest = &self.text[start..];
                    let Some(length) = rest.find(|c: char| c.is_whitespace() || "{}[],:\"".contains(c)) else {
                        return start;
                    };
                    self.at = start + length;
                    self.word(serde_json::from_str(&rest[..length]).unwrap_or_default());
                }
            }
        }
        self.text.len()
    }

    /// The text of the string that begins at `start`, if it ends.
    fn string(&mut self, start: usize) -> Option<String> {
        let mut escaped = false;
        let length = self.text[start + 1..].find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        })?;
        self.at = start + length + 2;
        serde_json::from_str(&self.text[start..self.at]).ok().or(Some(String::new()))
    }

    /// A string, a number or the like: a field's name or a value.
    fn word(&mut self, word: Value) {
        if let (Some(Frame::Object { key: key @ None, .. }), Value::String(name)) = (self.frames.last_mut(), &word) {
            *key = Some(name.clone());
            // Until its colon.
            self.ended = true;
            return;
        }
        self.value(Some(word));
    }

    fn value(&mut self, value: Option<Value>) {
        self.ended = true;
        if let Some(Frame::Object { fields, key: Some(key) }) = self.frames.last_mut() {
            fields.push((key.clone(), value));
        }
    }
}

//! Values of types that are known at run time only: JSON to XDR and back, after the model of a `.x` file.
//!
//! | XDR | JSON |
//! |---|---|
//! | integers | numbers; strings are taken, too, since many JSON tools lose digits, and may be hexadecimal, `"0xff"` |
//! | `float`, `double` | numbers, or `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | `bool` | `true`, `false` |
//! | `enum` | the member's name; a number is taken, too |
//! | `string` | a string |
//! | `opaque` | a string of hexadecimal digits; `{"base64": "…"}` and `{"text": "…"}` are taken, too |
//! | arrays, linked lists | arrays |
//! | `T *` | the value, or `null` |
//! | `struct` | an object with the fields' names of the file |
//! | `union` | an object with the discriminant and the arm's field: `{"status": "NFS3_OK", "resok": {…}}` |
//! | `void` | `null` |

mod arguments;
mod complete;
mod decode;
mod describe;
mod encode;
mod lookup;
mod position;
mod template;
mod value_error;

pub use self::arguments::{arguments_template, decode_arguments, encode_arguments};
pub use self::complete::complete;
pub use self::decode::{Decoded, Flaw, decode};
pub use self::describe::{describe, list};
pub use self::encode::encode;
pub use self::lookup::{Found, LookupError, find_procedure, find_type, procedures};
pub use self::position::position;
pub use self::template::template;
pub use self::value_error::{Step, ValueError};

use xdrgen::model::{Arm, DefaultArm, Field, Model, Shape, TypeKind, Union};

/// How deep values may be nested.
const MAX_DEPTH: u32 = 256;

/// What a union holds for a discriminant: the arm's field, or nothing if it is void; `None` if it has no such arm.
fn arm(union: &Union, discriminant: i128) -> Option<Option<&Field>> {
    let of = |arm: &Arm| arm.cases.iter().any(|case| case.value == discriminant);
    match union.arms.iter().find(|arm| of(arm)) {
        Some(Arm { field, .. }) => Some(field.as_ref()),
        None => union.default.as_ref().map(|DefaultArm { field, .. }| field.as_ref()),
    }
}

/// The members of the enum that a shape is, if it is one.
fn enumeration<'a>(model: &'a Model, shape: &'a Shape) -> Option<&'a xdrgen::model::Enum> {
    match model.resolve(shape) {
        Shape::Named(id) => match &model.type_(*id).kind {
            TypeKind::Enum(members) => Some(members),
            _ => None,
        },
        _ => None,
    }
}

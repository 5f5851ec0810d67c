//! `onc decode` and `onc encode`: types that are known at run time only, beside the same types compiled.

use std::sync::LazyLock;

use onc_runtime::xdr::{self, Xdr};
use onc_tools::dynamic::{Decoded, ValueError, decode, encode, find_type, template};
use serde::Serialize;
use serde_json::Value;
use xdrgen::model::{Model, Shape};

/// everything.x.
mod compiled {
    #![allow(missing_docs, reason = "the file says little")]
    onc_runtime::include_xdr!("everything");
}

/// The first byte selects a type, the others are an encoding.
///
/// What strict decoding accepts is decoded to the JSON that serde makes of it, and back to the same bytes. What is decoded
/// besides has a flaw, and is encoded as strict decoding wants it. Nothing else is accepted.
pub fn values(input: &[u8]) -> bool {
    let Some((&which, bytes)) = input.split_first() else { return false };
    match which {
        0 => check::<compiled::Everything>("everything", bytes),
        1 => check::<compiled::Integers>("integers", bytes),
        2 => check::<compiled::Scalars>("scalars", bytes),
        3 => check::<compiled::Opaques>("opaques", bytes),
        4 => check::<compiled::Arrays>("arrays", bytes),
        5 => check::<compiled::Optionals>("optionals", bytes),
        6 => check::<compiled::Tree>("tree", bytes),
        7 => check::<compiled::Expression>("expression", bytes),
        8 => check::<compiled::Unions>("unions", bytes),
        9 => check::<compiled::ByUnsigned>("by_unsigned", bytes),
        _ => false,
    }
}

fn model() -> &'static Model {
    static MODEL: LazyLock<Model> = LazyLock::new(|| {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/x/everything.x");
        xdrgen::load(&xdrgen::configure(), file.as_ref()).expect("a good file")
    });
    &MODEL
}

fn check<T: Xdr + Serialize>(name: &str, bytes: &[u8]) -> bool {
    let (id, _) = find_type(model(), name).expect("it is in the file");
    let shape = Shape::Named(id);
    let strict = xdr::from_slice::<T>(bytes);
    match (decode(model(), &shape, bytes), &strict) {
        (Ok(Decoded { value, flaw: None }), Ok(typed)) => {
            // By way of the text: there a `float` has its own digits.
            let text = serde_json::to_string(typed).expect("serde writes every value");
            assert_eq!(value, serde_json::from_str::<Value>(&text).expect("JSON"), "{name}");
            // Of the many NaNs only that it is one is kept.
            if !text.contains("\"NaN\"") {
                assert_eq!(written(&shape, &value).expect("it was decoded"), bytes, "{name}: {value}");
            }
        }
        // A text that is not UTF-8 may have grown beyond its bound.
        (Ok(Decoded { value, flaw: Some(_) }), Err(_)) => {
            if let Ok(bytes) = written(&shape, &value) {
                assert!(xdr::from_slice::<T>(&bytes).is_ok(), "{name}: {value}");
            }
        }
        (Ok(Decoded { flaw: None, value }), Err(error)) => panic!("{name}: {value}, but {error}"),
        (Ok(Decoded { flaw: Some(flaw), .. }), Ok(_)) => panic!("{name}: {flaw}"),
        // Levels are counted where compiled types have none.
        (Err(error), Ok(_)) => assert!(error.to_string().contains("nested more than"), "{name}: {error}"),
        (Err(error), Err(_)) => assert!(!error.to_string().is_empty()),
    }
    let filled_in = written(&shape, &template(model(), &shape)).expect("a template is a value");
    assert!(xdr::from_slice::<T>(&filled_in).is_ok(), "{name}");
    strict.is_ok()
}

fn written(shape: &Shape, value: &Value) -> Result<Vec<u8>, ValueError> {
    let mut bytes = Vec::new();
    encode(model(), shape, value, &mut bytes)?;
    Ok(bytes)
}

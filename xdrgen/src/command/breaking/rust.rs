//! What changes for those who use the generated Rust.

use super::{Change, Effect};
use crate::{
    generate::{Settings, surface},
    model::Model,
};

/// Everything that old code may stumble over.
pub(super) fn changes(old: &Model, new: &Model, settings: &Settings) -> Vec<Change> {
    let (old, new) = (surface(old, settings), surface(new, settings));
    let mut changes = Vec::new();
    let mut say = |place: &str, what: String| {
        changes.push(Change { effect: Effect::Breaks, place: place.to_owned(), what });
    };
    for (name, was) in &old.items {
        // What has gone with its owner is not said again.
        if was.owner.as_ref().is_some_and(|owner| !new.items.contains_key(owner)) {
            continue;
        }
        match new.items.get(name) {
            None => say(name, "is gone".to_owned()),
            Some(is) if is.signature != was.signature => {
                say(name, format!("was `{}`, is `{}`", was.signature, is.signature));
            }
            Some(_) => {}
        }
    }
    for (name, is) in &new.items {
        let owner_is_old = is.owner.as_ref().is_some_and(|owner| old.items.contains_key(owner));
        if is.counts && owner_is_old && !old.items.contains_key(name) {
            say(name, "is new, and everybody who makes or matches one has to know it".to_owned());
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{front, options::Options};

    fn differences(old: &str, new: &str) -> Vec<String> {
        let model =
            |text: &str| front::load_source(Path::new("test.x"), text, &Options::default()).expect("it is right").model;
        let changes = changes(&model(old), &model(new), &Settings::default());
        changes.into_iter().map(|Change { place, what, .. }| format!("{place}: {what}")).collect()
    }

    #[test]
    fn what_is_added_beside_breaks_nothing() {
        let program = |more: &str| format!("program P {{ version V {{ int F(int) = 1; {more} }} = 1; }} = 0x20000000;");
        assert_eq!(differences(&program(""), &program("int G(int) = 2;")), [""; 0]);
        assert_eq!(differences("struct a { int x; };", "struct a { int x; }; struct b { int x; };"), [""; 0]);
    }

    #[test]
    fn what_is_added_inside_breaks() {
        assert_eq!(
            differences("struct a { int x; };", "struct a { int x; int y; };"),
            ["A.y: is new, and everybody who makes or matches one has to know it"]
        );
        assert_eq!(
            differences("enum e { A, B };", "enum e { A, B, C };"),
            ["E::C: is new, and everybody who makes or matches one has to know it"]
        );
    }

    #[test]
    fn other_types_and_names() {
        assert_eq!(
            differences("struct a { int x; int y; };", "struct a { hyper x; int z; };"),
            [
                "A.x: was `i32`, is `i64`",
                "A.y: is gone",
                "A.z: is new, and everybody who makes or matches one has to know it"
            ]
        );
        assert_eq!(differences("struct a { int x; };", "struct b { int x; };"), ["A: is gone"]);
        let program = |result: &str| format!("program P {{ version V {{ {result} F(int) = 1; }} = 1; }} = 0x20000000;");
        assert_eq!(
            differences(&program("int"), &program("string")),
            ["V::f: was `fn(i32) -> i32`, is `fn(i32) -> String`"]
        );
    }
}

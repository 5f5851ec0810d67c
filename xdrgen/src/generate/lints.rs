//! Lints of clippy's that a file's names and sizes would set off in the crate that includes the code.

use super::{
    Generator,
    case::{camel, words},
    names::unescape,
};
use crate::model::{Enum, Field, TypeId, Union};

/// From where on clippy would have an error in a box, with room for what is not exact here.
const LARGE_ERROR: u64 = 100;

/// As many variants may share a word.
const MAY_SHARE: usize = 2;

const VARIANT_NAMES: &str = "clippy::enum_variant_names";
const ACRONYMS: &str = "clippy::upper_case_acronyms";

impl Generator<'_> {
    /// Of an enum's names.
    pub(super) fn lints_of_enum(&self, id: TypeId, enum_: &Enum) -> Vec<&'static str> {
        let members = enum_.members.iter().zip(self.names.parts(id));
        let variants: Vec<&str> =
            members.filter(|(member, _)| member.alias_of.is_none()).map(|(_, rust)| rust.as_str()).collect();
        self.lints_of_names(id, &variants)
    }

    /// Of a union's names and sizes.
    pub(super) fn lints_of_union(&self, id: TypeId, union_: &Union) -> Vec<&'static str> {
        let mut variants: Vec<&str> = self.names.parts(id).iter().map(String::as_str).collect();
        variants.extend(union_.default.is_some().then(|| self.names.default_variant(id)));
        let mut lints = self.lints_of_names(id, &variants);
        lints.extend(self.is_lopsided(union_).then_some("clippy::large_enum_variant"));
        lints
    }

    /// Of the name of a type without variants.
    pub(super) fn lints_of_name(&self, id: TypeId) -> Vec<&'static str> {
        self.lints_of_names(id, &[])
    }

    /// Of a `Result` whose error holds what `fail` holds.
    pub(super) fn lints_of_error(&self, fail: &Field) -> Vec<&'static str> {
        let large = self.size_of_field(fail) >= LARGE_ERROR;
        large.then_some("clippy::result_large_err").into_iter().collect()
    }

    fn lints_of_names(&self, id: TypeId, variants: &[&str]) -> Vec<&'static str> {
        let name = self.names.type_(id);
        let mut lints = Vec::new();
        if shares_words(name, variants) {
            lints.push(VARIANT_NAMES);
        }
        // Where names are kept it is allowed anyway.
        if !self.settings.keep_names && std::iter::once(name).chain(variants.iter().copied()).any(is_acronym) {
            lints.push(ACRONYMS);
        }
        lints
    }
}

/// All variants begin or end with one word, or some with the name of their enum.
fn shares_words(name: &str, variants: &[&str]) -> bool {
    let repeats = |variant: &&str| {
        let (variant, name) = (camel(unescape(variant)), camel(unescape(name)));
        variant.starts_with(&name) || variant.ends_with(&name)
    };
    if variants.iter().any(repeats) {
        return true;
    }
    let split: Vec<Vec<_>> = variants.iter().map(|variant| words(unescape(variant))).collect();
    let [first, rest @ ..] = split.as_slice() else { return false };
    let same = |word: fn(&[super::case::Word<'_>]) -> Option<String>| {
        rest.iter().all(|other| word(other).is_some() && word(other) == word(first))
    };
    variants.len() > MAY_SHARE
        && (same(|words| words.first().map(|word| word.text.to_owned()))
            || same(|words| words.last().map(|word| word.text.to_owned())))
}

/// More than two letters, all of them capitals.
fn is_acronym(name: &str) -> bool {
    let name = unescape(name);
    name.len() > 2 && name.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clippy_speaks_of() {
        assert!(shares_words("Flags", &["AuthFlag", "RevocableFlag", "ImmutableFlag"]));
        assert!(shares_words("Kind", &["IoRead", "IoWrite", "IoSync"]));
        assert!(shares_words("Error", &["Error", "Ok"]));
        assert!(!shares_words("Kind", &["IoRead", "IoWrite"]));
        assert!(!shares_words("Colour", &["Red", "Green", "Blue"]));
        assert!(!shares_words("Nothing", &[]));
        assert!(is_acronym("SUB") && !is_acronym("OK") && !is_acronym("Sub") && !is_acronym("A1B"));
    }
}

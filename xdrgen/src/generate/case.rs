//! From the file's spelling to Rust's: words, cases, keywords.

/// A word of an identifier, and where it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// The word.
    pub(super) text: &'a str,
    /// The byte of the identifier at which it starts.
    pub(super) start: usize,
}

/// `UpperCamelCase`: types, traits, variants.
pub(crate) fn camel(ident: &str) -> String {
    let mut name = String::with_capacity(ident.len());
    for word in words(ident) {
        // `V4_1` and `V41` stay apart; between digits Rust's case allows the underscore.
        if name.ends_with(|last: char| last.is_ascii_digit())
            && word.text.starts_with(|first: char| first.is_ascii_digit())
        {
            name.push('_');
        }
        let mut chars = word.text.chars();
        name.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        name.extend(chars.map(|rest| rest.to_ascii_lowercase()));
    }
    or_unnamed(name, "Unnamed")
}

/// `snake_case`: fields, parameters, methods, modules. A digit ends no word here: `utf8str` is good Rust as it is.
pub(super) fn snake(ident: &str) -> String {
    or_unnamed(joined(ident, str::to_ascii_lowercase), "unnamed")
}

/// `SHOUTY_SNAKE_CASE`: constants.
pub(super) fn shouty(ident: &str) -> String {
    or_unnamed(joined(ident, str::to_ascii_uppercase), "UNNAMED")
}

/// The words of an identifier. A word ends at `_`, before a capital that follows a small letter, before the last capital of
/// several when a small letter follows it, and after digits.
pub(super) fn words(ident: &str) -> Vec<Word<'_>> {
    split(ident, true)
}

/// `name` so that it is no keyword: `r#type`; `self_` where Rust has no raw form.
pub(super) fn escape(name: String) -> String {
    match name.as_str() {
        "self" | "Self" | "super" | "crate" | "_" => name + "_",
        name if KEYWORDS.contains(&name) => format!("r#{name}"),
        _ => name,
    }
}

/// The strict and the reserved keywords of every edition.
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The types that are Rust's own. Where a file's names are kept, it may call its own so.
pub(super) const PRIMITIVES: [&str; 17] = [
    "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str", "u128", "u16", "u32", "u64", "u8",
    "usize",
];

fn or_unnamed(name: String, otherwise: &str) -> String {
    match name.as_bytes() {
        [] => otherwise.to_owned(),
        // `_1` in the file, or what is left of a name without its prefix.
        [b'0'..=b'9', ..] => format!("_{name}"),
        _ => name,
    }
}

fn joined(ident: &str, case: fn(&str) -> String) -> String {
    split(ident, false).iter().map(|word| case(word.text)).collect::<Vec<_>>().join("_")
}

fn split(ident: &str, digits_end_words: bool) -> Vec<Word<'_>> {
    let bytes = ident.as_bytes();
    let mut words = Vec::new();
    let mut start = 0;
    // Whether the last letter was a small one; digits do not change it.
    let mut after_small = false;
    for at in 0..bytes.len() {
        let byte = bytes[at];
        let ends_before = match byte {
            b'_' => true,
            _ if at == start => false,
            b'A'..=b'Z' => {
                after_small
                    || (bytes[at - 1].is_ascii_uppercase() && bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase))
                    || (digits_end_words && bytes[at - 1].is_ascii_digit())
            }
            b'a'..=b'z' => digits_end_words && bytes[at - 1].is_ascii_digit(),
            _ => false,
        };
        if ends_before {
            if at > start {
                words.push(Word { text: &ident[start..at], start });
            }
            start = if byte == b'_' { at + 1 } else { at };
            after_small = false;
        }
        if byte.is_ascii_alphabetic() {
            after_small = byte.is_ascii_lowercase();
        }
    }
    if start < ident.len() {
        words.push(Word { text: &ident[start..], start });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_camel_case() {
        for (ident, expected) in [
            ("pair", "Pair"),
            ("nfs_fh3", "NfsFh3"),
            ("LOOKUP3args", "Lookup3Args"),
            ("READDIRPLUS3resok", "Readdirplus3Resok"),
            ("entryPlus3", "EntryPlus3"),
            ("XMLFile", "XmlFile"),
            ("CALC_V1", "CalcV1"),
            ("LAYOUT4_NFSV4_1_FILES", "Layout4Nfsv4_1Files"),
            ("__private", "Private"),
            ("E2BIG", "E2Big"),
            ("AlreadyRust", "AlreadyRust"),
            ("_", "Unnamed"),
            ("_1", "_1"),
        ] {
            assert_eq!(camel(ident), expected, "{ident}");
        }
    }

    #[test]
    fn fields_are_snake_case() {
        for (ident, expected) in [
            ("next_cookie", "next_cookie"),
            ("nextCookie", "next_cookie"),
            ("utf8str", "utf8str"),
            ("fattr3Mode", "fattr3_mode"),
            ("NFS3ERR", "nfs3err"),
            ("HTTPServer", "http_server"),
            ("_pad", "pad"),
            ("__", "unnamed"),
            ("_4th", "_4th"),
        ] {
            assert_eq!(snake(ident), expected, "{ident}");
        }
    }

    #[test]
    fn constants_are_shouty() {
        for (ident, expected) in [("MAXLEN", "MAXLEN"), ("MaxLen", "MAX_LEN"), ("nfs3_fhsize", "NFS3_FHSIZE")] {
            assert_eq!(shouty(ident), expected, "{ident}");
        }
    }

    #[test]
    fn keywords_are_escaped() {
        for (name, expected) in [
            ("type", "r#type"),
            ("gen", "r#gen"),
            ("self", "self_"),
            ("Self", "Self_"),
            ("crate", "crate_"),
            ("a", "a"),
        ] {
            assert_eq!(escape(name.to_owned()), expected);
        }
        assert!(KEYWORDS.is_sorted());
    }
}

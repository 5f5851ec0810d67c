//! Comments between any two tokens of the files that the tests have: none is lost, and what they document stays.

use std::{
    fs,
    path::{Path, PathBuf},
};

use proptest::prelude::*;

use super::{comments::words, layout::format};
use crate::{
    configure,
    front::load_source,
    model::Model,
    preprocess::lexer::{RawKind, lex},
    source,
};

/// How a comment may stand; `N` is its number.
const WAYS: [&str; 8] = [
    " /* N */ ",
    "\n/* N */\n",
    " // N\n",
    " /* N */\n",
    "\n    /* N */ ",
    " /* N\n     more */ ",
    "\n/* N\n * more\n */\n",
    "/* N *//* again N */",
];

/// Places between comments that have nothing to do with each other.
const FAR: usize = 12;

/// Comments at a place each, far from the others; and at all places at once.
#[test]
fn none_is_lost() {
    let mut tried = 0;
    for (path, text) in inputs() {
        for definition in definitions(&text).filter(|definition| format(definition).is_ok()) {
            let places = places(definition);
            for stride in [FAR, 1] {
                for (first, way) in (0..stride.min(places.len())).flat_map(|first| [(first, 0), (first, 3), (first, 6)])
                {
                    // In a row they stand in all ways in turn.
                    let some = places.iter().enumerate().skip(first).step_by(stride);
                    let comments: Vec<_> = some.map(|(at, place)| (*place, at * 3 + way)).collect();
                    check(&path, &with_comments(definition, &comments));
                    tried += comments.len();
                }
            }
        }
    }
    assert!(tried > 50_000, "only {tried} places");
}

/// The same is generated from a file that is formatted, its documentation included.
#[test]
fn what_they_document_stays() {
    // What is passed over with a warning is between a comment and what it is of.
    let is_good = |path: &Path, text: &str| {
        !path.parent().is_some_and(|folder| folder.ends_with("bad")) && model(path, text).is_some()
    };
    let inputs: Vec<_> = inputs().into_iter().filter(|(path, text)| is_good(path, text)).collect();
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    let comments = prop::collection::vec((any::<prop::sample::Index>(), 0..WAYS.len()), 1..12);
    proptest!(config, |(file in any::<prop::sample::Index>(), comments in comments)| {
        let (path, text) = file.get(&inputs);
        let places = places(text);
        let mut comments: Vec<_> = comments.iter().map(|(place, way)| (*place.get(&places), *way)).collect();
        comments.sort_unstable();
        comments.dedup_by_key(|(place, _)| *place);
        let text = with_comments(text, &comments);
        let formatted = format(&text).unwrap_or_else(|fault| panic!("{}\n{text}", fault.what));
        let (before, after) = (model(path, &text), model(path, &formatted));
        prop_assert!(before.is_some(), "{}", text);
        let (before, after) = (format!("{before:#?}"), format!("{after:#?}"));
        let difference = before.lines().zip(after.lines()).find(|(before, after)| before != after);
        prop_assert_eq!(difference, None, "{}:\n{}\n-----\n{}", path.display(), text, formatted);
    });
}

/// Formatted, `text` has the comments that it had, and is formatted.
fn check(path: &Path, text: &str) {
    let formatted = match format(text) {
        Ok(formatted) => formatted,
        Err(fault) => panic!("{}:{}: {}\n{text}", path.display(), fault.line, fault.what),
    };
    assert_eq!(comments(text), comments(&formatted), "{}: {text}\n-----\n{formatted}", path.display());
    let again = format(&formatted).map_err(|fault| fault.what);
    assert_eq!(again.as_ref(), Ok(&formatted), "{}: not idempotent:\n{text}", path.display());
}

/// What the comments of `text` say, blanks apart, sorted.
fn comments(text: &str) -> Vec<Vec<&str>> {
    let mut said: Vec<Vec<&str>> = lex(text)
        .iter()
        .filter(|token| token.kind.is_comment())
        .map(|token| words(&text[token.start..token.end]))
        .collect();
    said.sort();
    said
}

/// `text` with comments at places in ascending order, each in the way of its number.
fn with_comments(text: &str, comments: &[(usize, usize)]) -> String {
    let (mut out, mut from) = (String::new(), 0);
    for (place, number) in comments {
        out.push_str(&text[from..*place]);
        let mut way = WAYS[number % WAYS.len()];
        if text[*place..].starts_with('%') && way.ends_with('\n') {
            // It would begin a line that is copied.
            way = WAYS[0];
        }
        out.push_str(&way.replace('N', &number.to_string()));
        from = *place;
    }
    out + &text[from..]
}

/// Where comments can stand: before each token that is part of no directive, `%` line or comment.
fn places(text: &str) -> Vec<usize> {
    let mut places = Vec::new();
    let (mut line_start, mut in_directive) = (true, false);
    for token in lex(text) {
        if !in_directive && token.kind != RawKind::Passthrough {
            places.push(token.start);
        }
        // Up to the end of its line, as a directive.
        in_directive |= matches!(token.kind, RawKind::Passthrough | RawKind::LineComment);
        in_directive |= line_start && &text[token.start..token.end] == "#";
        in_directive &= token.kind != RawKind::Newline;
        line_start = token.kind == RawKind::Newline || line_start && token.kind.is_comment();
    }
    places
}

/// `text` cut behind each `;` that no brackets are around: it is formatted much faster in parts.
fn definitions(text: &str) -> impl Iterator<Item = &str> {
    let (mut open, mut ends) = (0_usize, Vec::new());
    for token in lex(text) {
        match &text[token.start..token.end] {
            "{" => open += 1,
            "}" => open = open.saturating_sub(1),
            ";" if open == 0 => ends.push(token.end),
            _ => {}
        }
    }
    ends.push(text.len());
    ends.into_iter().scan(0, |start, end| Some(&text[std::mem::replace(start, end)..end]))
}

/// `None`: the file is not right, or needs options.
fn model(path: &Path, text: &str) -> Option<Model> {
    Some(load_source(path, text, &configure().options).ok()?.model)
}

/// The golden files, the wrong ones as far as they can be formatted, and those of the black-box tests.
fn inputs() -> Vec<(PathBuf, String)> {
    let mut inputs = Vec::new();
    for folder in ["tests/golden", "tests/bad", "../tests/x"] {
        let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("the folder is there");
        for entry in entries {
            let path = entry.expect("it can be listed").path();
            if path.extension().is_some_and(|extension| extension == "x") {
                let text = source::decode(fs::read(&path).expect("it can be read")).replace("\r\n", "\n");
                inputs.push((path, text));
            }
        }
    }
    inputs.sort();
    inputs
}

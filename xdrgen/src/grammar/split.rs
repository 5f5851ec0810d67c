//! Cuts the text into definitions, by brackets and semicolons alone. What is missing is found here: a semicolon, a bracket.

use std::{collections::HashSet, ops::Range};

use super::annotations;
use crate::{
    ast::Ident,
    diagnostics::{Diagnostic, Diagnostics},
    preprocess::{BROKEN, Preprocessed, Text},
    source::{SourceMap, Span},
};

/// A part of the text.
pub(super) enum Piece {
    /// A definition.
    Definition(Chunk),
    /// `namespace name {`
    OpenNamespace {
        /// Its name.
        name: Vec<Ident>,
        /// All of it.
        span: Span,
    },
    /// The `}` of a namespace.
    CloseNamespace {
        /// The bracket.
        span: Span,
    },
    /// `[doc("…")]`
    Annotation {
        /// All of it.
        span: Span,
    },
}

/// The tokens of a definition.
pub(super) struct Chunk {
    /// Indices into [`Text::tokens`]; not empty.
    pub(super) tokens: Range<usize>,
    /// Its semicolon is missing; that has been said.
    pub(super) lacks_semicolon: bool,
}

/// Bodies in bodies. Real files have four.
const DEEPEST: usize = 32;

/// Cuts `text`. Names of what cannot be read are added to `unreadable`.
pub(super) fn split(
    text: &Text,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
    unreadable: &mut HashSet<String>,
) -> Vec<Piece> {
    let mut splitter =
        Splitter { text, sources, diagnostics, unreadable, at: 0, pieces: Vec::new(), namespaces: Vec::new() };
    splitter.run();
    splitter.pieces
}

/// Adds the names in `chunk`, which could not be read.
pub(super) fn remember(input: &Preprocessed, chunk: &Chunk, unreadable: &mut HashSet<String>) {
    for token in &input.text.tokens[chunk.tokens.clone()] {
        unreadable.insert(input.text.text(token).to_owned());
    }
}

struct Splitter<'a> {
    text: &'a Text,
    sources: &'a SourceMap,
    diagnostics: &'a mut Diagnostics,
    unreadable: &'a mut HashSet<String>,
    at: usize,
    pieces: Vec<Piece>,
    /// Openings of the namespaces around the place.
    namespaces: Vec<Span>,
}

/// How a definition ended.
enum End {
    /// After its semicolon.
    Complete,
    /// Before this token, which begins another, or before a `}` too many, or at the end.
    NoSemicolon,
    /// A bracket is not closed, or brackets are nested too deep: it cannot be read.
    Unreadable,
}

impl<'a> Splitter<'a> {
    fn run(&mut self) {
        while let Some(word) = self.word(self.at) {
            match word {
                // One too many: rpcgen's users write `};;`.
                ";" => self.at += 1,
                "}" => self.close(),
                "namespace" => self.namespace(),
                "[" => match annotations::brackets(self.text, self.at..self.text.tokens.len()) {
                    Some(end) => {
                        self.pieces.push(Piece::Annotation { span: self.span(self.at).to(self.span(end - 1)) });
                        self.at = end;
                    }
                    None => self.definition(),
                },
                _ => self.definition(),
            }
        }
        for open in std::mem::take(&mut self.namespaces) {
            self.diagnostics
                .push(Diagnostic::error("unclosed-brace", "this namespace has no end").at(open, "no `}` closes it"));
            self.pieces.push(Piece::CloseNamespace { span: open });
        }
    }

    fn close(&mut self) {
        let span = self.span(self.at);
        self.at += 1;
        if self.namespaces.pop().is_some() {
            self.pieces.push(Piece::CloseNamespace { span });
        } else {
            self.diagnostics.push(Diagnostic::error("unopened-brace", "this `}` closes nothing").at(span, ""));
        }
    }

    fn namespace(&mut self) {
        let start = self.at;
        let mut name = Vec::new();
        self.at += 1;
        while let Some(word) = self.word(self.at).filter(|word| *word != "{") {
            let ends = matches!(word, ";" | "}");
            if ends {
                break;
            }
            if word != "::" {
                name.push(Ident { text: word.to_owned(), span: self.span(self.at) });
            }
            self.at += 1;
        }
        let last = self.at.min(self.text.tokens.len() - 1);
        let span = self.span(start).to(self.span(last));
        let right = name.iter().all(|part| is_name(&part.text)) && !name.is_empty() && self.word(self.at) == Some("{");
        if !right {
            self.diagnostics.push(
                Diagnostic::error("syntax", "a namespace is written `namespace name { … }`")
                    .at(span, "expected a name and `{`"),
            );
            if self.word(self.at) != Some("{") {
                return;
            }
        }
        self.at += 1;
        if self.namespaces.len() >= DEEPEST {
            self.diagnostics.push(Diagnostic::error("nesting", "namespaces are nested too deep").at(span, ""));
            self.at = self.text.tokens.len();
            return;
        }
        self.namespaces.push(span);
        self.pieces.push(Piece::OpenNamespace { name, span });
    }

    fn definition(&mut self) {
        let start = self.at;
        let end = self.find_end();
        let tokens = start..self.at.max(start + 1);
        self.at = tokens.end;
        match end {
            End::Complete => self.pieces.push(Piece::Definition(Chunk { tokens, lacks_semicolon: false })),
            _ if (tokens.start..tokens.end).any(|at| self.word(at) == Some(BROKEN)) => {
                self.pieces.push(Piece::Definition(Chunk { tokens, lacks_semicolon: false }));
            }
            End::NoSemicolon => {
                // What begins like no definition is reported as such, not for its end.
                let begins = self.word(start).is_some_and(is_starter);
                if begins {
                    let last = self.span(tokens.end - 1);
                    self.diagnostics.push(
                        Diagnostic::error("missing-semicolon", "a semicolon is missing")
                            .at(last.after(), "expected `;` here")
                            .fix("add it", last.after(), ";"),
                    );
                }
                self.pieces.push(Piece::Definition(Chunk { tokens, lacks_semicolon: begins }));
            }
            End::Unreadable => {
                for at in tokens {
                    let word = self.word(at).unwrap_or_default().to_owned();
                    self.unreadable.insert(word);
                }
            }
        }
    }

    /// Goes to the end of the definition that begins here.
    fn find_end(&mut self) -> End {
        let start = self.at;
        let mut open: Vec<usize> = Vec::new();
        // Where another definition seems to begin inside of this one, and the bracket open there.
        let mut resume: Option<(usize, usize)> = None;
        while let Some(word) = self.word(self.at) {
            match word {
                "{" | "(" => {
                    open.push(self.at);
                    if open.len() > DEEPEST {
                        return self.too_deep(start);
                    }
                }
                ")" => {
                    open.pop_if(|at| self.word(*at) == Some("("));
                }
                "}" => {
                    self.drop_parentheses(&mut open);
                    if open.pop().is_none() {
                        return End::NoSemicolon;
                    }
                }
                ";" => {
                    self.drop_parentheses(&mut open);
                    if open.is_empty() {
                        self.at += 1;
                        return End::Complete;
                    }
                }
                _ if self.at > start && self.begins_definition(start, open.is_empty()) => match open.last() {
                    None => return End::NoSemicolon,
                    Some(bracket) if resume.is_none() => resume = Some((self.at, *bracket)),
                    Some(_) => {}
                },
                _ => {}
            }
            self.at += 1;
        }
        self.drop_parentheses(&mut open);
        let Some(outermost) = open.first().copied() else { return End::NoSemicolon };
        let (end, bracket) = resume.unwrap_or((self.at, outermost));
        if (start..end).any(|at| self.word(at) == Some(BROKEN)) {
            self.at = end;
            return End::Unreadable;
        }
        self.diagnostics.push(
            Diagnostic::error("unclosed-brace", "this bracket is never closed")
                .at(self.span(bracket), "no `}` closes it")
                .at(self.span(start), "in this definition"),
        );
        self.at = end;
        End::Unreadable
    }

    fn too_deep(&mut self, start: usize) -> End {
        self.diagnostics.push(
            Diagnostic::error("nesting", format!("brackets are nested more than {DEEPEST} deep"))
                .at(self.span(self.at), "here")
                .at(self.span(start), "in this definition"),
        );
        // Find its end, without counting.
        let mut open = 0usize;
        self.at = start;
        while let Some(word) = self.word(self.at) {
            self.at += 1;
            match word {
                "{" => open += 1,
                "}" => open = open.saturating_sub(1),
                ";" if open == 0 => break,
                _ => {}
            }
        }
        End::Unreadable
    }

    /// Parentheses end at a semicolon or a brace, closed or not.
    fn drop_parentheses(&self, open: &mut Vec<usize>) {
        while open.pop_if(|at| self.word(*at) == Some("(")).is_some() {}
    }

    /// Whether the token here is the first of a definition. `outside`: no bracket is open.
    fn begins_definition(&self, start: usize, outside: bool) -> bool {
        let Some(word) = self.word(self.at).filter(|word| is_starter(word)) else { return false };
        if self.at == start + 1 && self.word(start) == Some("typedef") {
            return false;
        }
        let next_fits = match (word, self.word(self.at + 1)) {
            ("struct" | "enum" | "union", Some(next)) => {
                is_name(next) && (self.word(self.at + 2) == Some("{") || self.word(self.at + 2) == Some("switch"))
                    || next == "{"
            }
            ("const" | "typedef", Some(_)) => true,
            (_, Some(next)) => is_name(next) && matches!(self.word(self.at + 2), Some("{" | "::")),
            (_, None) => false,
        };
        if !next_fits {
            return false;
        }
        let hard = matches!(word, "const" | "typedef");
        if outside {
            return hard || self.word(self.at - 1) == Some("}") || self.first_on_line(self.at);
        }
        self.first_on_line(self.at) && (hard || self.first_column(self.at) || matches!(word, "program" | "namespace"))
    }

    fn first_on_line(&self, at: usize) -> bool {
        self.text.tokens[at].line_start
    }

    fn first_column(&self, at: usize) -> bool {
        self.sources.place(self.span(at)).column == 1
    }

    fn word(&self, at: usize) -> Option<&'a str> {
        self.text.tokens.get(at).map(|token| self.text.text(token))
    }

    fn span(&self, at: usize) -> Span {
        self.text.tokens[at].span
    }
}

fn is_starter(word: &str) -> bool {
    matches!(word, "const" | "typedef" | "struct" | "enum" | "union" | "program" | "namespace" | "pragma")
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

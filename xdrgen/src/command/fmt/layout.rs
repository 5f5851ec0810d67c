//! Lines and their indentation.
//!
//! The file is cut into the preprocessor's tokens, so that directives, comments and `%` lines are where they were; a
//! declaration, an enum's member, a label each get a line. Nothing is resolved: a file with errors can be formatted, as long as
//! its brackets close.

use super::{
    Fault,
    comments::{moved, words},
    lines::{self, Line, Trailing},
    spacing::{Piece, Spacing},
};
use crate::{
    preprocess::lexer::{RawKind, RawToken, lex},
    source::columns_behind,
};

/// One level.
const INDENT: usize = 4;

/// What a line that is too long is continued with.
const CONTINUATION: usize = 2 * INDENT;

/// The longest line, where it can be broken.
const WIDTH: usize = 100;

/// Formats `text`, whose lines end in `\n`.
pub(super) fn format(text: &str) -> Result<String, Fault> {
    let tokens = lex(text);
    let mut layout = Layout::new(text);
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at = layout.token(&tokens, at, token)?;
    }
    layout.flush();
    if let Some(brace) = layout.braces.last() {
        return Err(layout.fault(brace.start, "this `{` is never closed"));
    }
    let formatted = lines::joined(layout.out);
    // A formatter must not change what a file says, whatever it says.
    if let Some(place) = first_difference(text, &formatted) {
        return Err(Fault { line: line_of(text, place), what: "xdrgen does not know how to format this".to_owned() });
    }
    Ok(formatted)
}

struct Layout<'t> {
    text: &'t str,
    out: Vec<Line>,
    /// The tokens of the line to come.
    line: Vec<Piece<'t>>,
    braces: Vec<Brace>,
    /// Open `(`.
    parentheses: usize,
    /// Ends of lines since the last token.
    newlines: usize,
    /// Nothing but blanks precedes on the line of the file.
    line_start: bool,
    /// A part of the statement stands on a line already.
    continued: bool,
    /// An empty line goes before the line to come.
    gap: bool,
    /// The first token that is more than a comment and was not passed yet, when it was last looked for.
    ahead: usize,
    /// A place, and its column.
    measured: (usize, usize),
}

struct Brace {
    start: usize,
    is_enum: bool,
}

impl<'t> Layout<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            out: Vec::new(),
            line: Vec::new(),
            braces: Vec::new(),
            parentheses: 0,
            newlines: 0,
            line_start: true,
            continued: false,
            gap: false,
            ahead: 0,
            measured: (0, 0),
        }
    }

    /// Takes the token at `at`, or several; the index of the next one.
    fn token(&mut self, tokens: &[RawToken], at: usize, token: &RawToken) -> Result<usize, Fault> {
        let text = &self.text[token.start..token.end];
        if token.kind == RawKind::Newline {
            self.newlines += 1;
            self.line_start = true;
            return Ok(at + 1);
        }
        let was_start = std::mem::replace(&mut self.line_start, false);
        if self.line.is_empty() && self.newlines > 1 {
            self.gap = true;
        }
        let next = at + 1;
        match token.kind {
            RawKind::Broken => {
                let what = match text.chars().next() {
                    Some('/') => "this comment is never closed".to_owned(),
                    Some('"' | '\'') => "this text is never closed".to_owned(),
                    _ => format!("`{text}` means nothing here"),
                };
                return Err(self.fault(token.start, &what));
            }
            RawKind::Passthrough => self.verbatim(text),
            RawKind::Mark if text == "#" && was_start => {
                let end = tokens[next..].iter().position(|token| token.kind == RawKind::Newline);
                let end = end.map_or(tokens.len(), |end| next + end);
                let last = tokens[end - 1].end;
                self.verbatim(&self.text[token.start..last]);
                self.newlines = 0;
                return Ok(end);
            }
            RawKind::BlockComment | RawKind::LineComment => {
                let alone = tokens.get(next).is_none_or(|token| token.kind == RawKind::Newline);
                if !was_start && self.is_last(tokens, next) {
                    // Of a member without a comma.
                    self.flush_part();
                }
                self.comment(token, was_start, alone);
            }
            RawKind::Mark => self.mark(token, text, tokens.get(next..).unwrap_or_default())?,
            kind => self.line.push(Piece { kind, text }),
        }
        self.newlines = 0;
        Ok(next)
    }

    fn mark(&mut self, token: &RawToken, text: &'t str, rest: &[RawToken]) -> Result<(), Fault> {
        let piece = Piece { kind: RawKind::Mark, text };
        match text {
            "{" => {
                let keyword = self.line.iter().rev().find(|piece| {
                    ["struct", "enum", "union", "program", "version", "namespace"]
                        .iter()
                        .any(|word| piece.is_name(word))
                });
                let is_enum = keyword.is_some_and(|piece| piece.is_name("enum"));
                self.line.push(piece);
                self.flush();
                self.braces.push(Brace { start: token.start, is_enum });
                self.parentheses = 0;
                self.gap = false;
            }
            "}" => {
                self.flush();
                if self.braces.pop().is_none() {
                    return Err(self.fault(token.start, "this `}` closes nothing"));
                }
                self.gap = false;
                self.line.push(piece);
                // A namespace ends without a semicolon.
                let next = rest.iter().find(|token| token.kind != RawKind::Newline && !is_comment(token));
                let follows = next.is_some_and(|token| {
                    matches!(self.text[token.start..token.end].chars().next(), Some(';' | '=' | '*' | ','))
                        || (token.kind == RawKind::Name && !self.is_definition(token))
                });
                if !follows {
                    self.flush();
                }
            }
            ";" => {
                self.line.push(piece);
                self.flush();
            }
            "," if self.parentheses == 0 && self.braces.last().is_some_and(|brace| brace.is_enum) => {
                self.line.push(piece);
                self.flush();
            }
            ":" if self.is_label() => {
                self.line.push(piece);
                self.flush();
            }
            _ => {
                match text {
                    "(" => self.parentheses += 1,
                    ")" => self.parentheses = self.parentheses.saturating_sub(1),
                    _ => {}
                }
                self.line.push(piece);
            }
        }
        Ok(())
    }

    fn is_definition(&self, token: &RawToken) -> bool {
        let word = &self.text[token.start..token.end];
        ["struct", "enum", "union", "program", "version", "namespace", "typedef", "const", "pragma"].contains(&word)
    }

    /// The line to come is `case …` or `default`.
    fn is_label(&self) -> bool {
        let first = self.line.iter().find(|piece| !piece.is_comment());
        first.is_some_and(|piece| piece.is_name("case") || piece.is_name("default"))
    }

    /// Behind the comment before `next` a `}` is the next that is no comment.
    fn is_last(&mut self, tokens: &[RawToken], next: usize) -> bool {
        if self.ahead < next {
            let behind = tokens[next..].iter().position(|token| token.kind != RawKind::Newline && !is_comment(token));
            self.ahead = behind.map_or(tokens.len(), |behind| next + behind);
        }
        tokens.get(self.ahead).is_some_and(|token| &self.text[token.start..token.end] == "}")
    }

    /// The column of a place behind all that were asked for.
    fn column(&mut self, at: usize) -> usize {
        let (from, column) = self.measured;
        let between = &self.text[from..at];
        let column = match between.rsplit_once('\n') {
            Some((_, line)) => columns_behind(0, line),
            None => columns_behind(column, between),
        };
        self.measured = (at, column);
        column
    }

    fn comment(&mut self, token: &RawToken, was_start: bool, alone: bool) {
        let text = &self.text[token.start..token.end];
        let old_column = self.column(token.start);
        if !self.line.is_empty() {
            let own_line = was_start || text.contains('\n');
            if !own_line {
                self.line.push(Piece { kind: token.kind, text });
                if token.kind == RawKind::LineComment {
                    self.flush_part();
                }
                return;
            }
            self.flush_part();
            let column = self.indent() + CONTINUATION;
            self.put_line(column, &moved(text, old_column, column));
        } else if was_start
            && alone
            && self.newlines == 1
            && let Some(line) = self.out.last_mut().filter(|line| line.goes_on(old_column))
        {
            line.below.push(text.to_owned());
        } else if was_start && (alone || text.contains('\n') || token.kind == RawKind::LineComment) {
            let column = self.indent();
            self.put_line(column, &moved(text, old_column, column));
        } else if was_start || self.out.is_empty() || self.gap {
            // Before a declaration, on its line.
            self.line.push(Piece { kind: token.kind, text });
        } else {
            // Behind one.
            let comment = Trailing { text: text.to_owned(), column: old_column };
            if let Some(line) = self.out.last_mut() {
                line.comments.push(comment);
            }
        }
    }

    /// A line as it is.
    fn verbatim(&mut self, text: &str) {
        self.flush_part();
        self.put_line(0, text.trim_end());
    }

    fn indent(&self) -> usize {
        INDENT * self.braces.len()
    }

    /// Writes the line to come, and ends the statement.
    fn flush(&mut self) {
        self.flush_part();
        self.continued = false;
        self.parentheses = 0;
    }

    /// Writes what there is of the line to come.
    fn flush_part(&mut self) {
        if self.line.is_empty() {
            return;
        }
        let mut indent = self.indent();
        if self.is_label() && !self.continued {
            indent = indent.saturating_sub(INDENT);
        }
        if self.continued {
            indent += CONTINUATION;
        }
        let line = std::mem::take(&mut self.line);
        let text = joined(&line, indent);
        self.put_line(indent, &text);
        self.continued = true;
    }

    fn put_line(&mut self, indent: usize, text: &str) {
        let first = self.out.last().is_none_or(|line| line.text.ends_with('{'));
        let gap = std::mem::take(&mut self.gap) && !first;
        self.out.push(Line { gap, indent, text: text.to_owned(), comments: Vec::new(), below: Vec::new() });
    }

    fn fault(&self, at: usize, what: &str) -> Fault {
        Fault { line: line_of(self.text, at), what: what.to_owned() }
    }
}

/// Tokens with the blanks between them, broken behind commas where the line would be too long.
fn joined(line: &[Piece<'_>], indent: usize) -> String {
    let mut spacing = Spacing::default();
    // Parts that stay together, each with its leading blank.
    let mut parts: Vec<String> = vec![String::new()];
    for piece in line {
        let blank = spacing.before(piece);
        if parts.last().is_some_and(|part| part.ends_with(',')) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            if blank {
                part.push(' ');
            }
            part.push_str(piece.text);
        }
    }
    let mut text = String::new();
    let mut column = indent;
    for part in parts {
        let width = part.chars().count();
        if column + width > WIDTH && column > indent + CONTINUATION {
            text.push('\n');
            text.push_str(&" ".repeat(indent + CONTINUATION));
            text.push_str(part.trim_start());
            column = indent + CONTINUATION + width;
        } else {
            text.push_str(&part);
            column += width;
        }
    }
    text
}

fn is_comment(token: &RawToken) -> bool {
    matches!(token.kind, RawKind::BlockComment | RawKind::LineComment)
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Where `formatted` first says something else than `text`.
fn first_difference(text: &str, formatted: &str) -> Option<usize> {
    let said = |text: &str| -> Vec<RawToken> {
        lex(text).into_iter().filter(|token| token.kind != RawKind::Newline).collect()
    };
    let (old, new) = (said(text), said(formatted));
    let same = |one: &RawToken, two: &RawToken| {
        let (before, after) = (&text[one.start..one.end], &formatted[two.start..two.end]);
        one.kind == two.kind
            && (before == after || (!matches!(one.kind, RawKind::Text) && words(before) == words(after)))
    };
    let at = old.iter().zip(&new).position(|(one, two)| !same(one, two));
    match at {
        Some(at) => Some(old[at].start),
        None if old.len() == new.len() => None,
        None => Some(old.get(new.len()).map_or(text.len(), |token| token.start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str) {
        assert_eq!(format(before).as_deref(), Ok(after));
        assert_eq!(format(after).as_deref(), Ok(after), "not idempotent");
    }

    #[test]
    fn declarations_get_a_line_each() {
        check(
            "struct  a{int x;unsigned  int y ;string s< 5>;};",
            "struct a {\n    int x;\n    unsigned int y;\n    string s<5>;\n};\n",
        );
        check("enum e{A=1,B=-2 ,C };", "enum e {\n    A = 1,\n    B = -2,\n    C\n};\n");
        check("typedef  opaque  x [ 5 ] ;const A=1+2*-B<<3;", "typedef opaque x[5];\nconst A = 1 + 2 * -B << 3;\n");
        check("typedef a * b;struct s { s  **next; };", "typedef a *b;\nstruct s {\n    s **next;\n};\n");
    }

    #[test]
    fn labels_stand_out() {
        check(
            "union u switch(int d){case 1:case B : int a;default:void;};",
            "union u switch (int d) {\ncase 1:\ncase B:\n    int a;\ndefault:\n    void;\n};\n",
        );
    }

    #[test]
    fn programs_nest() {
        check(
            "program P{version V{int F(int , string)=1;}=1;}=0x20;",
            "program P {\n    version V {\n        int F(int, string) = 1;\n    } = 1;\n} = 0x20;\n",
        );
        check("namespace a::b{const A=1;}\nconst B=2;", "namespace a::b {\n    const A = 1;\n}\nconst B = 2;\n");
    }

    #[test]
    fn comments_stay_where_they_are() {
        check(
            "/* head */\n\n\n/* of a */\nstruct a { /* open */\n\tint x; /* x */\n\n\n/* y */ int y; // end\n/*\n * last\n */\n};",
            "/* head */\n\n/* of a */\nstruct a { /* open */\n    int x; /* x */\n\n    /* y */ int y; // end\n    /*\n     * last\n     */\n};\n",
        );
        check(
            "enum e { A = 1,   // one\n                  // more\n  // of B\n B /* two */\n   /* b */\n};\nint x; // a\n\n       // b\n",
            "enum e {\n    A = 1, // one\n           // more\n    // of B\n    B /* two */\n      /* b */\n};\nint x; // a\n\n// b\n",
        );
        check("int /* inside */ a; // b\n", "int /* inside */ a; // b\n");
        check("enum e { A, // first\nB /* second */ };", "enum e {\n    A, // first\n    B  /* second */\n};\n");
    }

    #[test]
    fn directives_stay_in_the_first_column() {
        check(
            "struct a {\n#ifdef   X\n  int x;\n  #else\nint y;\n#endif\n%#include <a.h>\n};\n#define A \\\n  5\n",
            "struct a {\n#ifdef   X\n    int x;\n#else\n    int y;\n#endif\n%#include <a.h>\n};\n#define A \\\n  5\n",
        );
    }

    #[test]
    fn long_lines_are_broken() {
        let before =
            format!("program P {{ version V {{ int F({}) = 1; }} = 1; }} = 1;", ["some_long_type"; 12].join(", "));
        let after = format(&before).expect("it is formatted");
        assert!(after.lines().all(|line| line.len() <= WIDTH), "{after}");
        assert_eq!(format(&after).as_deref(), Ok(after.as_str()));
    }

    #[test]
    fn what_does_not_close_is_refused() {
        for (text, line) in [("struct a {\n", 1), ("\n}", 2), ("\n\n/* x", 3)] {
            assert_eq!(format(text).map_err(|fault| fault.line), Err(line), "{text}");
        }
    }

    /// Looked at once each, however many there are in a row.
    #[test]
    fn many_comments() {
        let many = 100_000;
        for text in [
            "// a\n".repeat(many),
            format!("struct s {{ int a; // a\n{}}};\n", "// a\n".repeat(many)),
            format!("const A = 1; {}\n", "/* a */ ".repeat(many)),
        ] {
            let formatted = format(&text).unwrap_or_else(|fault| panic!("{}", fault.what));
            assert_eq!(formatted.matches(" a").count(), text.matches(" a").count());
        }
    }
}

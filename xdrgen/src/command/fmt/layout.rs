//! Lines and their indentation.
//!
//! The file is cut into the preprocessor's tokens, so that directives, comments and `%` lines are where they were; a
//! declaration, an enum's member, a label each get a line. Nothing is resolved: a file with errors can be formatted, as long as
//! its brackets close.

use super::{
    Fault,
    comments::moved,
    difference::{first_difference, is_directive},
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
    /// The first token of the statement that is no comment.
    first: Option<Piece<'t>>,
    /// The line of that, as `lines` counts.
    first_at: usize,
    /// The word that says what the next bracket of the statement opens.
    opens: &'t str,
    /// The body of a definition that was closed last, as long as comments behind it can be about the definition.
    closed: Option<Brace<'t>>,
    /// Blanks within the statement.
    spacing: Spacing,
    braces: Vec<Brace<'t>>,
    /// Open `(`.
    parentheses: usize,
    /// Ends of lines since the last token.
    newlines: usize,
    /// Ends of lines, those in comments apart.
    lines: usize,
    /// Nothing but blanks precedes on the line of the file.
    line_start: bool,
    /// Nor anything but comments since the last end of a line: a `#` would be a directive.
    directive_start: bool,
    /// A part of the statement stands on a line already.
    continued: bool,
    /// An empty line goes before the line to come.
    gap: bool,
    /// The first token that is more than a comment and was not passed yet, when it was last looked for.
    ahead: usize,
    /// The same, where the end of a line counts.
    ahead_on_line: usize,
    /// A place, and its column.
    measured: (usize, usize),
}

struct Brace<'t> {
    start: usize,
    /// The line that its statement begins on.
    statement: usize,
    /// The line that it ends, once written.
    line: usize,
    /// `struct`, `enum`, …
    opens: &'t str,
}

impl<'t> Layout<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            out: Vec::new(),
            line: Vec::new(),
            first: None,
            first_at: 0,
            opens: "",
            closed: None,
            spacing: Spacing::default(),
            braces: Vec::new(),
            parentheses: 0,
            newlines: 0,
            lines: 0,
            line_start: true,
            directive_start: true,
            continued: false,
            gap: false,
            ahead: 0,
            ahead_on_line: 0,
            measured: (0, 0),
        }
    }

    /// Takes the token at `at`, or several; the index of the next one.
    fn token(&mut self, tokens: &[RawToken], at: usize, token: &RawToken) -> Result<usize, Fault> {
        let text = &self.text[token.start..token.end];
        if token.kind == RawKind::Newline {
            self.newlines += 1;
            self.lines += 1;
            self.line_start = true;
            self.directive_start = true;
            return Ok(at + 1);
        }
        let was_start = std::mem::replace(&mut self.line_start, false);
        let begins_line = self.directive_start;
        self.directive_start &= token.kind.is_comment();
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
            RawKind::Mark if begins_line && is_directive(self.text, &tokens[at..]) => {
                let end = tokens[next..].iter().position(|token| token.kind == RawKind::Newline);
                let end = end.map_or(tokens.len(), |end| next + end);
                let last = tokens[end - 1].end;
                self.verbatim(&self.text[token.start..last]);
                self.newlines = 0;
                return Ok(end);
            }
            RawKind::BlockComment | RawKind::LineComment => {
                let follows = self.next_on_line(tokens, next);
                if !was_start && self.is_last(tokens, next) {
                    // Of a member without a comma.
                    self.flush_part();
                }
                self.comment(token, was_start, follows);
            }
            RawKind::Mark => self.mark(token, text, tokens.get(next..).unwrap_or_default())?,
            kind => {
                if kind == RawKind::Name
                    && ["struct", "enum", "union", "program", "version", "namespace"].contains(&text)
                {
                    self.opens = text;
                }
                self.push(Piece { kind, text });
            }
        }
        self.newlines = 0;
        Ok(next)
    }

    fn mark(&mut self, token: &RawToken, text: &'t str, rest: &[RawToken]) -> Result<(), Fault> {
        let piece = Piece { kind: RawKind::Mark, text };
        match text {
            "{" => {
                self.push(piece);
                let (opens, statement) = (self.opens, self.first_at);
                self.flush();
                self.braces.push(Brace { start: token.start, statement, line: self.out.len() - 1, opens });
                self.parentheses = 0;
                self.gap = false;
            }
            "}" => {
                self.flush();
                let Some(brace) = self.braces.pop() else {
                    return Err(self.fault(token.start, "this `}` closes nothing"));
                };
                self.gap = false;
                self.push(piece);
                let of_definition =
                    self.braces.last().is_none_or(|outer| matches!(outer.opens, "namespace" | "program"));
                self.closed = Some(brace).filter(|_| of_definition);
                // A namespace ends without a semicolon.
                let next = rest.iter().find(|token| token.kind != RawKind::Newline && !token.kind.is_comment());
                let follows = next.is_some_and(|token| {
                    matches!(self.text[token.start..token.end].chars().next(), Some(';' | '=' | '*' | ','))
                        || (token.kind == RawKind::Name && !self.is_definition(token))
                });
                if !follows {
                    self.flush();
                }
            }
            ";" => {
                self.push(piece);
                self.flush();
            }
            // Of an annotation before a statement: `[doc("…")]`, `#[doc("…")]`.
            "]" if self.first.is_some_and(|first| matches!(first.text, "[" | "#")) => {
                self.push(piece);
                if rest.first().is_none_or(|token| token.kind == RawKind::Newline) {
                    self.flush();
                }
                self.first = None;
            }
            "," if self.parentheses == 0 && self.braces.last().is_some_and(|brace| brace.opens == "enum") => {
                self.push(piece);
                self.flush();
            }
            ":" if self.is_label() => {
                self.push(piece);
                self.flush();
            }
            _ => {
                match text {
                    "(" => self.parentheses += 1,
                    ")" => self.parentheses = self.parentheses.saturating_sub(1),
                    _ => {}
                }
                self.push(piece);
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
        self.first.is_some_and(|piece| piece.is_name("case") || piece.is_name("default"))
    }

    /// Behind the comment before `next` a `}` is the next that is no comment.
    fn is_last(&mut self, tokens: &[RawToken], next: usize) -> bool {
        if self.ahead < next {
            let behind =
                tokens[next..].iter().position(|token| token.kind != RawKind::Newline && !token.kind.is_comment());
            self.ahead = behind.map_or(tokens.len(), |behind| next + behind);
        }
        tokens.get(self.ahead).is_some_and(|token| &self.text[token.start..token.end] == "}")
    }

    /// What follows the comment before `next` on its line, and is no comment. `None`: nothing.
    fn next_on_line(&mut self, tokens: &[RawToken], next: usize) -> Option<&'t str> {
        if self.ahead_on_line < next {
            let behind = tokens[next..].iter().position(|token| !token.kind.is_comment());
            self.ahead_on_line = behind.map_or(tokens.len(), |behind| next + behind);
        }
        let token = tokens.get(self.ahead_on_line).filter(|token| token.kind != RawKind::Newline)?;
        Some(&self.text[token.start..token.end])
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

    /// `follows`: what does so on its line, apart from comments.
    fn comment(&mut self, token: &RawToken, was_start: bool, follows: Option<&str>) {
        let text = &self.text[token.start..token.end];
        let old_column = self.column(token.start);
        // At the start of a line a `%` would be no operator.
        let own_line = (was_start || text.contains('\n')) && follows != Some("%");
        // An annotation that ends before it is no statement.
        if self.first.is_some() && self.line.iter().any(|piece| !piece.is_comment()) {
            if follows == Some(";")
                && let Some(line) = self.opening_of_line()
            {
                line.comments.push(Trailing { text: text.to_owned(), column: old_column });
                return;
            }
            if !own_line {
                self.line.push(Piece { kind: token.kind, text });
                if token.kind == RawKind::LineComment {
                    self.flush_part();
                }
                return;
            }
            self.flush_part();
            let column = self.indent() + CONTINUATION;
            self.put_line(column, &moved(text, old_column, column), false);
            return;
        }
        if own_line {
            // Comments before it on its line, and no code.
            self.flush_part();
        }
        let alone = follows.is_none_or(|follows| follows == "}");
        let opened = self.out.last().is_some_and(|line| line.text.ends_with('{'));
        let before = was_start || self.out.is_empty() || self.gap || opened && !alone;
        if was_start
            && alone
            && self.newlines == 1
            && let Some(line) = self.last_commented().filter(|line| line.goes_on(old_column))
        {
            line.below.push(text.to_owned());
        } else if before && (alone || text.contains('\n') || token.kind == RawKind::LineComment) {
            let column = self.indent();
            self.put_line(column, &moved(text, old_column, column), false);
        } else if before || !self.line.is_empty() {
            // On the line of what it is before.
            self.line.push(Piece { kind: token.kind, text });
            if token.kind == RawKind::LineComment {
                self.flush_part();
            }
        } else if let Some(line) = self.opening_of_line() {
            line.comments.push(Trailing { text: text.to_owned(), column: old_column });
        } else if let Some(line) = self.out.last_mut() {
            line.comments.push(Trailing { text: text.to_owned(), column: old_column });
        }
    }

    /// Behind a definition on one line a comment is about it, behind the last line of a longer one it is not: it goes to
    /// the end of the definition's first line.
    fn opening_of_line(&mut self) -> Option<&mut Line> {
        let closed = self.closed.as_ref().filter(|closed| closed.statement == self.lines)?;
        self.out.get_mut(closed.line)
    }

    /// The line that a comment was put behind last, if that was just now.
    fn last_commented(&mut self) -> Option<&mut Line> {
        let line = self.closed.as_ref().map(|closed| closed.line).filter(|line| !self.out[*line].comments.is_empty());
        match line {
            Some(line) => self.out.get_mut(line),
            None => self.out.last_mut(),
        }
    }

    /// A line as it is.
    fn verbatim(&mut self, text: &str) {
        self.flush_part();
        self.closed = None;
        self.put_line(0, text.trim_end(), false);
    }

    fn indent(&self) -> usize {
        INDENT * self.braces.len()
    }

    /// Adds a token that is no comment.
    fn push(&mut self, piece: Piece<'t>) {
        if self.first.is_none() {
            self.first = Some(piece);
            self.first_at = self.lines;
            self.closed = None;
        }
        self.line.push(piece);
    }

    /// Writes the line to come, and ends the statement.
    fn flush(&mut self) {
        self.flush_part();
        self.continued = false;
        self.parentheses = 0;
        self.first = None;
        self.opens = "";
        self.spacing = Spacing::default();
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
        let is_code = line.iter().any(|piece| !piece.is_comment());
        let text = joined(&line, indent, &mut self.spacing);
        self.put_line(indent, &text, is_code);
        self.continued |= is_code && self.first.is_some();
    }

    fn put_line(&mut self, indent: usize, text: &str, is_code: bool) {
        let first = self.out.last().is_none_or(|line| line.text.ends_with('{'));
        let gap = std::mem::take(&mut self.gap) && !first;
        self.out.push(Line { gap, indent, text: text.to_owned(), is_code, comments: Vec::new(), below: Vec::new() });
    }

    fn fault(&self, at: usize, what: &str) -> Fault {
        Fault { line: line_of(self.text, at), what: what.to_owned() }
    }
}

/// Tokens with the blanks between them, broken behind commas where the line would be too long.
fn joined(line: &[Piece<'_>], indent: usize, spacing: &mut Spacing) -> String {
    // Parts that stay together, each with its leading blank.
    let mut parts: Vec<String> = vec![String::new()];
    let mut behind_comma = false;
    for piece in line {
        let blank = spacing.before(piece);
        // At the start of a line a comment would be on its own.
        if behind_comma && !piece.is_comment() {
            parts.push(String::new());
        }
        behind_comma = piece.text == "," || behind_comma && piece.is_comment();
        if let Some(part) = parts.last_mut() {
            if blank && !std::ptr::eq(piece, &line[0]) {
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

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
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
    fn directives_behind_comments() {
        check(
            "/* a */ #define A 1\nconst B = 2;\n/* b\n */ #define C /* c */ 3\nconst D = 4;",
            "/* a */\n#define A 1\nconst B = 2;\n/* b\n */\n#define C /* c */ 3\nconst D = 4;\n",
        );
        // An operator of a remainder, which would be a line to copy.
        check("const A = 5\n/* a */ % 3;", "const A = 5 /* a */ % 3;\n");
    }

    #[test]
    fn annotations() {
        check(
            "#[\n doc(\"a\"),\n b ]\n\n[doc(\"c\")]\nconst  C=1;\nunion u switch(int d){[x] case 1:[ y ]void;};",
            "#[doc(\"a\"), b]\n\n[doc(\"c\")]\nconst C = 1;\nunion u switch (int d) {\n[x] case 1:\n    [y] void;\n};\n",
        );
    }

    /// Each with what it is of, as the documentation generated from it has it.
    #[test]
    fn comments_of_bodies_on_one_line() {
        check(
            "struct a { int x; /* x */ int y; /* y */ };",
            "struct a {\n    int x; /* x */\n    int y; /* y */\n};\n",
        );
        check(
            "struct a { /* x */ int x; /* x,\n * too */ int y; };",
            "struct a {\n    /* x */ int x; /* x,\n                    * too */\n    int y;\n};\n",
        );
        check("enum e { /* none */ };", "enum e { /* none */\n};\n");
    }

    /// What a comment on its own line breaks stays what it was.
    #[test]
    fn broken_statements() {
        check(
            "enum\n// e\ne { A, B };\nconst C =\n// c\n2\n// d\n* -D;\nunion u switch (int d) { case\n// 1\n1: void; };",
            "enum\n        // e\n        e {\n    A,\n    B\n};\nconst C =\n        // c\n        2\n        // d\n        * -D;\n\
             union u switch (int d) {\ncase\n            // 1\n            1:\n    void;\n};\n",
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

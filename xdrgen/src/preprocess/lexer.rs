//! Cuts a file into the tokens of the C preprocessor. Nothing is lost: what lies between two tokens is blank.

/// A piece of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawToken {
    /// What it is.
    pub(crate) kind: RawKind,
    /// Its first byte.
    pub(crate) start: usize,
    /// The byte after it.
    pub(crate) end: usize,
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RawKind {
    /// A word.
    Name,
    /// Anything that starts with a digit.
    Number,
    /// `"abc"`
    Text,
    /// `'a'`
    Character,
    /// An operator or a bracket, the longest that fits.
    Mark,
    /// `/* … */`
    BlockComment,
    /// `// …`
    LineComment,
    /// A whole line that starts with `%`.
    Passthrough,
    /// The end of a line that a backslash does not continue.
    Newline,
    /// A word with letters that no name has.
    BadName,
    /// A block comment or a quote without an end; a byte that means nothing.
    Broken,
}

impl RawKind {
    pub(crate) fn is_comment(self) -> bool {
        matches!(self, RawKind::BlockComment | RawKind::LineComment)
    }
}

/// The tokens of `text`. Does not fail: what cannot be is [`RawKind::Broken`].
pub(crate) fn lex(text: &str) -> Vec<RawToken> {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::with_capacity(text.len() / 4), line_start: true };
    while lexer.token() {}
    lexer.tokens
}

/// `text` without the line continuations in it.
pub(crate) fn without_continuations(text: &str) -> String {
    text.replace("\\\r\n", "").replace("\\\n", "")
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<RawToken>,
    /// Only blanks since the line began.
    line_start: bool,
}

const LONG_MARKS: [&str; 11] = ["...", "<<", ">>", "::", "&&", "||", "==", "!=", "<=", ">=", "##"];

impl Lexer<'_> {
    fn token(&mut self) -> bool {
        self.skip_blanks();
        let Some(first) = self.peek() else { return false };
        let start = self.at;
        let kind = match first {
            '\n' => {
                self.bump();
                RawKind::Newline
            }
            '%' if self.line_start => {
                self.rest_of_line();
                RawKind::Passthrough
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                self.bump_while(|c| c.is_ascii_alphanumeric() || c == '_');
                self.foreign_letters(RawKind::Name)
            }
            '$' => self.foreign_letters(RawKind::Name),
            c if !c.is_ascii() && c.is_alphanumeric() => self.foreign_letters(RawKind::Name),
            '0'..='9' => {
                self.number();
                RawKind::Number
            }
            '"' => self.quoted('"', RawKind::Text),
            '\'' => self.quoted('\'', RawKind::Character),
            '/' if self.starts_with("/*") => self.block_comment(),
            '/' if self.starts_with("//") => {
                self.rest_of_line();
                RawKind::LineComment
            }
            _ => self.mark(first),
        };
        self.line_start = kind == RawKind::Newline;
        self.tokens.push(RawToken { kind, start, end: self.at });
        true
    }

    /// A word with letters of other languages is one mistake, not one a letter.
    fn foreign_letters(&mut self, kind: RawKind) -> RawKind {
        let start = self.at;
        self.bump_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii() && c.is_alphanumeric());
        if self.at == start { kind } else { RawKind::BadName }
    }

    fn mark(&mut self, first: char) -> RawKind {
        if let Some(mark) = LONG_MARKS.iter().find(|mark| self.text[self.at..].starts_with(**mark)) {
            self.at += mark.len();
            return RawKind::Mark;
        }
        self.bump();
        if "{}()[]<>,;:=*+-/%&|^~!?#.".contains(first) {
            return RawKind::Mark;
        }
        RawKind::Broken
    }

    /// A number, with the suffixes of C and a `'` between digits.
    fn number(&mut self) {
        loop {
            self.bump_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
            let mut ahead = self.text[self.at..].chars();
            let separates = ahead.next() == Some('\'') && ahead.next().is_some_and(|c| c.is_ascii_alphanumeric());
            if !separates {
                return;
            }
            self.bump();
        }
    }

    fn quoted(&mut self, quote: char, kind: RawKind) -> RawKind {
        let begin = self.at;
        self.bump();
        while let Some(c) = self.peek() {
            match c {
                '\n' => break,
                '\\' => {
                    self.bump();
                    self.bump();
                }
                _ => {
                    self.bump();
                    if c == quote {
                        return kind;
                    }
                }
            }
        }
        // An apostrophe in a text that is left out, most likely: only the quote is wrong.
        self.at = begin + 1;
        RawKind::Broken
    }

    fn block_comment(&mut self) -> RawKind {
        match self.text[self.at + 2..].find("*/") {
            Some(length) => {
                self.at += 2 + length + 2;
                RawKind::BlockComment
            }
            None => {
                self.at = self.text.len();
                RawKind::Broken
            }
        }
    }

    fn rest_of_line(&mut self) {
        self.bump_while(|c| c != '\n');
        let line = &self.text[..self.at];
        self.at = line.strip_suffix('\r').unwrap_or(line).len();
    }

    fn skip_blanks(&mut self) {
        self.bump_while(|c| c != '\n' && (c.is_ascii_whitespace() || c == '\u{b}' || c == '\u{a0}'));
        // Where a continued line ends the token would otherwise start at the backslash.
        self.at += self.continuation();
    }

    fn bump_while(&mut self, accept: impl Fn(char) -> bool) {
        loop {
            // Byte by byte up to what is rare: letters that are not ASCII, continued lines.
            let rest = &self.text.as_bytes()[self.at..];
            let plain = |byte: &u8| byte.is_ascii() && *byte != b'\\' && accept(char::from(*byte));
            self.at += rest.iter().position(|byte| !plain(byte)).unwrap_or(rest.len());
            if !self.peek().is_some_and(&accept) {
                return;
            }
            self.bump();
        }
    }

    fn starts_with(&self, prefix: &str) -> bool {
        self.text[self.at..].starts_with(prefix)
    }

    /// The next character that no continuation hides.
    fn peek(&self) -> Option<char> {
        self.text[self.at + self.continuation()..].chars().next()
    }

    fn bump(&mut self) {
        self.at += self.continuation();
        self.at += self.text[self.at..].chars().next().map_or(0, char::len_utf8);
    }

    /// Bytes of the line continuations that start here.
    fn continuation(&self) -> usize {
        let bytes = &self.text.as_bytes()[self.at..];
        let mut length = 0;
        loop {
            match &bytes[length..] {
                [b'\\', b'\n', ..] => length += 2,
                [b'\\', b'\r', b'\n', ..] => length += 3,
                _ => return length,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(RawKind, &str)> {
        lex(text).into_iter().map(|token| (token.kind, &text[token.start..token.end])).collect()
    }

    #[test]
    fn longest_marks_first() {
        use RawKind::{Mark, Name, Number};
        assert_eq!(
            shown("a::b<<1<N>"),
            [
                (Name, "a"),
                (Mark, "::"),
                (Name, "b"),
                (Mark, "<<"),
                (Number, "1"),
                (Mark, "<"),
                (Name, "N"),
                (Mark, ">")
            ]
        );
    }

    #[test]
    fn percent_lines_may_be_indented_and_continued() {
        let text = "\t%foo \\\n bar\r\n a % b";
        let kinds: Vec<_> = shown(text);
        assert_eq!(kinds[0], (RawKind::Passthrough, "%foo \\\n bar"));
        assert_eq!(kinds[3], (RawKind::Mark, "%"));
    }

    #[test]
    fn continuations_split_words() {
        let text = "ab\\\ncd \\\r\n ef";
        assert_eq!(shown(text), [(RawKind::Name, "ab\\\ncd"), (RawKind::Name, "ef")]);
        assert_eq!(without_continuations("ab\\\ncd"), "abcd");
    }

    #[test]
    fn digit_separators_are_not_character_constants() {
        assert_eq!(shown("1'000 'a'"), [(RawKind::Number, "1'000"), (RawKind::Character, "'a'")]);
    }

    #[test]
    fn a_lone_apostrophe_spoils_only_itself() {
        assert_eq!(
            shown("don't x"),
            [(RawKind::Name, "don"), (RawKind::Broken, "'"), (RawKind::Name, "t"), (RawKind::Name, "x")]
        );
    }

    #[test]
    fn an_unfinished_comment_reaches_the_end() {
        assert_eq!(shown("a /* b\nc"), [(RawKind::Name, "a"), (RawKind::Broken, "/* b\nc")]);
    }

    #[test]
    fn ends_on_a_lone_backslash() {
        assert_eq!(lex("\"\\").len(), 2);
        assert_eq!(lex("a\\\n").len(), 1);
        assert_eq!(lex("\\").len(), 1);
    }
}

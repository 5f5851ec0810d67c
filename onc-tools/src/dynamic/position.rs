//! Where in a text of JSON a part of its value stands.

use std::ops::Range;

use super::value_error::Step;

/// The line and the column, both from 1 on, in `text` where the part at the end of `path` begins of the JSON value that is
/// within `range`; of a part that is not there, where the innermost begins that is.
///
/// # Panics
///
/// If `range` is not within `text`.
#[must_use]
pub fn position<'a>(text: &str, range: Range<usize>, path: impl IntoIterator<Item = &'a Step>) -> (usize, usize) {
    let mut scanner = Scanner { text: &text[..range.end], at: range.start };
    scanner.blanks();
    for step in path {
        let begin = scanner.at;
        let found = match step {
            Step::Field(name) => scanner.field(name),
            Step::Element(index) => scanner.element(*index),
        };
        scanner.at = found.unwrap_or(begin);
        if found.is_none() {
            break;
        }
    }
    let before = &text[..scanner.at];
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// Goes through a text that has been parsed before, so that little can be unexpected; what is ends the search.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl Scanner<'_> {
    /// Where the value of a field begins; of several of that name the last, as it is parsed.
    fn field(&mut self, name: &str) -> Option<usize> {
        self.token(b'{')?;
        let mut found = None;
        while self.peek() == Some(b'"') {
            let key = self.at;
            self.string()?;
            let same = serde_json::from_str::<String>(&self.text[key..self.at]).is_ok_and(|key| key == name);
            self.blanks();
            self.token(b':')?;
            if same {
                found = Some(self.at);
            }
            self.value()?;
            if self.token(b',').is_none() {
                break;
            }
        }
        found
    }

    /// Where an element begins.
    fn element(&mut self, index: usize) -> Option<usize> {
        self.token(b'[')?;
        for _ in 0..index {
            self.value()?;
            self.token(b',')?;
        }
        (self.peek()? != b']').then_some(self.at)
    }

    /// Passes over a value, in a loop: it may be nested deeply.
    fn value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => self.string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                _ => self.at += self.text[self.at..].chars().next()?.len_utf8(),
            }
            let inside_word = self.peek().is_some_and(|next| next.is_ascii_alphanumeric() || b"+-.".contains(&next));
            if depth == 0 && !inside_word {
                self.blanks();
                return Some(());
            }
        }
    }

    fn string(&mut self) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at + 1..)?;
        let mut escaped = false;
        let end = rest.iter().position(|byte| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            ends
        })?;
        self.at += end + 2;
        Some(())
    }

    /// Passes over a character of punctuation and the blanks behind it, if it is next.
    fn token(&mut self, token: u8) -> Option<()> {
        self.blanks();
        if self.peek()? != token {
            return None;
        }
        self.at += 1;
        self.blanks();
        Some(())
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, path: &[Step]) -> (usize, usize) {
        serde_json::from_str::<serde_json::Value>(text).expect("correct JSON");
        position(text, 0..text.len(), path)
    }

    #[test]
    fn parts_are_found_where_they_begin() {
        let text = "{ \"a\": [1, -2.5e+3,\n  {\"b\\\"\": null, \"ü\": \"x]\\\\\"}],\n\"c\" : {\"a\":true} }";
        let field = |name: &str| Step::from(name);
        assert_eq!(at(text, &[]), (1, 1));
        assert_eq!(at(text, &[field("a")]), (1, 8));
        assert_eq!(at(text, &[field("a"), 0.into()]), (1, 9));
        assert_eq!(at(text, &[field("a"), 1.into()]), (1, 12));
        assert_eq!(at(text, &[field("a"), 2.into()]), (2, 3));
        assert_eq!(at(text, &[field("a"), 2.into(), field("b\"")]), (2, 11));
        assert_eq!(at(text, &[field("a"), 2.into(), field("ü")]), (2, 22), "columns are characters");
        assert_eq!(at(text, &[field("c"), field("a")]), (3, 12));
    }

    #[test]
    fn of_what_is_missing_the_innermost_that_is_there_is_found() {
        let text = "{\"a\": [1, 2], \"a\": {\"b\": []}}";
        assert_eq!(at(text, &["a".into(), "b".into()]), (1, 26), "of two of a name the last counts");
        assert_eq!(at(text, &["a".into(), "b".into(), 0.into()]), (1, 26));
        assert_eq!(at(text, &["a".into(), "c".into(), "d".into()]), (1, 20));
        assert_eq!(at(text, &[3.into()]), (1, 1));
    }

    #[test]
    fn nonsense_is_harmless() {
        for text in ["", "{", "[", "{\"", "{\"a\"", "{\"a\":", "[1,", "]", "{\"a\":]", "[\"ü"] {
            for path in [vec![Step::from("a")], vec![1.into()], vec!["a".into(), 1.into()]] {
                let (line, column) = position(text, 0..text.len(), &path);
                assert!(line == 1 && column <= text.len() + 1, "{text}");
            }
        }
    }
}

//! What a line means.

use serde_json::Value;
use serde_json::de::Deserializer;

/// The commands that are no procedures.
pub(super) const COMMANDS: [&str; 6] = [".describe", ".help", ".list", ".quit", ".template", ".time"];

/// A line, understood.
#[derive(Debug, PartialEq)]
pub(super) enum Line<'a> {
    Nothing,
    Help,
    Quit,
    List,
    Describe(&'a str),
    Template(&'a str),
    Time,
    Call { procedure: &'a str, arguments: &'a str },
}

impl<'a> Line<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            return Ok(Self::Nothing);
        }
        let (word, rest) = split(text);
        if !word.starts_with('.') {
            return Ok(Self::Call { procedure: word, arguments: rest });
        }
        let name = || if rest.is_empty() { Err(format!("{word} wants a name")) } else { Ok(rest) };
        let alone = |line| if rest.is_empty() { Ok(line) } else { Err(format!("{word} stands alone")) };
        match word {
            ".help" => alone(Self::Help),
            ".quit" | ".exit" => alone(Self::Quit),
            ".list" => alone(Self::List),
            ".time" => alone(Self::Time),
            ".describe" => Ok(Self::Describe(name()?)),
            ".template" => Ok(Self::Template(name()?)),
            _ => Err(format!("there is no {word}; there are {}", COMMANDS.join(", "))),
        }
    }
}

/// Whether nothing is missing at the end: the JSON of a call may go on in the next line.
pub(super) fn is_complete(text: &str) -> bool {
    match Line::parse(text) {
        Ok(Line::Call { arguments, .. }) => {
            let mut values = Deserializer::from_str(arguments).into_iter::<Value>();
            !values.any(|value| value.is_err_and(|error| error.is_eof()))
        }
        _ => true,
    }
}

/// The first word, and what follows the blanks behind it. The JSON may follow at once, as in `ADD{"a":1}`.
pub(super) fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| c.is_whitespace() || "{[\"".contains(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood() {
        let call = |procedure, arguments| Ok(Line::Call { procedure, arguments });
        assert_eq!(Line::parse("  ADD  [1, 2] "), call("ADD", "[1, 2]"));
        assert_eq!(Line::parse("ADD{\"a\":1}"), call("ADD", "{\"a\":1}"));
        assert_eq!(Line::parse("2"), call("2", ""));
        assert_eq!(Line::parse(""), Ok(Line::Nothing));
        assert_eq!(Line::parse(" # ADD 1"), Ok(Line::Nothing));
        assert_eq!(Line::parse(".describe point"), Ok(Line::Describe("point")));
        assert_eq!(Line::parse(".quit"), Ok(Line::Quit));
        for wrong in [".describe", ".list all", ".nothing"] {
            Line::parse(wrong).expect_err(wrong);
        }
        for command in COMMANDS {
            assert!(Line::parse(command).is_ok() || Line::parse(&format!("{command} name")).is_ok(), "{command}");
        }
    }

    #[test]
    fn json_may_go_on_in_the_next_line() {
        for (text, complete) in [
            ("ADD [1,", false),
            ("ADD [1,\n2]", true),
            ("ADD \"a", false),
            ("ADD", true),
            ("ADD ]", true),
            ("ADD 1 [", false),
            (".list [", true),
        ] {
            assert_eq!(is_complete(text), complete, "{text}");
        }
    }
}

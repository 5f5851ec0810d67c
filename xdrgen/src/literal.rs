//! What a literal is worth.

use std::{iter::Peekable, str::Chars};

use crate::model::Radix;

/// A number as C writes it: decimal, `0x`, `0b`, octal, with `'` between digits and C's suffixes behind.
///
/// # Errors
///
/// Says what is wrong with it.
pub(crate) fn number(text: &str) -> Result<(i128, Radix), String> {
    let lower = text.to_ascii_lowercase();
    let (digits, base, radix) = if let Some(digits) = lower.strip_prefix("0x") {
        (digits, 16, Radix::Hexadecimal)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        (digits, 2, Radix::Hexadecimal)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (&lower[1..], 8, Radix::Octal)
    } else {
        (lower.as_str(), 10, Radix::Decimal)
    };
    let digits = digits.trim_end_matches(['u', 'l']);
    let suffix = if base == 8 && digits.is_empty() { "0" } else { digits };
    let mut value: i128 = 0;
    let mut any = false;
    for c in suffix.chars().filter(|c| *c != '\'' && *c != '_') {
        let Some(digit) = c.to_digit(base) else {
            return Err(match (base, c) {
                (_, '.') => format!("`{text}` is no integer, and XDR has no other constants"),
                (8, '8' | '9') => format!("`{text}` begins with 0 and so is octal, which has no digit {c}"),
                _ => format!("`{text}` is no number: `{c}` is no digit of it"),
            });
        };
        any = true;
        value = value * i128::from(base) + i128::from(digit);
        if value > i128::from(u64::MAX) {
            return Err(format!("`{text}` does not fit into 64 bits"));
        }
    }
    if any { Ok((value, radix)) } else { Err(format!("`{text}` has no digits")) }
}

/// A character constant, with its quotes.
///
/// # Errors
///
/// Says what is wrong with it.
pub(crate) fn character(text: &str) -> Result<i128, String> {
    let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(text);
    let decoded = unescape(inner)?;
    let mut characters = decoded.chars();
    match (characters.next(), characters.next()) {
        (Some(c), None) if u32::from(c) < 256 => Ok(i128::from(u32::from(c))),
        (Some(_), None) => Err(format!("{text} does not fit into a byte")),
        (None, _) => Err("a character constant has one character, this one has none".to_owned()),
        _ => Err(format!("a character constant has one character, {text} has more")),
    }
}

/// A text, with its quotes.
///
/// # Errors
///
/// Says what is wrong with it.
pub(crate) fn text(quoted: &str) -> Result<String, String> {
    unescape(quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(quoted))
}

fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match rest.next() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('a') => '\x07',
            Some('b') => '\x08',
            Some('f') => '\x0c',
            Some('v') => '\x0b',
            Some(c @ ('\\' | '\'' | '"' | '?')) => c,
            Some('x') => code(&mut rest, 0, 16, 2)?,
            Some(c @ '0'..='7') => code(&mut rest, c.to_digit(8).unwrap_or(0), 8, 2)?,
            Some(c) => return Err(format!("`\\{c}` is no escape that C knows")),
            None => return Err("a backslash has to be followed by something".to_owned()),
        });
    }
    Ok(out)
}

/// The character whose code follows in at most `most` digits of `base`, `value` being read already.
fn code(rest: &mut Peekable<Chars<'_>>, mut value: u32, base: u32, most: usize) -> Result<char, String> {
    for _ in 0..most {
        let Some(digit) = rest.peek().and_then(|c| c.to_digit(base)) else { break };
        rest.next();
        value = value * base + digit;
    }
    u8::try_from(value).map(char::from).map_err(|_| format!("character {value} does not fit into a byte"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_radices() {
        assert_eq!(number("10"), Ok((10, Radix::Decimal)));
        assert_eq!(number("0"), Ok((0, Radix::Decimal)));
        assert_eq!(number("0X1fUL"), Ok((31, Radix::Hexadecimal)));
        assert_eq!(number("0755"), Ok((493, Radix::Octal)));
        assert_eq!(number("0b101"), Ok((5, Radix::Hexadecimal)));
        assert_eq!(number("1'000'000"), Ok((1_000_000, Radix::Decimal)));
        assert_eq!(number("0u"), Ok((0, Radix::Octal)));
        assert_eq!(number("0xFFFFFFFFFFFFFFFF"), Ok((i128::from(u64::MAX), Radix::Hexadecimal)));
    }

    #[test]
    fn what_is_no_number() {
        for bad in
            ["08", "0x", "1.5", "12ab", "0b2", "18446744073709551616", "99999999999999999999999999999999999999999"]
        {
            assert!(number(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn characters_and_texts() {
        assert_eq!(character("'a'"), Ok(97));
        assert_eq!(character(r"'\n'"), Ok(10));
        assert_eq!(character(r"'\0'"), Ok(0));
        assert_eq!(character(r"'\x41'"), Ok(65));
        assert_eq!(character(r"'\''"), Ok(39));
        assert_eq!(character("'é'"), Ok(233));
        assert!(character("'ab'").is_err() && character("''").is_err() && character(r"'\777'").is_err());
        assert_eq!(text(r#""a\tb""#), Ok("a\tb".to_owned()));
    }
}

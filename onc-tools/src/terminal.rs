//! Text for terminals.

use std::fmt;

use serde_json::Value;

/// What a peer sent, safe for a terminal: characters that would move the cursor, or worse, are replaced.
#[must_use]
pub fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A value as JSON, over several lines with `{:#}`, safe for a terminal: of the control characters JSON itself escapes the first
/// 32 alone.
#[derive(Clone, Copy, Debug)]
pub struct Json<'a>(pub &'a Value);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if f.alternate() { format!("{:#}", self.0) } else { self.0.to_string() };
        // They can be within strings only.
        for part in text.split_inclusive(|c| matches!(c, '\u{7f}'..='\u{9f}')) {
            match part.char_indices().next_back() {
                Some((at, c @ '\u{7f}'..='\u{9f}')) => write!(f, "{}\\u{:04x}", &part[..at], u32::from(c))?,
                _ => f.write_str(part)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_no_control_characters_and_means_the_same() {
        let value = Value::from("a\u{7f}\u{80}\u{9b}2J\u{1b}\u{a0}\u{9f}");
        let printed = Json(&value).to_string();
        assert_eq!(printed, "\"a\\u007f\\u0080\\u009b2J\\u001b\u{a0}\\u009f\"");
        assert_eq!(serde_json::from_str::<Value>(&printed).expect("JSON"), value);
        let array = Value::from(vec![value]);
        assert_eq!(format!("{:#}", Json(&array)), format!("[\n  {printed}\n]"));
    }
}

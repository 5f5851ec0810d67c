//! Text for terminals.

/// What a peer sent, safe for a terminal: characters that would move the cursor, or worse, are replaced.
#[must_use]
pub fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

//! Comments in their new place.

use crate::source::columns;

/// A comment whose first line starts at `column`, where it started at `old_column`: what is drawn in it stays together.
pub(super) fn moved(comment: &str, old_column: usize, column: usize) -> String {
    let mut lines = comment.lines();
    let mut text = lines.next().unwrap_or_default().trim_end().to_owned();
    for line in lines {
        text.push('\n');
        let line = line.trim_end();
        let inside = line.trim_start();
        if inside.is_empty() {
            continue;
        }
        let indent = if inside.starts_with('*') {
            column + 1
        } else {
            (columns(line, line.len() - inside.len()) + column).saturating_sub(old_column)
        };
        text.push_str(&" ".repeat(indent));
        text.push_str(inside);
    }
    text
}

/// A comment without its blanks: what formatting must not change.
pub(super) fn words(comment: &str) -> Vec<&str> {
    comment.split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_lined_up() {
        assert_eq!(moved("/*\n* a\n\t * b\n*/", 0, 4), "/*\n     * a\n     * b\n     */");
    }

    #[test]
    fn drawings_stay_together() {
        assert_eq!(moved("/* a\n     +--+\n     |  |\n*/", 4, 0), "/* a\n +--+\n |  |\n */");
        assert_eq!(moved("/* a\n +--+\n */", 0, 0), "/* a\n +--+\n */");
    }
}

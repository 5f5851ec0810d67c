//! Comments in their new place.

/// The columns of a tab, as terminals have them.
const TAB: usize = 8;

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

/// The column, from 0, of the byte `at` of a line.
pub(super) fn columns(line: &str, at: usize) -> usize {
    line[..at].chars().fold(0, |column, char| if char == '\t' { (column / TAB + 1) * TAB } else { column + 1 })
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

    #[test]
    fn tabs_count() {
        assert_eq!(columns("\ta", 1), 8);
        assert_eq!(columns("ab\tc", 3), 8);
    }
}

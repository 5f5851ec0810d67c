//! Lines that are laid out, and the comments behind them.

use super::comments::moved;

/// Comments behind lines that follow each other start in one column, unless some of those lines are this much longer.
const SPREAD: usize = 24;

/// A line to be written.
#[derive(Debug)]
pub(super) struct Line {
    /// An empty line goes before it.
    pub(super) gap: bool,
    /// Blanks before it.
    pub(super) indent: usize,
    /// The line; of a comment or a directive, several.
    pub(super) text: String,
    /// More than a comment, a directive or a line that is copied.
    pub(super) is_code: bool,
    /// What is behind it.
    pub(super) comments: Vec<Trailing>,
    /// On lines of their own, what goes on with the last comment behind it.
    pub(super) below: Vec<String>,
}

/// A comment behind a line.
#[derive(Debug)]
pub(super) struct Trailing {
    /// As it was.
    pub(super) text: String,
    /// The column that it started in.
    pub(super) column: usize,
}

impl Line {
    /// Whether a comment in this column, on the next line, goes on with the last one behind this line.
    pub(super) fn goes_on(&self, column: usize) -> bool {
        self.comments.last().is_some_and(|last| last.column == column)
            && self.comments.iter().all(|comment| !comment.text.contains('\n'))
    }

    /// Where it ends.
    fn width(&self) -> usize {
        end(self.indent, &self.text)
    }

    /// Whether the comment behind it can be lined up with others.
    fn lines_up(&self) -> bool {
        self.is_code && !self.comments.is_empty() && !self.text.contains('\n')
    }
}

/// The lines as text.
pub(super) fn joined(lines: Vec<Line>) -> String {
    let mut out = String::new();
    let mut column = 0;
    for (at, line) in lines.iter().enumerate() {
        if line.gap {
            out.push('\n');
        }
        let starts_group = at == 0 || !same_group(&lines[at - 1], line);
        if starts_group {
            column = comment_column(&lines[at..]);
        }
        out.push_str(&" ".repeat(line.indent));
        out.push_str(&line.text);
        let mut width = line.width();
        let mut start = width;
        for (index, comment) in line.comments.iter().enumerate() {
            let gap = if index == 0 && line.lines_up() { column.saturating_sub(width).max(1) } else { 1 };
            out.push_str(&" ".repeat(gap));
            start = width + gap;
            let text = moved(&comment.text, comment.column, start);
            width = end(start, &text);
            out.push_str(&text);
        }
        out.push('\n');
        for comment in &line.below {
            let column = line.comments.last().map_or(0, |last| last.column);
            out.push_str(&" ".repeat(start));
            out.push_str(&moved(comment, column, start));
            out.push('\n');
        }
    }
    out
}

/// The column behind `text`, which starts in `column`.
fn end(column: usize, text: &str) -> usize {
    match text.rsplit_once('\n') {
        Some((_, last)) => last.chars().count(),
        None => column + text.chars().count(),
    }
}

fn same_group(before: &Line, line: &Line) -> bool {
    !line.gap && before.lines_up() && line.lines_up() && before.indent == line.indent
}

/// The column of the comments in the group that begins with the first of `lines`.
fn comment_column(lines: &[Line]) -> usize {
    let members = 1 + lines.windows(2).take_while(|pair| same_group(&pair[0], &pair[1])).count();
    let widths: Vec<usize> = lines[..members.min(lines.len())].iter().map(Line::width).collect();
    let (least, most) = (widths.iter().min().copied().unwrap_or(0), widths.iter().max().copied().unwrap_or(0));
    if most - least > SPREAD { 0 } else { most + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, comment: &str) -> Line {
        let comments = vec![Trailing { text: comment.to_owned(), column: 40 }];
        Line { gap: false, indent: 0, text: text.to_owned(), is_code: true, comments, below: Vec::new() }
    }

    #[test]
    fn comments_are_lined_up() {
        let lines = vec![line("int a;", "/* a */"), line("hyper bc;", "// b")];
        assert_eq!(joined(lines), "int a;    /* a */\nhyper bc; // b\n");
    }

    #[test]
    fn not_with_what_is_far_away() {
        let long = "x".repeat(60);
        let lines = vec![line("int a;", "/* a */"), line(&long, "// b")];
        assert_eq!(joined(lines), format!("int a; /* a */\n{long} // b\n"));
    }
}

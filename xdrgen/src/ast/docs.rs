//! Which comment belongs to what.
//!
//! A comment belongs to what it stands right before, without an empty line between; or to what it follows on the same
//! line, unless that is only where a body of several lines ends. Comments that follow and go on below, at the same column, are one.

use std::collections::HashMap;

use crate::{
    model::Docs,
    preprocess::Comment,
    source::{FileId, SourceMap, Span},
};

/// Finds comments.
pub(crate) struct Comments<'a> {
    sources: &'a SourceMap,
    files: &'a HashMap<FileId, Vec<Comment>>,
}

impl<'a> Comments<'a> {
    pub(crate) fn new(sources: &'a SourceMap, files: &'a HashMap<FileId, Vec<Comment>>) -> Self {
        Self { sources, files }
    }

    /// The comment of something that starts at `start` and whose last token, terminator included, is `end`.
    pub(crate) fn of(&self, start: Span, end: Span) -> Docs {
        let mut docs = self.before(start);
        docs.extend(self.behind(end));
        docs
    }

    /// Comments right before `start`: on lines of their own, or behind the bracket that opens the body, on that line.
    pub(crate) fn before(&self, start: Span) -> Docs {
        let (comments, text) = self.file(start.file);
        let end = comments.partition_point(|comment| comment.span.start < start.start);
        let mut first = end;
        // The first of those that may also be behind something else.
        let mut unclear = end;
        let mut next = start.start as usize;
        while first > 0 {
            let comment = &comments[first - 1];
            let between = text.get(comment.span.end as usize..next).unwrap_or("x");
            if !is_blank(between) || lines(between) > 1 || comment.goes_on || !comment.alone && lines(between) > 0 {
                break;
            }
            first -= 1;
            next = comment.span.start as usize;
            if comment.alone || text[..next].trim_end_matches([' ', '\t']).ends_with('{') {
                unclear = first;
            }
        }
        self.collect(&comments[unclear..end])
    }

    /// The comments that follow `end` on its line, and their continuation; and those right before its semicolon.
    pub(crate) fn behind(&self, end: Span) -> Docs {
        let (comments, text) = self.file(end.file);
        let whole = text.get(end.start as usize..end.end as usize).unwrap_or("");
        let mut first = comments.partition_point(|comment| comment.span.start < end.end);
        let mut last = first;
        if whole.ends_with(';') {
            // `int a /* here */;`
            let mut next = end.end as usize - 1;
            while first > 0 && comments[first - 1].span.start > end.start {
                let comment = comments[first - 1].span;
                if !is_blank(text.get(comment.end as usize..next).unwrap_or("x")) {
                    break;
                }
                first -= 1;
                next = comment.start as usize;
            }
        }
        let mut from = end.end;
        if let Some((next, mark)) = self.before_mark(end.file, last, from) {
            (last, from) = (next, mark);
        }
        while let Some(comment) = comments.get(last) {
            let between = text.get(from as usize..comment.span.start as usize).unwrap_or("x");
            // `A = 1 /* here */,` and `A = 1, /* here */` alike.
            let follows = between.chars().all(|c| c == ' ' || c == '\t' || c == ',' || c == ';');
            let goes_on = last > first && comment.goes_on;
            if !follows && !goes_on {
                break;
            }
            last += 1;
            from = comment.span.end;
        }
        // `{ /* of a */ int a; }`
        let opens = whole == "{" && last > first && {
            let line_end = text[from as usize..].split('\n').next().unwrap_or("");
            line_end.chars().any(|c| !c.is_whitespace() && !",;})".contains(c))
        };
        if opens { Docs::new() } else { self.collect(&comments[first..last]) }
    }

    /// Whether only comments are between `from` and a comma or parenthesis, from the one at index `first` on: the index of the
    /// first comment behind that, and where it is.
    fn before_mark(&self, file: FileId, first: usize, mut from: u32) -> Option<(usize, u32)> {
        let (comments, text) = self.file(file);
        let mut next = first;
        loop {
            let rest = &text[from as usize..];
            let blanks = rest.len() - rest.trim_start().len();
            let at = from + u32::try_from(blanks).ok()?;
            match comments.get(next) {
                Some(comment) if comment.span.start == at => {
                    from = comment.span.end;
                    next += 1;
                }
                _ => return (next > first && text[at as usize..].starts_with([',', ')'])).then_some((next, at)),
            }
        }
    }

    /// The comments that follow `whole` on its line, if that is one line, comments in it apart: behind the end of a longer body
    /// people say what ends there.
    pub(crate) fn behind_line(&self, whole: Span) -> Docs {
        let (comments, text) = self.file(whole.file);
        let lines_of = |span: Span| text.get(span.start as usize..span.end as usize).map_or(0, lines);
        let inside = comments.partition_point(|comment| comment.span.start < whole.start);
        let inside = comments[inside..].iter().take_while(|comment| comment.span.end <= whole.end);
        let in_comments: usize = inside.map(|comment| lines_of(comment.span)).sum();
        let one_line = lines_of(whole) == in_comments;
        if one_line { self.behind(whole) } else { Docs::new() }
    }

    /// Comments at the head of `file`, apart from what follows; `first`: where its first definition begins.
    pub(crate) fn head(&self, file: FileId, first: Option<Span>) -> Docs {
        let (comments, text) = self.file(file);
        let Some(start) = comments.first().map(|comment| comment.span) else { return Docs::new() };
        let end_of_head = first.map_or(text.len(), |first| first.start as usize);
        if !is_blank(text.get(..start.start as usize).unwrap_or("x")) || start.start as usize > end_of_head {
            return Docs::new();
        }
        let mut last = 1;
        while let Some(next) = comments.get(last) {
            let between = text.get(comments[last - 1].span.end as usize..next.span.start as usize).unwrap_or("x");
            if !is_blank(between) || lines(between) > 1 {
                break;
            }
            last += 1;
        }
        let end = comments[last - 1].span.end as usize;
        let gap = text.get(end..end_of_head).unwrap_or("");
        if first.is_some() && is_blank(gap) && lines(gap) <= 1 {
            // It is the first definition's own.
            return Docs::new();
        }
        self.collect(&comments[..last])
    }

    fn file(&self, file: FileId) -> (&'a [Comment], &'a str) {
        let comments = self.files.get(&file).map_or(&[] as &[Comment], Vec::as_slice);
        (comments, &self.sources.file(file).text)
    }

    fn collect(&self, comments: &[Comment]) -> Docs {
        let mut docs = Docs::new();
        for comment in comments {
            docs.extend(unmarked(self.sources.text(comment.span)));
        }
        trimmed(docs)
    }
}

/// The lines of a comment without its marks.
fn unmarked(comment: &str) -> Vec<String> {
    if let Some(line) = comment.strip_prefix("//") {
        let line = line.strip_prefix(['/', '!']).unwrap_or(line);
        return common_indent(vec![without_rule(line).trim_end().to_owned()]);
    }
    let inner = comment.strip_prefix("/*").unwrap_or(comment);
    let inner = inner.strip_suffix("*/").unwrap_or(inner);
    let mut lines: Vec<String> = Vec::new();
    for (at, line) in inner.lines().enumerate() {
        let line = line.trim_end();
        let line = if at == 0 {
            // `/**` and boxes of stars.
            line.trim_start_matches(['*', '!'])
        } else {
            match line.trim_start().strip_prefix('*') {
                Some(rest) => rest.trim_start_matches('*'),
                None => line,
            }
        };
        lines.push(without_rule(line.trim_end_matches('*').trim_end()).to_owned());
    }
    // The first line stands behind the mark, not under the others.
    let mut rest = lines.split_off(lines.len().min(1));
    rest = common_indent(rest);
    let mut all: Vec<String> = lines.into_iter().map(|line| line.trim_start().to_owned()).collect();
    all.extend(rest);
    trimmed(all)
}

/// A line of dashes or the like says nothing.
fn without_rule(line: &str) -> &str {
    let bare = line.trim();
    let mut characters = bare.chars();
    match characters.next() {
        Some(first) if "-=*#_~+/".contains(first) && bare.len() > 3 && characters.all(|c| c == first) => "",
        _ => line,
    }
}

fn common_indent(lines: Vec<String>) -> Vec<String> {
    let indent_of = |line: &String| line.len() - line.trim_start_matches([' ', '\t']).len();
    let indent = lines.iter().filter(|line| !line.trim().is_empty()).map(indent_of).min().unwrap_or(0);
    lines.into_iter().map(|line| line.get(indent..).unwrap_or("").to_owned()).collect()
}

/// Without empty lines at both ends.
fn trimmed(mut lines: Vec<String>) -> Vec<String> {
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    let leading = lines.iter().take_while(|line| line.trim().is_empty()).count();
    lines.drain(..leading);
    lines
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

fn lines(text: &str) -> usize {
    text.matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::unmarked;

    #[test]
    fn marks_are_taken_off() {
        assert_eq!(unmarked("/* one */"), ["one"]);
        assert_eq!(unmarked("// one"), ["one"]);
        assert_eq!(unmarked("/// one"), ["one"]);
        assert_eq!(unmarked("/*\n * one\n *   two\n *\n * three\n */"), ["one", "  two", "", "three"]);
        assert_eq!(unmarked("/* one\n   two */"), ["one", "two"]);
        assert_eq!(unmarked("/*********\n * one   *\n *********/"), ["one"]);
        assert_eq!(unmarked("/*---- \n------*/"), Vec::<String>::new());
    }
}

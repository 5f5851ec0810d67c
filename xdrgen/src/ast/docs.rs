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

    /// Comments right before `start`, on lines of their own.
    pub(crate) fn before(&self, start: Span) -> Docs {
        let (comments, text) = self.file(start.file);
        let mut first = comments.partition_point(|comment| comment.span.start < start.start);
        let end = first;
        let mut next = start.start as usize;
        while first > 0 {
            let comment = comments[first - 1].span;
            let between = text.get(comment.end as usize..next).unwrap_or("x");
            if !is_blank(between) || lines(between) > 1 || !comments[first - 1].alone || comments[first - 1].goes_on {
                break;
            }
            first -= 1;
            next = comment.start as usize;
        }
        self.collect(&comments[first..end])
    }

    /// The comment that follows `end` on its line, and its continuation.
    pub(crate) fn behind(&self, end: Span) -> Docs {
        let (comments, text) = self.file(end.file);
        let first = comments.partition_point(|comment| comment.span.start < end.end);
        let follows = |comment: &Comment, from: u32| {
            let between = text.get(from as usize..comment.span.start as usize).unwrap_or("x");
            // `A = 1 /* here */,` and `A = 1, /* here */` alike.
            between.chars().all(|c| c == ' ' || c == '\t' || c == ',' || c == ';')
        };
        let Some(comment) = comments.get(first).filter(|comment| follows(comment, end.end)) else {
            return Docs::new();
        };
        // Something after it on the line: it is before that, then.
        let line_end = text[comment.span.end as usize..].split('\n').next().unwrap_or("");
        if line_end.chars().any(|c| !c.is_whitespace() && !",;})".contains(c))
            && !line_end.trim_start().starts_with('/')
        {
            return Docs::new();
        }
        let mut last = first + 1;
        while last < comments.len() && comments[last].goes_on {
            last += 1;
        }
        self.collect(&comments[first..last])
    }

    /// The comment that follows `whole` on its line, if that is one line: behind the end of a longer body people say what
    /// ends there.
    pub(crate) fn behind_line(&self, whole: Span) -> Docs {
        let (_, text) = self.file(whole.file);
        let one_line = text.get(whole.start as usize..whole.end as usize).is_some_and(|text| !text.contains('\n'));
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

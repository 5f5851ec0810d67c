//! The files that were read, and where in them something stands.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Index into a [`SourceMap`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FileId(u32);

/// A stretch of one file, in bytes of its decoded text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Span {
    /// The file.
    pub(crate) file: FileId,
    /// The first byte.
    pub(crate) start: u32,
    /// The byte after the last.
    pub(crate) end: u32,
}

/// The path of what is no file.
pub(crate) const MADE_UP: &str = "<made by a macro>";

/// All files of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceMap {
    files: Vec<SourceFile>,
    /// By where it is included and the address of its text.
    known: HashMap<(Option<Span>, usize), FileId>,
}

/// A file that was read.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    /// The path as it was given or found.
    pub(crate) path: PathBuf,
    /// Its text; bytes that are not UTF-8 were taken for Latin-1.
    pub(crate) text: Arc<str>,
    /// The `#include` that led here.
    pub(crate) included_at: Option<Span>,
    line_starts: Vec<u32>,
    marks: Vec<LineMark>,
}

/// A line mark that another preprocessor left: `# 12 "calc.x"`.
#[derive(Clone, Debug)]
struct LineMark {
    /// The line of this file after the mark, from 1.
    line: u32,
    presumed_line: u32,
    presumed_file: String,
}

/// A place as people count it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// From 1.
    pub(crate) line: u32,
    /// From 1, in characters.
    pub(crate) column: u32,
}

impl Span {
    pub(crate) fn new(file: FileId, start: usize, end: usize) -> Self {
        Self { file, start: offset(start), end: offset(end) }
    }

    /// From the start of this to the end of `other`, if that is in the same file; otherwise this.
    pub(crate) fn to(self, other: Span) -> Span {
        if self.file == other.file && other.end >= self.start { Span { end: other.end, ..self } } else { self }
    }

    /// The empty span behind it.
    pub(crate) fn after(self) -> Span {
        Span { start: self.end, ..self }
    }
}

impl SourceMap {
    /// Adds a file. The same text included at the same place again is the same file.
    pub(crate) fn add(&mut self, path: &Path, text: impl Into<Arc<str>>, included_at: Option<Span>) -> FileId {
        let text: Arc<str> = text.into();
        let id = FileId(offset(self.files.len()));
        let known = *self.known.entry((included_at, text.as_ptr().addr())).or_insert(id);
        if known != id {
            return known;
        }
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| offset(at + 1)))
            .collect();
        self.files.push(SourceFile { path: path.to_owned(), text, included_at, line_starts, marks: Vec::new() });
        id
    }

    /// The file behind `id`.
    pub(crate) fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The text that `span` covers.
    pub(crate) fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Where `span` starts.
    pub(crate) fn place(&self, span: Span) -> Place {
        self.file(span.file).place(span.start)
    }

    /// Remembers that `span`'s next line is `line` of `file` for whoever ran another preprocessor first.
    pub(crate) fn mark_line(&mut self, span: Span, line: u32, file: &str) {
        let file_of_mark = &mut self.files[span.file.0 as usize];
        let after = file_of_mark.line(span.start) + 1;
        // A file may be read more than once; its marks are the same each time.
        if file_of_mark.marks.last().is_none_or(|mark| mark.line < after) {
            file_of_mark.marks.push(LineMark { line: after, presumed_line: line, presumed_file: file.to_owned() });
        }
    }

    /// The `#include`s on the way to `file`, the nearest first.
    pub(crate) fn include_chain(&self, file: FileId) -> impl Iterator<Item = Span> + '_ {
        std::iter::successors(self.file(file).included_at, |span| self.file(span.file).included_at)
    }
}

impl SourceFile {
    /// Whether it is no file: a macro made its text.
    pub(crate) fn is_made_up(&self) -> bool {
        self.path.as_os_str() == MADE_UP
    }

    /// The line, from 1, of the byte `at`.
    pub(crate) fn line(&self, at: u32) -> u32 {
        offset(self.line_starts.partition_point(|start| *start <= at))
    }

    /// Line and column of the byte `at`.
    pub(crate) fn place(&self, at: u32) -> Place {
        let line = self.line(at);
        let start = self.line_start(line);
        let before = self.text.get(start..at as usize).unwrap_or("");
        Place { line, column: offset(before.chars().count()) + 1 }
    }

    /// The byte at which `line` starts; past the last line: the end.
    pub(crate) fn line_start(&self, line: u32) -> usize {
        self.line_starts.get(line as usize - 1).map_or(self.text.len(), |start| *start as usize)
    }

    /// What a line mark says of `line`: file and line.
    pub(crate) fn presumed(&self, line: u32) -> Option<(&str, u32)> {
        let mark = self.marks.iter().rev().find(|mark| mark.line <= line)?;
        Some((&mark.presumed_file, mark.presumed_line.saturating_add(line - mark.line)))
    }
}

/// Decodes a file: UTF-8, with every byte that is none taken for Latin-1; a byte order mark is dropped.
pub(crate) fn decode(bytes: Vec<u8>) -> String {
    let text = String::from_utf8(bytes).unwrap_or_else(|error| {
        error
            .as_bytes()
            .utf8_chunks()
            .flat_map(|chunk| chunk.valid().chars().chain(chunk.invalid().iter().map(|byte| char::from(*byte))))
            .collect()
    });
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// The columns of a tab, as terminals have them.
const TAB: usize = 8;

/// The column, from 0, of the byte `at` of a line.
pub(crate) fn columns(line: &str, at: usize) -> usize {
    columns_behind(0, &line[..at])
}

/// The column behind `text`, which starts in `column` and is on one line.
pub(crate) fn columns_behind(column: usize, text: &str) -> usize {
    text.chars().fold(column, |column, char| if char == '\t' { (column / TAB + 1) * TAB } else { column + 1 })
}

/// Files over 4 GiB are refused before they come here.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let mut map = SourceMap::default();
        let file = map.add(Path::new("a.x"), "a\nß = b\n".to_owned(), None);
        assert_eq!(map.place(Span::new(file, 7, 8)), Place { line: 2, column: 5 });
    }

    #[test]
    fn tabs_count() {
        assert_eq!(columns("\ta", 1), 8);
        assert_eq!(columns("ab\tc", 3), 8);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_latin1() {
        assert_eq!(decode(b"\xef\xbb\xbfna\xefve \xc3\xa9".to_vec()), "naïve é");
    }

    #[test]
    fn line_marks_shift_lines() {
        let mut map = SourceMap::default();
        let file = map.add(Path::new("a.i"), "# 10 \"a.x\"\nx\ny\n".to_owned(), None);
        map.mark_line(Span::new(file, 0, 10), 10, "a.x");
        assert_eq!(map.file(file).presumed(3), Some(("a.x", 11)));
        assert_eq!(map.file(file).presumed(1), None);
    }
}

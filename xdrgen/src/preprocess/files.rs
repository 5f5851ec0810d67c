//! Finds and reads files, each once.

use std::{
    collections::HashMap,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

use super::{Input, Tokens, lexer};
use crate::{
    error::Error,
    source::{FileId, SourceMap, Span, decode},
};

/// A single file; more is no `.x` file.
const MOST_BYTES: u64 = 64 << 20;

/// All that is included, counted each time.
const MOST_BYTES_IN_ALL: usize = 64 << 20;

/// The files of one compilation.
#[derive(Debug, Default)]
pub(crate) struct Files {
    texts: HashMap<PathBuf, Arc<str>>,
    tokens: HashMap<*const u8, Tokens>,
    order: Vec<PathBuf>,
    bytes: usize,
}

/// Why an `#include` cannot be followed.
pub(super) enum NotIncluded {
    /// There is no such file in any of the folders.
    NotFound,
    /// It is there and cannot be read.
    Unreadable(PathBuf, io::Error),
    /// Too much was included.
    TooMuch,
}

impl Files {
    /// Opens the file to begin with.
    pub(super) fn open_first(&mut self, input: &Input, sources: &mut SourceMap) -> Result<FileId, Error> {
        let (Input::Path(path) | Input::Text(path, _)) = input;
        self.bytes = 0;
        if let Some(text) = self.texts.get(path) {
            return Ok(sources.add(path, Arc::clone(text), None));
        }
        let text = match input {
            Input::Path(path) => read(path).map_err(|source| Error::io("read", path, source))?,
            Input::Text(_, text) => Arc::clone(text),
        };
        self.texts.insert(path.clone(), Arc::clone(&text));
        self.order.push(path.clone());
        Ok(sources.add(path, text, None))
    }

    /// Opens the file that `#include "name"` at `span` means: in one of `folders`, in order.
    pub(super) fn include(
        &mut self,
        name: &str,
        folders: &[&Path],
        span: Span,
        sources: &mut SourceMap,
    ) -> Result<FileId, NotIncluded> {
        let (path, text) = self.find(name, folders)?;
        self.bytes = self.bytes.saturating_add(text.len().max(64));
        if self.bytes > MOST_BYTES_IN_ALL {
            return Err(NotIncluded::TooMuch);
        }
        Ok(sources.add(&path, text, Some(span)))
    }

    /// The tokens of `text`, made once however often it is included.
    pub(super) fn tokens(&mut self, text: &Arc<str>) -> Tokens {
        // Every text is kept in `texts`, so that its address means it alone.
        Rc::clone(self.tokens.entry(text.as_ptr()).or_insert_with(|| Rc::new(lexer::lex(text))))
    }

    /// The files that were read, in order.
    pub(crate) fn into_paths(self) -> Vec<PathBuf> {
        self.order
    }

    fn find(&mut self, name: &str, folders: &[&Path]) -> Result<(PathBuf, Arc<str>), NotIncluded> {
        for folder in folders {
            let path = if folder.as_os_str().is_empty() { PathBuf::from(name) } else { folder.join(name) };
            if let Some(text) = self.texts.get(&path) {
                return Ok((path, Arc::clone(text)));
            }
            match read(&path) {
                Ok(text) => {
                    self.texts.insert(path.clone(), Arc::clone(&text));
                    self.order.push(path.clone());
                    return Ok((path, text));
                }
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(NotIncluded::Unreadable(path, error)),
            }
        }
        Err(NotIncluded::NotFound)
    }
}

fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | IsADirectory | InvalidInput | InvalidFilename)
}

fn read(path: &Path) -> io::Result<Arc<str>> {
    // Not by the length that the system says: a pipe has none.
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::other(format!("it has over {MOST_BYTES} bytes, more than any `.x` file")));
    }
    Ok(Arc::from(decode(bytes)))
}

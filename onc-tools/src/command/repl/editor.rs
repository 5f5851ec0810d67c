//! Lines from a terminal, with completion and history.

use std::path::PathBuf;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Helper};

use crate::command::Failure;

use super::line::is_complete;
use super::{Scope, history};

/// How many lines are kept.
const KEPT: usize = 10_000;

/// What somebody wrote.
pub(super) enum Input {
    Line(String),
    /// What was written is not meant.
    Nothing,
    End,
}

/// A terminal.
pub(super) struct Editor<'s, 'm> {
    editor: rustyline::Editor<Help<'s, 'm>, FileHistory>,
    prompt: String,
    history: Option<PathBuf>,
}

impl<'s, 'm> Editor<'s, 'm> {
    pub(super) fn new(scope: &'s Scope<'m>, prompt: String) -> Result<Self, Failure> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .max_history_size(KEPT)?
            .history_ignore_space(true)
            .build();
        let lines = FileHistory::with_config(&config);
        let mut editor = rustyline::Editor::with_history(config, lines)?;
        editor.set_helper(Some(Help { scope }));
        let history = history::file();
        if let Some(file) = &history {
            // The first time there is none.
            let _ = editor.load_history(file);
        }
        Ok(Self { editor, prompt, history })
    }

    /// The next line. Ctrl-C gives up the line, Ctrl-D on an empty one ends.
    pub(super) fn line(&mut self) -> Result<Input, Failure> {
        match self.editor.readline(&self.prompt) {
            Ok(line) => {
                let is_new = self.editor.add_history_entry(line.as_str())?;
                if let Some(file) = self.history.as_ref().filter(|_| is_new) {
                    // At once: another session may end later, or this one without a chance. Without a place for it the
                    // line is kept for this session.
                    let _ = self.editor.append_history(file);
                }
                Ok(Input::Line(line))
            }
            Err(ReadlineError::Interrupted) => Ok(Input::Nothing),
            Err(ReadlineError::Eof) => Ok(Input::End),
            Err(error) => Err(Failure::new(format!("the terminal cannot be read: {error}"))),
        }
    }
}

/// What the editor asks for.
struct Help<'s, 'm> {
    scope: &'s Scope<'m>,
}

impl Completer for Help<'_, '_> {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.scope.complete(&line[..at]))
    }
}

impl Validator for Help<'_, '_> {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let complete = is_complete(context.input());
        Ok(if complete { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Hinter for Help<'_, '_> {
    type Hint = String;
}

impl Highlighter for Help<'_, '_> {}

impl Helper for Help<'_, '_> {}

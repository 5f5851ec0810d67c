//! `onc repl`: calls, one line each.

mod complete;
mod editor;
mod history;
mod line;

use std::io::{self, BufRead as _, IsTerminal as _};

use clap::Args;
use tokio::runtime::Runtime;
use xdrgen::model::Model;

use crate::dynamic::{Found, arguments_template, describe, encode_arguments, list};

use super::dial::{Dial, Server, Which};
use super::input::{Document, Source};
use super::{Failure, say};

use self::editor::{Editor, Input};
use self::line::{Line, is_complete};

/// Call the procedures of a server, one line each
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  onc repl localhost calc.x
  echo 'ADD [2,40]' | onc repl localhost calc.x

A line is a procedure's name and its arguments as JSON, which may go on over several lines; .help shows what else there is.
At a terminal, the Tab key completes names of procedures and fields, and lines of earlier sessions come back with the arrow
keys: they are kept in $XDG_STATE_HOME/onc/history, ~/.local/state/onc/history without that. Ctrl-C gives up a line or a call,
Ctrl-D ends.

From a pipe every line is executed, and the exit status is that of the first that failed.")]
pub(super) struct Repl {
    #[command(flatten)]
    dial: Dial,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    which: Which,
    /// Say how long each call took
    #[arg(long)]
    time: bool,
}

const HELP: &str = "\
PROC [JSON]      call a procedure
.list            list the procedures
.describe NAME   show a procedure or a type
.template PROC   show the JSON to fill in
.time            say how long each call took, or no longer
.help            show this
.quit            end; so does the end of the input
# …              a comment
";

impl Repl {
    pub(super) fn run(self) -> Result<(), Failure> {
        let model = self.source.model()?;
        // Connections are attended to while a line is being written.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let scope = Scope { model: &model, which: self.which };
        let server = Server::new(self.dial, &model);
        let prompt = format!("{}> ", server.host());
        let is_conversation = io::stdin().is_terminal();
        let mut session = Session { scope: &scope, server, runtime, time: self.time, is_conversation };
        if is_conversation { session.converse(Editor::new(&scope, prompt)?) } else { session.read() }
    }
}

/// What names mean.
struct Scope<'m> {
    model: &'m Model,
    which: Which,
}

impl<'m> Scope<'m> {
    fn find(&self, name: &str) -> Result<Found<'m>, Failure> {
        self.which.find(self.model, name)
    }
}

struct Session<'s, 'm> {
    scope: &'s Scope<'m>,
    server: Server<'m>,
    runtime: Runtime,
    time: bool,
    /// With somebody at a terminal: an interrupt ends the call that is waited for, and not the command.
    is_conversation: bool,
}

/// Whether another line is wanted.
#[derive(PartialEq)]
enum Next {
    Line,
    End,
}

impl Session<'_, '_> {
    /// With somebody at a terminal: what fails is told.
    fn converse(&mut self, mut editor: Editor<'_, '_>) -> Result<(), Failure> {
        loop {
            match editor.line()? {
                Input::End => return Ok(()),
                Input::Nothing => {}
                Input::Line(text) => match self.execute(&text) {
                    Ok(Next::End) => return Ok(()),
                    Ok(Next::Line) => {}
                    Err(failure) if failure.is_silent() => return Err(failure),
                    Err(failure) => failure.tell(),
                },
            }
        }
    }

    /// From a file or a pipe: what fails is told with the number of its line, and the first failure is that of the command.
    fn read(&mut self) -> Result<(), Failure> {
        let mut outcome = Ok(());
        let (mut text, mut first) = (String::new(), 1);
        let mut lines = io::stdin().lock().lines().zip(1_u64..).peekable();
        while let Some((line, number)) = lines.next() {
            if text.is_empty() {
                first = number;
            } else {
                text.push('\n');
            }
            text += &line?;
            if !is_complete(&text) && lines.peek().is_some() {
                continue;
            }
            match self.execute(&std::mem::take(&mut text)) {
                Ok(Next::End) => break,
                Ok(Next::Line) => {}
                Err(failure) if failure.is_silent() => return Err(failure),
                Err(failure) => {
                    let failure = failure.at(&format!("line {first}"));
                    failure.tell();
                    outcome = outcome.and(Err(failure.told()));
                }
            }
        }
        outcome
    }

    fn execute(&mut self, text: &str) -> Result<Next, Failure> {
        let model = self.scope.model;
        match Line::parse(text).map_err(Failure::usage)? {
            Line::Nothing => {}
            Line::Help => say(HELP)?,
            Line::Quit => return Ok(Next::End),
            Line::List => say(list(model))?,
            Line::Describe(name) => say(describe(model, name).map_err(Failure::usage)?)?,
            Line::Template(name) => {
                let found = self.scope.find(name)?;
                say(format_args!("{:#}\n", arguments_template(model, found.procedure)))?;
            }
            Line::Time => {
                self.time = !self.time;
                say(if self.time { "each call's time is told\n" } else { "times are not told\n" })?;
            }
            Line::Call { procedure, arguments } => self.call(procedure, arguments)?,
        }
        Ok(Next::Line)
    }

    fn call(&mut self, procedure: &str, arguments: &str) -> Result<(), Failure> {
        let found = self.scope.find(procedure)?;
        let mut calls = Vec::new();
        if arguments.is_empty() {
            let none = encode_arguments(self.scope.model, found.procedure, &serde_json::Value::Null);
            calls.push(none.map_err(|error| Failure::usage(format!("{error}; .template {procedure} shows it")))?);
        } else {
            for document in Document::all(arguments, "the arguments")? {
                let encoded = encode_arguments(self.scope.model, found.procedure, document.value());
                calls.push(encoded.map_err(|error| document.wrong(&error))?);
            }
        }
        for arguments in calls {
            let interrupt = async {
                match self.is_conversation {
                    true => tokio::signal::ctrl_c().await,
                    false => std::future::pending().await,
                }
            };
            let answer = self.runtime.block_on(async {
                tokio::select! {
                    // It is listened for before the call leaves.
                    biased;
                    Ok(()) = interrupt => Err(Failure::new("interrupted; the server may execute the call all the same")),
                    answer = self.server.call(found, arguments) => answer,
                }
            })?;
            answer.show(self.time)?;
        }
        Ok(())
    }
}

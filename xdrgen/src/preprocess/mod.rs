//! The C preprocessor, as far as `.x` files use it: from files to one text that the grammar reads, and where each byte
//! of it came from.
//!
//! Numeric macros are not replaced: `#define N 5` is a constant to the rest of the compiler, so that the generated code
//! says `N` too. All other macros are expanded.

mod condition;
mod directive;
mod expansion;
pub(crate) mod files;
mod include;
pub(crate) mod lexer;
mod macros;
mod output;

use std::{collections::HashMap, path::PathBuf, rc::Rc, sync::Arc};

use self::{
    directive::Conditional,
    files::Files,
    lexer::{RawKind, RawToken},
    macros::{Macros, PpToken},
};
pub(crate) use self::{
    macros::MacroConstant,
    output::{Comment, Passthrough, Text, Token},
};
use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    error::Error,
    options::{IncludeMode, Options},
    source::{FileId, SourceMap, Span},
};

/// What is left of the files after preprocessing.
#[derive(Debug, Default)]
pub(crate) struct Preprocessed {
    /// The file that was asked for.
    pub(crate) main: FileId,
    /// What the grammar reads.
    pub(crate) text: Text,
    /// Comments of the parts that count, file by file in order.
    pub(crate) comments: HashMap<FileId, Vec<Comment>>,
    /// `%` lines of the parts that count, in order.
    pub(crate) passthrough: Vec<Passthrough>,
    /// Macros that are constants, in order.
    pub(crate) constants: Vec<MacroConstant>,
    /// Headers that are not there.
    pub(crate) missing_headers: Vec<(Span, String)>,
    /// Headers that are copied to C, and the `.x` file beside that rpcgen makes each of.
    pub(crate) headers_with_source: Vec<(String, PathBuf)>,
    /// The module that an included file is, when includes become modules.
    pub(crate) modules: HashMap<FileId, String>,
    /// The features in the order of [`Token::feature`].
    pub(crate) features: Vec<String>,
    /// Something was left out that another of rpcgen's passes would have read.
    pub(crate) other_passes_differ: bool,
}

impl Preprocessed {
    /// Which headers are not there, as a sentence. `None`: all are.
    pub(crate) fn not_found(&self) -> Option<String> {
        let mut names: Vec<&str> = self.missing_headers.iter().map(|(_, name)| name.as_str()).collect();
        names.dedup();
        let verb = match names.len() {
            0 => return None,
            1 => "was",
            _ => "were",
        };
        Some(format!("{} {verb} included, but not found", names.join(", ")))
    }
}

/// What rpcgen defines while it makes one of its outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    Header,
    Xdr,
    Server,
    Client,
    Table,
}

impl Pass {
    /// All, the one that types are declared in first.
    pub(crate) const ALL: [Pass; 5] = [Pass::Header, Pass::Xdr, Pass::Server, Pass::Client, Pass::Table];

    /// The symbol that is defined in it.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Pass::Header => "RPC_HDR",
            Pass::Xdr => "RPC_XDR",
            Pass::Server => "RPC_SVC",
            Pass::Client => "RPC_CLNT",
            Pass::Table => "RPC_TBL",
        }
    }
}

/// The file to begin with.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// A file to read.
    Path(PathBuf),
    /// Text, and the path that it should be known by.
    Text(PathBuf, Arc<str>),
}

/// Reads `input` and all that it includes. `constants`: what other passes found.
///
/// # Errors
///
/// When `input` cannot be read. Everything else goes to `diagnostics`.
pub(crate) fn preprocess(
    input: &Input,
    pass: Pass,
    options: &Options,
    files: &mut Files,
    constants: Vec<MacroConstant>,
    sources: &mut SourceMap,
    diagnostics: &mut Diagnostics,
) -> Result<Preprocessed, Error> {
    let mut run = Run {
        options,
        files,
        macros: Macros::new(pass, options, constants, sources, diagnostics),
        sources,
        diagnostics,
        conditionals: Vec::new(),
        pending: Vec::new(),
        depth: 0,
        stopped: false,
        out: Preprocessed { features: options.features.clone(), ..Preprocessed::default() },
    };
    let file = run.files.open_first(input, run.sources)?;
    run.out.main = file;
    run.file(file);
    run.flush();
    let mut out = run.out;
    out.constants = run.macros.into_constants();
    Ok(out)
}

/// Stands in the text for what was complained of.
pub(crate) const BROKEN: &str = "@";

/// Nested `#include`s; a cycle ends here.
const MOST_INCLUDES_DEEP: usize = 64;

struct Run<'a> {
    options: &'a Options,
    files: &'a mut Files,
    macros: Macros,
    sources: &'a mut SourceMap,
    diagnostics: &'a mut Diagnostics,
    conditionals: Vec<Conditional>,
    /// Tokens not yet searched for macros: an invocation may go over several lines.
    pending: Vec<PpToken>,
    depth: usize,
    /// A limit was passed: no use in going on.
    stopped: bool,
    out: Preprocessed,
}

impl Run<'_> {
    fn file(&mut self, file: FileId) {
        let text = Arc::clone(&self.sources.file(file).text);
        let tokens = self.files.tokens(&text);
        let outer = self.conditionals.len();
        let mut rest: &[RawToken] = &tokens;
        while !rest.is_empty() && !self.stopped {
            let length = rest.iter().position(|token| token.kind == RawKind::Newline).unwrap_or(rest.len() - 1) + 1;
            let (line, after) = rest.split_at(length);
            self.line(file, &text, line);
            rest = after;
        }
        for open in self.conditionals.split_off(outer) {
            self.diagnostics.push(
                Diagnostic::error("unterminated-conditional", "this conditional has no `#endif`")
                    .at(open.span, "starts here"),
            );
        }
    }

    fn line(&mut self, file: FileId, text: &str, line: &[RawToken]) {
        let comments = line.iter().filter(|token| token.kind.is_comment());
        if self.active() {
            for comment in comments {
                let span = Span::new(file, comment.start, comment.end);
                let list = self.out.comments.entry(file).or_default();
                list.push(Comment::new(span, list.last(), self.sources.file(file)));
            }
        }
        let mut tokens = line.iter().filter(|token| !token.kind.is_comment() && token.kind != RawKind::Newline);
        let Some(first) = tokens.next() else { return };
        let mut first = first;
        if first.kind == RawKind::Mark && &text[first.start..first.end] == "#" {
            match tokens.clone().next() {
                // No directive, but `#[…]`: the grammar knows what that is.
                Some(bracket) if &text[bracket.start..bracket.end] == "[" => {
                    first = bracket;
                    tokens.next();
                }
                _ => {
                    let tokens: Vec<PpToken> = tokens.map(|token| self.token(file, text, *token)).collect();
                    self.directive(Span::new(file, first.start, first.end), &tokens);
                    return;
                }
            }
        }
        if !self.active() {
            self.skipped(first.kind);
            return;
        }
        if first.kind == RawKind::Passthrough {
            let line = lexer::without_continuations(&text[first.start + 1..first.end]);
            let span = Span::new(file, first.start, first.end);
            self.macros.define_for_c(&line, span, self.sources);
            self.include_for_c(&line, span);
            if !self.out.modules.contains_key(&file) {
                self.out.passthrough.push(Passthrough { text: line });
            }
            return;
        }
        let mut line_start = true;
        for token in std::iter::once(first).chain(tokens) {
            let mut token = PpToken { line_start, ..self.token(file, text, *token) };
            if matches!(token.kind, RawKind::Broken | RawKind::BadName) {
                self.broken(token.text);
                // What it is in is not to be complained of again.
                token.used_at = Some(token.text);
                let stand_in =
                    if token.kind == RawKind::BadName { self.plain_name(token.text) } else { BROKEN.to_owned() };
                token.text = self.macros.scratch(self.sources, &stand_in);
                token.kind = if token.kind == RawKind::BadName { RawKind::Name } else { RawKind::Broken };
            }
            self.pending.push(token);
            line_start = false;
        }
    }

    fn token(&mut self, file: FileId, text: &str, raw: RawToken) -> PpToken {
        let span = Span::new(file, raw.start, raw.end);
        let source = &text[raw.start..raw.end];
        let mut token = PpToken::new(raw.kind, span);
        if source.contains("\\\n") || source.contains("\\\r\n") {
            token.text = self.macros.scratch(self.sources, &lexer::without_continuations(source));
        }
        token
    }

    fn broken(&mut self, span: Span) {
        let text = self.sources.text(span);
        let diagnostic = if text.starts_with("/*") {
            let begin = Span { end: span.start + 2, ..span };
            Diagnostic::error("unterminated-comment", "this comment has no end").at(begin, "no `*/` follows")
        } else if text.starts_with(['"', '\'']) {
            Diagnostic::error("unterminated-quote", format!("this {text} has no partner on its line")).at(span, "")
        } else if text.chars().count() > 1 || text.chars().all(|c| c.is_alphanumeric() || c == '$') {
            Diagnostic::error("foreign-letter", format!("`{text}` cannot be a name"))
                .at(span, "")
                .help("names are made of the letters a to z and A to Z, digits and underscores (RFC 4506 §6.2)")
        } else {
            Diagnostic::error("foreign-character", format!("`{}` means nothing here", text.escape_debug())).at(span, "")
        };
        self.diagnostics.push(diagnostic);
    }

    /// A name that can be one, in place of one that cannot.
    fn plain_name(&self, span: Span) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("_{:x}", u32::from(c)) };
        self.sources.text(span).chars().map(plain).collect()
    }

    /// Includes a file that was found.
    fn enter(&mut self, file: FileId) {
        self.flush();
        self.depth += 1;
        self.file(file);
        self.depth -= 1;
        self.flush();
    }

    /// Expands what was collected and hands it over.
    fn flush(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            return;
        }
        let feature = self.conditionals.iter().rev().find_map(|conditional| conditional.feature);
        match self.macros.expand(&pending, self.sources, self.diagnostics) {
            Some(tokens) => {
                for token in tokens {
                    self.out.text.push(self.sources.text(token.text), &token, feature);
                }
            }
            None => self.stopped = true,
        }
    }

    fn active(&self) -> bool {
        self.conditionals.last().is_none_or(|conditional| conditional.active)
    }

    /// A line is left out. If it is so because of the pass, another pass has to be read too.
    fn skipped(&mut self, first: RawKind) {
        if first != RawKind::Passthrough && self.conditionals.iter().any(|conditional| conditional.of_pass) {
            self.out.other_passes_differ = true;
        }
    }

    /// The module that a file included from `from` belongs to.
    fn module_for(&self, name: &str, from: FileId) -> Option<String> {
        let outer = self.out.modules.get(&from).cloned();
        let path = std::path::Path::new(name);
        let is_x = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("x"));
        if self.options.includes == IncludeMode::Use && is_x {
            return path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        }
        outer
    }
}

/// Tokens shared between the readings of one file.
type Tokens = Rc<Vec<RawToken>>;

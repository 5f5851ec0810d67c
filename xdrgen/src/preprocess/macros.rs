//! Macros: what is defined, and which of it is a constant.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    rc::Rc,
};

use super::{
    BROKEN, Pass,
    expansion::Expansion,
    lexer::{self, RawKind},
};
use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    options::Options,
    source::{FileId, MADE_UP, SourceMap, Span},
};

/// A token on its way through the macros.
#[derive(Clone, Copy, Debug)]
pub(super) struct PpToken {
    pub(super) kind: RawKind,
    /// Where its text is.
    pub(super) text: Span,
    /// The outermost macro use that brought it.
    pub(super) used_at: Option<Span>,
    /// Names a macro that is a constant.
    pub(super) constant: Option<u32>,
    /// The first token of its line.
    pub(super) line_start: bool,
    /// Came out of its own macro: never expanded again.
    pub(super) painted: bool,
}

/// A macro that is a constant: `#define N 5`.
#[derive(Clone, Debug)]
pub(crate) struct MacroConstant {
    /// Its name.
    pub(crate) name: String,
    /// Where the name stands in its definition.
    pub(crate) span: Span,
    /// Its value as it is written.
    pub(crate) text: String,
    /// Where the value is written.
    pub(crate) value_span: Span,
    /// All of its directive. `None`: it comes from the command line or the configuration, not from a file.
    pub(crate) line: Option<Span>,
    /// It stands in a line for C, `%#define N 5`: a constant only if nothing else has its name.
    pub(crate) for_c: bool,
}

/// A macro.
#[derive(Debug)]
pub(super) struct Macro {
    /// The name, at its definition.
    pub(super) span: Span,
    /// `None`: not function-like.
    pub(super) parameters: Option<Vec<String>>,
    pub(super) body: Vec<PpToken>,
    pub(super) constant: Option<u32>,
}

/// The macros defined at this moment.
#[derive(Debug, Default)]
pub(super) struct Macros {
    pub(super) table: HashMap<String, Rc<Macro>>,
    constants: Vec<MacroConstant>,
    /// Their indices, by name, value and whether the configuration gave them.
    known: HashMap<(String, String, bool), u32>,
    /// Their names.
    named: HashSet<String>,
    /// Texts that no file holds.
    scratch: HashMap<String, Span>,
    /// Tokens made by expansion so far.
    pub(super) steps: usize,
}

impl PpToken {
    pub(super) fn new(kind: RawKind, text: Span) -> Self {
        Self { kind, text, used_at: None, constant: None, line_start: false, painted: false }
    }

    /// Where to point to.
    pub(super) fn span(&self) -> Span {
        self.used_at.unwrap_or(self.text)
    }
}

impl Macros {
    /// With what the pass and the options define; `constants` were found by other passes.
    pub(super) fn new(
        pass: Pass,
        options: &Options,
        constants: Vec<MacroConstant>,
        sources: &mut SourceMap,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut macros = Self::default();
        for (at, constant) in (0..).zip(&constants) {
            macros.known.insert((constant.name.clone(), constant.text.clone(), constant.line.is_none()), at);
            macros.named.insert(constant.name.clone());
        }
        macros.constants = constants;
        let symbol = (pass.symbol().to_owned(), None);
        for (name, value) in std::iter::once(&symbol).chain(&options.defines) {
            let text = format!("{name} {}", value.as_deref().unwrap_or("1"));
            let file = sources.add(Path::new("<configuration>"), text.as_str(), None);
            let tokens: Vec<PpToken> = tokens_at(file, 0, &text);
            macros.define(&tokens, None, sources, diagnostics);
        }
        macros
    }

    pub(super) fn is_defined(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    pub(super) fn undefine(&mut self, name: &str) {
        self.table.remove(name);
    }

    pub(super) fn into_constants(self) -> Vec<MacroConstant> {
        self.constants
    }

    /// Puts `text`, which no file holds, where a span can find it.
    pub(super) fn scratch(&mut self, sources: &mut SourceMap, text: &str) -> Span {
        *self.scratch.entry(text.to_owned()).or_insert_with(|| {
            let file = sources.add(Path::new(MADE_UP), text, None);
            Span::new(file, 0, text.len())
        })
    }

    /// `#define` and these tokens; `line`: all of the directive, `None` if it is none of a file.
    pub(super) fn define(
        &mut self,
        tokens: &[PpToken],
        line: Option<Span>,
        sources: &mut SourceMap,
        diagnostics: &mut Diagnostics,
    ) {
        let Some((name, rest)) = tokens.split_first() else {
            return;
        };
        let text = sources.text(name.text).to_owned();
        if name.kind != RawKind::Name || text == "defined" {
            diagnostics.push(
                Diagnostic::error("bad-macro", format!("`{text}` cannot be the name of a macro")).at(name.span(), ""),
            );
            return;
        }
        // Function-like only if the parenthesis touches the name.
        let touches = rest.first().is_some_and(|paren| {
            sources.text(paren.text) == "(" && paren.text.file == name.text.file && paren.text.start == name.text.end
        });
        let (parameters, body) = if touches {
            match parameters(&rest[1..], sources) {
                Ok((parameters, body)) => (Some(parameters), body),
                Err(at) => {
                    let span = at.map_or(name.span().after(), |token| token.span());
                    diagnostics.push(
                        Diagnostic::error("bad-macro", format!("the parameters of macro `{text}` cannot be read"))
                            .at(span, "expected names between commas and a `)`"),
                    );
                    // What it is used in is not to be complained of again.
                    let broken = PpToken::new(RawKind::Broken, self.scratch(sources, BROKEN));
                    let span = name.span();
                    let broken = Macro { span, parameters: None, body: vec![broken], constant: None };
                    self.table.insert(text, Rc::new(broken));
                    return;
                }
            }
        } else {
            (None, rest)
        };
        let constant = (parameters.is_none() && is_constant(body, sources))
            .then(|| self.constant(&text, name.span(), body, line, sources));
        let new = Macro { span: name.span(), parameters, body: body.to_vec(), constant };
        if let Some(old) = self.table.get(&text)
            && !same(old, &new, sources)
        {
            diagnostics.push(
                Diagnostic::warning("redefined-macro", format!("macro `{text}` gets another meaning"))
                    .at(name.span(), "here")
                    .at(old.span, "it was defined here")
                    .help(format!("write `#undef {text}` first if that is meant")),
            );
        }
        self.table.insert(text, Rc::new(new));
    }

    fn constant(&mut self, name: &str, span: Span, body: &[PpToken], line: Option<Span>, sources: &SourceMap) -> u32 {
        let words: Vec<&str> = body.iter().map(|token| sources.text(token.text)).collect();
        let text = words.join(" ");
        let key = (name.to_owned(), text.clone(), line.is_none());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let value_span = match (body.first(), body.last()) {
            (Some(first), Some(last)) => first.span().to(last.span()),
            _ => span,
        };
        let at = u32::try_from(self.constants.len()).unwrap_or(u32::MAX);
        self.constants.push(MacroConstant { name: name.to_owned(), span, text, value_span, line, for_c: false });
        self.known.insert(key, at);
        self.named.insert(name.to_owned());
        at
    }

    /// `line`, at `span`, is copied to C; what it defines may be a bound all the same.
    pub(super) fn define_for_c(&mut self, line: &str, span: Span, sources: &SourceMap) {
        let Some(rest) = line.trim_start().strip_prefix('#').and_then(|rest| rest.trim_start().strip_prefix("define"))
        else {
            return;
        };
        // A continued line is not where its text is; the beginning is near enough.
        let start = if sources.text(span).ends_with(rest) { span.end as usize - rest.len() } else { return };
        let tokens = tokens_at(span.file, start, rest);
        let Some((name, body)) = tokens.split_first().filter(|(name, _)| name.kind == RawKind::Name) else { return };
        let text = sources.text(name.text).to_owned();
        if self.named.contains(&text) || !is_constant(body, sources) {
            return;
        }
        let at = self.constant(&text, name.span(), body, Some(span), sources);
        if let Some(constant) = self.constants.get_mut(at as usize) {
            constant.for_c = true;
        }
    }

    /// Expands all but the constants. `None`: a limit was passed, and said so.
    pub(super) fn expand(
        &mut self,
        tokens: &[PpToken],
        sources: &mut SourceMap,
        diagnostics: &mut Diagnostics,
    ) -> Option<Vec<PpToken>> {
        let mut out = Vec::with_capacity(tokens.len());
        Expansion::new(self, sources, diagnostics, true).expand(tokens, 0, &mut out)?;
        Some(out)
    }

    /// Expands everything: for `#if` and `#include`.
    pub(super) fn expand_all(
        &mut self,
        tokens: &[PpToken],
        sources: &mut SourceMap,
        diagnostics: &mut Diagnostics,
    ) -> Option<Vec<PpToken>> {
        let mut out = Vec::with_capacity(tokens.len());
        Expansion::new(self, sources, diagnostics, false).expand(tokens, 0, &mut out)?;
        Some(out)
    }
}

/// Names up to the `)`, and what follows it. `Err`: the token that cannot be there.
fn parameters<'t>(tokens: &'t [PpToken], sources: &SourceMap) -> Result<(Vec<String>, &'t [PpToken]), Option<PpToken>> {
    let mut names = Vec::new();
    let mut rest = tokens;
    loop {
        let (token, after) = rest.split_first().ok_or(None)?;
        rest = after;
        match sources.text(token.text) {
            ")" if names.is_empty() => return Ok((names, rest)),
            name if token.kind == RawKind::Name => names.push(name.to_owned()),
            _ => return Err(Some(*token)),
        }
        let (token, after) = rest.split_first().ok_or(None)?;
        rest = after;
        match sources.text(token.text) {
            ")" => return Ok((names, rest)),
            "," => {}
            _ => return Err(Some(*token)),
        }
    }
}

/// Whether a macro's body is a constant: an expression with a number in it, or one text.
fn is_constant(body: &[PpToken], sources: &SourceMap) -> bool {
    if let [only] = body {
        return matches!(only.kind, RawKind::Number | RawKind::Character | RawKind::Text);
    }
    let mut numbers = false;
    // An operand has to follow, or an operator.
    let mut operand = true;
    let mut open = 0usize;
    for token in body {
        match (token.kind, sources.text(token.text)) {
            (RawKind::Number | RawKind::Character, _) if operand => {
                numbers = true;
                operand = false;
            }
            (RawKind::Name, _) if operand => operand = false,
            (RawKind::Mark, "(") if operand => open += 1,
            (RawKind::Mark, ")") if !operand && open > 0 => open -= 1,
            (RawKind::Mark, "-" | "+" | "~") if operand => {}
            (RawKind::Mark, "+" | "-" | "*" | "/" | "%" | "<<" | ">>" | "&" | "|" | "^") if !operand => operand = true,
            _ => return false,
        }
    }
    numbers && !operand && open == 0
}

fn same(old: &Macro, new: &Macro, sources: &SourceMap) -> bool {
    old.parameters == new.parameters
        && old.body.len() == new.body.len()
        && old.body.iter().zip(&new.body).all(|(a, b)| sources.text(a.text) == sources.text(b.text))
}

/// The tokens of `text`, which starts at the byte `start` of `file`.
pub(super) fn tokens_at(file: FileId, start: usize, text: &str) -> Vec<PpToken> {
    let token = |raw: lexer::RawToken| PpToken::new(raw.kind, Span::new(file, start + raw.start, start + raw.end));
    lexer::lex(text).into_iter().filter(|raw| !raw.kind.is_comment()).map(token).collect()
}

//! Lines that start with `#`.

use std::path::{Path, PathBuf};

use super::{MOST_INCLUDES_DEEP, Pass, Run, condition, files::NotIncluded, lexer::RawKind, macros::PpToken};
use crate::{diagnostics::Diagnostic, literal, options::IncludeMode, source::Span, suggest};

/// An open `#if`.
#[derive(Clone, Debug)]
pub(super) struct Conditional {
    /// Its `#`.
    pub(super) span: Span,
    /// What follows counts, up to the next `#else` of it.
    pub(super) active: bool,
    /// What follows is left out, or the other branch, because of rpcgen's pass.
    pub(super) of_pass: bool,
    /// The feature that guards what follows.
    pub(super) feature: Option<u16>,
    /// No further branch of it can count.
    done: bool,
    /// Its `#else` was seen.
    in_else: bool,
}

const NAMES: [&str; 14] = [
    "include", "define", "undef", "if", "ifdef", "ifndef", "elif", "else", "endif", "error", "warning", "pragma",
    "line", "ident",
];

impl Run<'_> {
    /// The directive whose `#` is at `hash`; `tokens` follow it on the line.
    pub(super) fn directive(&mut self, hash: Span, tokens: &[PpToken]) {
        let Some((first, rest)) = tokens.split_first() else { return };
        let name = self.sources.text(first.text).to_owned();
        if !is_conditional(&name) && !self.active() {
            return;
        }
        // What came before is to be read with the macros of before.
        self.flush();
        match name.as_str() {
            "if" => self.open(hash, |run| run.condition(first, rest)),
            "ifdef" => self.open(hash, |run| run.is_defined(first, rest)),
            "ifndef" => self.open(hash, |run| run.is_not_defined(first, rest)),
            "elif" | "elifdef" | "elifndef" => self.elif(hash, first, rest, &name),
            "else" => self.else_(hash, first),
            "endif" => {
                if self.innermost().is_none() {
                    self.orphan(hash, first, "#endif");
                } else {
                    self.conditionals.pop();
                }
            }
            "include" => self.include(first, rest),
            "define" if rest.is_empty() => self.bad(first.span(), "`#define` needs a name"),
            "define" => self.define(hash, rest),
            "undef" => match rest.first() {
                Some(name) => {
                    let name = self.sources.text(name.text).to_owned();
                    self.macros.undefine(&name);
                }
                None => self.bad(first.span(), "`#undef` needs a name"),
            },
            "error" | "warning" => self.message(hash, &name, rest),
            "pragma" | "ident" | "sccs" => {}
            "line" => self.line_mark(hash, rest),
            _ if first.kind == RawKind::Number => self.line_mark(hash, tokens),
            _ => {
                let help =
                    suggest::similar(&name, NAMES.iter().copied()).map(|near| format!("did you mean `#{near}`?"));
                let help = help.unwrap_or_else(|| "a comment is written `/* … */` or `// …`".to_owned());
                self.diagnostics.push(
                    Diagnostic::error("unknown-directive", format!("there is no directive `#{name}`"))
                        .at(first.span(), "")
                        .help(help),
                );
            }
        }
    }

    fn define(&mut self, hash: Span, rest: &[PpToken]) {
        let line = rest.last().map_or(hash, |last| hash.to(last.span()));
        self.macros.define(rest, Some(line), self.sources, self.diagnostics);
    }

    fn innermost(&mut self) -> Option<&mut Conditional> {
        self.conditionals.last_mut()
    }

    /// Whether the conditional around the innermost one counts.
    fn active_outside(&self) -> bool {
        self.conditionals.iter().rev().nth(1).is_none_or(|outer| outer.active)
    }

    fn open(&mut self, span: Span, condition: impl FnOnce(&mut Self) -> Option<(bool, How)>) {
        if !self.active() {
            // Nothing in it counts, whatever it says.
            self.conditionals.push(Conditional {
                span,
                active: false,
                of_pass: false,
                feature: None,
                done: true,
                in_else: false,
            });
            return;
        }
        let (active, how) = condition(self).unwrap_or((false, How::Plain));
        let feature = match how {
            How::Feature(feature) => Some(feature),
            _ => None,
        };
        if feature.is_some() && self.conditionals.iter().any(|outer| outer.feature.is_some()) {
            self.bad(span, "features cannot be nested");
        }
        self.conditionals.push(Conditional {
            span,
            active,
            of_pass: how == How::Pass,
            feature,
            done: active,
            in_else: false,
        });
    }

    fn elif(&mut self, hash: Span, first: &PpToken, rest: &[PpToken], name: &str) {
        let outside = self.active_outside();
        let Some(innermost) = self.innermost() else {
            return self.orphan(hash, first, &format!("#{name}"));
        };
        if innermost.in_else {
            let open = innermost.span;
            return self.after_else(hash, open, name);
        }
        if innermost.feature.is_some() {
            return self.feature_branch(hash, name);
        }
        let try_it = outside && !innermost.done;
        innermost.active = false;
        if !try_it {
            return;
        }
        let answer = match name {
            "elif" => self.condition(first, rest),
            "elifdef" => self.is_defined(first, rest),
            _ => self.is_not_defined(first, rest),
        };
        let (active, how) = answer.unwrap_or((false, How::Plain));
        if let How::Feature(_) = how {
            return self.feature_branch(hash, name);
        }
        if let Some(innermost) = self.innermost() {
            innermost.active = active;
            innermost.done = active;
            innermost.of_pass |= how == How::Pass;
        }
    }

    fn else_(&mut self, hash: Span, first: &PpToken) {
        let outside = self.active_outside();
        let Some(innermost) = self.innermost() else {
            return self.orphan(hash, first, "#else");
        };
        if innermost.in_else {
            let open = innermost.span;
            return self.after_else(hash, open, "else");
        }
        if innermost.feature.is_some() {
            return self.feature_branch(hash, "else");
        }
        innermost.in_else = true;
        innermost.active = outside && !innermost.done;
    }

    fn after_else(&mut self, hash: Span, open: Span, name: &str) {
        self.diagnostics.push(
            Diagnostic::error("misplaced-directive", format!("`#{name}` follows the `#else` of its conditional"))
                .at(hash, "")
                .at(open, "the conditional starts here"),
        );
    }

    fn feature_branch(&mut self, hash: Span, name: &str) {
        self.diagnostics.push(
            Diagnostic::error("feature-branch", format!("`#{name}` cannot be used with a symbol that is a feature"))
                .at(hash, "")
                .help("write the other branch as a definition that needs no feature, or do not ask for the feature"),
        );
    }

    fn orphan(&mut self, hash: Span, first: &PpToken, name: &str) {
        self.diagnostics.push(
            Diagnostic::error("misplaced-directive", format!("`{name}` without an `#if`"))
                .at(hash.to(first.span()), ""),
        );
    }

    fn bad(&mut self, span: Span, message: &str) {
        self.diagnostics.push(Diagnostic::error("bad-directive", message).at(span, ""));
    }

    fn message(&mut self, hash: Span, name: &str, rest: &[PpToken]) {
        let span = rest.last().map_or(hash, |last| hash.to(last.span()));
        let words: Vec<&str> = rest.iter().map(|token| self.sources.text(token.text)).collect();
        let text = format!("`#{name}`: {}", words.join(" "));
        self.diagnostics.push(if name == "error" {
            Diagnostic::error("error-directive", text).at(span, "the file says so")
        } else {
            Diagnostic::warning("warning-directive", text).at(span, "the file says so")
        });
    }

    fn line_mark(&mut self, hash: Span, tokens: &[PpToken]) {
        let text = |at: usize| tokens.get(at).map(|token| self.sources.text(token.text));
        let line = text(0).and_then(|number| number.parse().ok());
        let file = match tokens.get(1) {
            Some(_) => text(1).and_then(|quoted| literal::text(quoted).ok()),
            None => Some(self.sources.file(hash.file).path.display().to_string()),
        };
        match (line, file) {
            (Some(line), Some(file)) => self.sources.mark_line(hash, line, &file),
            _ => self.bad(hash, "a line mark is a number and a file name in quotes"),
        }
    }

    fn is_defined(&mut self, first: &PpToken, rest: &[PpToken]) -> Option<(bool, How)> {
        let Some(name) = rest.first().filter(|token| token.kind == RawKind::Name) else {
            self.bad(first.span(), "a name has to follow");
            return None;
        };
        Some(self.defined(name))
    }

    fn is_not_defined(&mut self, first: &PpToken, rest: &[PpToken]) -> Option<(bool, How)> {
        let (value, how) = self.is_defined(first, rest)?;
        if let How::Feature(_) = how {
            self.bad(first.span(), "`#ifndef` cannot be used with a symbol that is a feature");
            return None;
        }
        Some((!value, how))
    }

    fn defined(&self, name: &PpToken) -> (bool, How) {
        let name = self.sources.text(name.text);
        if let Some(at) = self.options.features.iter().position(|feature| feature == name) {
            return (true, How::Feature(u16::try_from(at).unwrap_or(u16::MAX)));
        }
        let of_pass = Pass::ALL.iter().any(|pass| pass.symbol() == name);
        (self.macros.is_defined(name), if of_pass { How::Pass } else { How::Plain })
    }

    /// `#if` and what follows it.
    fn condition(&mut self, first: &PpToken, tokens: &[PpToken]) -> Option<(bool, How)> {
        let mut how = How::Plain;
        let mut answered = Vec::with_capacity(tokens.len());
        let mut rest = tokens;
        let text = |run: &Self, token: &PpToken| run.sources.text(token.text).to_owned();
        while let Some((token, after)) = rest.split_first() {
            rest = after;
            if text(self, token) != "defined" {
                if Pass::ALL.iter().any(|pass| pass.symbol() == text(self, token)) {
                    how = How::Pass;
                }
                answered.push(*token);
                continue;
            }
            let (name, after) = match rest {
                [open, name, close, after @ ..] if text(self, open) == "(" && text(self, close) == ")" => (name, after),
                [name, after @ ..] => (name, after),
                [] => {
                    self.bad(token.span(), "`defined` needs a name");
                    return None;
                }
            };
            if name.kind != RawKind::Name {
                self.bad(name.span(), "`defined` needs a name");
                return None;
            }
            rest = after;
            let (value, of) = self.defined(name);
            match of {
                How::Feature(_)
                    if tokens.len() == answered.len() + (tokens.len() - rest.len())
                        && rest.is_empty()
                        && answered.is_empty() =>
                {
                    return Some((true, of));
                }
                How::Feature(_) => {
                    self.bad(name.span(), "a symbol that is a feature can only be asked for alone");
                    return None;
                }
                How::Pass => how = How::Pass,
                How::Plain => {}
            }
            let digit = self.macros.scratch(self.sources, if value { "1" } else { "0" });
            let mut number = PpToken::new(RawKind::Number, digit);
            number.used_at = Some(token.span());
            answered.push(number);
        }
        let tokens = self.macros.expand_all(&answered, self.sources, self.diagnostics);
        let Some(tokens) = tokens else {
            self.stopped = true;
            return None;
        };
        let after = answered.last().map_or(first.span(), PpToken::span).after();
        match condition::evaluate(&tokens, after, self.sources) {
            Ok(value) => Some((value != 0, how)),
            Err(bad) => {
                self.diagnostics.push(
                    Diagnostic::error("bad-condition", "this condition cannot be evaluated").at(bad.span, bad.message),
                );
                None
            }
        }
    }

    fn include(&mut self, first: &PpToken, rest: &[PpToken]) {
        let rest = match rest.first() {
            Some(token) if token.kind == RawKind::Name => {
                match self.macros.expand_all(rest, self.sources, self.diagnostics) {
                    Some(expanded) => expanded,
                    None => {
                        self.stopped = true;
                        return;
                    }
                }
            }
            _ => rest.to_vec(),
        };
        let Some((name, span, system)) = self.included_name(&rest) else {
            return self.bad(first.span(), "`#include` needs a file name, as \"file\" or <file>");
        };
        if self.depth >= MOST_INCLUDES_DEEP {
            self.diagnostics.push(
                Diagnostic::error("include-cycle", format!("files are included {MOST_INCLUDES_DEEP} levels deep"))
                    .at(span, format!("{name} is not read here"))
                    .help("does a file include itself? Guard it by `#ifndef`, `#define` and `#endif`"),
            );
            self.stopped = true;
            return;
        }
        let beside = self.sources.file(span.file).path.parent().map(Path::to_owned).unwrap_or_default();
        let mut folders: Vec<&Path> = Vec::new();
        if !system {
            folders.push(&beside);
        }
        folders.extend(self.options.include_paths.iter().map(PathBuf::as_path));
        match self.files.include(&name, &folders, span, self.sources) {
            Ok(file) => {
                if let Some(module) = self.module_for(&name, span.file) {
                    self.out.modules.insert(file, module);
                }
                self.enter(file);
            }
            Err(NotIncluded::NotFound) => self.not_found(name, span, &folders),
            Err(NotIncluded::Unreadable(path, error)) => self.diagnostics.push(
                Diagnostic::error("unreadable-include", format!("cannot read {}: {error}", path.display()))
                    .at(span, ""),
            ),
            Err(NotIncluded::TooMuch) => {
                self.diagnostics.push(
                    Diagnostic::error("include-limit", "the included files are too large together")
                        .at(span, "given up here"),
                );
                self.stopped = true;
            }
        }
    }

    /// `%#include "name.h"`, at `span`: a header that rpcgen makes of `name.x`. Where includes become modules that file is
    /// read; otherwise it is remembered, to be told of when something is missing.
    pub(super) fn include_for_c(&mut self, line: &str, span: Span) {
        let Some(rest) = line.trim_start().strip_prefix('#').and_then(|rest| rest.trim_start().strip_prefix("include"))
        else {
            return;
        };
        let name = rest.trim().trim_matches(['"', '<', '>']);
        let Some(stem) = name.strip_suffix(".h") else { return };
        let file_name = stem.rsplit('/').next().unwrap_or(stem);
        let beside = self.sources.file(span.file).path.parent().map(Path::to_owned).unwrap_or_default();
        let folders: Vec<&Path> =
            std::iter::once(beside.as_path()).chain(self.options.include_paths.iter().map(PathBuf::as_path)).collect();
        for candidate in [format!("{stem}.x"), format!("{file_name}.x")] {
            let own = self.sources.file(span.file).path.file_name().is_some_and(|own| own == candidate.as_str());
            if own {
                return;
            }
            if self.options.includes != IncludeMode::Use {
                if let Some(folder) = folders.iter().find(|folder| folder.join(&candidate).is_file()) {
                    self.out.headers_with_source.push((name.to_owned(), folder.join(&candidate)));
                    return;
                }
                continue;
            }
            if self.depth < MOST_INCLUDES_DEEP
                && let Ok(file) = self.files.include(&candidate, &folders, span, self.sources)
            {
                let module = Path::new(&candidate).file_stem().map(|stem| stem.to_string_lossy().into_owned());
                // C's headers guard themselves: each is read once.
                if let Some(module) = module.filter(|module| !self.out.modules.values().any(|known| known == module)) {
                    self.out.modules.insert(file, module);
                    self.enter(file);
                }
                return;
            }
        }
    }

    fn not_found(&mut self, name: String, span: Span, folders: &[&Path]) {
        let is_x = Path::new(&name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("x"));
        if !is_x {
            // C's headers matter only if something is missing because of them.
            self.out.missing_headers.push((span, name));
            return;
        }
        let looked: Vec<String> = folders
            .iter()
            .map(|folder| {
                if folder.as_os_str().is_empty() {
                    "the current folder".to_owned()
                } else {
                    folder.display().to_string()
                }
            })
            .collect();
        let looked = if looked.is_empty() { "nowhere: there is no include path".to_owned() } else { looked.join(", ") };
        self.diagnostics.push(
            Diagnostic::error("missing-include", format!("there is no file {name}"))
                .at(span, "")
                .because(format!("looked in {looked}"))
                .help("add its folder to the include path"),
        );
    }

    /// The file's name, where it stands, and whether it is in angle brackets.
    fn included_name(&self, tokens: &[PpToken]) -> Option<(String, Span, bool)> {
        let (first, last) = (tokens.first()?, tokens.last()?);
        let span = first.span().to(last.span());
        let text = self.sources.text(first.text);
        if first.kind == RawKind::Text {
            return Some((text.trim_matches('"').to_owned(), first.span(), false));
        }
        if text == "<" && self.sources.text(last.text) == ">" {
            let inner = Span { start: first.text.end, end: last.text.start, ..first.text };
            return Some((self.sources.text(inner).trim().to_owned(), span, true));
        }
        None
    }
}

/// What an answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// The file and the configuration.
    Plain,
    /// Which of rpcgen's outputs is made.
    Pass,
    /// A symbol that is a feature.
    Feature(u16),
}

fn is_conditional(name: &str) -> bool {
    matches!(name, "if" | "ifdef" | "ifndef" | "elif" | "elifdef" | "elifndef" | "else" | "endif")
}

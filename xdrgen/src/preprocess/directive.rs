//! Lines that start with `#`.

use super::{Pass, Run, condition, lexer::RawKind, macros::PpToken};
use crate::{diagnostics::Diagnostic, literal, source::Span, suggest};

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

    pub(super) fn bad(&mut self, span: Span, message: &str) {
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

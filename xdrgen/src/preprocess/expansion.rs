//! The expansion of macros, as C has it: arguments first, then the body again, no macro within itself.

use std::{
    collections::{BTreeMap, HashSet, btree_map::Entry},
    rc::Rc,
};

use super::{
    BROKEN,
    lexer::RawKind,
    macros::{Macro, Macros, PpToken, tokens_at},
};
use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    source::{SourceMap, Span},
};

/// Tokens made by expansion in a whole run. The largest real file has a twenty-fifth of it.
const MOST_STEPS: usize = 500_000;

/// Macro uses within the arguments of macro uses.
const MOST_ARGUMENTS_DEEP: usize = 64;

/// One text being expanded.
pub(super) struct Expansion<'a> {
    macros: &'a mut Macros,
    sources: &'a mut SourceMap,
    diagnostics: &'a mut Diagnostics,
    keep_constants: bool,
}

enum Work {
    Token(PpToken),
    /// The expansion of this macro ends here; it may be expanded again.
    End(String),
}

impl<'a> Expansion<'a> {
    /// `keep_constants`: those that are constants stay as they are, marked.
    pub(super) fn new(
        macros: &'a mut Macros,
        sources: &'a mut SourceMap,
        diagnostics: &'a mut Diagnostics,
        keep_constants: bool,
    ) -> Self {
        Self { macros, sources, diagnostics, keep_constants }
    }

    /// Expands `tokens` into `out`. `None`: a limit was passed, and said so.
    pub(super) fn expand(&mut self, tokens: &[PpToken], depth: usize, out: &mut Vec<PpToken>) -> Option<()> {
        let mut work: Vec<Work> = tokens.iter().rev().map(|token| Work::Token(*token)).collect();
        let mut expanding: HashSet<String> = HashSet::new();
        while let Some(next) = work.pop() {
            let mut token = match next {
                Work::Token(token) => token,
                Work::End(name) => {
                    expanding.remove(&name);
                    continue;
                }
            };
            if token.kind != RawKind::Name || token.painted {
                out.push(token);
                continue;
            }
            let name = self.sources.text(token.text);
            let Some(found) = self.macros.table.get(name).map(Rc::clone) else {
                out.push(token);
                continue;
            };
            if expanding.contains(name) {
                token.painted = true;
                out.push(token);
                continue;
            }
            if let (Some(_), true) = (found.constant, self.keep_constants) {
                token.constant = found.constant;
                out.push(token);
                continue;
            }
            let name = name.to_owned();
            let body = match &found.parameters {
                None => found.body.clone(),
                Some(parameters) => {
                    if !follows_parenthesis(&work, self.sources) {
                        out.push(token);
                        continue;
                    }
                    let Some(arguments) = self.arguments(&name, token, &mut work, &mut expanding) else {
                        out.push(self.stand_in(token));
                        continue;
                    };
                    if arguments.len() != parameters.len() && !(parameters.is_empty() && arguments.concat().is_empty())
                    {
                        self.wrong_count(&name, token, parameters.len(), arguments.len(), found.span);
                        out.push(self.stand_in(token));
                        continue;
                    }
                    self.substitute(&found, parameters, &arguments, depth, token)?
                }
            };
            self.macros.steps += body.len() + 1;
            if self.macros.steps > MOST_STEPS {
                self.too_much(token, "these macros expand to more than any `.x` file needs");
                return None;
            }
            let used_at = token.span();
            work.push(Work::End(name.clone()));
            expanding.insert(name);
            let first = body.len().saturating_sub(1);
            work.extend(body.into_iter().rev().enumerate().map(|(at, part)| {
                let line_start = token.line_start && at == first;
                Work::Token(PpToken { used_at: Some(used_at), line_start, ..part })
            }));
        }
        Some(())
    }

    /// The arguments of a use; `work` stands before its `(`.
    fn arguments(
        &mut self,
        name: &str,
        token: PpToken,
        work: &mut Vec<Work>,
        expanding: &mut HashSet<String>,
    ) -> Option<Vec<Vec<PpToken>>> {
        let mut arguments = vec![Vec::new()];
        let mut depth = 0usize;
        while let Some(next) = work.pop() {
            let next = match next {
                Work::End(name) => {
                    expanding.remove(&name);
                    continue;
                }
                Work::Token(next) => next,
            };
            match self.sources.text(next.text) {
                "(" => {
                    depth += 1;
                    if depth == 1 {
                        continue;
                    }
                }
                ")" => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(arguments);
                    }
                }
                "," if depth == 1 => {
                    arguments.push(Vec::new());
                    continue;
                }
                _ => {}
            }
            if let Some(last) = arguments.last_mut() {
                last.push(next);
            }
        }
        self.diagnostics.push(
            Diagnostic::error("unterminated-macro", format!("the arguments of macro `{name}` have no end"))
                .at(token.span(), "no `)` follows"),
        );
        None
    }

    /// The body with the arguments put in; `#` and `##` done.
    fn substitute(
        &mut self,
        found: &Macro,
        parameters: &[String],
        arguments: &[Vec<PpToken>],
        depth: usize,
        token: PpToken,
    ) -> Option<Vec<PpToken>> {
        if depth >= MOST_ARGUMENTS_DEEP {
            self.too_much(token, "macros are nested too deep in the arguments of macros");
            return None;
        }
        let mut expanded: BTreeMap<usize, Vec<PpToken>> = BTreeMap::new();
        let mut out: Vec<PpToken> = Vec::new();
        let mut at = 0;
        while let Some(token) = found.body.get(at) {
            let parameter = |token: &PpToken, sources: &SourceMap| {
                let text = sources.text(token.text);
                (token.kind == RawKind::Name).then(|| parameters.iter().position(|name| name == text)).flatten()
            };
            let text = self.sources.text(token.text);
            let next = found.body.get(at + 1);
            if text == "#"
                && let Some(index) = next.and_then(|next| parameter(next, self.sources))
            {
                let words: Vec<&str> =
                    arguments_at(arguments, index).iter().map(|token| self.sources.text(token.text)).collect();
                let quoted = format!("{:?}", words.join(" "));
                out.push(PpToken::new(RawKind::Text, self.macros.scratch(self.sources, &quoted)));
                at += 2;
                continue;
            }
            if text == "##"
                && let (Some(left), Some(next)) = (out.pop(), next)
            {
                let right = match parameter(next, self.sources) {
                    Some(index) => arguments_at(arguments, index).to_vec(),
                    None => vec![*next],
                };
                self.paste(left, right, &mut out);
                at += 2;
                continue;
            }
            let pasted = next.is_some_and(|next| self.sources.text(next.text) == "##");
            match parameter(token, self.sources) {
                Some(index) if pasted => out.extend(arguments_at(arguments, index)),
                Some(index) => {
                    let list = match expanded.entry(index) {
                        Entry::Occupied(entry) => entry.into_mut(),
                        Entry::Vacant(entry) => {
                            let mut list = Vec::new();
                            self.expand(arguments_at(arguments, index), depth + 1, &mut list)?;
                            entry.insert(list)
                        }
                    };
                    out.extend(list.iter());
                }
                None => out.push(*token),
            }
            self.macros.steps += 1;
            if self.macros.steps.saturating_add(out.len()) > MOST_STEPS {
                self.too_much(*token, "these macros expand to more than any `.x` file needs");
                return None;
            }
            at += 1;
        }
        Some(out)
    }

    fn paste(&mut self, left: PpToken, right: Vec<PpToken>, out: &mut Vec<PpToken>) {
        let Some((first, rest)) = right.split_first() else {
            out.push(left);
            return;
        };
        let text = format!("{}{}", self.sources.text(left.text), self.sources.text(first.text));
        // Pasting to itself doubles a word each time.
        self.macros.steps += text.len();
        let span = self.macros.scratch(self.sources, &text);
        out.extend(tokens_at(span.file, 0, &text));
        out.extend(rest);
    }

    /// What stands where a macro could not be expanded: nothing there is to be complained of again.
    fn stand_in(&mut self, token: PpToken) -> PpToken {
        let text = self.macros.scratch(self.sources, BROKEN);
        PpToken { kind: RawKind::Broken, text, used_at: Some(token.span()), ..token }
    }

    fn wrong_count(&mut self, name: &str, token: PpToken, wanted: usize, given: usize, defined: Span) {
        let plural = if wanted == 1 { "" } else { "s" };
        self.diagnostics.push(
            Diagnostic::error(
                "macro-arguments",
                format!("macro `{name}` takes {wanted} argument{plural}, not {given}"),
            )
            .at(token.span(), format!("{given} given"))
            .at(defined, "defined here"),
        );
    }

    fn too_much(&mut self, token: PpToken, message: &str) {
        self.diagnostics.push(Diagnostic::error("macro-limit", message).at(token.span(), "given up here"));
    }
}

fn arguments_at(arguments: &[Vec<PpToken>], index: usize) -> &[PpToken] {
    arguments.get(index).map_or(&[], Vec::as_slice)
}

fn follows_parenthesis(work: &[Work], sources: &SourceMap) -> bool {
    let next = work.iter().rev().find_map(|work| match work {
        Work::Token(token) => Some(token),
        Work::End(_) => None,
    });
    next.is_some_and(|token| sources.text(token.text) == "(")
}

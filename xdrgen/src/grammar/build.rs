//! From pest's pairs to the AST: definitions, declarations, and what all parts need.

use std::cell::Cell;

use pest::iterators::Pair;

use super::{Rule, repair::Repaired};
use crate::{
    ast::{Declaration, Declarator, Ident, Item, ItemKind, Path, Suffix, TypeSpec, TypeSpecKind, docs::Comments},
    diagnostics::{Diagnostic, Diagnostics, Severity},
    model::{Docs, Integer},
    preprocess::{Preprocessed, Token},
    source::Span,
};

/// Makes the AST of one definition.
pub(super) struct Builder<'a, 'd> {
    from: From<'a>,
    comments: Option<&'a Comments<'a>>,
    diagnostics: &'d mut Diagnostics,
    /// The body read last: all of its type, and its opening bracket.
    pub(super) opening: Option<(Span, Span)>,
    /// The token looked at last.
    near: Cell<usize>,
    failed: bool,
}

pub(super) type Node<'i> = Pair<'i, Rule>;

/// What the text is that the pairs speak of.
enum From<'a> {
    /// The preprocessor's.
    Text { input: &'a Preprocessed, text: &'a Repaired<'a> },
    /// The value of a macro, all of it written here.
    Macro(Span),
}

impl<'a, 'd> Builder<'a, 'd> {
    /// For the definition that `text` is.
    pub(super) fn new(input: &'a Preprocessed, text: &'a Repaired<'a>, diagnostics: &'d mut Diagnostics) -> Self {
        Self {
            from: From::Text { input, text },
            comments: None,
            diagnostics,
            opening: None,
            near: Cell::new(0),
            failed: false,
        }
    }

    /// For the value of a macro.
    pub(super) fn of_macro(span: Span, diagnostics: &'d mut Diagnostics) -> Self {
        Self { from: From::Macro(span), comments: None, diagnostics, opening: None, near: Cell::new(0), failed: false }
    }

    /// The definition. `None`: it is wrong, and that has been said.
    pub(super) fn item(mut self, pair: Node<'_>, comments: &'a Comments<'a>) -> Option<Item> {
        self.comments = Some(comments);
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let feature = self.feature(&pair);
        self.refuse_parts(&pair, feature);
        let mut docs = self.docs_before(span);
        let has_body = pair.as_str().contains('{');
        let parts: Vec<Node<'_>> = pair.into_inner().collect();
        let kind = match rule {
            Rule::constant_definition => {
                let (mut name, mut value) = (None, None);
                for part in parts {
                    match part.as_rule() {
                        Rule::name => name = Some(self.ident(&part)),
                        Rule::expression => value = Some(self.expression(part)),
                        _ => {}
                    }
                }
                ItemKind::Constant { name: name?, value: value? }
            }
            Rule::typedef_definition => {
                let declaration = parts.into_iter().find(|part| part.as_rule() == Rule::declaration)?;
                let declaration = self.declaration(declaration);
                docs.extend(self.opening_docs(&declaration.type_spec));
                ItemKind::Typedef(declaration)
            }
            Rule::type_definition => self.type_definition(parts, &mut docs)?,
            Rule::program_definition => ItemKind::Program(self.program(parts, &mut docs)?),
            _ => ItemKind::Pragma(
                parts.iter().filter(|part| part.as_rule() == Rule::name).map(|part| self.ident(part)).collect(),
            ),
        };
        docs.extend(if has_body { self.docs_behind_line(span) } else { self.docs_behind(span) });
        (!self.failed).then_some(Item { span, docs, feature, kind })
    }

    fn type_definition(&mut self, parts: Vec<Node<'_>>, docs: &mut Vec<String>) -> Option<ItemKind> {
        let mut spec = None;
        for part in parts {
            match part.as_rule() {
                Rule::declarator => {
                    let span = self.span(&part);
                    // The text of RFC 5531 §9 has one.
                    self.diagnostics.push(
                        Diagnostic::warning("variable", "there are no variables in XDR, only types")
                            .at(span, "this would be a variable; it is ignored")
                            .help("remove it, or put `typedef` before the definition"),
                    );
                }
                Rule::struct_spec | Rule::enum_spec | Rule::union_spec => {
                    let span = self.span(&part);
                    spec = Some(TypeSpec { kind: self.compound(part), span });
                }
                _ => {}
            }
        }
        let spec = spec?;
        let anonymous = match &spec.kind {
            TypeSpecKind::Struct { name, .. } | TypeSpecKind::Union { name, .. } => name.is_none(),
            _ => false,
        };
        if anonymous {
            self.error(Diagnostic::error("no-name", "this type has no name").at(spec.span, "nothing can refer to it"));
        }
        docs.extend(self.opening_docs(&spec));
        Some(ItemKind::Type(spec))
    }

    pub(super) fn declaration(&mut self, pair: Node<'_>) -> Declaration {
        let span = self.span(&pair);
        let mut type_spec = TypeSpec { kind: TypeSpecKind::Void, span };
        let mut declarators = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::type_spec => type_spec = self.type_spec(part),
                Rule::declarator => declarators.push(self.declarator(part)),
                _ => {}
            }
        }
        match (&type_spec.kind, declarators.first()) {
            (TypeSpecKind::Void, Some(declarator)) => {
                let span = declarator.span;
                self.error(
                    Diagnostic::error("void-name", "`void` is nothing, and has no name")
                        .at(span, "remove this")
                        .help("for bytes of any length write `opaque name<>`"),
                );
            }
            (TypeSpecKind::Void, None) => {}
            (_, None) => {
                let span = type_spec.span;
                self.error(
                    Diagnostic::error("no-name", "this declaration has no name")
                        .at(span.after(), "expected a name here"),
                );
            }
            _ => {}
        }
        Declaration { type_spec, declarators, span, docs: Vec::new(), feature: None }
    }

    fn declarator(&mut self, pair: Node<'_>) -> Declarator {
        let span = self.span(&pair);
        let mut declarator = Declarator { pointers: 0, name: None, suffixes: Vec::new(), span };
        for part in pair.into_inner() {
            self.declarator_part(&mut declarator, part);
        }
        declarator
    }

    pub(super) fn declarator_part(&mut self, declarator: &mut Declarator, part: Node<'_>) {
        match part.as_rule() {
            Rule::STAR => declarator.pointers += 1,
            Rule::name => declarator.name = Some(self.ident(&part)),
            Rule::suffix => declarator.suffixes.extend(self.suffix(part)),
            _ => {}
        }
    }

    fn suffix(&mut self, pair: Node<'_>) -> Option<Suffix> {
        let span = self.span(&pair);
        let inner = pair.into_inner().next()?;
        let fixed = inner.as_rule() == Rule::fixed;
        let bound = inner.into_inner().find(|part| part.as_rule() == Rule::expression);
        Some(Suffix { fixed, bound: bound.map(|bound| self.expression(bound)), span })
    }

    pub(super) fn type_spec(&mut self, pair: Node<'_>) -> TypeSpec {
        let span = self.span(&pair);
        let Some(inner) = pair.into_inner().next() else { return TypeSpec { kind: TypeSpecKind::Void, span } };
        let kind = match inner.as_rule() {
            Rule::struct_spec | Rule::enum_spec | Rule::union_spec => self.compound(inner),
            Rule::integer => self.integer(&inner, span),
            Rule::path => TypeSpecKind::Named(self.path(inner)),
            _ => match inner.as_str().trim() {
                "bool" => TypeSpecKind::Bool,
                "float" => TypeSpecKind::Float,
                "double" => TypeSpecKind::Double,
                "quadruple" => TypeSpecKind::Quadruple,
                "string" => TypeSpecKind::String,
                "opaque" => TypeSpecKind::Opaque,
                _ => TypeSpecKind::Void,
            },
        };
        TypeSpec { kind, span }
    }

    /// `unsigned`, `long long int`, `unsigned char`: what C makes of the words, in the sizes of XDR.
    fn integer(&mut self, pair: &Node<'_>, span: Span) -> TypeSpecKind {
        let count = |word: &str| pair.clone().into_inner().filter(|part| part.as_str() == word).count();
        let all = pair.clone().into_inner().count();
        let (unsigned, signed, int) = (count("unsigned"), count("signed"), count("int"));
        let (char_, short, long, hyper) = (count("char"), count("short"), count("long"), count("hyper"));
        let sizes = char_ + short + long + hyper;
        let valid = unsigned + signed <= 1
            && int <= 1
            && (sizes <= 1 || long == 2 && sizes == 2)
            && !(char_ == 1 && int == 1)
            && all <= 5;
        if !valid {
            self.error(
                Diagnostic::error("bad-integer", "there is no such integer type")
                    .at(span, "these words do not go together"),
            );
        }
        TypeSpecKind::Integer(match (unsigned == 1, (char_, short, hyper + usize::from(long == 2))) {
            (false, (1, _, _)) => Integer::I8,
            (true, (1, _, _)) => Integer::U8,
            (false, (_, 1, _)) => Integer::I16,
            (true, (_, 1, _)) => Integer::U16,
            (false, (_, _, 1)) => Integer::I64,
            (true, (_, _, 1)) => Integer::U64,
            (false, _) => Integer::I32,
            (true, _) => Integer::U32,
        })
    }

    pub(super) fn path(&mut self, pair: Node<'_>) -> Path {
        let span = self.span(&pair);
        let segments =
            pair.into_inner().filter(|part| part.as_rule() == Rule::name).map(|part| self.ident(&part)).collect();
        Path { segments, span }
    }

    pub(super) fn ident(&self, pair: &Node<'_>) -> Ident {
        Ident { text: pair.as_str().trim().to_owned(), span: self.span(pair) }
    }

    /// The comment behind the opening bracket of a body: it speaks of the body.
    pub(super) fn opening_docs(&self, spec: &TypeSpec) -> Vec<String> {
        let has_body =
            matches!(spec.kind, TypeSpecKind::Struct { .. } | TypeSpecKind::Enum { .. } | TypeSpecKind::Union { .. });
        match &self.opening {
            // The body read last is this one: those within it were read before.
            Some((whole, brace)) if has_body && *whole == spec.span => self.docs_behind(*brace),
            _ => Vec::new(),
        }
    }

    /// A macro that is a constant, when the name is one.
    pub(super) fn constant(&self, pair: &Node<'_>) -> Option<u32> {
        self.token(pair)?.constant
    }

    pub(super) fn feature(&self, pair: &Node<'_>) -> Option<u16> {
        self.token(pair)?.feature
    }

    /// The first token of `pair`.
    fn token(&self, pair: &Node<'_>) -> Option<&'a Token> {
        match self.from {
            From::Text { input, text } => {
                input.text.tokens.get(input.text.token_at(text.original(pair.as_span().start())))
            }
            From::Macro(_) => None,
        }
    }

    /// The feature that guards a field, a member or an arm.
    pub(super) fn part_feature(&mut self, pair: &Node<'_>) -> Option<u16> {
        let feature = self.feature(pair);
        self.refuse_parts(pair, feature);
        feature
    }

    /// A feature guards definitions, fields, members and arms, not parts of them.
    fn refuse_parts(&mut self, pair: &Node<'_>, feature: Option<u16>) {
        let From::Text { input, text } = self.from else { return };
        if input.features.is_empty() {
            return;
        }
        let tokens = |pair: &Node<'_>| {
            let start = input.text.token_at(text.original(pair.as_span().start()));
            let end = text.original(pair.as_span().end());
            start..start + input.text.tokens[start..].partition_point(|token| token.start < end)
        };
        let is_whole = |rule: Rule| matches!(rule, Rule::field | Rule::enumerator | Rule::arm);
        let inner: Vec<_> = pair.clone().into_inner().flatten().filter(|part| is_whole(part.as_rule())).collect();
        let inner: Vec<_> = inner.iter().map(tokens).collect();
        let separates = |token: &Token| matches!(input.text.text(token), "," | ";");
        let wrong = tokens(pair).find(|at| {
            let token = &input.text.tokens[*at];
            token.feature != feature && !separates(token) && !inner.iter().any(|part| part.contains(at))
        });
        let Some(token) = wrong.map(|at| &input.text.tokens[at]) else { return };
        let guard = token.feature.or(feature);
        let name = guard.and_then(|at| input.features.get(usize::from(at))).cloned().unwrap_or_default();
        let label = if token.feature.is_some() { "from here on" } else { "up to here" };
        self.error(
            Diagnostic::error("feature-inside", format!("feature `{name}` guards a part of a definition"))
                .at(token.span, label)
                .help("a feature guards whole definitions, fields of structs, members of enums and arms of unions"),
        );
    }

    pub(super) fn docs_before(&self, span: Span) -> Docs {
        self.comments.map(|comments| comments.before(span)).unwrap_or_default()
    }

    pub(super) fn docs_behind(&self, span: Span) -> Docs {
        self.comments.map(|comments| comments.behind(span)).unwrap_or_default()
    }

    /// Behind something with a body.
    pub(super) fn docs_behind_line(&self, span: Span) -> Docs {
        self.comments.map(|comments| comments.behind_line(span)).unwrap_or_default()
    }

    pub(super) fn docs_of(&self, span: Span) -> Docs {
        self.comments.map(|comments| comments.of(span, span)).unwrap_or_default()
    }

    pub(super) fn span(&self, pair: &Node<'_>) -> Span {
        let span = pair.as_span();
        match self.from {
            From::Text { input, text } => {
                // Parts follow each other: the next one is near the last.
                let first = input.text.token_near(text.original(span.start()), self.near.get());
                self.near.set(first);
                input.text.span_from(first, text.original(span.end()))
            }
            From::Macro(whole) => whole,
        }
    }

    pub(super) fn error(&mut self, diagnostic: Diagnostic) {
        self.failed |= diagnostic.severity == Severity::Error;
        self.diagnostics.push(diagnostic);
    }
}

//! From the preprocessor's text to the AST: cut into definitions, each parsed by pest, so that a mistake in one hides none in
//! another.

mod annotations;
mod bodies;
mod build;
mod expression;
mod programs;
mod repair;
mod split;
mod syntax_error;

use pest::Parser as _;

use self::{
    annotations::PassedOver,
    build::Builder,
    repair::Repaired,
    split::{Chunk, Piece, split},
};
use crate::{
    ast::{Expression, File, Ident, Item, ItemKind, docs::Comments},
    diagnostics::{Diagnostic, Diagnostics},
    preprocess::{BROKEN, Preprocessed},
    source::{SourceMap, Span},
};

/// Parsing rules, by the names of `grammar.pest`.
mod rules {
    // The derive documents none of what it makes.
    #![allow(missing_docs)]

    #[derive(pest_derive::Parser)]
    #[grammar = "grammar/grammar.pest"]
    pub(super) struct XdrParser;
}

use self::rules::{Rule, XdrParser};

/// Parses all that the preprocessor left.
pub(crate) fn parse(input: &Preprocessed, sources: &SourceMap, diagnostics: &mut Diagnostics) -> File {
    let mut file = File::default();
    let comments = Comments::new(sources, &input.comments);
    // Namespaces around the place, each with what it has so far.
    let mut open: Vec<(Vec<Ident>, Span, Vec<Item>)> = Vec::new();
    let mut passed_over = PassedOver::default();
    for piece in split(&input.text, sources, diagnostics, &mut file.unreadable) {
        match piece {
            Piece::OpenNamespace { name, span } => open.push((name, span, Vec::new())),
            Piece::CloseNamespace { span } => {
                if let Some((name, start, items)) = open.pop() {
                    let item = Item {
                        span: start.to(span),
                        docs: comments.before(start),
                        feature: None,
                        kind: ItemKind::Namespace { name, items },
                    };
                    open.last_mut().map_or(&mut file.items, |(_, _, items)| items).push(item);
                }
            }
            Piece::Annotation { span } => passed_over.brackets = passed_over.brackets.or(Some(span)),
            Piece::Definition(chunk) => {
                if let Some(item) = definition(input, &comments, &chunk, diagnostics, &mut file, &mut passed_over) {
                    open.last_mut().map_or(&mut file.items, |(_, _, items)| items).push(item);
                }
            }
        }
    }
    passed_over.report(diagnostics);
    file
}

/// Parses `text`, the value of a macro written at `span`.
///
/// # Errors
///
/// Says what is wrong with it.
pub(crate) fn parse_expression(text: &str, span: Span) -> Result<Expression, Box<Diagnostic>> {
    let wrong = || Box::new(Diagnostic::error("bad-macro", "the value of this macro is no constant").at(span, ""));
    // As the preprocessor has it.
    let text = format!("{text} ");
    let mut pairs = XdrParser::parse(Rule::whole_expression, &text).map_err(|_| wrong())?;
    let expression = pairs.next().and_then(|whole| whole.into_inner().next()).ok_or_else(wrong)?;
    let mut diagnostics = Diagnostics::default();
    let expression = Builder::of_macro(span, &mut diagnostics).expression(expression);
    match diagnostics.finish().into_iter().next() {
        Some(diagnostic) => Err(Box::new(diagnostic)),
        None => Ok(expression),
    }
}

/// Marks put into one definition to find its other mistakes.
const MOST_REPAIRS: usize = 20;

fn definition(
    input: &Preprocessed,
    comments: &Comments<'_>,
    chunk: &Chunk,
    diagnostics: &mut Diagnostics,
    file: &mut File,
    passed_over: &mut PassedOver,
) -> Option<Item> {
    let tokens = &input.text.tokens[chunk.tokens.clone()];
    let (first, last) = (tokens.first()?, tokens.last()?);
    if tokens.iter().any(|token| input.text.text(token) == BROKEN) {
        split::remember(input, chunk, &mut file.unreadable);
        return None;
    }
    let rule = match input.text.text(first) {
        "const" => Rule::constant_definition,
        "typedef" => Rule::typedef_definition,
        "struct" | "enum" | "union" => Rule::type_definition,
        "program" => Rule::program_definition,
        "pragma" => Rule::pragma_definition,
        _ => {
            diagnostics.push(syntax_error::no_definition(input, chunk));
            split::remember(input, chunk, &mut file.unreadable);
            return None;
        }
    };
    let mut text = Repaired::new(&input.text.text[first.start..=last.end], first.start);
    annotations::pass_over(&input.text, chunk.tokens.clone(), &mut text, passed_over);
    if chunk.lacks_semicolon {
        // It was complained of; the rest of the definition may be right.
        text.insert(last.end, ";");
    }
    let mut item = None;
    for _ in 0..MOST_REPAIRS {
        match XdrParser::parse(rule, &text.text) {
            Ok(mut pairs) => {
                item = pairs.next().and_then(|pair| Builder::new(input, &text, diagnostics).item(pair, comments));
                break;
            }
            Err(error) => {
                let (diagnostic, repair) = syntax_error::explain(input, chunk, rule, &error, &text);
                diagnostics.push(diagnostic);
                let Some(repair) = repair else { break };
                text.insert(repair.behind, repair.mark);
            }
        }
    }
    if item.is_none() {
        split::remember(input, chunk, &mut file.unreadable);
    }
    item
}

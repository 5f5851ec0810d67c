//! What pest found wrong, in the words of someone who writes `.x` files.

use pest::error::{Error, ErrorVariant, InputLocation};

use super::{Rule, repair::Repaired, split::Chunk};
use crate::{
    diagnostics::Diagnostic,
    preprocess::{Preprocessed, Token},
    suggest,
};

/// A definition that begins like none.
pub(super) fn no_definition(input: &Preprocessed, chunk: &Chunk) -> Diagnostic {
    let tokens = &input.text.tokens[chunk.tokens.clone()];
    let first = &tokens[0];
    let word = input.text.text(first);
    let second = tokens.get(1).map(|token| input.text.text(token)).unwrap_or_default();
    let error = |message: String| Diagnostic::error("syntax", message).at(first.span, "");
    match word {
        "version" => error("a `version` stands within a `program`".to_owned())
            .help("write `program NAME { version NAME { … } = 1; } = 0x20000001;`"),
        "opaque_union" => error("`opaque_union` is an extension of xdrzcc that is not supported".to_owned())
            .help("an arm of it has its length before it: write a `struct` of the number and an `opaque body<>`"),
        "zcopaque" => {
            error("`zcopaque` is an extension of xdrzcc that is not supported".to_owned()).help("write `opaque`")
        }
        "extern" | "static" | "inline" => error(format!("`{word}` is C, not XDR"))
            .help("put C that rpcgen should copy behind a `%` at the start of the line"),
        "import" | "package" => {
            error(format!("`{word}` is not XDR")).help("other files are read by `#include \"name.x\"`")
        }
        "message" => {
            error("`message` is not XDR".to_owned()).help("what Protocol Buffers call a message is a `struct` here")
        }
        "service" => {
            error("`service` is not XDR".to_owned()).help("a service is a `program` of one or more `version`s")
        }
        "%" => error("a line that rpcgen should copy has its `%` at the start".to_owned()),
        _ => {
            let found = if second.is_empty() { format!("`{word}`") } else { format!("`{word} {second}`") };
            let known = ["const", "typedef", "struct", "enum", "union", "program", "namespace", "pragma"];
            let help = suggest::similar(word, known).map(|near| format!("did you mean `{near}`?"));
            let help = help.unwrap_or_else(|| {
                "a definition begins with `const`, `typedef`, `enum`, `struct`, `union` or `program`".to_owned()
            });
            error(format!("no definition begins with {found}")).help(help)
        }
    }
}

/// A mark that is missing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repair {
    /// The end of the token that it follows, in the preprocessor's text.
    pub(super) behind: usize,
    /// The mark.
    pub(super) mark: &'static str,
}

/// The error that pest reports for `chunk`; and what was forgotten, if it is that.
pub(super) fn explain(
    input: &Preprocessed,
    chunk: &Chunk,
    rule: Rule,
    error: &Error<Rule>,
    text: &Repaired<'_>,
) -> (Diagnostic, Option<Repair>) {
    let tokens = &input.text.tokens[chunk.tokens.clone()];
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => text.original(at),
    };
    let ErrorVariant::ParsingError { positives, .. } = &error.variant else {
        // pest guards the stack; our own limits come first.
        let diagnostic = Diagnostic::error("nesting", "this definition is too complicated to be read");
        return (diagnostic.at(tokens[0].span, ""), None);
    };
    let index = tokens.partition_point(|token| token.end <= at).min(tokens.len() - 1);
    let mut positives = positives.clone();
    if positives.contains(&Rule::suffix) && positives.contains(&Rule::OPEN_PAREN) {
        // Behind a procedure's name; a second one is only read to be refused.
        positives.retain(|rule| *rule == Rule::OPEN_PAREN);
    }
    let explanation = Explanation { input, tokens, index, positives: &positives, rule };
    explanation.missing().unwrap_or_else(|| (explanation.diagnostic(), None))
}

struct Explanation<'a> {
    input: &'a Preprocessed,
    tokens: &'a [Token],
    /// The token that cannot be there.
    index: usize,
    positives: &'a [Rule],
    rule: Rule,
}

impl Explanation<'_> {
    fn diagnostic(&self) -> Diagnostic {
        let found = self.word(0);
        let before = self.word(-1);
        let span = self.tokens[self.index].span;
        let error = |message: String| Diagnostic::error("syntax", message);
        let expected = self.expected();
        if let Some(diagnostic) = self.known_mistake(found, before) {
            return diagnostic;
        }
        if let Some(near) = self.mistyped(before).filter(|_| is_keyword(found)) {
            let word = self.tokens[self.index - 1].span;
            return error(format!("expected {expected}, found `{found}`"))
                .at(span, format!("expected {expected}"))
                .at(word, format!("did you mean `{near}`?"));
        }
        if self.expects(Rule::name) && is_keyword(found) {
            return error(format!("`{found}` is a keyword of XDR and cannot be a name"))
                .at(span, "expected a name")
                .help(format!("call it `{found}_`, for example"));
        }
        error(format!("expected {expected}, found `{found}`")).at(span, format!("expected {expected}"))
    }

    /// A mark that was forgotten. It is shown where it belongs: behind what comes before.
    fn missing(&self) -> Option<(Diagnostic, Option<Repair>)> {
        let before = self.tokens.get(self.index.checked_sub(1)?)?;
        let found = self.word(0);
        let ends_body = found == "}";
        let (code, what, mark) = if self.expects(Rule::SEMICOLON)
            && (self.starts_line() || ends_body)
            && self.word(-1) != "{"
        {
            ("missing-semicolon", "a semicolon is missing", ";")
        } else if self.expects(Rule::COMMA) && self.expects(Rule::CLOSE_BRACE) && self.starts_line() && is_word(found) {
            ("syntax", "a comma is missing between these members", ",")
        } else if self.expects(Rule::CLOSE_PAREN) && matches!(found, "=" | ";" | "{") {
            ("syntax", "a parenthesis is not closed", ")")
        } else {
            return None;
        };
        let after = before.span.after();
        let diagnostic =
            Diagnostic::error(code, what).at(after, format!("expected `{mark}` here")).fix("add it", after, mark);
        Some((diagnostic, Some(Repair { behind: before.end, mark })))
    }

    /// Mistakes and extensions that can be told apart.
    fn known_mistake(&self, found: &str, before: &str) -> Option<Diagnostic> {
        let span = self.tokens[self.index].span;
        let error = |message: String| Some(Diagnostic::error("syntax", message).at(span, ""));
        let with = |message: &str, help: &str| {
            Some(Diagnostic::error("syntax", message.to_owned()).at(span, "").help(help.to_owned()))
        };
        let ocamlnet = [
            "_unboxed",
            "_int32",
            "_int64",
            "_int",
            "_abstract",
            "_managed",
            "_prefix",
            "_equals",
            "_lowercase",
            "_uppercase",
            "_capitalized",
            "_tuple",
        ];
        if let Some(back) = [0, 1].into_iter().find(|back| ocamlnet.contains(&self.word(-back))) {
            let at = self.tokens[self.index - usize::from(back == 1)].span;
            let message = format!("`{}` is an annotation of ocamlnet that is not supported", self.word(-back));
            let help = match self.word(-back) {
                "_prefix" | "_equals" => "remove it and the text behind it: they change nothing on the wire",
                _ => "remove it: it changes nothing on the wire",
            };
            return Some(Diagnostic::error("syntax", message).at(at, "").help(help));
        }
        if found == "..." && self.rule == Rule::program_definition {
            return with(
                "a procedure takes the arguments that are declared, and no others",
                "a `type<>` is any number of values",
            );
        }
        if found == "..." {
            return with("there are no ranges of cases in XDR", "write a `case` for each value");
        }
        if found == "="
            && matches!(self.rule, Rule::type_definition | Rule::typedef_definition)
            && self.expects(Rule::SEMICOLON)
        {
            return with("a field has no value", "XDR knows no defaults");
        }
        if found == "]" && before == "[" || found == ">" && before == "<" {
            return None;
        }
        if found == "&" || found == "&&" {
            return with("XDR has no references", "a pointer, `type *name`, is a value that may be absent");
        }
        if matches!(before, ")" | "}") && self.expects(Rule::EQUALS) && found == ";" {
            return with("this has no number", "add one: `= 1`");
        }
        if self.rule == Rule::program_definition && self.expects(Rule::VERSION) && before == "{" && is_word(found) {
            return with("procedures stand within a version", "put them into `version NAME { … } = 1;`");
        }
        if found == "{" && self.expects(Rule::SWITCH) && (before == "union" || self.word(-2) == "union") {
            return with(
                "a union has to be switched on something",
                "write `union name switch (int kind) { case 1: … }`",
            );
        }
        if found == "=" && before == "=" {
            return error("a number is given with one `=`".to_owned());
        }
        None
    }

    /// The keyword that `word`, which is taken for a type, may have been meant to be.
    fn mistyped(&self, word: &str) -> Option<&'static str> {
        let words = ["enum", "hyper", "long", "short", "signed", "struct", "union", "unsigned"];
        if is_keyword(word) || !is_word(word) { None } else { suggest::similar(word, words) }
    }

    fn word(&self, offset: isize) -> &str {
        self.index
            .checked_add_signed(offset)
            .and_then(|at| self.tokens.get(at))
            .map(|token| self.input.text.text(token))
            .unwrap_or_default()
    }

    /// Whether `rule` could stand here.
    fn expects(&self, rule: Rule) -> bool {
        self.positives.contains(&rule)
            || rule == Rule::name && self.positives.iter().any(|rule| begins_with_name(*rule))
    }

    fn starts_line(&self) -> bool {
        self.index > 0 && self.tokens[self.index].line_start
    }

    fn expected(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for rule in self.positives {
            let name = shown(*rule);
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        // Where nothing in particular fits, the general word is enough.
        if names.len() > 1 {
            names.retain(|name| *name != "an operator" && *name != "`::`");
        }
        match names.as_slice() {
            [] => "something else".to_owned(),
            [one] => (*one).to_owned(),
            [first @ .., last] => format!("{} or {last}", first.join(", ")),
        }
    }
}

fn begins_with_name(rule: Rule) -> bool {
    matches!(rule, Rule::declarator | Rule::path | Rule::enumerator | Rule::procedure_name)
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

fn is_keyword(text: &str) -> bool {
    matches!(
        text,
        "bool"
            | "case"
            | "char"
            | "const"
            | "default"
            | "double"
            | "enum"
            | "float"
            | "hyper"
            | "int"
            | "long"
            | "opaque"
            | "quadruple"
            | "short"
            | "signed"
            | "string"
            | "struct"
            | "switch"
            | "typedef"
            | "union"
            | "unsigned"
            | "void"
    )
}

/// A rule as people know it.
fn shown(rule: Rule) -> &'static str {
    match rule {
        Rule::constant_definition
        | Rule::typedef_definition
        | Rule::type_definition
        | Rule::program_definition
        | Rule::pragma_definition => "a definition",
        Rule::version | Rule::VERSION => "`version`",
        Rule::procedure => "a procedure",
        Rule::passed | Rule::type_spec | Rule::struct_spec | Rule::enum_spec | Rule::union_spec => "a type",
        Rule::integer | Rule::simple | Rule::INTEGER_WORD => "a type",
        Rule::VOID | Rule::BOOL | Rule::FLOAT | Rule::DOUBLE | Rule::QUADRUPLE | Rule::STRING | Rule::OPAQUE => {
            "a type"
        }
        Rule::argument => "an argument",
        Rule::declaration | Rule::field | Rule::discriminant => "a declaration",
        Rule::declarator | Rule::procedure_name | Rule::name | Rule::path => "a name",
        Rule::suffix | Rule::fixed | Rule::variable => "a bound",
        Rule::struct_body | Rule::enum_body | Rule::OPEN_BRACE => "`{`",
        Rule::union_body | Rule::SWITCH => "`switch`",
        Rule::enumerator => "a member",
        Rule::arm | Rule::label | Rule::case_label | Rule::CASE => "`case`",
        Rule::default_label | Rule::DEFAULT => "`default`",
        Rule::expression | Rule::unary | Rule::number | Rule::character | Rule::text | Rule::SIGN => "a value",
        Rule::CONST => "`const`",
        Rule::TYPEDEF => "`typedef`",
        Rule::STRUCT => "`struct`",
        Rule::ENUM => "`enum`",
        Rule::UNION => "`union`",
        Rule::PROGRAM => "`program`",
        Rule::PRAGMA => "`pragma`",
        Rule::EQUALS => "`=`",
        Rule::SEMICOLON => "`;`",
        Rule::COMMA => "`,`",
        Rule::COLON => "`:`",
        Rule::DOUBLE_COLON => "`::`",
        Rule::STAR => "`*`",
        Rule::CLOSE_BRACE => "`}`",
        Rule::OPEN_PAREN => "`(`",
        Rule::CLOSE_PAREN => "`)`",
        Rule::OPEN_BRACKET => "`[`",
        Rule::CLOSE_BRACKET => "`]`",
        Rule::LESS => "`<`",
        Rule::GREATER => "`>`",
        Rule::OPERATOR => "an operator",
        _ => "",
    }
}

//! A file as it is written, after the preprocessor: every name, number and bracket that means something, with its place.
//!
//! Nothing is resolved here. [`docs`] finds the comments that belong to an item.

pub(crate) mod docs;
mod parsed;

pub(crate) use self::parsed::Parsed;

use crate::{
    model::{Docs, Radix},
    source::Span,
};

/// Everything that one compilation reads.
#[derive(Clone, Debug, Default)]
pub(crate) struct File {
    /// The definitions in order, included ones where they are included.
    pub(crate) items: Vec<Item>,
    /// Names in definitions that could not be read: whoever refers to one made no mistake.
    pub(crate) unreadable: std::collections::HashSet<String>,
}

/// A definition.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// From its first word to its semicolon.
    pub(crate) span: Span,
    /// Its comment.
    pub(crate) docs: Docs,
    /// Index of the feature that guards it.
    pub(crate) feature: Option<u16>,
    /// What it is.
    pub(crate) kind: ItemKind,
}

/// What a definition is.
#[derive(Clone, Debug)]
pub(crate) enum ItemKind {
    /// `const NAME = value;`
    Constant {
        /// Its name.
        name: Ident,
        /// Its value.
        value: Expression,
    },
    /// `typedef declaration;`
    Typedef(Declaration),
    /// `struct name {…};`, also of `enum` and `union`: with a name, or an anonymous enum.
    Type(TypeSpec),
    /// `program NAME {…} = number;`
    Program(Program),
    /// `pragma words;`: for the code generator of the Linux kernel.
    Pragma(Vec<Ident>),
    /// `namespace name {…}`
    Namespace {
        /// Its name.
        name: Vec<Ident>,
        /// Its definitions.
        items: Vec<Item>,
    },
}

/// A name and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ident {
    /// The name.
    pub(crate) text: String,
    /// Where it stands.
    pub(crate) span: Span,
}

/// A name, with the namespaces before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// One at least.
    pub(crate) segments: Vec<Ident>,
    /// All of it.
    pub(crate) span: Span,
}

/// A type and what is declared of it.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    /// The type.
    pub(crate) type_spec: TypeSpec,
    /// `a, *b, c<5>`; none: `void`.
    pub(crate) declarators: Vec<Declarator>,
    /// All of it, without the semicolon.
    pub(crate) span: Span,
    /// Its comment.
    pub(crate) docs: Docs,
    /// Of a field: index of the feature that guards it.
    pub(crate) feature: Option<u16>,
}

/// `*name[5]`, or the same without a name in an argument or a result.
#[derive(Clone, Debug)]
pub(crate) struct Declarator {
    /// How many `*`.
    pub(crate) pointers: usize,
    /// The name.
    pub(crate) name: Option<Ident>,
    /// `[5]`, `<5>`, `<>`
    pub(crate) suffixes: Vec<Suffix>,
    /// All of it; empty and after the type when there is nothing.
    pub(crate) span: Span,
}

/// What stands behind a name.
#[derive(Clone, Debug)]
pub(crate) struct Suffix {
    /// `[…]`, otherwise `<…>`.
    pub(crate) fixed: bool,
    /// The bound.
    pub(crate) bound: Option<Expression>,
    /// With its brackets.
    pub(crate) span: Span,
}

/// A type as it is written.
#[derive(Clone, Debug)]
pub(crate) struct TypeSpec {
    /// What it is.
    pub(crate) kind: TypeSpecKind,
    /// All of it.
    pub(crate) span: Span,
}

/// What a type is.
#[derive(Clone, Debug)]
pub(crate) enum TypeSpecKind {
    /// `void`
    Void,
    /// `bool`
    Bool,
    /// `unsigned long int`: the words.
    Integer(crate::model::Integer),
    /// `float`
    Float,
    /// `double`
    Double,
    /// `quadruple`
    Quadruple,
    /// `string`
    String,
    /// `opaque`
    Opaque,
    /// A name, perhaps after `struct`, `enum` or `union`.
    Named(Path),
    /// `struct name {…}`
    Struct {
        /// Its name, if it has one.
        name: Option<Ident>,
        /// Its fields.
        fields: Vec<Declaration>,
    },
    /// `enum name {…}`
    Enum {
        /// Its name, if it has one.
        name: Option<Ident>,
        /// Its members.
        members: Vec<Enumerator>,
    },
    /// `union name switch (…) {…}`
    Union {
        /// Its name, if it has one.
        name: Option<Ident>,
        /// The rest.
        body: Box<UnionBody>,
    },
}

/// A member of an enum.
#[derive(Clone, Debug)]
pub(crate) struct Enumerator {
    /// Its name.
    pub(crate) name: Ident,
    /// Its value, when it is given.
    pub(crate) value: Option<Expression>,
    /// Its comment.
    pub(crate) docs: Docs,
    /// Index of the feature that guards it.
    pub(crate) feature: Option<u16>,
}

/// What is in a union.
#[derive(Clone, Debug)]
pub(crate) struct UnionBody {
    /// The type of the discriminant.
    pub(crate) discriminant_type: TypeSpec,
    /// The discriminant's name.
    pub(crate) discriminant: Ident,
    /// The discriminant's comment.
    pub(crate) discriminant_docs: Docs,
    /// The arms in order, `default` among them.
    pub(crate) arms: Vec<UnionArm>,
}

/// An arm of a union.
#[derive(Clone, Debug)]
pub(crate) struct UnionArm {
    /// `case …:` and `default:`
    pub(crate) labels: Vec<ArmLabel>,
    /// What it holds; its docs and its feature are the arm's.
    pub(crate) declaration: Declaration,
}

/// `case value:` or, without a value, `default:`
#[derive(Clone, Debug)]
pub(crate) struct ArmLabel {
    /// The value.
    pub(crate) value: Option<Expression>,
    /// All of it.
    pub(crate) span: Span,
}

/// A program.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Its name.
    pub(crate) name: Ident,
    /// Its versions.
    pub(crate) versions: Vec<Version>,
    /// Its number.
    pub(crate) number: Expression,
}

/// A version of a program.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    /// Its name.
    pub(crate) name: Ident,
    /// Its comment.
    pub(crate) docs: Docs,
    /// Its procedures.
    pub(crate) procedures: Vec<Procedure>,
    /// Its number.
    pub(crate) number: Expression,
}

/// A procedure.
#[derive(Clone, Debug)]
pub(crate) struct Procedure {
    /// Its name.
    pub(crate) name: Ident,
    /// Its comment.
    pub(crate) docs: Docs,
    /// What it returns.
    pub(crate) result: Passed,
    /// What it takes, as it is written: a lone `void` is one argument here.
    pub(crate) arguments: Vec<Passed>,
    /// Its number.
    pub(crate) number: Expression,
}

/// An argument or a result.
#[derive(Clone, Debug)]
pub(crate) struct Passed {
    /// The type.
    pub(crate) type_spec: TypeSpec,
    /// What stands behind the type.
    pub(crate) declarator: Declarator,
}

/// A constant expression.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    /// What it is.
    pub(crate) kind: ExpressionKind,
    /// All of it.
    pub(crate) span: Span,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub(crate) enum ExpressionKind {
    /// A number or a character.
    Number(i128, Radix),
    /// A text.
    Text(String),
    /// A constant, or the member of an enum.
    Name(Path),
    /// A macro that is a constant: index into
    /// [`Preprocessed::constants`](crate::preprocess::Preprocessed::constants).
    Macro(u32),
    /// `-a`, `~a`, `+a`, `!a`
    Prefix(char, Box<Expression>),
    /// `a + b`
    Binary(Box<Expression>, Operator, Box<Expression>),
}

/// An operator between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    ShiftLeft,
    ShiftRight,
    And,
    Or,
    Xor,
}

impl Path {
    /// The name itself, without its namespaces.
    pub(crate) fn last(&self) -> &str {
        self.segments.last().map_or("", |segment| &segment.text)
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, segment) in self.segments.iter().enumerate() {
            if at > 0 {
                f.write_str("::")?;
            }
            f.write_str(&segment.text)?;
        }
        Ok(())
    }
}

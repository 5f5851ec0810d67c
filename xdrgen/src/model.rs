//! What is to be generated. Nothing in it can fail any more: every name is resolved, every number
//! evaluated, every recursion broken, every clash reported by the checks.
//!
//! Names here are the file's own; the generator turns them into Rust's.

mod spelling;

use std::path::PathBuf;

/// A compiled `.x` file: everything that one generated file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// The file's name without its folder and extension: `calc` of `proto/calc.x`.
    pub name: String,
    /// Every file that was read, the first one first: what a build script has to watch.
    pub sources: Vec<PathBuf>,
    /// Comment at the head of the file, before the first definition and apart from it.
    pub docs: Docs,
    /// `%` lines, in order, without the `%`.
    pub passthrough: Vec<String>,
    /// Modules of other `.x` files that this one uses (an `#include` configured to become a `use`): the name of the
    /// file without folder and extension. See [`Type::module`].
    pub uses: Vec<String>,
    /// The definitions in the file's order. Index into it with [`TypeId`].
    pub types: Vec<Type>,
    /// Constants: `const` and those `#define`s that are numbers or strings.
    pub constants: Vec<Constant>,
    /// Programs, in the file's order.
    pub programs: Vec<Program>,
    /// The order in which the items stood in the file.
    pub order: Vec<Item>,
}

/// One item of [`Model::order`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// Index into [`Model::constants`].
    Constant(usize),
    /// Index into [`Model::types`].
    Type(TypeId),
    /// Index into [`Model::programs`].
    Program(usize),
}

/// Comment lines without their marks and common indentation. Empty: there was no comment.
pub type Docs = Vec<String>;

/// An item's name and where it lives.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// Enclosing `namespace`s (xdrpp's and Stellar's extension), outermost first; empty in plain files.
    pub namespace: Vec<String>,
    /// The identifier as the file spells it. For an anonymous body: its owner's and its field's name
    /// joined by `_`.
    pub ident: String,
}

/// `const NAME = value;`
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Its name.
    pub name: Name,
    /// Its comment.
    pub docs: Docs,
    /// The module of [`Model::uses`] that it comes from; `None`: this file's own. What has a module is here so that
    /// others can refer to it; it is in no [`Item`] and nothing is generated for it.
    pub module: Option<String>,
    /// cfg feature that guards it (`#ifdef FEATURE`, when features are asked for).
    pub feature: Option<String>,
    /// Its value.
    pub value: ConstantValue,
    /// The other constant that it was defined as, if it was (`const B = A;`): kept symbolic.
    pub alias_of: Option<Name>,
    /// Written in hexadecimal or octal: kept so.
    pub radix: Radix,
}

/// A constant's value.
#[derive(Clone, Debug, PartialEq)]
pub enum ConstantValue {
    /// An integer; between `i64::MIN` and `u64::MAX`.
    Integer(i128),
    /// `const S = "abc";`
    Text(String),
}

/// How a number was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Radix {
    /// `10`
    #[default]
    Decimal,
    /// `0xA`
    Hexadecimal,
    /// `012`
    Octal,
    /// `'a'`
    Character,
}

/// A number, and the name it was written as: `255` of `string name<MAXNAMLEN>`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Number {
    /// The value.
    pub value: i128,
    /// The name it was written as; the generated code says that name too, if it knows it.
    pub symbol: Option<Symbol>,
    /// How it was written when it is a literal.
    pub radix: Radix,
}

/// A named number.
#[derive(Clone, Debug, PartialEq)]
pub enum Symbol {
    /// A constant of this model (or of a used module).
    Constant(Name),
    /// A member of an enum.
    Member {
        /// The enum.
        of: TypeId,
        /// Index into [`Enum::members`].
        member: usize,
    },
    /// The number of a program, a version or a procedure. In Rust it is a literal: a procedure has no constant.
    Number(String),
}

/// Index into [`Model::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub usize);

/// A named type.
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    /// Its name.
    pub name: Name,
    /// Its comment.
    pub docs: Docs,
    /// The module of [`Model::uses`] that it comes from; `None`: this file's own. What has a module is here so that
    /// others can refer to it; it is in no [`Item`] and nothing is generated for it.
    pub module: Option<String>,
    /// What it is.
    pub kind: TypeKind,
    /// cfg feature that guards it (`#ifdef FEATURE`, when features are asked for).
    pub feature: Option<String>,
    /// What the configuration says of this type.
    pub options: TypeOptions,
}

/// What a named type is.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one for each type of a file; a box would be in everyone's way")]
pub enum TypeKind {
    /// `enum`
    Enum(Enum),
    /// `struct`
    Struct(Struct),
    /// `union`
    Union(Union),
    /// `typedef`
    Alias(Shape),
    /// Defined in no `.x`: `.extern_type("mode", "crate::Mode")`. The Rust path. In no [`Item`].
    Extern(String),
}

/// Per type wishes of the configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TypeOptions {
    /// Attributes to put before it, as Rust source: `#[derive(Hash)]`.
    pub attributes: Vec<String>,
    /// An unknown value is kept instead of refused (enums).
    pub open: bool,
}

/// `enum name { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Enum {
    /// Its members in order. Two may have the same value: the later one is an alias.
    pub members: Vec<Member>,
}

/// A member of an enum.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The name as the file spells it.
    pub name: String,
    /// Its comment.
    pub docs: Docs,
    /// Its value.
    pub value: i32,
    /// How the value was written.
    pub radix: Radix,
    /// Index of the earlier member with the same value.
    pub alias_of: Option<usize>,
    /// cfg feature that guards it within its type (`#ifdef FEATURE`, when features are asked for).
    pub feature: Option<String>,
}

/// `struct name { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Struct {
    /// Its fields in order. Of a list ([`Struct::list`]) without the link.
    pub fields: Vec<Field>,
    /// It was a linked list: its last field was a pointer to itself. That field is gone, and pointers to
    /// this struct are [`Shape::List`].
    pub list: Option<Link>,
}

/// The link of a linked list that was taken out.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The field's name, `next` as a rule.
    pub name: String,
    /// Its comment.
    pub docs: Docs,
}

/// A field of a struct, or the value of a union's arm.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its comment.
    pub docs: Docs,
    /// Its type.
    pub shape: Shape,
    /// The field would make its type infinite, or was asked to be boxed: `Box` in Rust, nothing on the wire.
    pub boxed: bool,
    /// Attributes to put before it.
    pub attributes: Vec<String>,
    /// cfg feature that guards it within its type (`#ifdef FEATURE`, when features are asked for).
    pub feature: Option<String>,
}

/// `union name switch (discriminant) { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Union {
    /// Name of the discriminant.
    pub discriminant: String,
    /// The discriminant's comment.
    pub discriminant_docs: Docs,
    /// Its type: an integer of 32 bits or fewer, hyper, bool, an enum, or an alias of one of these.
    pub discriminant_shape: Shape,
    /// The arms in order.
    pub arms: Vec<Arm>,
    /// `default:`
    pub default: Option<DefaultArm>,
}

/// One arm of a union.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Its labels: one at least. With more than one the variant keeps the discriminant it arrived with.
    pub cases: Vec<Number>,
    /// Its comment.
    pub docs: Docs,
    /// `None`: void.
    pub field: Option<Field>,
    /// cfg feature that guards it within its type (`#ifdef FEATURE`, when features are asked for).
    pub feature: Option<String>,
}

/// The default arm of a union; it keeps the discriminant it arrived with.
#[derive(Clone, Debug, PartialEq)]
pub struct DefaultArm {
    /// Its comment.
    pub docs: Docs,
    /// `None`: void.
    pub field: Option<Field>,
    /// cfg feature that guards it within its type (`#ifdef FEATURE`, when features are asked for).
    pub feature: Option<String>,
}

/// A type as it is used: in a field, an arm, a typedef, an argument, a result.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Nothing: a result or an argument only.
    Void,
    /// `bool`
    Bool,
    /// An integer; `char` is I8, `u_char` U8, `short` I16, `long` and `int` I32, `hyper` I64: below 64 bits all are
    /// four bytes on the wire.
    Integer(Integer),
    /// `float`
    Float,
    /// `double`
    Double,
    /// `quadruple`: 16 bytes, handed over as they are.
    Quadruple,
    /// `string<max>`; `as_bytes`: the configuration asked for bytes instead of text.
    String {
        /// The bound, `None`: 2^32-1.
        max: Option<Number>,
        /// Handed over as bytes that need not be UTF-8.
        as_bytes: bool,
    },
    /// `opaque[length]`
    FixedOpaque(Number),
    /// `opaque<max>`
    Opaque(Option<Number>),
    /// `item[length]`
    Array {
        /// The element.
        item: Box<Shape>,
        /// How many.
        length: Number,
    },
    /// `item<max>`
    Vector {
        /// The element.
        item: Box<Shape>,
        /// The bound, `None`: 2^32-1.
        max: Option<Number>,
    },
    /// `item *`
    Optional(Box<Shape>),
    /// A pointer to a struct that was a linked list ([`Struct::list`]): possibly empty.
    List(TypeId),
    /// A struct that was a linked list, by value: at least one node.
    Chain(TypeId),
    /// A type of this model. Its bounds, when it is an alias, hold here too: see [`Model::resolve`].
    Named(TypeId),
}

/// Integer types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Integer {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
}

/// `program NAME { … } = number;`
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Its name.
    pub name: Name,
    /// Its comment.
    pub docs: Docs,
    /// cfg feature that guards it (`#ifdef FEATURE`, when features are asked for).
    pub feature: Option<String>,
    /// Its number.
    pub number: Number,
    /// Its versions in the file's order.
    pub versions: Vec<Version>,
}

/// `version NAME { … } = number;`
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Its name.
    pub name: String,
    /// Its comment.
    pub docs: Docs,
    /// Its number.
    pub number: Number,
    /// Its procedures in the file's order. Procedure 0 is answered whether it is here or not.
    pub procedures: Vec<Procedure>,
}

/// `result NAME(arguments) = number;`
#[derive(Clone, Debug, PartialEq)]
pub struct Procedure {
    /// Its name.
    pub name: String,
    /// Its comment.
    pub docs: Docs,
    /// Its number.
    pub number: Number,
    /// What it takes; empty: void.
    pub arguments: Vec<Argument>,
    /// What it returns.
    pub result: Shape,
    /// It may be sent again after a lost connection (by the configuration).
    pub idempotent: bool,
}

/// An argument of a procedure.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// Its name when the file gives one.
    pub name: Option<String>,
    /// Its type.
    pub shape: Shape,
}

impl Integer {
    /// The least and the greatest of them.
    #[must_use]
    pub fn range(self) -> (i128, i128) {
        match self {
            Self::I8 => (i8::MIN.into(), i8::MAX.into()),
            Self::U8 => (0, u8::MAX.into()),
            Self::I16 => (i16::MIN.into(), i16::MAX.into()),
            Self::U16 => (0, u16::MAX.into()),
            Self::I32 => (i32::MIN.into(), i32::MAX.into()),
            Self::U32 => (0, u32::MAX.into()),
            Self::I64 => (i64::MIN.into(), i64::MAX.into()),
            Self::U64 => (0, u64::MAX.into()),
        }
    }
}

impl Number {
    /// In Rust it is a literal, not a path.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        matches!(self.symbol, None | Some(Symbol::Number(_)))
    }
}

impl Model {
    /// The type behind `id`.
    #[must_use]
    pub fn type_(&self, id: TypeId) -> &Type {
        &self.types[id.0]
    }

    /// `shape` with aliases followed: what is on the wire.
    #[must_use]
    pub fn resolve<'a>(&'a self, mut shape: &'a Shape) -> &'a Shape {
        while let Shape::Named(id) = shape {
            match &self.type_(*id).kind {
                TypeKind::Alias(target) => shape = target,
                _ => break,
            }
        }
        shape
    }
}

//! The parts of a model as a `.x` file spells them.

use super::{Integer, Model, Number, Procedure, Radix, Shape, Symbol, TypeKind};

impl Model {
    /// A declaration as the `.x` has it, canonically spelled: `opaque data<MAXLEN>`. Without a name: `opaque<MAXLEN>`.
    #[must_use]
    pub fn declaration(&self, shape: &Shape, name: &str) -> String {
        let spaced =
            |type_: &str, name: &str| if name.is_empty() { type_.to_owned() } else { format!("{type_} {name}") };
        let bound = |max: &Option<Number>| max.as_ref().map(|max| self.number(max)).unwrap_or_default();
        match shape {
            Shape::Void => spaced("void", name),
            Shape::Bool => spaced("bool", name),
            Shape::Integer(integer) => spaced(integer.keyword(), name),
            Shape::Float => spaced("float", name),
            Shape::Double => spaced("double", name),
            Shape::Quadruple => spaced("quadruple", name),
            Shape::String { max, .. } => format!("{}<{}>", spaced("string", name), bound(max)),
            Shape::Opaque(max) => format!("{}<{}>", spaced("opaque", name), bound(max)),
            Shape::FixedOpaque(length) => format!("{}[{}]", spaced("opaque", name), self.number(length)),
            Shape::Array { item, length } => format!("{}[{}]", self.declaration(item, name), self.number(length)),
            Shape::Vector { item, max } => format!("{}<{}>", self.declaration(item, name), bound(max)),
            Shape::Optional(item) => self.declaration(item, &format!("*{name}")),
            Shape::List(id) => spaced(&self.type_(*id).name.ident, &format!("*{name}")),
            Shape::Chain(id) | Shape::Named(id) => spaced(&self.type_(*id).name.ident, name),
        }
    }

    /// A procedure as the `.x` has it, without its number: `string NAME(int id)`.
    #[must_use]
    pub fn signature(&self, procedure: &Procedure) -> String {
        let arguments = procedure.arguments.iter();
        let arguments: Vec<String> = arguments
            .map(|argument| self.declaration(&argument.shape, argument.name.as_deref().unwrap_or_default()))
            .collect();
        let arguments = if arguments.is_empty() { "void".to_owned() } else { arguments.join(", ") };
        let result = self.declaration(&procedure.result, "");
        let gap = if result.ends_with('*') { "" } else { " " };
        format!("{result}{gap}{}({arguments})", procedure.name)
    }

    /// A number as the `.x` has it: by its name if it has one.
    #[must_use]
    pub fn number(&self, number: &Number) -> String {
        match &number.symbol {
            Some(Symbol::Constant(name)) => name.ident.clone(),
            Some(Symbol::Number(name)) => name.clone(),
            Some(Symbol::Member { of, member }) => match &self.type_(*of).kind {
                TypeKind::Enum(enum_) => enum_.members[*member].name.clone(),
                _ => number.digits(),
            },
            None => number.digits(),
        }
    }
}

impl Number {
    /// Its value in the radix that it was written in: `0x2000`.
    #[must_use]
    pub fn digits(&self) -> String {
        let sign = if self.value < 0 { "-" } else { "" };
        let magnitude = self.value.unsigned_abs();
        match self.radix {
            Radix::Hexadecimal => format!("{sign}{magnitude:#x}"),
            Radix::Octal if magnitude != 0 => format!("{sign}0{magnitude:o}"),
            Radix::Decimal | Radix::Octal | Radix::Character => format!("{sign}{magnitude}"),
        }
    }
}

impl Integer {
    /// What a `.x` file calls it: `unsigned hyper`.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::I8 => "char",
            Self::U8 => "unsigned char",
            Self::I16 => "short",
            Self::U16 => "unsigned short",
            Self::I32 => "int",
            Self::U32 => "unsigned int",
            Self::I64 => "hyper",
            Self::U64 => "unsigned hyper",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Name, Struct, Type, TypeId, TypeOptions};

    fn number(value: i128, radix: Radix) -> Number {
        Number { value, symbol: None, radix }
    }

    #[test]
    fn declarations_are_xdr() {
        let node = Type {
            name: Name { namespace: Vec::new(), ident: "node".into() },
            docs: Vec::new(),
            module: None,
            kind: TypeKind::Struct(Struct { fields: Vec::new(), list: None }),
            feature: None,
            options: TypeOptions::default(),
        };
        let model = Model { types: vec![node], ..Model::default() };
        let string = Shape::String { max: Some(number(255, Radix::Decimal)), as_bytes: false };
        assert_eq!(model.declaration(&string, "name"), "string name<255>");
        assert_eq!(model.declaration(&Shape::Opaque(None), "data"), "opaque data<>");
        assert_eq!(model.declaration(&Shape::FixedOpaque(number(16, Radix::Hexadecimal)), ""), "opaque[0x10]");
        let pointer = Shape::Optional(Box::new(Shape::Integer(Integer::U64)));
        assert_eq!(model.declaration(&pointer, "next"), "unsigned hyper *next");
        assert_eq!(model.declaration(&Shape::List(TypeId(0)), "n"), "node *n");
        assert_eq!(model.declaration(&Shape::List(TypeId(0)), ""), "node *");
    }

    #[test]
    fn numbers_keep_their_radix() {
        for (value, radix, expected) in [
            (0x2000_0001, Radix::Hexadecimal, "0x20000001"),
            (-1, Radix::Hexadecimal, "-0x1"),
            (8, Radix::Octal, "010"),
            (0, Radix::Octal, "0"),
            (-7, Radix::Decimal, "-7"),
            (97, Radix::Character, "97"),
        ] {
            assert_eq!(number(value, radix).digits(), expected);
        }
    }
}

//! Numbers in generated code: literals as they were written, names where the file has names.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{Generator, discriminant::Discriminant, paths::Place};
use crate::model::{Constant, ConstantValue, Integer, Number, Radix, Symbol, Union};

/// A number as a literal, in the radix that it was written in, long ones in groups.
pub(super) fn literal(value: i128, radix: Radix) -> TokenStream {
    let magnitude = value.unsigned_abs();
    let text = match radix {
        Radix::Hexadecimal => format!("0x{}", grouped(&format!("{magnitude:x}"), 4)),
        Radix::Octal => format!("0o{magnitude:o}"),
        Radix::Decimal | Radix::Character => grouped(&magnitude.to_string(), 3),
    };
    let text = text.parse::<Literal>().unwrap_or_else(|_| Literal::u128_unsuffixed(magnitude));
    if value < 0 { quote!(-#text) } else { quote!(#text) }
}

/// `268435456` as `268_435_456`; up to five digits as they are.
fn grouped(digits: &str, size: usize) -> String {
    if digits.len() <= size.max(4) {
        return digits.to_owned();
    }
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(size) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

/// The Rust type of an integer constant: `u32` whenever it fits, as lengths, bounds and numbers of programs do.
pub(super) fn constant_type(value: i128) -> Integer {
    if u32::try_from(value).is_ok() {
        Integer::U32
    } else if i32::try_from(value).is_ok() {
        Integer::I32
    } else if i64::try_from(value).is_ok() {
        Integer::I64
    } else {
        Integer::U64
    }
}

/// The name of an integer type.
pub(crate) fn integer_name(integer: Integer) -> &'static str {
    match integer {
        Integer::I8 => "i8",
        Integer::U8 => "u8",
        Integer::I16 => "i16",
        Integer::U16 => "u16",
        Integer::I32 => "i32",
        Integer::U32 => "u32",
        Integer::I64 => "i64",
        Integer::U64 => "u64",
    }
}

impl Generator<'_> {
    /// `[T; N]`'s `N`.
    pub(super) fn length(&self, at: &Place, number: &Number) -> TokenStream {
        self.number_as(at, number, "usize")
    }

    /// `Max<N>`'s `N`.
    pub(super) fn bound(&self, at: &Place, number: &Number) -> TokenStream {
        let value = self.number_as(at, number, "u32");
        if number.is_literal() { value } else { quote!({ #value }) }
    }

    /// `#[xdr(max = N)]`'s `N`.
    pub(super) fn bound_attribute(&self, at: &Place, number: &Number) -> TokenStream {
        self.number_as(at, number, "u32")
    }

    /// The number as a value of the integer type `wanted`.
    pub(super) fn number_as(&self, at: &Place, number: &Number, wanted: &str) -> TokenStream {
        let primitive = self.std_type(wanted);
        match &number.symbol {
            None | Some(Symbol::Number(_)) => literal(number.value, number.radix),
            Some(Symbol::Constant(name)) => {
                let path = self.path_to_constant(at, name);
                let fits = integer_name(constant_type(number.value)) == wanted;
                if fits { path } else { quote!(#path as #primitive) }
            }
            Some(Symbol::Member { of, member }) => {
                let path = self.path_to_member(at, *of, *member);
                match (self.model.type_(*of).options.open, wanted) {
                    (true, "i32") => quote!(#path.0),
                    (true, _) => quote!(#path.0 as #primitive),
                    (false, _) => quote!(#path as #primitive),
                }
            }
        }
    }

    /// A label of a union's arm, as a value of the discriminant's type.
    pub(super) fn case(&self, at: &Place, union_: &Union, case: &Number) -> TokenStream {
        match Discriminant::of(self.model, union_) {
            Discriminant::Bool => {
                let value = case.value != 0;
                quote!(#value)
            }
            Discriminant::Integer(integer) => self.number_as(at, case, integer_name(integer)),
            Discriminant::Enum(id) => match super::discriminant::member_of(self.model, union_, case) {
                Some((of, member)) => self.path_to_member(at, of, member),
                // Of an open enum, which takes any number.
                None => {
                    let path = self.path_to_type(at, id);
                    let value = self.number_as(at, case, "i32");
                    quote!(#path(#value))
                }
            },
        }
    }

    /// The value of a constant as an expression of its own type.
    pub(super) fn constant_value(&self, at: &Place, constant: &Constant) -> TokenStream {
        if let Some(original) = &constant.alias_of {
            return self.path_to_constant(at, original);
        }
        match &constant.value {
            ConstantValue::Text(text) => quote!(#text),
            ConstantValue::Integer(value) => match u8::try_from(*value) {
                Ok(byte) if constant.radix == Radix::Character && (b' '..=b'~').contains(&byte) => {
                    let (character, primitive) = (char::from(byte), self.std_type("u32"));
                    quote!(#character as #primitive)
                }
                _ => literal(*value, constant.radix),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_keep_their_radix() {
        for (value, radix, expected) in [
            (16, Radix::Decimal, "16"),
            (4096, Radix::Decimal, "4096"),
            (65536, Radix::Decimal, "65_536"),
            (0x2000_0001, Radix::Hexadecimal, "0x2000_0001"),
            (0xA, Radix::Hexadecimal, "0xa"),
            (8, Radix::Octal, "0o10"),
            (-1, Radix::Decimal, "- 1"),
            (i128::from(u64::MAX), Radix::Hexadecimal, "0xffff_ffff_ffff_ffff"),
        ] {
            assert_eq!(literal(value, radix).to_string(), expected);
        }
    }

    #[test]
    fn constants_are_u32_when_they_can() {
        assert_eq!(constant_type(0), Integer::U32);
        assert_eq!(constant_type(u32::MAX.into()), Integer::U32);
        assert_eq!(constant_type(-1), Integer::I32);
        assert_eq!(constant_type(1 << 40), Integer::I64);
        assert_eq!(constant_type(u64::MAX.into()), Integer::U64);
    }
}

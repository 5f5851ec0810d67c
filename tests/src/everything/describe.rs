//! A value of every type, written out in words: the rules are in `c/describe.h`, and both languages have to write the
//! same.

use std::fmt::Display;

use onc_runtime::Bytes;

use super::generated::{
    Arrays, ByAlias, ByBool, ByEnum, ByInt, ByLevel, ByUnsigned, Colour, Everything, Expression, Formula, Hop,
    Integers, Level, Node, Opaques, Operands, Operation, Optionals, Point, Scalars, Tree, Unions,
};

/// The description of a value.
#[must_use]
pub fn describe<T: Describe + ?Sized>(value: &T) -> String {
    let mut words = Words { text: String::new(), apart: false };
    value.write(&mut words);
    words.text
}

/// What can be described.
pub trait Describe {
    /// Appends the description.
    fn write(&self, words: &mut Words);
}

/// A description in the making.
#[derive(Debug)]
pub struct Words {
    text: String,
    /// A blank goes before the next word.
    apart: bool,
}

impl Words {
    fn word(&mut self, word: impl Display) {
        if self.apart {
            self.text.push(' ');
        }
        self.text += &word.to_string();
        self.apart = true;
    }

    fn within(&mut self, open: char, close: char, body: impl FnOnce(&mut Self)) {
        self.word(open);
        self.apart = false;
        body(self);
        self.text.push(close);
        self.apart = true;
    }

    fn each<T: Describe>(&mut self, items: &[T]) {
        self.within('[', ']', |words| items.iter().for_each(|item| item.write(words)));
    }

    fn opaque(&mut self, bytes: &[u8]) {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.word(format_args!("h{digits}"));
    }

    /// A structure.
    fn fields(&mut self, fields: &[&dyn Describe]) {
        self.within('{', '}', |words| fields.iter().for_each(|field| field.write(words)));
    }

    /// A union: its discriminant, and what its arm holds.
    fn arm(&mut self, discriminant: &dyn Describe, value: Option<&dyn Describe>) {
        self.within('<', '>', |words| {
            discriminant.write(words);
            if let Some(value) = value {
                value.write(words);
            }
        });
    }
}

macro_rules! decimal {
    ($($integer:ty)*) => {$(
        impl Describe for $integer {
            fn write(&self, words: &mut Words) {
                words.word(self);
            }
        }
    )*};
}

// Not u8: in sequences it is opaque data.
decimal!(i8 i16 u16 i32 u32 i64 u64 bool);

impl Describe for f32 {
    fn write(&self, words: &mut Words) {
        words.word(format_args!("0x{:08x}", self.to_bits()));
    }
}

impl Describe for f64 {
    fn write(&self, words: &mut Words) {
        words.word(format_args!("0x{:016x}", self.to_bits()));
    }
}

impl Describe for String {
    fn write(&self, words: &mut Words) {
        words.word(format_args!("{}:{self}", self.len()));
    }
}

impl Describe for Bytes {
    fn write(&self, words: &mut Words) {
        words.opaque(self);
    }
}

impl<const N: usize> Describe for [u8; N] {
    fn write(&self, words: &mut Words) {
        words.opaque(self);
    }
}

impl<T: Describe, const N: usize> Describe for [T; N] {
    fn write(&self, words: &mut Words) {
        words.each(self);
    }
}

impl<T: Describe> Describe for Vec<T> {
    fn write(&self, words: &mut Words) {
        words.each(self);
    }
}

impl<T: Describe> Describe for Box<T> {
    fn write(&self, words: &mut Words) {
        (**self).write(words);
    }
}

impl<T: Describe> Describe for Option<T> {
    fn write(&self, words: &mut Words) {
        match self {
            Some(value) => value.write(words),
            None => words.word('-'),
        }
    }
}

impl Describe for Colour {
    fn write(&self, words: &mut Words) {
        words.word(*self as i32);
    }
}

impl Describe for Level {
    fn write(&self, words: &mut Words) {
        words.word(*self as i32);
    }
}

impl Describe for Operation {
    fn write(&self, words: &mut Words) {
        words.word(*self as i32);
    }
}

impl Describe for Integers {
    fn write(&self, words: &mut Words) {
        words.fields(&[
            &self.a_char,
            &u32::from(self.a_u_char),
            &u32::from(self.an_unsigned_char),
            &self.a_short,
            &self.a_u_short,
            &self.an_unsigned_short,
            &self.an_int,
            &self.a_u_int,
            &self.an_unsigned_int,
            &self.an_unsigned,
            &self.a_long,
            &self.a_u_long,
            &self.an_unsigned_long,
            &self.a_hyper,
            &self.an_unsigned_hyper,
            &self.an_int8,
            &u32::from(self.a_uint8),
            &self.an_int16,
            &self.a_uint16,
            &self.an_int32,
            &self.a_uint32,
            &self.an_int64,
            &self.a_uint64,
            &self.a_quad,
            &self.a_u_quad,
            &self.a_longlong,
            &self.a_u_longlong,
            &self.an_amount,
        ]);
    }
}

impl Describe for Scalars {
    fn write(&self, words: &mut Words) {
        words.fields(&[&self.single, &self.twice, &self.yes_or_no, &self.shade, &self.height]);
    }
}

impl Describe for Opaques {
    fn write(&self, words: &mut Words) {
        words.fields(&[
            &self.four,
            &self.one,
            &self.whole,
            &self.padded,
            &self.at_most_three,
            &self.little,
            &self.any,
            &self.name,
            &self.remark,
        ]);
    }
}

impl Describe for Point {
    fn write(&self, words: &mut Words) {
        words.fields(&[&self.x, &self.y]);
    }
}

impl Describe for Arrays {
    fn write(&self, words: &mut Words) {
        let u_chars: Vec<u32> = self.u_chars.iter().copied().map(u32::from).collect();
        words.fields(&[
            &self.fixed,
            &self.few_hypers,
            &self.floats,
            &self.chars,
            &u_chars,
            &self.smalls,
            &self.wide,
            &self.answers,
            &self.shades,
            &self.heights,
            &self.corners,
            &self.path,
            &self.names,
            &self.pair_of_names,
            &self.table,
            &self.rows,
            &self.digests,
            &self.pieces,
            &self.lists,
        ]);
    }
}

impl Describe for Optionals {
    fn write(&self, words: &mut Words) {
        words.fields(&[
            &self.an_int,
            &self.a_hyper,
            &self.shade,
            &self.name,
            &self.place,
            &self.row,
            &self.piece,
            &self.list,
        ]);
    }
}

impl Describe for Node {
    fn write(&self, words: &mut Words) {
        words.fields(&[&self.value, &self.name]);
    }
}

impl Describe for Hop {
    fn write(&self, words: &mut Words) {
        words.fields(&[&self.value]);
    }
}

impl Describe for Tree {
    fn write(&self, words: &mut Words) {
        words.fields(&[&self.left, &self.key, &self.right]);
    }
}

impl Describe for Operands {
    fn write(&self, words: &mut Words) {
        words.fields(&[&self.first, &self.second]);
    }
}

impl Describe for Expression {
    fn write(&self, words: &mut Words) {
        words.fields(&[&self.note, &self.what]);
    }
}

impl Describe for Formula {
    fn write(&self, words: &mut Words) {
        match self {
            Self::Number(number) => words.arm(&Operation::Number, Some(number)),
            Self::Negate(operand) => words.arm(&Operation::Negate, Some(operand)),
            Self::Both(operation, operands) => words.arm(operation, Some(&**operands)),
        }
    }
}

impl Describe for ByEnum {
    fn write(&self, words: &mut Words) {
        match self {
            Self::Red(number) => words.arm(&Colour::Red, Some(number)),
            Self::Green(name) => words.arm(&Colour::Green, Some(name)),
            Self::Blue => words.arm(&Colour::Blue, None),
        }
    }
}

impl Describe for ByLevel {
    fn write(&self, words: &mut Words) {
        match self {
            Self::Below(level, below) => words.arm(level, Some(below)),
            Self::Highest(top) => words.arm(&Level::Highest, Some(top)),
            Self::Other(level) => words.arm(level, None),
        }
    }
}

impl Describe for ByInt {
    fn write(&self, words: &mut Words) {
        match self {
            Self::Case0 => words.arm(&0, None),
            Self::Four(four) => words.arm(&-1, Some(four)),
            Self::Row(code, row) => words.arm(code, Some(row)),
            Self::Numbers(numbers) => words.arm(&4, Some(numbers)),
            Self::Three(three) => words.arm(&5, Some(three)),
            Self::Words(text) => words.arm(&6, Some(text)),
            Self::Inner(inner) => words.arm(&7, Some(inner)),
            Self::Other(code, rest) => words.arm(code, Some(rest)),
        }
    }
}

impl Describe for ByUnsigned {
    fn write(&self, words: &mut Words) {
        match self {
            Self::Case0 => words.arm(&0, None),
            Self::Exactly(exactly) => words.arm(&1, Some(exactly)),
            Self::Everything(everything) => words.arm(&u32::MAX, Some(everything)),
        }
    }
}

impl Describe for ByBool {
    fn write(&self, words: &mut Words) {
        match self {
            Self::True(value) => words.arm(&true, Some(value)),
            Self::False => words.arm(&false, None),
        }
    }
}

impl Describe for ByAlias {
    fn write(&self, words: &mut Words) {
        match self {
            Self::LabelMax(longest) => words.arm(&255, Some(longest)),
            Self::BelowZero(hops) => words.arm(&-40, Some(hops)),
            Self::Other(how_much, other) => words.arm(how_much, Some(other)),
        }
    }
}

impl Describe for Unions {
    fn write(&self, words: &mut Words) {
        words.fields(&[&self.shades, &self.levels, &self.codes, &self.size, &self.maybe, &self.alias]);
    }
}

impl Describe for Everything {
    fn write(&self, words: &mut Words) {
        words.fields(&[
            &self.ints,
            &self.few,
            &self.raw,
            &self.many,
            &self.maybe,
            &self.nodes,
            &self.root,
            &self.sum,
            &self.variants,
        ]);
    }
}

//! The values that the client sends: each type at its limits, as in `c/values.c`.

use onc_runtime::Bytes;

use super::generated::{
    Arrays, ByAlias, ByBool, ByEnum, ByInt, ByLevel, ByUnsigned, Colour, Everything, Expression, Formula, Hop,
    Integers, LABEL_MAX, Level, Node, Opaques, Operands, Operation, Optionals, Point, Scalars, Tree, Unions,
};

/// The longest label, as a length.
pub const LABEL: usize = LABEL_MAX as usize;

/// Letters that are not the same from one place to the next.
#[must_use]
pub fn letters(length: usize) -> String {
    (0..length).map(|at| char::from(b'!' + ((at * 7 + at / 89) % 90) as u8)).collect()
}

/// Bytes of every value, in an order that shows a shift.
#[must_use]
pub fn any_bytes(length: usize) -> Bytes {
    (0..length).map(|at| (at * 5 + at / 256) as u8).collect()
}

/// A list whose values count down from `length`.
#[must_use]
pub fn nodes(length: i32) -> Vec<Node> {
    (1..=length).rev().map(|value| Node { value, name: "nodename"[..(value % 9) as usize].to_owned() }).collect()
}

/// As [`nodes`], without names.
#[must_use]
pub fn hops(length: i32) -> Vec<Hop> {
    (1..=length).rev().map(|value| Hop { value }).collect()
}

/// A tree of `depth` levels, each key once, 0 leftmost.
#[must_use]
pub fn full_tree(depth: u32) -> Option<Tree> {
    tree_between(0, (1 << depth) - 2)
}

/// A tree that is a chain to one side, `depth` long.
#[must_use]
pub fn bent_tree(depth: i32) -> Option<Tree> {
    (0..depth).fold(None, |left, key| Some(Tree { left: left.map(Box::new), key, right: None }))
}

/// (2 * (3 + -4)) + 7, which is 5.
#[must_use]
pub fn some_expression() -> Expression {
    let minus = Expression { note: "minus".into(), what: Formula::Negate(Some(Box::new(constant(4)))) };
    let sum = both(Operation::Add, constant(3), minus);
    both(Operation::Add, both(Operation::Multiply, constant(2), sum), constant(7))
}

/// An expression that is a number.
#[must_use]
pub fn constant(value: i64) -> Expression {
    Expression { note: "a number".into(), what: Formula::Number(value) }
}

fn both(operation: Operation, first: Expression, second: Expression) -> Expression {
    let operands = Operands { first: Some(first), second: Some(second) };
    Expression { note: String::new(), what: Formula::Both(operation, Box::new(operands)) }
}

fn tree_between(low: i32, high: i32) -> Option<Tree> {
    if low > high {
        return None;
    }
    let key = low + (high - low) / 2;
    let [left, right] = [tree_between(low, key - 1), tree_between(key + 1, high)].map(|tree| tree.map(Box::new));
    Some(Tree { left, key, right })
}

/// Every integer at its least.
#[must_use]
pub fn least_integers() -> Integers {
    Integers {
        a_char: i8::MIN,
        a_u_char: 0,
        an_unsigned_char: 0,
        a_short: i16::MIN,
        a_u_short: 0,
        an_unsigned_short: 0,
        an_int: i32::MIN,
        a_u_int: 0,
        an_unsigned_int: 0,
        an_unsigned: 0,
        a_long: i32::MIN,
        a_u_long: 0,
        an_unsigned_long: 0,
        a_hyper: i64::MIN,
        an_unsigned_hyper: 0,
        an_int8: i8::MIN,
        a_uint8: 0,
        an_int16: i16::MIN,
        a_uint16: 0,
        an_int32: i32::MIN,
        a_uint32: 0,
        an_int64: i64::MIN,
        a_uint64: 0,
        a_quad: i64::MIN,
        a_u_quad: 0,
        a_longlong: i64::MIN,
        a_u_longlong: 0,
        an_amount: i32::MIN,
    }
}

/// Every integer at its greatest.
#[must_use]
pub fn greatest_integers() -> Integers {
    Integers {
        a_char: i8::MAX,
        a_u_char: u8::MAX,
        an_unsigned_char: u8::MAX,
        a_short: i16::MAX,
        a_u_short: u16::MAX,
        an_unsigned_short: u16::MAX,
        an_int: i32::MAX,
        a_u_int: u32::MAX,
        an_unsigned_int: u32::MAX,
        an_unsigned: u32::MAX,
        a_long: i32::MAX,
        a_u_long: u32::MAX,
        an_unsigned_long: u32::MAX,
        a_hyper: i64::MAX,
        an_unsigned_hyper: u64::MAX,
        an_int8: i8::MAX,
        a_uint8: u8::MAX,
        an_int16: i16::MAX,
        a_uint16: u16::MAX,
        an_int32: i32::MAX,
        a_uint32: u32::MAX,
        an_int64: i64::MAX,
        a_uint64: u64::MAX,
        a_quad: i64::MAX,
        a_u_quad: u64::MAX,
        a_longlong: i64::MAX,
        a_u_longlong: u64::MAX,
        an_amount: i32::MAX,
    }
}

/// Scalars that are not zero.
#[must_use]
pub fn some_scalars() -> Scalars {
    Scalars { single: -f32::MIN_POSITIVE, twice: f64::MAX, yes_or_no: true, shade: Colour::Blue, height: Level::Lowest }
}

/// Scalars that are.
#[must_use]
pub fn no_scalars() -> Scalars {
    Scalars { single: 0.0, twice: 0.0, yes_or_no: false, shade: Colour::Red, height: Level::Normal }
}

/// Bytes of length 0 wherever that is allowed.
#[must_use]
pub fn empty_opaques() -> Opaques {
    Opaques {
        four: [0; 4],
        one: [0],
        whole: [0; 16],
        padded: [0; 5],
        at_most_three: Bytes::new(),
        little: Bytes::new(),
        any: Bytes::new(),
        name: String::new(),
        remark: String::new(),
    }
}

/// Bytes up to each bound.
#[must_use]
pub fn full_opaques() -> Opaques {
    Opaques {
        four: [0x00, 0x01, 0xfe, 0xff],
        one: [0x80],
        whole: std::array::from_fn(|at| any_bytes(16)[at]),
        padded: [0xff, 0xee, 0xdd, 0xcc, 0xbb],
        at_most_three: any_bytes(3),
        little: any_bytes(7),
        any: any_bytes(257),
        name: letters(LABEL),
        remark: "Grüße € 🦀".into(),
    }
}

/// Nothing in any array that may be empty.
#[must_use]
pub fn empty_arrays() -> Arrays {
    Arrays {
        fixed: [0; 4],
        few_hypers: [0; 2],
        floats: [0.0; 3],
        chars: [0; 3],
        u_chars: vec![],
        smalls: vec![],
        wide: vec![],
        answers: vec![],
        shades: [Colour::Red; 2],
        heights: vec![],
        corners: [Point { x: 0, y: 0 }, Point { x: 0, y: 0 }],
        path: vec![],
        names: vec![],
        pair_of_names: [String::new(), String::new()],
        table: [[0; 3]; 2],
        rows: vec![],
        digests: vec![],
        pieces: vec![],
        lists: vec![],
    }
}

/// As many items as each array takes.
#[must_use]
pub fn full_arrays() -> Arrays {
    Arrays {
        fixed: [i32::MIN, -1, 1, i32::MAX],
        few_hypers: [-2, i64::MAX],
        floats: [0.5, -0.0, f32::MAX],
        chars: [b'a' as i8, i8::MIN, i8::MAX],
        u_chars: vec![0, 1, 127, 128, 255],
        smalls: vec![i16::MIN, -1, 0, 1, i16::MAX, 7],
        wide: vec![0, 1, 2, 3, 1 << 32, 5, u64::MAX - 1, u64::MAX],
        answers: vec![true, false, true],
        shades: [Colour::Green, Colour::Blue],
        heights: vec![Level::Highest, Level::Cold, Level::Normal, Level::Lowest],
        corners: [Point { x: -1, y: 1 }, Point { x: i32::MAX, y: i32::MIN }],
        path: vec![Point { x: 1, y: 2 }, Point { x: 3, y: 4 }, Point { x: -5, y: i32::MIN }],
        names: ["", "b", "cc", "été"].map(String::from).to_vec(),
        pair_of_names: ["left".into(), "right".into()],
        table: [[11, 12, 13], [21, 22, 23]],
        rows: vec![[1, 2, 3], [4, 5, 6], [7, 8, 9]],
        digests: vec![*b"0123456789abcdef", std::array::from_fn(|at| any_bytes(16)[at])],
        pieces: vec![Bytes::new(), any_bytes(1), any_bytes(7)],
        lists: vec![vec![], vec![i64::MIN, i64::MAX]],
    }
}

/// Nothing there.
#[must_use]
pub fn all_absent() -> Optionals {
    Optionals { an_int: None, a_hyper: None, shade: None, name: None, place: None, row: None, piece: None, list: None }
}

/// All there.
#[must_use]
pub fn all_present() -> Optionals {
    Optionals {
        an_int: Some(-1),
        a_hyper: Some(i64::MIN),
        shade: Some(Colour::Green),
        name: Some("somebody".into()),
        place: Some(Point { x: -3, y: 3 }),
        row: Some([-7, 0, 7]),
        piece: Some(any_bytes(3)),
        list: Some(vec![1, 2, 3]),
    }
}

/// The least unions.
#[must_use]
pub fn least_unions() -> Unions {
    Unions {
        shades: vec![],
        levels: [ByLevel::Other(Level::Normal), ByLevel::Other(Level::Normal)],
        codes: vec![],
        size: ByUnsigned::Case0,
        maybe: None,
        alias: ByAlias::Other(0, 0),
    }
}

/// Each arm of each union.
#[must_use]
pub fn all_unions() -> Unions {
    Unions {
        shades: vec![ByEnum::Red(i32::MIN), ByEnum::Green("leaf".into()), ByEnum::Blue],
        levels: [ByLevel::Below(Level::Cold, -273), ByLevel::Highest(Point { x: 8848, y: -1 })],
        codes: all_codes(),
        size: ByUnsigned::Everything("all of it".into()),
        maybe: Some(ByBool::True("present".into())),
        alias: ByAlias::BelowZero(hops(3)),
    }
}

/// Each arm of `by_int`.
#[must_use]
pub fn all_codes() -> Vec<ByInt> {
    vec![
        ByInt::Case0,
        ByInt::Four(*b"four"),
        ByInt::Row(1, None),
        ByInt::Row(2, Some([1, -2, 3])),
        ByInt::Row(3, Some([1, -2, 3])),
        ByInt::Numbers(vec![5, -6]),
        ByInt::Three([-1, 0, 1]),
        ByInt::Words("seven words".into()),
        ByInt::Inner(ByEnum::Green("inside".into())),
        ByInt::Other(8, any_bytes(2)),
        ByInt::Other(i32::MAX, Bytes::new()),
        ByInt::Other(i32::MIN, any_bytes(5)),
    ]
}

/// Everything empty, absent, zero.
#[must_use]
pub fn least_everything() -> Everything {
    Everything {
        ints: Integers::default(),
        few: no_scalars(),
        raw: empty_opaques(),
        many: empty_arrays(),
        maybe: all_absent(),
        nodes: vec![],
        root: None,
        sum: Expression { note: String::new(), what: Formula::Number(0) },
        variants: least_unions(),
    }
}

/// Everything there, at its limit where the limit is small.
#[must_use]
pub fn whole_everything() -> Everything {
    Everything {
        ints: greatest_integers(),
        few: some_scalars(),
        raw: full_opaques(),
        many: full_arrays(),
        maybe: all_present(),
        nodes: nodes(10),
        root: full_tree(4),
        sum: some_expression(),
        variants: all_unions(),
    }
}

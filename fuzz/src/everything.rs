//! Types of every kind that XDR has.

use bytes::Bytes;
use onc_runtime::Xdr;

/// An enum with values that do not follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Xdr)]
pub enum Colour {
    /// The least.
    Infrared = -1,
    /// The first.
    #[default]
    Red = 0,
    /// Not the next.
    Blue = 7,
    /// The greatest.
    Ultraviolet = 0x7fff_ffff,
}

/// All numbers: a type of known size.
#[derive(Debug, Default, Xdr)]
pub struct Numbers {
    small: i8,
    byte: u8,
    short: i16,
    unsigned_short: u16,
    int: i32,
    unsigned: u32,
    hyper: i64,
    unsigned_hyper: u64,
    float: f32,
    double: f64,
    flag: bool,
    colour: Colour,
    id: [u8; 5],
    matrix: [[u16; 2]; 3],
}

/// All that has a length.
#[derive(Debug, Default, Xdr)]
pub struct Sequences {
    #[xdr(max = 9000)]
    data: Bytes,
    #[xdr(max = 33)]
    name: String,
    bytes: Vec<u8>,
    #[xdr(max = 7, item(unpacked))]
    wide_bytes: Vec<u8>,
    ints: Vec<i32>,
    hypers: Vec<u64>,
    doubles: Vec<f64>,
    #[xdr(max = 4, item(max = 5))]
    names: Vec<String>,
    pairs: Vec<(u16, Colour)>,
    pieces: Vec<Bytes>,
    nothing: Vec<()>,
    either: [Option<bool>; 2],
}

/// Linked lists.
#[derive(Debug, Default, Xdr)]
pub struct Lists {
    #[xdr(list)]
    numbers: Vec<u64>,
    #[xdr(list, item(max = 12))]
    names: Vec<String>,
    end: u32,
}

/// A list with at least one node.
#[derive(Debug, Xdr)]
pub struct Chained {
    #[xdr(chain)]
    nodes: Vec<(u32, Option<String>)>,
}

/// A union with each kind of arm.
#[derive(Debug, Xdr)]
#[xdr(union(Colour))]
pub enum Painted {
    /// One field.
    #[xdr(case = Colour::Red)]
    Red(u64),
    /// None.
    #[xdr(case = Colour::Blue)]
    Blue,
    /// All others.
    #[xdr(default)]
    Other(Colour, #[xdr(max = 3)] Vec<u32>),
}

/// A union without a default.
#[derive(Debug, Xdr)]
#[xdr(union(i32))]
pub enum Answer {
    /// Of two labels.
    #[xdr(case = [1, 2])]
    Few {
        /// Which of them.
        label: i32,
        /// And more.
        text: String,
    },
    /// Negative.
    #[xdr(case = -5)]
    Error(Numbers),
}

/// A type that contains itself.
#[derive(Debug, Xdr)]
pub struct Tree {
    value: Bytes,
    left: Option<Box<Tree>>,
    right: Option<Box<Tree>>,
    #[xdr(max = 3)]
    others: Vec<Tree>,
}

/// All of them behind each other.
#[derive(Debug, Xdr)]
pub struct Everything {
    numbers: Numbers,
    sequences: Sequences,
    lists: Lists,
    chained: Chained,
    painted: Painted,
    answer: Answer,
    tree: Tree,
}

/// A value with something in each place.
#[must_use]
pub fn everything() -> Everything {
    let leaf = |value: &'static str| Tree { value: value.into(), left: None, right: None, others: Vec::new() };
    Everything {
        numbers: Numbers { small: -1, byte: 200, short: -300, hyper: i64::MIN, float: 1.5, ..Numbers::default() },
        sequences: Sequences {
            data: vec![7; 5000].into(),
            name: "gräßlich".into(),
            bytes: vec![1, 2, 3],
            wide_bytes: vec![4, 5],
            ints: (-20..20).collect(),
            hypers: vec![u64::MAX, 1],
            doubles: vec![f64::NAN, -0.0],
            names: vec!["a".into(), "".into(), "abcde".into()],
            pairs: vec![(1, Colour::Infrared), (2, Colour::Ultraviolet)],
            pieces: vec![Bytes::new(), Bytes::from_static(b"piece")],
            nothing: vec![(); 3],
            either: [None, Some(true)],
        },
        lists: Lists { numbers: vec![1, 2, 3], names: vec!["one".into(), "two".into()], end: 9 },
        chained: Chained { nodes: vec![(1, None), (2, Some("two".into()))] },
        painted: Painted::Other(Colour::Ultraviolet, vec![1, 2, 3]),
        answer: Answer::Few { label: 2, text: "two".into() },
        tree: Tree { left: Some(Box::new(leaf("left"))), others: vec![leaf("x"), leaf("yz")], ..leaf("root") },
    }
}

//! Properties of all values and of all bytes: what is encoded is decoded, what is measured is written, nothing panics.

use std::fmt::Debug;

use bytes::Bytes;
use onc_runtime::Xdr;
use onc_runtime::xdr::{self, Decoder, Encoder, Limits, Max, Plain, Shape};
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Xdr)]
enum Kind {
    Least = i32::MIN as isize,
    Zero = 0,
    Next,
    Far = 1_000_000,
}

#[derive(Clone, Debug, PartialEq, Xdr)]
struct Scalars {
    a: i8,
    b: u8,
    c: i16,
    d: u16,
    e: i32,
    f: u32,
    g: i64,
    h: u64,
    i: bool,
    kind: Kind,
    float: f32,
    double: f64,
}

#[derive(Clone, Debug, PartialEq, Xdr)]
#[xdr(union(Kind))]
enum Choice {
    #[xdr(case = Kind::Least)]
    Void,
    #[xdr(case = Kind::Zero)]
    Scalars(Scalars),
    #[xdr(case = [Kind::Next, Kind::Far])]
    Several { kind: Kind, text: String, fixed: [u8; 7] },
}

#[derive(Clone, Debug, PartialEq, Xdr)]
#[xdr(union(u32))]
enum Open {
    #[xdr(case = 7)]
    Seven(u64, Kind),
    #[xdr(default)]
    Other(u32, #[xdr(max = 3)] Vec<u32>),
}

#[derive(Clone, Debug, PartialEq, Xdr)]
struct Everything {
    scalars: Scalars,
    #[xdr(max = 20)]
    text: String,
    #[xdr(max = 9)]
    opaque: Bytes,
    numbers: Vec<u64>,
    fixed: [u16; 3],
    digest: [u8; 5],
    kind: Kind,
    #[xdr(max = 4, item(max = 5))]
    texts: Vec<String>,
    #[xdr(item(unpacked))]
    bytes: Vec<u8>,
    #[xdr(list, item(item(max = 2)))]
    list: Vec<Option<Vec<u8>>>,
    #[xdr(chain)]
    chain: Vec<Choice>,
    open: Open,
    tree: Tree,
    pair: (u8, Option<Box<Open>>),
    kinds: [Kind; 2],
}

#[derive(Clone, Debug, PartialEq, Xdr)]
struct Tree {
    value: u32,
    children: Vec<Tree>,
    sibling: Option<Box<Tree>>,
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Least), Just(Kind::Zero), Just(Kind::Next), Just(Kind::Far)]
}

fn scalars() -> impl Strategy<Value = Scalars> {
    // A NaN is not equal to itself; that its bits are kept is tested elsewhere.
    let floats = (any::<f32>().prop_filter("NaN", |f| !f.is_nan()), any::<f64>().prop_filter("NaN", |f| !f.is_nan()));
    (any::<(i8, u8, i16, u16, i32, u32, i64, u64, bool)>(), kind(), floats).prop_map(
        |((a, b, c, d, e, f, g, h, i), kind, (float, double))| Scalars {
            a,
            b,
            c,
            d,
            e,
            f,
            g,
            h,
            i,
            kind,
            float,
            double,
        },
    )
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![
        Just(Choice::Void),
        scalars().prop_map(Choice::Scalars),
        (prop_oneof![Just(Kind::Next), Just(Kind::Far)], ".{0,6}", any::<[u8; 7]>())
            .prop_map(|(kind, text, fixed)| Choice::Several { kind, text, fixed }),
    ]
}

fn open() -> impl Strategy<Value = Open> {
    prop_oneof![
        (any::<u64>(), kind()).prop_map(|(number, kind)| Open::Seven(number, kind)),
        (any::<u32>().prop_filter("another arm", |number| *number != 7), vec(any::<u32>(), 0..=3))
            .prop_map(|(number, words)| Open::Other(number, words)),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = any::<u32>().prop_map(|value| Tree { value, children: Vec::new(), sibling: None });
    leaf.prop_recursive(4, 24, 3, |inner| {
        (any::<u32>(), vec(inner.clone(), 0..3), proptest::option::of(inner))
            .prop_map(|(value, children, sibling)| Tree { value, children, sibling: sibling.map(Box::new) })
    })
}

fn everything() -> impl Strategy<Value = Everything> {
    let simple = (scalars(), "[a-zäß]{0,10}", vec(any::<u8>(), 0..=9), vec(any::<u64>(), 0..40), any::<[u16; 3]>());
    let nested = (
        any::<[u8; 5]>(),
        vec("[a-z]{0,5}", 0..=4),
        vec(any::<u8>(), 0..9),
        vec(proptest::option::of(vec(any::<u8>(), 0..=2)), 0..5),
        vec(choice(), 1..5),
    );
    let rest = (open(), tree(), any::<u8>(), proptest::option::of(open()), [kind(), kind()], kind());
    (simple, nested, rest).prop_map(|(simple, nested, rest)| Everything {
        scalars: simple.0,
        text: simple.1,
        opaque: simple.2.into(),
        numbers: simple.3,
        fixed: simple.4,
        digest: nested.0,
        kind: rest.5,
        texts: nested.1,
        bytes: nested.2,
        list: nested.3,
        chain: nested.4,
        open: rest.0,
        tree: rest.1,
        pair: (rest.2, rest.3.map(Box::new)),
        kinds: rest.4,
    })
}

/// Encoded in every way, the value is the same bytes, as many as were measured; decoded in every way, it is itself.
fn round_trip<T: Xdr + PartialEq + Debug>(value: &T) -> Result<(), TestCaseError> {
    let size = value.measure().expect("within its bounds");
    let bytes = xdr::to_bytes(value).expect("within its bounds");
    prop_assert_eq!(size.total, bytes.len());
    prop_assert_eq!(bytes.len() % 4, 0);
    prop_assert!(T::LEAST <= bytes.len());
    prop_assert!(T::FIXED.is_none_or(|fixed| fixed == bytes.len()));

    let mut streamed = Vec::new();
    value.encode(&mut Encoder::new(&mut streamed));
    prop_assert_eq!(&bytes, &streamed);
    let (mut buffer, mut segments) = (Vec::new(), Vec::new());
    Encoder::gathering(&mut buffer, &mut segments).write::<T, Plain>(value, size);
    prop_assert_eq!(&bytes, &buffer);

    prop_assert_eq!(&xdr::from_slice::<T>(&bytes).expect("its own encoding"), value);
    prop_assert_eq!(&xdr::from_bytes::<T>(&bytes).expect("its own encoding"), value);
    Ok(())
}

/// Whatever decodes is encoded as the very same bytes: there is one encoding of each value.
fn only_encoding<T: Xdr + Debug>(bytes: &[u8]) {
    let mut decoder = Decoder::new(bytes, Limits::default());
    if let Ok(value) = T::decode(&mut decoder) {
        let read = decoder.position();
        assert_eq!(xdr::to_vec(&value).expect("a decoded value is within its bounds"), bytes[..read], "{value:?}");
    }
    // Tolerance changes what is accepted, not what is safe.
    let _ = T::decode(&mut Decoder::new(bytes, Limits::default().with_lenient(true)));
    let _ = T::decode(&mut Decoder::shared(&Bytes::copy_from_slice(bytes), Limits::default().with_memory(100)));
}

proptest! {
    #[test]
    fn values_come_back(value in everything()) {
        round_trip(&value)?;
    }

    #[test]
    fn parts_come_back(scalars in scalars(), choice in choice(), open in open(), tree in tree()) {
        round_trip(&scalars)?;
        round_trip(&choice)?;
        round_trip(&open)?;
        round_trip(&tree)?;
        round_trip(&vec![scalars; 3])?;
        round_trip(&[open.clone(), open])?;
        round_trip(&(vec![choice], tree))?;
    }

    #[test]
    fn opaque_of_any_length_comes_back(data in vec(any::<u8>(), 0..20_000), text in ".*") {
        round_trip(&data)?;
        round_trip(&text)?;
        round_trip(&(text, [data.clone(), data].map(Some)))?;
    }

    #[test]
    fn arrays_of_numbers_come_back(numbers in vec(any::<u64>(), 0..100)) {
        round_trip(&numbers)?;
        round_trip(&numbers.iter().map(|number| *number as i64).collect::<Vec<_>>())?;
        round_trip(&numbers.iter().map(|number| *number as u32).collect::<Vec<_>>())?;
        round_trip(&numbers.iter().map(|number| *number as i32).collect::<Vec<_>>())?;
        round_trip(&numbers.iter().map(|number| *number as i16).collect::<Vec<_>>())?;
        round_trip(&numbers.iter().map(|number| *number as i8).collect::<Vec<_>>())?;
        round_trip(&numbers.iter().map(|number| *number as f64).collect::<Vec<_>>())?;
        round_trip(&numbers.iter().map(|number| *number as f32).collect::<Vec<_>>())?;
        round_trip(&numbers.iter().map(|number| number % 2 == 0).collect::<Vec<_>>())?;
    }

    #[test]
    fn a_bound_is_exact(length in 0usize..8, text in "[a-z]{8}") {
        let value = text[..length].to_owned();
        prop_assert_eq!(<Max<5> as Shape<String>>::measure(&value).is_ok(), length <= 5);
        let bytes = xdr::to_vec(&value).expect("no bound");
        let decoded = <Max<5> as Shape<String>>::decode(&mut Decoder::new(&bytes, Limits::default()));
        prop_assert_eq!(decoded.is_ok(), length <= 5);
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in vec(any::<u8>(), 0..400)) {
        only_encoding::<Scalars>(&bytes);
        only_encoding::<Choice>(&bytes);
        only_encoding::<Open>(&bytes);
        only_encoding::<Tree>(&bytes);
        only_encoding::<Everything>(&bytes);
        only_encoding::<Vec<Option<Box<(String, Bytes)>>>>(&bytes);
    }

    // Small words are lengths, bools and discriminants far more often than random bytes are.
    #[test]
    fn no_words_make_the_decoder_panic(words in vec(prop_oneof![4 => 0u32..4, 1 => any::<u32>(), 1 => Just(0x6162_6300)], 0..120)) {
        let bytes = words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>();
        only_encoding::<Choice>(&bytes);
        only_encoding::<Open>(&bytes);
        only_encoding::<Tree>(&bytes);
        only_encoding::<Vec<Tree>>(&bytes);
        only_encoding::<(String, Vec<Bytes>, Option<Box<String>>, Vec<Vec<u8>>)>(&bytes);
        only_encoding::<Vec<Option<Box<(String, Bytes)>>>>(&bytes);
    }

    // A valid encoding with one byte changed gets deeper into the decoder than random bytes do.
    #[test]
    fn a_damaged_encoding_does_not_make_the_decoder_panic(value in everything(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = xdr::to_vec(&value).expect("within its bounds");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        only_encoding::<Everything>(&bytes);
        only_encoding::<Everything>(&bytes[..at]);
    }
}

#[test]
fn arrays_of_64_thousand_integers() {
    // Around the length from which they are swapped by another loop, and far above it.
    for count in [0, 1, 7, 15, 16, 17, 31, 32, 33, 65_535, 65_536] {
        let words = (0..count).map(|at: u32| at.wrapping_mul(0x9e37_79b9)).collect::<Vec<_>>();
        let bytes = xdr::to_vec(&words).expect("within its bounds");
        assert_eq!(bytes[..4], count.to_be_bytes());
        assert!(bytes[4..].chunks(4).zip(&words).all(|(bytes, word)| bytes == word.to_be_bytes()), "{count} words");
        assert_eq!(xdr::from_slice::<Vec<u32>>(&bytes).expect("its own encoding"), words);

        let hypers = words.iter().map(|word| i64::from(*word).wrapping_mul(-0x1_0000_0003)).collect::<Vec<_>>();
        let bytes = xdr::to_vec(&hypers).expect("within its bounds");
        assert!(bytes[4..].chunks(8).zip(&hypers).all(|(bytes, word)| bytes == word.to_be_bytes()), "{count} hypers");
        assert_eq!(xdr::from_slice::<Vec<i64>>(&bytes).expect("its own encoding"), hypers);
    }
}

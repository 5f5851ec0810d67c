//! Every procedure of both versions, called with values at their limits and its answers compared bit for bit: what
//! `c/client.c` does.

use std::fmt::Debug;

use onc_runtime::{Bytes, Call, Error, Procedure};

use super::describe::describe;
use super::generated::{
    ByAlias, ByBool, ByEnum, ByLevel, ByUnsigned, Colour, EverythingV1Client, EverythingV2Client, Expression, Formula,
    Hop, Level, Operands, Operation, Point, Scalars,
};
use super::values::{
    LABEL, all_absent, all_codes, all_present, all_unions, any_bytes, bent_tree, constant, empty_arrays, empty_opaques,
    full_arrays, full_opaques, full_tree, greatest_integers, hops, least_everything, least_integers, least_unions,
    letters, no_scalars, nodes, some_expression, some_scalars, whole_everything,
};

/// What libtirpc sends and takes over UDP, less the headers.
const DATAGRAM: usize = 8000 - 8;

/// The longest string without a typedef: libtirpc's `xdr_wrapstring` takes no more.
const WRAPPED: usize = 9000;

/// What did not go as it should.
#[derive(Debug)]
pub struct Difference {
    /// The procedure.
    pub procedure: &'static str,
    /// What was expected, and what came.
    pub what: String,
}

type Checked = Result<(), Difference>;

/// Awaits a call and compares its result.
async fn expect<P>(call: Call<P>, expected: P::Results, same: impl Fn(&P::Results, &P::Results) -> bool) -> Checked
where
    P: Procedure,
    P::Results: Debug,
{
    let failed = |what| Err(Difference { procedure: P::NAME, what });
    match call.await {
        Ok(result) if same(&result, &expected) => {
            println!("ok {}", P::NAME);
            Ok(())
        }
        Ok(result) => failed(shortened(format!("{result:?} instead of {expected:?}"))),
        Err(error) => failed(with_sources(&error)),
    }
}

fn shortened(text: String) -> String {
    if text.len() > 4000 { text.chars().take(4000).chain("…".chars()).collect() } else { text }
}

fn with_sources(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}

/// Sends each value, and expects it back: by `==`, and where floats are in it, also by its description.
macro_rules! echo {
    ($client:ident.$procedure:ident, [$($value:expr),* $(,)?]) => {
        $(expect($client.$procedure($value), $value, PartialEq::eq).await?;)*
    };
    ($client:ident.$procedure:ident, described [$($value:expr),* $(,)?]) => {
        $(expect($client.$procedure($value), $value, |left, right| describe(left) == describe(right)).await?;)*
    };
}

/// Calls every procedure of version 1. `datagrams`: over UDP, where libtirpc takes less.
///
/// # Errors
///
/// The first difference.
pub async fn echo_all(client: &EverythingV1Client, datagrams: bool) -> Checked {
    expect(client.nothing(), (), PartialEq::eq).await?;
    echo_integers(client).await?;
    echo_floats(client).await?;
    echo_sequences(client, datagrams).await?;
    echo_recursive(client, datagrams).await?;
    echo_structures(client).await?;
    echo_unions(client).await
}

async fn echo_integers(client: &EverythingV1Client) -> Checked {
    echo!(client.echo_char, [i8::MIN, -1, 0, 1, b'x' as i8, i8::MAX]);
    echo!(client.echo_u_char, [0, 1, 127, 128, u8::MAX]);
    echo!(client.echo_short, [i16::MIN, -1, 0, 1, i16::MAX]);
    echo!(client.echo_u_short, [0, 1, 32767, 32768, u16::MAX]);
    echo!(client.echo_int, [i32::MIN, -1, 0, 1, i32::MAX]);
    echo!(client.echo_u_int, [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX]);
    echo!(client.echo_long, [i32::MIN, -1, 0, 1, i32::MAX]);
    echo!(client.echo_u_long, [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX]);
    echo!(client.echo_hyper, [i64::MIN, i32::MIN.into(), -1, 0, 1, u32::MAX.into(), i64::MAX]);
    echo!(client.echo_u_hyper, [0, 1, u32::MAX.into(), 1 << 32, u64::MAX]);
    echo!(client.echo_bool, [true, false]);
    echo!(client.echo_colour, [Colour::Red, Colour::Green, Colour::Blue]);
    echo!(client.echo_level, [Level::Lowest, Level::Cold, Level::Normal, Level::Highest]);
    echo!(client.echo_amount, [i32::MIN, -1, 0, 1, i32::MAX]);
    Ok(())
}

/// Zeroes, the least and greatest, infinities, quiet and signalling NaNs with payloads.
async fn echo_floats(client: &EverythingV1Client) -> Checked {
    for bits in [
        0,
        0x8000_0000,
        0x3f80_0000,
        0xbfc0_0000,
        0x0000_0001,
        0x807f_ffff,
        0x0080_0000,
        0x7f7f_ffff,
        0x7f80_0000,
        0xff80_0000,
        0x7fc0_0000,
        0x7fc1_2345,
        0xffff_ffff,
        0x7f80_0001,
        0xff8a_bcde,
    ] {
        echo!(client.echo_float, described[f32::from_bits(bits)]);
    }
    for bits in [
        0,
        0x8000_0000_0000_0000,
        0x3ff0_0000_0000_0000,
        0xbff8_0000_0000_0000,
        0x0000_0000_0000_0001,
        0x800f_ffff_ffff_ffff,
        0x0010_0000_0000_0000,
        0x7fef_ffff_ffff_ffff,
        0x7ff0_0000_0000_0000,
        0xfff0_0000_0000_0000,
        0x7ff8_0000_0000_0000,
        0x7ff8_1234_5678_9abc,
        0xffff_ffff_ffff_ffff,
        0x7ff0_0000_0000_0001,
        0xfff0_0bad_cafe_babe,
    ] {
        echo!(client.echo_double, described[f64::from_bits(bits)]);
    }
    Ok(())
}

async fn echo_sequences(client: &EverythingV1Client, datagrams: bool) -> Checked {
    let large = if datagrams { DATAGRAM } else { 100_001 };
    let huge = if datagrams { DATAGRAM } else { 1 << 20 };
    let many: Vec<i64> = (0..large as u64 / 8).map(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15).cast_signed()).collect();

    for text in ["", "a", "ab", "abc", "abcd", "été"] {
        echo!(client.echo_string, [text.to_owned()]);
    }
    echo!(client.echo_string, [letters(if datagrams { DATAGRAM } else { WRAPPED })]);
    echo!(client.echo_label, [String::new(), "a".to_owned(), letters(LABEL - 1), letters(LABEL)]);
    for length in [0, 1, 2, 3, 4, 5, large, huge] {
        echo!(client.echo_blob, [any_bytes(length)]);
    }
    echo!(client.echo_small_blob, [Bytes::new(), any_bytes(6), any_bytes(7)]);
    echo!(client.echo_hypers, [vec![], vec![i64::MIN], vec![i64::MIN, -1, 0, 1, i64::MAX], many.clone()]);
    echo!(client.echo_shorts, [vec![], vec![i16::MIN], vec![i16::MIN, -1, 0, 1, 2, 3, 4, i16::MAX]]);
    echo!(client.echo_samples, described [
        vec![],
        vec![0.0, -0.0, f64::from_bits(0x7ff0_0000_0000_0001), f64::from_bits(1), -1e300],
    ]);
    echo!(client.echo_colours, [vec![], vec![Colour::Red, Colour::Green, Colour::Blue, Colour::Red]]);
    echo!(client.echo_flags, [vec![], vec![true, false, true]]);
    echo!(
        client.echo_labels,
        [vec![], vec![String::new()], vec![String::new(), "a".into(), "€".into(), letters(LABEL)],]
    );
    Ok(())
}

async fn echo_recursive(client: &EverythingV1Client, datagrams: bool) -> Checked {
    let nothing_there = Expression {
        note: "nothing".into(),
        what: Formula::Both(Operation::Add, Box::new(Operands { first: None, second: None })),
    };
    let [many_nodes, many_hops] = if datagrams { [300, 990] } else { [1000, 10_000] };

    echo!(client.echo_nodes, [vec![], nodes(1), nodes(2), nodes(many_nodes)]);
    echo!(client.echo_hops, [vec![], hops(1), hops(990), hops(many_hops)]);
    echo!(client.echo_tree, [None, full_tree(1), full_tree(8), bent_tree(50)]);
    echo!(
        client.echo_expression,
        [
            some_expression(),
            nothing_there.clone(),
            constant(i64::MIN),
            Expression { note: letters(LABEL), what: Formula::Negate(None) },
        ]
    );
    Ok(())
}

async fn echo_structures(client: &EverythingV1Client) -> Checked {
    echo!(client.echo_integers, [least_integers(), greatest_integers(), Default::default()]);
    echo!(client.echo_integers_list, [vec![], vec![least_integers(), greatest_integers()]]);
    echo!(client.echo_scalars, described [
        some_scalars(),
        no_scalars(),
        Scalars { single: f32::from_bits(0xff8a_bcde), twice: f64::from_bits(0x7ff0_0000_0000_0001), ..no_scalars() },
    ]);
    echo!(client.echo_opaques, [empty_opaques(), full_opaques()]);
    echo!(client.echo_arrays, described [empty_arrays(), full_arrays()]);
    echo!(client.echo_optionals, [all_absent(), all_present()]);
    Ok(())
}

async fn echo_unions(client: &EverythingV1Client) -> Checked {
    echo!(client.echo_by_enum, [ByEnum::Red(-5), ByEnum::Green("leaf".into()), ByEnum::Blue]);
    echo!(
        client.echo_by_level,
        [
            ByLevel::Below(Level::Lowest, i64::MIN),
            ByLevel::Below(Level::Cold, 1),
            ByLevel::Highest(Point { x: 1, y: -1 }),
            ByLevel::Other(Level::Normal),
        ]
    );
    for code in all_codes() {
        echo!(client.echo_by_int, [code.clone()]);
    }
    echo!(client.echo_by_unsigned, described [
        ByUnsigned::Case0,
        ByUnsigned::Exactly(f64::from_bits(0x7ff0_0000_0000_0001)),
        ByUnsigned::Everything(letters(LABEL)),
    ]);
    echo!(client.echo_by_bool, [ByBool::True(String::new()), ByBool::True("there".into()), ByBool::False]);
    echo!(
        client.echo_by_alias,
        [
            ByAlias::LabelMax(letters(LABEL)),
            ByAlias::BelowZero(hops(3)),
            ByAlias::Other(0, i64::MAX),
            ByAlias::Other(i32::MIN, i64::MIN),
        ]
    );
    echo!(client.echo_unions, described [least_unions(), all_unions()]);
    echo!(client.echo_everything, described [least_everything(), whole_everything()]);
    Ok(())
}

/// Calls every procedure of version 2 on a server that calls itself `who`.
///
/// # Errors
///
/// The first difference.
pub async fn compute_all(client: &EverythingV2Client, who: &str) -> Checked {
    let list: Vec<Hop> = (0..900).map(|value| Hop { value }).collect();
    let turned: Vec<Hop> = list.iter().rev().cloned().collect();
    let names = || ["one", "two", ""].map(String::from).to_vec();
    let numbers = || vec![1, -2, i16::MIN];
    let text = String::from;

    macro_rules! expect {
        ($expected:expr, $procedure:ident($($argument:expr),*)) => {
            expect(client.$procedure($($argument),*), $expected, PartialEq::eq).await?
        };
    }
    expect!(who.to_owned(), who());
    expect!(-2, subtract(5, 7));
    expect!(i32::MIN, subtract(-1, i32::MAX));
    expect!(text("ababab!"), repeat(text("ab"), 3, text("!")));
    expect!(text(""), repeat(text("ab"), 0, text("")));
    expect!((1 << 40) - 4, sum(vec![i64::MAX, i64::MIN, 1 << 40, -3]));
    expect!(-0.375, scale(1.5, -0.25));
    expect!(
        [[i32::MAX - 5, i32::MAX - 4, i32::MAX - 3], [i32::MAX - 2, i32::MAX - 1, i32::MAX]],
        count_up(i32::MAX - 5)
    );
    let sums = std::array::from_fn(|at| at as u8 + if at < 4 { 200 } else { 100 });
    expect!(sums, fingerprint(Bytes::from(vec![100; 20])));
    expect!(turned.clone(), reverse(list.clone()));
    expect!((0..7).collect::<Vec<i64>>(), flatten(full_tree(3)));
    expect!(5, evaluate(some_expression()));
    expect!(Colour::Red, next(Colour::Blue));
    expect!(true, same(letters(LABEL), letters(LABEL)));
    expect!(false, same(text("a"), text("b")));
    expect!(ByBool::True(text("-32768")), look_up(text(""), names(), numbers()));
    expect!(ByBool::False, look_up(text("three"), names(), numbers()));
    expect!(describe(&least_everything()), describe(least_everything()));
    expect!(describe(&whole_everything()), describe(whole_everything()));
    expect!((), remember(text("the answer"), 42));
    expect!(text("the answer 42"), recall());
    Ok(())
}

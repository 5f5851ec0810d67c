//! Parameters of every kind, and bounds only where a field needs them.

use std::marker::PhantomData;

use onc_runtime::Xdr;
use onc_runtime::xdr::{Max, Plain, Shape, to_vec};

#[derive(Xdr)]
struct Pair<A, B = u32> {
    first: A,
    second: Vec<B>,
}

struct NoXdr;

trait Family {
    type Member;
}

impl Family for NoXdr {
    type Member = u64;
}

#[derive(Xdr)]
struct Tagged<T> {
    id: u32,
    tag: PhantomData<T>,
}

#[derive(Xdr)]
struct Of<F: Family> {
    member: F::Member,
    other: Vec<<F as Family>::Member>,
}

#[derive(Xdr)]
struct Tree<T> {
    value: T,
    children: Vec<Tree<T>>,
    parent: Option<Box<Self>>,
}

#[derive(Xdr)]
struct Bounded<T, const MAX: u32, const LENGTH: usize>
where
    T: Clone,
{
    #[xdr(max = MAX)]
    some: Vec<T>,
    #[xdr(item(max = MAX))]
    array: [Vec<T>; LENGTH],
    #[xdr(max = 3, item(max = 4))]
    shaped: Vec<T>,
    #[xdr(with = "Plain")]
    plain: T,
}

#[derive(Xdr)]
#[xdr(bound = "T: Clone, Max<9>: Shape<T>")]
struct Own<T> {
    #[xdr(max = 9)]
    value: T,
}

#[derive(Xdr)]
#[xdr(union(u32))]
enum Either<L, R> {
    #[xdr(case = 1)]
    Left(L),
    #[xdr(case = 2)]
    Right { right: R, list: Option<Box<Either<L, R>>> },
    #[xdr(default)]
    Neither(u32, PhantomData<L>),
}

#[derive(Xdr)]
struct Borrowed<'a, 'b: 'a> {
    data: PhantomData<(&'a u8, &'b u8)>,
}

fn encode<T: Xdr>(value: &T) -> usize {
    to_vec(value).expect("within its bounds").len()
}

fn main() {
    assert_eq!(encode(&Pair { first: 1u8, second: vec![2u32] }), 12);
    assert_eq!(encode(&Tagged::<NoXdr> { id: 1, tag: PhantomData }), 4);
    assert_eq!(encode(&Of::<NoXdr> { member: 1, other: vec![2] }), 20);
    assert_eq!(encode(&Tree { value: 1u32, children: Vec::new(), parent: None }), 12);
    let bounded = Bounded::<String, 2, 1> {
        some: vec!["a".into()],
        array: [Vec::new()],
        shaped: vec!["abcd".into()],
        plain: "b".into(),
    };
    assert_eq!(encode(&bounded), 12 + 4 + 12 + 8);
    assert_eq!(encode(&Own { value: "abc".to_owned() }), 8);
    assert_eq!(encode(&Either::<u32, u32>::Right { right: 1, list: Some(Box::new(Either::Left(2))) }), 20);
    assert_eq!(encode(&Either::<u32, u32>::Neither(9, PhantomData)), 4);
    assert_eq!(encode(&Borrowed { data: PhantomData }), 0);
}

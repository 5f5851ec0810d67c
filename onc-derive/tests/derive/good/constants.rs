//! Bounds and labels that are computed.

use onc_runtime::Xdr;

const SMALL: u8 = 4;
const SIGNED: i32 = 12;
const LENGTH: usize = 3;

mod limits {
    pub const NAME: u64 = 255;

    pub const fn twice(bound: u64) -> u64 {
        2 * bound
    }
}

struct Limits;

impl Limits {
    const PATH: u32 = 1024;
}

#[derive(Xdr)]
struct Names {
    #[xdr(max = SMALL)]
    small: String,
    #[xdr(max = SIGNED + 1)]
    signed: String,
    #[xdr(max = limits::NAME)]
    name: String,
    #[xdr(max = limits::twice(limits::NAME))]
    twice: String,
    #[xdr(max = LENGTH * 2, item(max = Limits::PATH))]
    paths: Vec<String>,
    #[xdr(max = 0xffff_ffff)]
    all: String,
    #[xdr(max = 1 << 10)]
    shifted: String,
    #[xdr(max = { let a = 1; a + 2 })]
    block: String,
    #[xdr(max = 0)]
    nothing: String,
    words: [u32; LENGTH * 2],
}

#[derive(Clone, Copy, PartialEq, Eq, Xdr)]
struct Procedure(u32);

impl Procedure {
    const NULL: Self = Self(0);
    const fn plus(self, more: u32) -> Self {
        Self(self.0 + more)
    }
}

#[derive(Xdr)]
#[xdr(union(Procedure))]
enum Call {
    #[xdr(case = Procedure::NULL)]
    Null,
    #[xdr(case = Procedure(1))]
    Get(u32),
    #[xdr(case = Procedure::NULL.plus(2))]
    Set(u32),
    #[xdr(case = [Procedure(3), Procedure::NULL.plus(Self::OFFSET)])]
    Both(Procedure, u32),
}

impl Call {
    const OFFSET: u32 = 4;
}

#[derive(Xdr)]
#[xdr(union(u32))]
enum Byte {
    #[xdr(case = b'a' as u32)]
    A,
    #[xdr(case = u32::MAX)]
    Last,
}

#[derive(Xdr)]
#[xdr(union(i64))]
enum Hyper {
    #[xdr(case = i64::MIN)]
    Least,
    #[xdr(case = -1)]
    Minus,
}

fn main() {}

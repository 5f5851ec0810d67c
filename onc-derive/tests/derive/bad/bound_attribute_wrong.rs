use onc_runtime::Xdr;

#[derive(Xdr)]
#[xdr(bound = "T: ")]
#[xdr(crate = "not a path")]
struct Pair<T> {
    first: T,
    second: T,
}

fn main() {}

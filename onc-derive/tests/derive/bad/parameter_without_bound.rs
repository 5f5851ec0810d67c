use onc_runtime::{Xdr, xdr};

#[derive(Xdr)]
struct Pair<T> {
    first: T,
    second: T,
}

struct Opaque;

fn encode() {
    let _ = xdr::to_vec(&Pair { first: Opaque, second: Opaque });
}

fn main() {}

use onc_runtime::{Bytes, HexDebug, Xdr};

struct Silent;

#[derive(Xdr)]
struct Names {
    #[xdr(text, item(max = 4))]
    names: Vec<Bytes>,
}

#[derive(HexDebug)]
struct Holder {
    silent: Silent,
}

fn main() {}

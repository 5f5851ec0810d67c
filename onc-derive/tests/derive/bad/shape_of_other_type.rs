use std::collections::BTreeSet;

use onc_runtime::Xdr;

#[derive(Xdr)]
struct Set {
    #[xdr(max = 4)]
    members: BTreeSet<u32>,
    #[xdr(with = "onc_runtime::xdr::Unpacked")]
    word: u32,
}

fn main() {}

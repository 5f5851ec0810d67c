use std::collections::HashMap;

use onc_runtime::Xdr;

#[derive(Xdr)]
struct Table {
    size: usize,
    rows: HashMap<u32, u32>,
    names: Vec<char>,
    text: &'static str,
}

fn main() {}

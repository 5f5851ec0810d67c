use onc_runtime::Xdr;

#[derive(Xdr)]
struct Names {
    #[xdr(list, max = 4)]
    a: Vec<u32>,
    #[xdr(list, chain)]
    b: Vec<u32>,
    #[xdr(max = 4, chain)]
    c: Vec<u32>,
    #[xdr(with = "onc_runtime::xdr::Plain", max = 5)]
    d: Vec<u32>,
    #[xdr(unpacked, item(max = 5))]
    e: u8,
    #[xdr(item(unpacked, list))]
    f: Vec<u8>,
}

fn main() {}

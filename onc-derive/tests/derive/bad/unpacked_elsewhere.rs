use onc_runtime::Xdr;

#[derive(Xdr)]
struct Bytes {
    #[xdr(unpacked)]
    word: u32,
    #[xdr(unpacked)]
    sequence: Vec<u8>,
    #[xdr(item(unpacked))]
    words: [u16; 3],
}

fn main() {}

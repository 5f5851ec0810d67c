use onc_runtime::Xdr;

#[derive(Xdr)]
struct Block {
    #[xdr(max = 4)]
    words: [u32; 4],
    #[xdr(list)]
    nodes: [u32; 4],
}

fn main() {}

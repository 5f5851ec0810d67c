use onc_runtime::Bytes;
use onc_runtime::Xdr;

#[derive(Xdr)]
struct Texts {
    #[xdr(max = 4, item(max = 3))]
    text: String,
    #[xdr(list)]
    data: Bytes,
    #[xdr(chain)]
    maybe: Option<u32>,
}

fn main() {}

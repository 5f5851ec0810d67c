use onc_runtime::Xdr;

#[derive(Xdr)]
#[xdr(crate = "onc_runtime")]
#[xdr(crate = "onc_runtime")]
struct Name {
    #[xdr(max = 4, max = 5)]
    text: String,
    #[xdr(item(max = 1, max = 2))]
    texts: Vec<String>,
}

fn main() {}

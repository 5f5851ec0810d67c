use onc_runtime::Xdr;

#[derive(Xdr)]
struct Name {
    #[xdr(max = MAXNAMELEN)]
    text: String,
}

fn main() {}

use onc_runtime::Xdr;

#[derive(Xdr)]
#[xdr(union(String))]
enum Result {
    #[xdr(default)]
    Other(String),
}

fn decode(bytes: &[u8]) -> Option<Result> {
    onc_runtime::xdr::from_slice(bytes).ok()
}

fn main() {}

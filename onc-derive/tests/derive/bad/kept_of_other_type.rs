use onc_runtime::Xdr;

#[derive(Xdr)]
#[xdr(union(u32))]
enum Result {
    #[xdr(case = 0)]
    Ok(u32),
    #[xdr(default)]
    Other(String),
}

fn main() {}

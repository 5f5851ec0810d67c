use onc_runtime::Xdr;

#[derive(Xdr)]
#[xdr(union(u32))]
enum Result {
    #[xdr(case = 0)]
    Ok(u32),
    #[xdr(default)]
    Other(u32),
    #[xdr(default)]
    Rest(u32),
    #[xdr(case = 4, default)]
    Four(u32),
}

fn main() {}

use onc_runtime::Xdr;

#[derive(Xdr)]
#[xdr(union(i32))]
enum Result {
    Ok(u32),
    #[xdr(case = 1)]
    Stale,
    Other,
}

fn main() {}

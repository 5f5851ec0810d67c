use onc_runtime::Xdr;

fn number() -> u32 {
    7
}

#[derive(Xdr)]
#[xdr(union(u32))]
enum Result {
    #[xdr(case = number())]
    Ok(u32),
}

fn main() {}

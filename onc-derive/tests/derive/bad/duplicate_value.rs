use onc_runtime::Xdr;

const STALE: i32 = 70;
const GONE: i32 = 70;

#[derive(Xdr)]
#[xdr(union(i32))]
enum Result {
    #[xdr(case = STALE)]
    Stale,
    #[xdr(case = GONE)]
    Gone(u32),
}

fn main() {}

use onc_runtime::Xdr;

#[derive(Xdr)]
#[xdr(union(u32))]
enum Result {
    #[xdr(case = [0, 1])]
    Ok,
    #[xdr(case = [2])]
    Bracketed(u32, u32),
    #[xdr(case = [])]
    Never,
    #[xdr(case = [3, 4])]
    Bounded(#[xdr(max = 4)] u32),
}

fn main() {}

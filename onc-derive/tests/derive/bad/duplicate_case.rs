use onc_runtime::Xdr;

#[derive(Xdr)]
#[xdr(union(i32))]
enum Result {
    #[xdr(case = 0)]
    Ok(u32),
    #[xdr(case = 0x0)]
    Again(u32),
    #[xdr(case = [1, 2, 1])]
    Some(i32),
    #[xdr(case = -3)]
    Negative,
    #[xdr(case = -3)]
    Same,
}

fn main() {}

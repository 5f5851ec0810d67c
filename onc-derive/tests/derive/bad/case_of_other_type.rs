use onc_runtime::Xdr;

#[derive(Clone, Copy, PartialEq, Eq, Xdr)]
enum Status {
    Ok,
    Stale,
}

#[derive(Xdr)]
#[xdr(union(Status))]
enum Result {
    #[xdr(case = 0)]
    Ok(u32),
    #[xdr(case = Status::Stale)]
    Stale,
}

fn main() {}

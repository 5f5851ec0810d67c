use onc_runtime::Xdr;

#[derive(Clone, Copy, PartialEq, Eq, Xdr)]
enum Status {
    Ok,
    Stale,
}

#[derive(Xdr)]
#[xdr(union(Status))]
enum Result {
    #[xdr(case = Status::Ok)]
    Ok(u32),
    #[xdr(case = Status::Stael)]
    Stale,
    #[xdr(case = OTHER)]
    Other,
}

fn main() {}

use onc_runtime::Xdr;

#[derive(Xdr)]
enum Status {
    Ok,
    Stale,
}

#[derive(Xdr)]
#[xdr(union(Status))]
enum Result {
    #[xdr(case = Status::Ok)]
    Ok(u32),
    #[xdr(case = Status::Stale)]
    Stale,
}

fn main() {}
